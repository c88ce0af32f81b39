//! L29: whoever takes calls at a telephone outside presses 1 first, so that no voicemail takes them; and calls that come
//! back to us end.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::Disposition;
use frontdesk_media::io::command::MediaNotice;
use frontdesk_routing::ids::{AccountId, ClientId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{
    ClientSection, DepartmentSection, DialPlan, Method, PlanClient, PlanReception, ReceptionSection, StaffSection,
};
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS, CLARA};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, ANNA_AT, BORIS_AT, FIRST, trunk};
use frontdesk_tests::world::{World, ms, s};

const MOBILE: &str = "+79161234567";

/// Anna's own telephone is at a gateway, and she wants the key asked for; Boris has a phone.
fn plan() -> DialPlan {
    let trunks = vec![trunk(1, &["192.0.2.10"], false)];
    let mut anna = people::staff(ANNA);
    anna.phone = PhoneNumber::from_e164(MOBILE).ok();
    let by = PlanReception {
        receiving: true,
        method: Method::Mobile,
        confirms: true,
        ..PlanReception::default()
    };
    let staff = vec![anna, people::staff(BORIS), people::staff(CLARA)];
    DialPlan {
        staff: Arc::new(StaffSection::new(staff, trunks.clone())),
        departments: Arc::new(DepartmentSection::new(vec![people::department(
            "200",
            1,
            &[ANNA, BORIS],
        )])),
        reception: Arc::new(ReceptionSection {
            people: [(StaffId::from_u128(ANNA.id), by)].into_iter().collect(),
            ..ReceptionSection::default()
        }),
        ..trunks::plan(trunks)
    }
}

fn office(seed: u8, weather: Weather) -> World {
    let mut world = trunks::world(seed, weather, vec![trunk(1, &["192.0.2.10"], false)]);
    world.input(Input::Plan(Arc::new(plan())));
    world.phones[FIRST].manner = Manner::Answer(s(1));
    world.run_for(s(1));
    world
}

/// The telephone has been picked up and hears that a key is wanted.
fn is_asked(world: &World) -> bool {
    let heard = world.phones[FIRST].calls.last().and_then(|call| call.heard.as_ref());
    let leg = heard.and_then(|heard| world.media.leg_at(heard.port));
    let leg = leg.and_then(|leg| world.media.legs.get(&leg));
    leg.is_some_and(|leg| leg.listens && leg.playing.is_some_and(|(_, repeat)| repeat))
}

fn press(world: &mut World, digit: char) {
    let port = world.phones[FIRST].last().heard.as_ref().unwrap().port;
    let leg = world.media.leg_at(port).unwrap();
    world.input(Input::Media(MediaNotice::Digit { leg, digit }));
    world.run_for(ms(500));
}

#[test]
fn l29_the_caller_is_connected_only_after_key_1() {
    // Without telephone-event at the gateway the key is heard in its audio.
    for (seed, weather, events) in [
        (1, FAIR, true),
        (2, rough(5), true),
        (3, rough(20), false),
        (4, FAIR, false),
    ] {
        let mut world = office(seed, weather);
        world.phones[FIRST].events = events;
        let call = world.dial(BORIS_AT, ANNA.number);
        assert!(world.wait_for(s(60), is_asked), "{}", world.ladder());
        press(&mut world, '5');
        assert_eq!(world.phones[BORIS_AT].call(call).state, State::Calling);
        press(&mut world, '1');
        assert!(world.wait_for(s(60), |world| world.together(BORIS_AT, FIRST)));
        world.hang_up(BORIS_AT, call);
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Answered));
    }
}

#[test]
fn l29_a_voicemail_that_answers_never_gets_the_client() {
    let mut world = office(4, FAIR);
    let call = world.dial(BORIS_AT, ANNA.number);
    assert!(world.wait_for(s(10), is_asked));
    world.run_for(s(120));
    assert_eq!(world.phones[BORIS_AT].call(call).status, Some(480));
    assert_eq!(world.phones[FIRST].last().state, State::Over, "the machine is let go");
    world.close();
    assert_eq!(world.record().disposition, Some(Disposition::NoAnswer));
}

