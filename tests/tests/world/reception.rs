//! Who is given a call: the toggle, projects, hours, and calls that ring a telephone outside in place of a phone.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::CallDirection;
use frontdesk_routing::ids::{DepartmentId, ProjectId, ScheduleId, StaffId, TrunkId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::trunks::RedirectionStyle;
use frontdesk_routing::plan::{
    DepartmentSection, Destination, DialPlan, Method, PlanDepartment, PlanDesk, PlanReception, PlanTrunk,
    ReceptionSection, StaffSection,
};
use frontdesk_routing::queue::{JoinWhenEmpty, QueueSettings, Strategy};
use frontdesk_routing::schedule::{Day, Schedule, day};
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, DAVID, LINE, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, FIRST, OWN, SECOND, trunk};
use frontdesk_tests::world::{World, ms, s};
use jiff::tz::TimeZone;

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;
const MOBILE: &str = "+79161234567";

fn id(person: Person) -> StaffId {
    StaffId::from_u128(person.id)
}

fn project(number: u128) -> ProjectId {
    ProjectId::from_u128(number)
}

/// Takes the calls of these projects.
fn works_in(projects: &[u128]) -> PlanReception {
    PlanReception {
        receiving: true,
        projects: projects.iter().map(|id| project(*id)).collect(),
        ..PlanReception::default()
    }
}

/// All ring at once; who waits, waits though nobody works.
fn together(short: &str, department: u128, members: &[Person]) -> PlanDepartment {
    PlanDepartment {
        queue: QueueSettings {
            strategy: Strategy::RingAll,
            join_when_empty: JoinWhenEmpty::Always,
            ..QueueSettings::default()
        },
        ..people::department(short, department, members)
    }
}

fn with(reception: ReceptionSection) -> DialPlan {
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![
            together("200", 1, &[ANNA, BORIS, CLARA]),
            together("201", 2, &[ANNA, BORIS]),
        ])),
        reception: Arc::new(reception),
        ..people::plan()
    }
}

/// The office with a provider's line, which is the last phone.
fn office(seed: u8, weather: Weather, reception: ReceptionSection) -> (World, usize) {
    let mut world = World::office(seed, weather);
    let line = world.add_phone(LINE);
    world.register(line);
    world.input(Input::Plan(Arc::new(with(reception))));
    world.run_for(s(40));
    for phone in [ANNA_AT, BORIS_AT, CLARA_AT] {
        world.phones[phone].manner = Manner::Ring;
    }
    (world, line)
}

fn ringing(world: &World) -> Vec<usize> {
    let rings = |phone: &usize| {
        let call = world.phones[*phone].calls.last();
        call.is_some_and(|call| call.state == State::Ringing)
    };
    [ANNA_AT, BORIS_AT, CLARA_AT].into_iter().filter(rings).collect()
}

/// A call and whom it rings; then it is given up.
fn rings(world: &mut World, phone: usize, dialled: &str) -> Vec<usize> {
    let call = world.dial(phone, dialled);
    world.run_for(s(15));
    let rung = ringing(world);
    world.give_up(phone, call);
    assert!(
        world.wait_for(s(60), |world| ringing(world).is_empty()),
        "{}",
        world.ladder()
    );
    world.run_for(s(3));
    rung
}

/// Rows L18, L20.
#[test]
fn l18_and_l20_who_is_toggled_off_is_not_rung_from_the_next_call_on() {
    for weather in weathers() {
        let (mut world, line) = office(1, weather, ReceptionSection::default());
        assert_eq!(rings(&mut world, line, "200"), [ANNA_AT, BORIS_AT, CLARA_AT]);
        let off = ReceptionSection {
            people: [(id(ANNA), PlanReception::default())].into_iter().collect(),
            ..ReceptionSection::default()
        };
        world.input(Input::Plan(Arc::new(with(off))));
        assert_eq!(
            rings(&mut world, line, "200"),
            [BORIS_AT, CLARA_AT],
            "{}",
            world.ladder()
        );
        assert_eq!(
            rings(&mut world, BORIS_AT, "200"),
            [CLARA_AT],
            "a colleague's call to the department"
        );
        assert_eq!(
            rings(&mut world, BORIS_AT, ANNA.number),
            [ANNA_AT],
            "a colleague wants this person"
        );
        world.input(Input::Plan(Arc::new(with(ReceptionSection::default()))));
        assert_eq!(rings(&mut world, line, "200"), [ANNA_AT, BORIS_AT, CLARA_AT]);
        world.close();
    }
}

#[test]
fn l21_calls_of_a_project_ring_only_those_who_take_calls_there() {
    for weather in weathers() {
        let desk = |number| PlanDesk {
            project: Some(project(number)),
            ..PlanDesk::default()
        };
        let two = ReceptionSection {
            people: [(id(ANNA), works_in(&[1, 2])), (id(BORIS), works_in(&[1]))]
                .into_iter()
                .collect(),
            departments: [
                (DepartmentId::from_u128(1), desk(1)),
                (DepartmentId::from_u128(2), desk(2)),
            ]
            .into_iter()
            .collect(),
            ..ReceptionSection::default()
        };
        let (mut world, line) = office(2, weather, two);
        assert_eq!(rings(&mut world, line, "200"), [ANNA_AT, BORIS_AT, CLARA_AT]);
        assert_eq!(rings(&mut world, line, "201"), [ANNA_AT], "{}", world.ladder());
        world.close();
    }
}

