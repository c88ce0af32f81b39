//! Personal managers: their clients' calls ring them first, by the same rules as anybody's, be they members or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::ids::{AccountId, ClientId, DepartmentId, ProjectId, ScheduleId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{
    ClientSection, DepartmentSection, DialPlan, Method, PlanClient, PlanDesk, PlanReception, PlanTrunk,
    ReceptionSection, StaffSection,
};
use frontdesk_routing::queue::JoinWhenEmpty;
use frontdesk_routing::schedule::{Day, Schedule, day};
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, FIRST, SECOND, trunk};
use frontdesk_tests::world::{World, s};
use jiff::tz::TimeZone;

use crate::queue::{call_in, last, office, one_by_one, rings, sales};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

fn id(person: Person) -> StaffId {
    StaffId::from_u128(person.id)
}

/// The client with this manager; Anna serves the department, whose line anybody may join.
fn plan(manager: Option<Person>, reception: ReceptionSection) -> DialPlan {
    let client = PlanClient {
        id: ClientId::from_u128(77),
        account: AccountId::from_u128(ACCOUNT),
        number: PhoneNumber::from_e164(CLIENT_NUMBER).unwrap(),
        name: "ООО «Ромашка»".into(),
        vip: false,
        manager: manager.map(id),
    };
    let mut department = sales(&[ANNA], one_by_one());
    department.queue.join_when_empty = JoinWhenEmpty::Always;
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![department])),
        clients: Arc::new(ClientSection::new(vec![client])),
        reception: Arc::new(reception),
        ..people::plan()
    }
}

fn of(person: Person, takes: PlanReception) -> ReceptionSection {
    ReceptionSection {
        people: [(id(person), takes)].into_iter().collect(),
        ..ReceptionSection::default()
    }
}

fn receiving() -> PlanReception {
    PlanReception {
        receiving: true,
        ..PlanReception::default()
    }
}

/// Anna talks with Clara for as long as the world lasts, and Boris's phone rings when it is called.
fn world(seed: u8, weather: Weather, manager: Option<Person>, reception: ReceptionSection) -> (World, usize) {
    let (mut world, line) = office(seed, weather, Vec::new());
    world.input(Input::Plan(Arc::new(plan(manager, reception))));
    world.talk(ANNA_AT, CLARA_AT, CLARA.number);
    world.phones[BORIS_AT].manner = Manner::Ring;
    (world, line)
}

fn close(mut world: World, line: usize, call: usize) {
    world.hang_up(line, call);
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    world.close();
}

/// Row L21.
#[test]
fn l21_a_manager_who_is_off_in_the_project_of_the_department_is_passed_over() {
    for weather in weathers() {
        let project = ProjectId::from_u128;
        let takes = |projects: &[u128]| {
            let boris = PlanReception {
                projects: projects.iter().map(|number| project(*number)).collect(),
                ..receiving()
            };
            let desk = PlanDesk {
                project: Some(project(2)),
                ..PlanDesk::default()
            };
            ReceptionSection {
                departments: [(DepartmentId::from_u128(1), desk)].into_iter().collect(),
                ..of(BORIS, boris)
            }
        };
        let (mut world, line) = world(150, weather, Some(BORIS), takes(&[1]));
        let call = call_in(&mut world, line, CLIENT_NUMBER);
        world.run_for(s(40));
        assert!(world.phones[BORIS_AT].calls.is_empty(), "{}", world.ladder());
        // It is the project that keeps the call from him.
        world.input(Input::Plan(Arc::new(plan(Some(BORIS), takes(&[1, 2])))));
        assert!(world.wait_for(s(60), |world| rings(world, BORIS_AT)));
        close(world, line, call);
    }
}

#[test]
fn a_manager_who_is_no_member_rings_once_their_toggle_is_on() {
    for weather in weathers() {
        let (mut world, line) = world(151, weather, Some(BORIS), of(BORIS, PlanReception::default()));
        let call = call_in(&mut world, line, CLIENT_NUMBER);
        world.run_for(s(40));
        assert!(world.phones[BORIS_AT].calls.is_empty(), "{}", world.ladder());
        world.input(Input::Plan(Arc::new(plan(Some(BORIS), of(BORIS, receiving())))));
        assert!(world.wait_for(s(60), |world| rings(world, BORIS_AT)));
        close(world, line, call);
    }
}

