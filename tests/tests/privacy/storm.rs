//! Random deeds around people from whom numbers are hidden, over a bad net: whatever happens, no byte to their phones holds
//! the digits of a client.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::ids::{DepartmentId, StaffId};
use frontdesk_routing::plan::trunks::RedirectionStyle;
use frontdesk_routing::plan::{
    Destination, DialPlan, NumberSection, PlanStaff, PlanTrunk, StaffCallerId, StaffSection,
};
use frontdesk_tests::digits::found_in;
use frontdesk_tests::world::net::rough;
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA, CLIENT_NUMBER, DAVID, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{BORIS_AT, FIRST, OWN, SECOND, number, plan, trunk, world};
use frontdesk_tests::world::{World, ms, s};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const DEEDS: usize = 250;
const DAVID_AT: usize = 5;
const STRANGER: &str = "+79031112233";
const OF_BORIS: &str = "+74951110003";
/// Nobody types a client's digits: who does has them already.
const DIALLED: [&str; 9] = [
    "101",
    "102",
    "103",
    "104",
    "88123893298",
    "701",
    "**101",
    "**103",
    "*68",
];

fn person(person: Person, hides_clients: bool) -> PlanStaff {
    let caller_id = StaffCallerId {
        hides_clients,
        ..StaffCallerId::default()
    };
    PlanStaff {
        caller_id,
        ..people::staff(person)
    }
}

/// Boris and David do not see clients' numbers.
fn office(trunks: Vec<PlanTrunk>) -> DialPlan {
    let staff = vec![
        person(ANNA, false),
        person(BORIS, true),
        person(CLARA, false),
        person(DAVID, true),
    ];
    let to = |person: Person| Destination::Staff(StaffId::from_u128(person.id));
    DialPlan {
        staff: Arc::new(StaffSection::new(staff, trunks.clone())),
        numbers: Arc::new(NumberSection::new(vec![
            number(OWN, to(ANNA)),
            number("+74951110002", Destination::Department(DepartmentId::from_u128(1))),
            number(OF_BORIS, to(BORIS)),
        ])),
        ..plan(trunks)
    }
}

fn last(world: &World, phone: usize, wanted: &[State]) -> Option<usize> {
    let calls = world.phones[phone].calls.iter().enumerate();
    let live = calls.filter(|(_, call)| wanted.contains(&call.state));
    live.map(|(at, _)| at).next_back()
}

fn end(world: &mut World, phone: usize) {
    let live = [State::Calling, State::Ringing, State::Talking];
    let Some(call) = last(world, phone, &live) else { return };
    let state = world.phones[phone].call(call).state;
    match state {
        State::Calling => world.act(phone, |phone, now| phone.cancel(call, now)),
        State::Talking | State::Ringing => world.hang_up(phone, call),
        State::Over => {}
    }
}

fn deed(world: &mut World, rng: &mut StdRng) {
    let phone = rng.random_range(0..world.phones.len());
    let gateway = phone == FIRST || phone == SECOND;
    let talking = last(world, phone, &[State::Talking]);
    let dialled = DIALLED[rng.random_range(0..DIALLED.len())];
    match (rng.random_range(0..100), talking) {
        (0..30, _) if gateway => {
            let from = [CLIENT_NUMBER, STRANGER][rng.random_range(0..2)];
            world.phones[phone].from.uri = format!("sip:{from}@provider.example");
            world.phones[phone].from.display = format!("8{}", &from[2..]);
            let called = [OWN, OF_BORIS, "+74951110002"][rng.random_range(0..3)];
            world.act(phone, |phone, now| phone.dial(called, true, now));
        }
        (0..30, _) => {
            world.act(phone, |phone, now| phone.dial(dialled, true, now));
        }
        (30..45, _) => end(world, phone),
        (45..53, _) => {
            let after = ms(rng.random_range(0..3_000));
            world.phones[phone].manner = match rng.random_range(0..6) {
                0..4 => Manner::Answer(after),
                4 => Manner::Ring,
                _ => Manner::Refuse(486, after),
            };
        }
        (53..63, Some(call)) if !gateway => world.act(phone, |phone, now| phone.refer(call, dialled, now)),
        (63..70, Some(call)) if !gateway && call > 0 => {
            let other = rng.random_range(0..call);
            if world.phones[phone].call(other).state == State::Talking {
                world.act(phone, |phone, now| phone.refer_to_call(call, other, now));
            }
        }
        (70..76, Some(call)) => {
            let way = ["sendonly", "sendrecv"][rng.random_range(0..2)];
            world.act(phone, |phone, now| phone.reinvite(call, way, now));
        }
        (76..84, _) if !gateway => {
            world.act(phone, |phone, now| phone.watch("dialog", dialled, 300, now));
        }
        _ => world.run_for(s(rng.random_range(2..15))),
    }
}

#[test]
fn l43_whatever_is_done_no_phone_of_theirs_is_told_the_digits() {
    let (mut stubs, mut bytes) = (0, 0);
    for seed in 0..6 {
        let mut rng = StdRng::from_seed([seed ^ 0x5a; 32]);
        let line = PlanTrunk {
            redirection: RedirectionStyle::Diversion,
            ..trunk(1, &["192.0.2.10", "192.0.2.11"], false)
        };
        let mut world = world(seed, rough([0, 5, 20][usize::from(seed) % 3]), vec![line.clone()]);
        world.input(Input::Plan(Arc::new(office(vec![line]))));
        for person in [CLARA, DAVID] {
            let phone = world.add_phone(person);
            world.register(phone);
        }
        world.run_for(s(40));
        for _ in 0..DEEDS {
            world.run_for(ms(rng.random_range(0..1_500)));
            deed(&mut world, &mut rng);
        }
        for phone in [BORIS_AT, DAVID_AT] {
            for message in world.all_sent_to(phone) {
                bytes += message.len();
                stubs += usize::from(message.contains("sip:+78123893298@"));
                for number in [CLIENT_NUMBER, STRANGER] {
                    assert_eq!(found_in(&message, number), None, "seed {seed}\n{message}");
                }
            }
        }
        for phone in 0..world.phones.len() {
            for _ in 0..world.phones[phone].calls.len() {
                end(&mut world, phone);
            }
        }
        world.input(Input::HangUpAll);
        world.close();
        assert_eq!(world.engine.counters().bugs, 0);
    }
    assert!(
        stubs > 200 && bytes > 100_000,
        "{stubs} messages with the stub, {bytes} bytes in all"
    );
}