/// 2027-01-15 is a Friday; the world begins at 08:00 UTC.
fn on_friday(zone: TimeZone, hours: &str) -> Schedule {
    let mut week: [Option<Day>; 7] = Default::default();
    week[4] = day([hours]).ok();
    Schedule::new(zone, week, BTreeMap::new())
}

fn hours(schedule: Schedule) -> (ScheduleId, ReceptionSection) {
    let id = ScheduleId::from_u128(1);
    let section = ReceptionSection {
        schedules: [(id, Arc::new(schedule))].into_iter().collect(),
        ..ReceptionSection::default()
    };
    (id, section)
}

#[test]
fn whoever_waits_is_offered_to_a_member_as_soon_as_their_hours_begin() {
    for weather in weathers() {
        let (schedule, mut reception) = hours(on_friday(TimeZone::UTC, "08:05-08:10"));
        for person in [ANNA, BORIS, CLARA] {
            let shift = PlanReception {
                receiving: true,
                schedule: Some(schedule),
                ..PlanReception::default()
            };
            reception.people.insert(id(person), shift);
        }
        let (mut world, line) = office(3, weather, reception);
        let call = world.dial(line, "200");
        world.run_for(s(60));
        assert_eq!(ringing(&world), [] as [usize; 0]);
        assert!(
            world.wait_for(s(300), |world| !ringing(world).is_empty()),
            "{}",
            world.ladder()
        );
        let begun = world.elapsed();
        let lost = if weather.is_fair() { s(2) } else { s(30) };
        assert!(begun >= s(300) && begun < s(300) + lost, "{begun:?}");
        world.hang_up(line, call);
        world.run_for(s(330));
        assert_eq!(
            rings(&mut world, line, "200"),
            [] as [usize; 0],
            "after 08:10 nobody is given calls"
        );
        world.close();
    }
}

#[test]
fn a_closed_department_refuses_or_somebody_else_gets_its_calls_and_on_a_dst_day_the_wall_clock_counts() {
    for weather in weathers() {
        // The clocks go from 08:10 to 09:10 on this day.
        let zone = TimeZone::posix("AAA0BBB,J15/8:10,J300").expect("a zone");
        let (schedule, mut reception) = hours(on_friday(zone, "09:20-12:00"));
        let desk = |closed_to| PlanDesk {
            schedule: Some(schedule),
            closed_to,
            ..PlanDesk::default()
        };
        let (sales, support) = (DepartmentId::from_u128(1), DepartmentId::from_u128(2));
        reception.departments.insert(sales, desk(None));
        reception
            .departments
            .insert(support, desk(Some(Destination::Staff(id(CLARA)))));
        let (mut world, line) = office(4, weather, reception);
        let call = world.dial(line, "200");
        assert_eq!(world.status_of(line, call), 480, "{}", world.ladder());
        assert_eq!(rings(&mut world, line, "201"), [CLARA_AT]);
        world.run_for(s(1210).saturating_sub(world.elapsed()));
        assert_eq!(
            rings(&mut world, line, "200"),
            [ANNA_AT, BORIS_AT, CLARA_AT],
            "{}",
            world.ladder()
        );
        assert_eq!(rings(&mut world, line, "201"), [ANNA_AT, BORIS_AT]);
        world.close();
        let told = |text: &str| {
            world
                .records_of_calls()
                .iter()
                .any(|record| record.because.contains(text))
        };
        assert!(
            told("Sales is closed until 2027-01-15 09:20"),
            "{:?}",
            world.records_of_calls()
        );
    }
}

/// Anna and Boris, two gateways, and how Anna takes calls; she has a telephone of her own.
pub fn mobile(seed: u8, weather: Weather, trunks: Vec<PlanTrunk>, method: Method) -> World {
    let mut world = trunks::world(seed, weather, trunks.clone());
    world.input(Input::Plan(Arc::new(mobile_plan(trunks, method))));
    world.run_for(s(1));
    world
}

pub fn mobile_plan(trunks: Vec<PlanTrunk>, method: Method) -> DialPlan {
    let mut anna = people::staff(ANNA);
    anna.phone = PhoneNumber::from_e164(MOBILE).ok();
    let staff = vec![anna, people::staff(BORIS), people::staff(CLARA), people::staff(DAVID)];
    let by = PlanReception {
        method,
        ..works_in(&[])
    };
    let reception = ReceptionSection {
        people: [(id(ANNA), by)].into_iter().collect(),
        ..ReceptionSection::default()
    };
    DialPlan {
        staff: Arc::new(StaffSection::new(staff, trunks.clone())),
        departments: Arc::new(DepartmentSection::new(vec![together("200", 1, &[ANNA, BORIS])])),
        reception: Arc::new(reception),
        ..trunks::plan(trunks)
    }
}

