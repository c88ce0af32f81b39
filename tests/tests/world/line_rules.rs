//! What a department sets for its line, on the phones: VIP rules, shared members, announcements, pauses, overflows.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::forwarding::{Forwarding, Target};
use frontdesk_routing::ids::{MenuId, StaffId, TrunkId};
use frontdesk_routing::number::{PhoneNumber, ShortNumber};
use frontdesk_routing::plan::{
    Announce, DepartmentSection, Destination, DialPlan, FeatureSection, Method, PlanDepartment, PlanForwarding,
    PlanReception, ReceptionSection, StaffSection,
};
use frontdesk_routing::queue::{Member, QueueSettings, VipRule};
use frontdesk_tests::world::net::{FAIR, Weather, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, SECOND, trunk};
use frontdesk_tests::world::{World, ms, s};

use crate::menus;
use crate::queue::{ORDINARY, call_in, is_heard, last, music, office, one_by_one, rings, sales, shows};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// The office in which Anna talks with Boris; gives the call.
fn busy(seed: u8, weather: Weather, departments: Vec<PlanDepartment>) -> (World, usize, usize) {
    let (mut world, line) = office(seed, weather, departments);
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    let call = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
    (world, line, call)
}

/// Somebody calls the department, and the line takes them.
fn waits(world: &mut World, line: usize, number: &str) -> usize {
    let call = call_in(world, line, number);
    let taken = world.wait_for(s(60), |world| world.phones[line].call(call).state == State::Talking);
    assert!(taken, "{}", world.ladder());
    call
}