/// The machine hangs up by itself, or the caller gives up, or a colleague is faster.
#[test]
fn l29_each_end_before_the_key_leaves_nobody_behind() {
    for (seed, end) in [(5, 0), (6, 1), (7, 2)] {
        let mut world = office(seed, FAIR);
        let dialled = if end == 2 { "200" } else { ANNA.number };
        let caller = world.add_phone(CLARA);
        world.register(caller);
        world.run_for(s(5));
        world.phones[BORIS_AT].manner = Manner::Answer(s(8));
        let call = world.dial(caller, dialled);
        assert!(world.wait_for(s(10), is_asked), "{}", world.ladder());
        match end {
            0 => world.end_calls(FIRST),
            1 => world.act(caller, |phone, now| phone.cancel(call, now)),
            _ => assert!(world.wait_for(s(20), |world| world.together(caller, BORIS_AT))),
        }
        world.run_for(s(3));
        assert_eq!(world.phones[FIRST].last().state, State::Over, "{}", world.ladder());
        world.end_calls(caller);
        world.run_for(s(3));
        world.close();
    }
}

/// V12, V23: a client's personal manager is rung first, though others of the department are free.
#[test]
fn v23_a_client_goes_to_their_manager_first() {
    let mut world = trunks::world(8, FAIR, vec![trunk(1, &["192.0.2.10"], false)]);
    let before = trunks::plan(vec![trunk(1, &["192.0.2.10"], false)]);
    let client = PlanClient {
        id: ClientId::from_u128(5),
        account: AccountId::from_u128(people::ACCOUNT),
        number: PhoneNumber::from_e164("+74997654321").unwrap(),
        name: "Client".into(),
        vip: false,
        manager: Some(StaffId::from_u128(BORIS.id)),
    };
    world.input(Input::Plan(Arc::new(DialPlan {
        clients: Arc::new(ClientSection::new(vec![client])),
        departments: Arc::new(DepartmentSection::new(vec![people::department("200", 1, &[ANNA])])),
        ..before
    })));
    for phone in [ANNA_AT, BORIS_AT] {
        world.phones[phone].manner = Manner::Ring;
    }
    world.phones[FIRST].from.uri = "sip:+74997654321@provider.example".to_owned();
    world.dial(FIRST, "+74951110002");
    world.run_for(s(3));
    assert_eq!(world.phones[BORIS_AT].calls.len(), 1, "{}", world.ladder());
    assert!(world.phones[ANNA_AT].calls.is_empty());
    world.phones[ANNA_AT].manner = Manner::Answer(s(1));
    assert!(world.wait_for(s(60), |world| world.together(FIRST, ANNA_AT)));
    world.end_calls(FIRST);
    world.run_for(s(3));
    world.close();
}

/// L29: a call that comes back by one of our own numbers is a circle.
#[test]
fn l29_a_call_that_shows_our_own_number_is_a_loop() {
    let mut world = trunks::world(9, FAIR, vec![trunk(1, &["192.0.2.10"], false)]);
    world.phones[FIRST].from.uri = "sip:+74951110001@provider.example".to_owned();
    let call = world.dial(FIRST, "+74951110002");
    world.run_for(s(3));
    assert_eq!(world.phones[FIRST].call(call).status, Some(482), "{}", world.ladder());
    world.close();
}

/// Whoever dials one of our own numbers reaches it without a line.
#[test]
fn ones_own_number_is_called_without_going_outside() {
    let mut world = trunks::world(10, FAIR, vec![trunk(1, &["192.0.2.10"], false)]);
    world.phones[ANNA_AT].manner = Manner::Answer(s(1));
    world.dial(BORIS_AT, "84951110001");
    assert!(
        world.wait_for(s(10), |world| world.together(BORIS_AT, ANNA_AT)),
        "{}",
        world.ladder()
    );
    assert!(world.phones[FIRST].calls.is_empty());
    world.end_calls(BORIS_AT);
    world.run_for(s(3));
    world.close();
}