/// Rows L26, L41.
#[test]
fn l26_and_l41_calls_of_a_mobile_person_ring_their_telephone_by_a_line_and_no_phone() {
    for weather in weathers() {
        for (style, header) in [
            (RedirectionStyle::None, None),
            (
                RedirectionStyle::Diversion,
                Some("Diversion: <sip:+74951110001@192.0.2.11>"),
            ),
            (
                RedirectionStyle::HistoryInfo,
                Some("History-Info: <sip:+74951110001@192.0.2.11>;index=1"),
            ),
        ] {
            let brings = PlanTrunk {
                provider: None,
                sources: vec!["192.0.2.10/32".parse().expect("a network")],
                ..trunk(1, &[], false)
            };
            let takes = PlanTrunk {
                redirection: style,
                ..trunk(2, &["192.0.2.11"], false)
            };
            let mut world = mobile(5, weather, vec![brings, takes], Method::Mobile);
            world.phones[FIRST].from.uri = "sip:+74997654321@provider.example".to_owned();
            world.dial(FIRST, OWN);
            world.meet(FIRST, SECOND);
            let invite = &world.sent_to(SECOND, "INVITE")[0];
            assert!(
                invite.starts_with(&format!("INVITE sip:{MOBILE}@192.0.2.11:5060 SIP/2.0")),
                "{invite}"
            );
            assert!(header.is_none_or(|header| invite.contains(header)), "{invite}");
            assert_eq!(
                invite.contains("+74997654321"),
                style != RedirectionStyle::None,
                "{invite}"
            );
            assert!(world.phones[ANNA_AT].calls.is_empty());
            world.end_calls(FIRST);
            world.run_for(s(40));
            world.close();
            let record = world.record();
            assert_eq!(record.direction, CallDirection::Inbound);
            assert_eq!(
                (record.callee.staff, record.callee.trunk),
                (Some(id(ANNA)), Some(TrunkId::from_u128(2)))
            );
        }
    }
}

/// Row L40.
#[test]
fn l40_calls_of_a_sip_person_ring_their_phones_and_not_the_telephone() {
    for weather in weathers() {
        let mut world = mobile(6, weather, vec![trunk(1, &["192.0.2.10"], false)], Method::Sip);
        world.dial(BORIS_AT, ANNA.number);
        world.meet(BORIS_AT, ANNA_AT);
        assert!(world.phones[FIRST].calls.is_empty());
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.close();
    }
}

/// Row L42.
#[test]
fn l42_calls_by_sim_card_take_its_own_line_alone() {
    for weather in weathers() {
        let lines = || vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)];
        let mut world = mobile(7, weather, lines(), Method::Sim(TrunkId::from_u128(2)));
        world.dial(BORIS_AT, ANNA.number);
        world.meet(BORIS_AT, SECOND);
        assert!(world.phones[FIRST].calls.is_empty() && world.phones[ANNA_AT].calls.is_empty());
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.phones[SECOND].manner = Manner::Refuse(503, ms(50));
        let call = world.dial(BORIS_AT, ANNA.number);
        world.see_end(BORIS_AT, call);
        assert!(world.phones[FIRST].calls.is_empty(), "no other line is tried");
        world.close();
    }
}

#[test]
fn a_mobile_member_of_a_department_rings_beside_the_others_and_answers() {
    for weather in weathers() {
        let mut world = mobile(8, weather, vec![trunk(1, &["192.0.2.10"], false)], Method::Mobile);
        world.phones[BORIS_AT].manner = Manner::Ring;
        world.phones[FIRST].manner = Manner::Answer(s(8));
        let caller = world.add_phone(DAVID);
        world.register(caller);
        world.run_for(s(40));
        world.dial(caller, "200");
        let both = world.wait_for(s(60), |world| ringing(world) == [BORIS_AT, FIRST]);
        assert!(both, "{}", world.ladder());
        world.meet(caller, FIRST);
        world.see_end(BORIS_AT, 0);
        world.end_calls(caller);
        world.run_for(s(40));
        world.close();
        let record = world.record();
        assert_eq!(record.callee.staff, Some(id(ANNA)));
    }
}

#[test]
fn without_a_line_to_the_telephone_of_a_mobile_person_the_others_ring_alone() {
    for weather in weathers() {
        let mut world = mobile(9, weather, vec![], Method::Mobile);
        let call = world.dial(BORIS_AT, ANNA.number);
        assert_eq!(world.status_of(BORIS_AT, call), 480);
        let caller = world.add_phone(DAVID);
        world.register(caller);
        world.run_for(s(40));
        world.dial(caller, "200");
        world.meet(caller, BORIS_AT);
        world.end_calls(caller);
        world.run_for(s(40));
        world.close();
        let told = |text: &str| {
            world
                .records_of_calls()
                .iter()
                .any(|record| record.because.contains(text))
        };
        assert!(told("no line leads to the telephone of Anna Tester"));
    }
}
