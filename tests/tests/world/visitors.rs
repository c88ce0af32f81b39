//! Visitors of sites who are to be called by a department: their turn is waited for as if they had called themselves.

use std::sync::Arc;

use frontdesk::engine::input::{First, Input};
use frontdesk::engine::output::Disposition;
use frontdesk_media::sound::{self, Language};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{AccountId, ClientId, DepartmentId, StaffId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{ClientSection, DepartmentSection, DialPlan, PlanClient, PlanDepartment, Whisper};
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{self, ACCOUNT, ANNA, BORIS, CLIENT_NUMBER, Person};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, ANNA_AT, BORIS_AT};
use frontdesk_tests::world::{World, ms, s};

use crate::queue::{last, one_by_one};

const STRANGER: &str = "+79160000001";
/// The provider's gateway.
const GATEWAY_AT: usize = 2;

/// Anna alone serves the department, and the client is a VIP, or somebody's.
fn plan(vip: bool, manager: Option<Person>, whisper: Whisper) -> DialPlan {
    let client = PlanClient {
        id: ClientId::from_u128(77),
        account: AccountId::from_u128(ACCOUNT),
        number: PhoneNumber::from_e164(CLIENT_NUMBER).unwrap(),
        name: "ООО «Ромашка»".into(),
        vip,
        manager: manager.map(|person| StaffId::from_u128(person.id)),
    };
    let sales = PlanDepartment {
        queue: one_by_one(),
        whisper,
        ..people::department("200", 1, &[ANNA])
    };
    DialPlan {
        departments: Arc::new(DepartmentSection::new(vec![sales])),
        clients: Arc::new(ClientSection::new(vec![client])),
        ..trunks::plan(vec![trunks::trunk(1, &["192.0.2.10"], false)])
    }
}

fn world(seed: u8, plan: DialPlan) -> World {
    let mut world = trunks::world(seed, FAIR, vec![trunks::trunk(1, &["192.0.2.10"], false)]);
    world.input(Input::Plan(Arc::new(plan)));
    world.phones[GATEWAY_AT].manner = Manner::Answer(s(1));
    world
}

fn visitor(world: &mut World, number: &str) {
    world.order(
        4_711,
        First::Department(DepartmentId::from_u128(1)),
        number,
        Ordered::Widget,
    );
}

/// Boris waits for Anna, who takes no call yet.
fn boris_waits(world: &mut World) -> usize {
    world.phones[ANNA_AT].manner = Manner::Refuse(486, ms(300));
    let call = world.dial(BORIS_AT, "200");
    let waits = world.wait_for(s(10), |world| world.phones[BORIS_AT].call(call).state == State::Talking);
    assert!(waits, "{}", world.ladder());
    call
}

/// Anna takes calls from now on; whether the visitor's is the first one.
fn comes_first(world: &mut World) -> bool {
    world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
    let talks = |world: &World| world.together(ANNA_AT, GATEWAY_AT) || world.together(ANNA_AT, BORIS_AT);
    assert!(world.wait_for(s(60), talks), "{}", world.ladder());
    world.together(ANNA_AT, GATEWAY_AT)
}

/// V25: the turn of a VIP who wants to be called comes before that of whoever waited already; V24: by the flag alone.
#[test]
fn v25_a_vip_visitor_stands_ahead_of_an_ordinary_caller() {
    for (seed, number, vip, first) in [
        (170, CLIENT_NUMBER, true, true),
        (171, CLIENT_NUMBER, false, false),
        (172, STRANGER, true, false),
    ] {
        let mut world = world(seed, plan(vip, None, Whisper::default()));
        boris_waits(&mut world);
        visitor(&mut world, number);
        assert_eq!(comes_first(&mut world), first, "{number} {vip}\n{}", world.ladder());
        world.end_calls(ANNA_AT);
        let other = if first { BORIS_AT } else { GATEWAY_AT };
        let taken = world.wait_for(s(60), |world| world.together(ANNA_AT, other));
        assert!(taken, "the other one is next\n{}", world.ladder());
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.close();
    }
}

/// V24: a flag that is set while the visitor waits to be called counts.
#[test]
fn v25_a_visitor_who_becomes_a_vip_meanwhile_goes_ahead() {
    let mut world = world(173, plan(false, None, Whisper::default()));
    boris_waits(&mut world);
    visitor(&mut world, CLIENT_NUMBER);
    world.run_for(s(2));
    world.input(Input::Plan(Arc::new(plan(true, None, Whisper::default()))));
    assert!(comes_first(&mut world), "{}", world.ladder());
    world.end_calls(ANNA_AT);
    assert!(world.wait_for(s(60), |world| world.together(ANNA_AT, BORIS_AT)));
    world.end_calls(ANNA_AT);
    world.run_for(s(40));
    world.close();
}

/// V12, V23: the manager of the client who wants to be called is rung first, member or not.
#[test]
fn v23_the_manager_of_the_visitor_is_rung_first() {
    let mut world = world(174, plan(false, Some(BORIS), Whisper::default()));
    world.phones[ANNA_AT].manner = Manner::Ring;
    world.phones[BORIS_AT].manner = Manner::Answer(s(1));
    visitor(&mut world, CLIENT_NUMBER);
    let together = world.wait_for(s(30), |world| world.together(BORIS_AT, GATEWAY_AT));
    assert!(together, "{}", world.ladder());
    assert!(world.phones[ANNA_AT].calls.is_empty(), "{}", world.ladder());
    world.end_calls(BORIS_AT);
    world.close();
    let record = world.record();
    assert_eq!(record.caller.staff, Some(StaffId::from_u128(BORIS.id)));
    assert_eq!(record.disposition, Some(Disposition::Answered));
}

/// Anna hears that it is a VIP before the visitor is called.
#[test]
fn v25_whoever_is_to_call_a_vip_is_told_so() {
    let vip = sound::vip_client(Language::Russian);
    let whisper = Whisper {
        department: false,
        vip: true,
    };
    for (seed, number, told) in [(175, CLIENT_NUMBER, true), (176, STRANGER, false)] {
        let mut world = world(seed, plan(true, None, whisper));
        world.phones[ANNA_AT].manner = Manner::Answer(ms(500));
        visitor(&mut world, number);
        let picked_up = world.wait_for(s(5), |world| last(world, ANNA_AT) == State::Talking);
        assert!(picked_up, "{}", world.ladder());
        world.run_for(ms(100));
        assert_eq!(world.sounds.has(&vip), told);
        assert_eq!(world.phones[GATEWAY_AT].calls.is_empty(), told, "{}", world.ladder());
        let together = world.wait_for(s(30), |world| world.together(ANNA_AT, GATEWAY_AT));
        assert!(together, "{}", world.ladder());
        world.end_calls(ANNA_AT);
        world.close();
    }
}