/// Anna hangs up and takes all who wait; in which order she gets these numbers.
fn served(world: &mut World, (line, busy): (usize, usize), calls: &[(usize, &'static str)]) -> Vec<&'static str> {
    world.hang_up(ANNA_AT, busy);
    let mut order = Vec::new();
    for _ in calls {
        let taken = world.wait_for(s(60), |world| {
            is_heard(world, ANNA_AT) && last(world, ANNA_AT) == State::Talking
        });
        assert!(taken, "{}", world.ladder());
        let (shown, taken) = (shows(world, ANNA_AT), world.phones[ANNA_AT].calls.len() - 1);
        let (call, number) = calls.iter().find(|(_, number)| shown.contains(number)).unwrap();
        order.push(*number);
        world.hang_up(line, *call);
        world.see_end(ANNA_AT, taken);
    }
    order
}

/// Row V25: both rules of a minute put a VIP ahead of those who came less than a minute before.
#[test]
fn v25_a_head_start_and_a_cap_overtake_no_longer_than_they_say() {
    for weather in weathers() {
        for (seed, vip) in [
            (190, VipRule::HeadStart { lead_ms: 60_000 }),
            (
                191,
                VipRule::Strict {
                    overtaken_at_most_ms: Some(60_000),
                },
            ),
        ] {
            let settings = QueueSettings { vip, ..one_by_one() };
            let (mut world, line, busy) = busy(seed, weather, vec![sales(&[ANNA], settings)]);
            let first = waits(&mut world, line, ORDINARY[0]);
            world.run_for(s(50));
            let second = waits(&mut world, line, ORDINARY[1]);
            world.run_for(s(20));
            let third = waits(&mut world, line, CLIENT_NUMBER);
            world.run_for(s(5));
            let calls = [(first, ORDINARY[0]), (second, ORDINARY[1]), (third, CLIENT_NUMBER)];
            let order = served(&mut world, (line, busy), &calls);
            assert_eq!(order, [ORDINARY[0], CLIENT_NUMBER, ORDINARY[1]], "{vip:?}");
            world.close();
        }
    }
}

/// Row V30: of departments that share a member the more urgent one comes first, else whoever has waited longer.
#[test]
fn v30_members_whom_departments_share_serve_the_more_urgent_one_first() {
    for weather in weathers() {
        for (seed, priority) in [(192, 0), (193, 5)] {
            let support = PlanDepartment {
                queue: QueueSettings {
                    priority,
                    ..one_by_one()
                },
                ..people::department("201", 2, &[ANNA])
            };
            let (mut world, line, busy) = busy(seed, weather, vec![sales(&[ANNA], one_by_one()), support]);
            let first = waits(&mut world, line, ORDINARY[0]);
            world.run_for(s(5));
            let value = format!("<sip:{}@provider.example>", ORDINARY[1]);
            world.phones[line].claims = vec![("P-Asserted-Identity".into(), value)];
            let second = world.dial(line, "201");
            assert!(world.wait_for(s(60), |world| world.phones[line].call(second).state == State::Talking));
            world.run_for(s(5));
            let calls = [(first, ORDINARY[0]), (second, ORDINARY[1])];
            let order = served(&mut world, (line, busy), &calls);
            let urgent = usize::from(priority > 0);
            assert_eq!(order, [ORDINARY[urgent], ORDINARY[1 - urgent]]);
            world.close();
        }
    }
}

#[test]
fn whoever_waits_is_told_the_place_and_the_wait() {
    for weather in weathers() {
        let settings = QueueSettings {
            wrap_up_ms: 90_000,
            ..one_by_one()
        };
        let department = PlanDepartment {
            announce: Announce {
                every_s: Some(20),
                position: true,
                wait: true,
            },
            ..sales(&[ANNA], settings)
        };
        let (mut world, line) = office(194, weather, vec![department]);
        world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
        // A first call says how long one takes: two minutes, with the rest after it.
        let first = call_in(&mut world, line, ORDINARY[0]);
        world.meet(line, ANNA_AT);
        world.run_for(s(19));
        world.hang_up(line, first);
        world.see_end(ANNA_AT, 0);
        world.run_for(s(1));
        let one = waits(&mut world, line, ORDINARY[1]);
        world.run_for(s(1));
        let other = waits(&mut world, line, ORDINARY[2]);
        world.run_for(s(10));
        let language = Language::Russian;
        for place in ["1", "2"] {
            let said = sound::place_in_line(language).then(&sound::spoken(place, language));
            assert!(world.sounds.has(&said), "place {place}");
        }
        let minutes = sound::minutes_to_wait(language).then(&sound::spoken("2", language));
        assert!(world.sounds.has(&minutes));
        let said = world.sounds.once.len();
        world.run_for(s(20));
        assert_eq!(
            world.sounds.once.len(),
            said + 2,
            "again, at the pace of the department"
        );
        world.run_for(s(10));
        assert_eq!(music(&world), 2, "the music goes on");
        for call in [one, other] {
            world.hang_up(line, call);
        }
        world.close();
    }
}

/// Row V30.
#[test]
fn v30_a_member_who_takes_two_calls_at_once_is_offered_a_second_one_and_no_third() {
    for weather in weathers() {
        let two = Member {
            calls_at_once: 2,
            ..Member::new(StaffId::from_u128(ANNA.id))
        };
        let department = PlanDepartment {
            members: vec![two],
            ..sales(&[], one_by_one())
        };
        let (mut world, line) = office(195, weather, vec![department]);
        world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
        let calls = ORDINARY.map(|number| {
            let call = waits(&mut world, line, number);
            world.run_for(s(30));
            call
        });
        assert_eq!(
            world.phones[ANNA_AT].states(),
            [State::Talking; 2],
            "{}",
            world.ladder()
        );
        world.hang_up(line, calls[0]);
        assert!(world.wait_for(s(60), |world| world.phones[ANNA_AT].calls.len() == 3));
        world.run_for(s(2));
        for call in [calls[1], calls[2]] {
            world.hang_up(line, call);
        }
        world.close();
    }
}

#[test]
fn whoever_has_missed_an_offer_is_left_alone_for_the_pause() {
    for weather in weathers() {
        let settings = QueueSettings {
            ring_time_ms: 5_000,
            pause_after_missed_ms: 40_000,
            ..one_by_one()
        };
        let (mut world, line) = office(196, weather, vec![sales(&[ANNA], settings)]);
        world.phones[ANNA_AT].manner = Manner::Ring;
        let call = call_in(&mut world, line, ORDINARY[0]);
        assert!(world.wait_for(s(60), |world| rings(world, ANNA_AT)));
        let first = world.elapsed();
        let again = |world: &World| world.phones[ANNA_AT].calls.len() == 2 && rings(world, ANNA_AT);
        assert!(world.wait_for(s(60), again), "{}", world.ladder());
        let pause = world.elapsed() - first;
        // What was lost on the way to her phone was not lost for the line.
        let least = if weather.is_fair() { s(45) } else { s(40) };
        assert!(pause >= least, "{pause:?}");
        assert!(pause < s(47) || !weather.is_fair(), "{pause:?}");
        world.hang_up(line, call);
        world.close();
    }
}

#[test]
fn who_waits_for_a_department_that_everybody_has_left_goes_on() {
    for weather in weathers() {
        let settings = QueueSettings {
            leave_when_empty_ms: Some(10_000),
            ..one_by_one()
        };
        let department = PlanDepartment {
            overflow: Some(Destination::Staff(StaffId::from_u128(CLARA.id))),
            ..sales(&[ANNA], settings)
        };
        let (mut world, line, busy) = busy(197, weather, vec![department]);
        let call = call_in(&mut world, line, ORDINARY[0]);
        world.run_for(s(30));
        world.act(ANNA_AT, |phone, now| phone.register(0, now));
        assert!(world.wait_for(s(60), |world| world.edges(ANNA) == [true, false]));
        world.run_for(s(8));
        assert!(world.phones[CLARA_AT].calls.is_empty(), "{}", world.ladder());
        world.meet(line, CLARA_AT);
        world.hang_up(line, call);
        world.hang_up(ANNA_AT, busy);
        world.close();
    }
}

/// The person who gets what the line does not take has forwardings too, and is not rung for them.
#[test]
fn who_gets_the_overflow_of_a_line_sends_it_on_like_any_other_call() {
    let forwards = PlanForwarding {
        settings: Forwarding {
            always: ShortNumber::read(BORIS.number).ok().map(Target::Short),
            ..Forwarding::default()
        },
        mark: 0,
    };
    let clara = StaffId::from_u128(CLARA.id);
    let (mut world, line) = office(199, FAIR, vec![deserted(Destination::Staff(clara))]);
    world.input(Input::Plan(Arc::new(DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![deserted(Destination::Staff(clara))])),
        features: Arc::new(FeatureSection::new([], [(clara, forwards)])),
        ..people::plan()
    })));
    world.phones[BORIS_AT].manner = Manner::Answer(s(1));
    let call = call_in(&mut world, line, ORDINARY[0]);
    assert!(
        world.wait_for(s(10), |world| world.together(line, BORIS_AT)),
        "{}",
        world.ladder()
    );
    assert!(world.phones[CLARA_AT].calls.is_empty());
    world.hang_up(line, call);
    world.close();
    let because = &world.record().because;
    assert!(
        because.contains("then Clara Tester forwards all calls: the short number is Boris Tester's"),
        "{because}"
    );
}