#[test]
fn a_manager_who_is_no_member_rings_once_their_hours_begin() {
    for weather in weathers() {
        // 2027-01-15 is a Friday; the world begins at 08:00 UTC.
        let mut week: [Option<Day>; 7] = Default::default();
        week[4] = day(["08:05-12:00"]).ok();
        let shift = PlanReception {
            schedule: Some(ScheduleId::from_u128(1)),
            ..receiving()
        };
        let schedule = Schedule::new(TimeZone::UTC, week, BTreeMap::new());
        let reception = ReceptionSection {
            schedules: [(ScheduleId::from_u128(1), Arc::new(schedule))].into_iter().collect(),
            ..of(BORIS, shift)
        };
        let (mut world, line) = world(152, weather, Some(BORIS), reception);
        let call = call_in(&mut world, line, CLIENT_NUMBER);
        world.run_for(s(10));
        assert!(world.phones[BORIS_AT].calls.is_empty(), "{}", world.ladder());
        assert!(world.wait_for(s(300), |world| rings(world, BORIS_AT)));
        let begun = world.elapsed();
        let lost = if weather.is_fair() { s(2) } else { s(30) };
        assert!(begun >= s(300) && begun < s(300) + lost, "{begun:?}");
        close(world, line, call);
    }
}

#[test]
fn a_client_who_waits_is_given_to_the_manager_whom_they_get_meanwhile() {
    for weather in weathers() {
        let (mut world, line) = world(153, weather, None, ReceptionSection::default());
        let call = call_in(&mut world, line, CLIENT_NUMBER);
        world.run_for(s(40));
        assert!(world.phones[BORIS_AT].calls.is_empty(), "{}", world.ladder());
        world.phones[BORIS_AT].manner = Manner::Answer(s(1));
        world.input(Input::Plan(Arc::new(plan(Some(BORIS), ReceptionSection::default()))));
        assert!(world.wait_for(s(60), |world| last(world, BORIS_AT) == State::Talking));
        close(world, line, call);
    }
}

/// Nothing has been heard of such a manager before: there is no phone of theirs that registers.
#[test]
fn a_manager_who_takes_calls_by_a_telephone_outside_rings_first() {
    for weather in weathers() {
        let brings = PlanTrunk {
            provider: None,
            sources: vec!["192.0.2.10/32".parse().expect("a network")],
            ..trunk(1, &[], false)
        };
        let lines = vec![brings, trunk(2, &["192.0.2.11"], false)];
        let mut world = trunks::world(154, weather, lines.clone());
        let mut david = people::staff(DAVID);
        david.phone = PhoneNumber::from_e164("+79160000077").ok();
        let staff = vec![people::staff(ANNA), people::staff(BORIS), people::staff(CLARA), david];
        let mobile = PlanReception {
            method: Method::Mobile,
            ..receiving()
        };
        world.input(Input::Plan(Arc::new(DialPlan {
            staff: Arc::new(StaffSection::new(staff, lines.clone())),
            numbers: trunks::plan(lines).numbers,
            ..plan(Some(DAVID), of(DAVID, mobile))
        })));
        world.run_for(s(1));
        for phone in [ANNA_AT, SECOND] {
            world.phones[phone].manner = Manner::Ring;
        }
        world.phones[FIRST].from.uri = format!("sip:{CLIENT_NUMBER}@provider.example");
        world.dial(FIRST, "+74951110002");
        assert!(
            world.wait_for(s(60), |world| rings(world, SECOND)),
            "{}",
            world.ladder()
        );
        let invite = &world.sent_to(SECOND, "INVITE")[0];
        assert!(invite.starts_with("INVITE sip:+79160000077@"), "{invite}");
        assert!(world.phones[ANNA_AT].calls.is_empty(), "{:?}", last(&world, ANNA_AT));
        world.act(FIRST, |phone, now| phone.cancel(0, now));
        world.run_for(s(40));
        world.close();
    }
}