/// Nobody works in the department.
fn deserted(to: Destination) -> PlanDepartment {
    PlanDepartment {
        overflow: Some(to),
        ..sales(&[DAVID], one_by_one())
    }
}

#[test]
fn a_department_overflows_to_a_menu() {
    for weather in weathers() {
        let mut world = menus::office(198, weather);
        world.input(Input::Plan(Arc::new(DialPlan {
            departments: Arc::new(DepartmentSection::new(vec![deserted(Destination::Menu(
                MenuId::from_u128(1),
            ))])),
            ..menus::plan(vec![menus::main_menu()])
        })));
        world.dial(CLARA_AT, "200");
        assert!(world.wait_for(s(60), menus::is_asked), "{}", world.ladder());
        menus::press(&mut world, "1");
        world.meet(CLARA_AT, ANNA_AT);
        world.end_calls(CLARA_AT);
        world.close();
        let because = &world.record().because;
        assert!(
            because.contains("Sales can take calls now; then the menu Main answers"),
            "{because}"
        );
    }
}

#[test]
fn a_department_overflows_to_a_person_who_takes_calls_by_a_telephone_outside() {
    for weather in weathers() {
        let lines = vec![trunk(1, &["192.0.2.10"], false), trunk(2, &["192.0.2.11"], false)];
        let mut world = trunks::world(199, weather, lines.clone());
        let mut clara = people::staff(CLARA);
        clara.phone = PhoneNumber::from_e164("+79160000077").ok();
        let staff = vec![people::staff(ANNA), people::staff(BORIS), clara, people::staff(DAVID)];
        let mobile = PlanReception {
            receiving: true,
            method: Method::Sim(TrunkId::from_u128(2)),
            ..PlanReception::default()
        };
        let clara = StaffId::from_u128(CLARA.id);
        world.input(Input::Plan(Arc::new(DialPlan {
            staff: Arc::new(StaffSection::new(staff, lines.clone())),
            departments: Arc::new(DepartmentSection::new(vec![deserted(Destination::Staff(clara))])),
            reception: Arc::new(ReceptionSection {
                people: [(clara, mobile)].into_iter().collect(),
                ..ReceptionSection::default()
            }),
            ..trunks::plan(lines)
        })));
        world.run_for(s(1));
        world.dial(BORIS_AT, "200");
        world.meet(BORIS_AT, SECOND);
        let invite = &world.sent_to(SECOND, "INVITE")[0];
        assert!(invite.starts_with("INVITE sip:+79160000077@"), "{invite}");
        world.end_calls(BORIS_AT);
        world.run_for(s(40));
        world.close();
    }
}
