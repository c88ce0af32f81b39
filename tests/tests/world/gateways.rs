//! Calls out by a gateway that registers with us.

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk::engine::output::{CallDirection, Disposition};
use frontdesk_routing::ids::{AccountId, TrunkId};
use frontdesk_routing::plan::PlanTrunk;
use frontdesk_routing::plan::trunks::TrunkLimits;
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ACCOUNT, LINE};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::trunks::{self, ANNA_AT, BORIS_AT, FIRST, OUTSIDE, trunk};
use frontdesk_tests::world::{World, ms, s};

/// The gateway's place among the phones.
const LINE_AT: usize = 4;
const BUSY: &str = "Q.850;cause=17;text=\"User busy\"";

/// A gateway's line goes first, and after it that of the provider at `FIRST`.
fn lines(limits: TrunkLimits) -> Vec<PlanTrunk> {
    let gateway = PlanTrunk {
        sip: Some(people::sip(LINE)),
        limits,
        ..PlanTrunk::new(TrunkId::from_u128(9), AccountId::from_u128(ACCOUNT), "Gateway".into())
    };
    vec![gateway, trunk(20, &["192.0.2.10"], false)]
}

fn world(weather: Weather, transport: Transport) -> World {
    let mut world = trunks::world(61, weather, lines(TrunkLimits::default()));
    world.add_phone_at(LINE, transport, "10.0.4.5:5060");
    world.register(LINE_AT);
    world.run_for(s(40));
    world
}

/// Anna calls outside and talks with this one within `limit`.
fn reaches(world: &mut World, phone: usize, limit: std::time::Duration) {
    world.dial(ANNA_AT, OUTSIDE);
    let both = world.wait_for(limit, |world| world.together(ANNA_AT, phone));
    assert!(both, "{}", world.ladder());
}

fn finish(mut world: World) -> World {
    world.end_calls(ANNA_AT);
    world.end_calls(BORIS_AT);
    world.run_for(s(40));
    world.close();
    world
}

#[test]
fn staff_call_outside_by_a_gateway_that_is_registered_with_us() {
    for loss in [0, 5, 20] {
        for transport in [Transport::Udp, Transport::Tcp] {
            let mut world = world(rough(loss), transport);
            reaches(&mut world, LINE_AT, s(40));
            let invites = world.sent_to(LINE_AT, "INVITE");
            let param = if transport == Transport::Tcp {
                ";transport=tcp"
            } else {
                ""
            };
            let first = format!("INVITE sip:+79161234567@10.0.4.5:5060{param} SIP/2.0\r\n");
            assert!(invites[0].starts_with(&first), "{}", invites[0]);
            assert!(!invites[0].contains("Anna") && !invites[0].contains("sip:101"));
            let world = finish(world);
            let record = world.record();
            assert_eq!(record.direction, CallDirection::Outbound);
            assert_eq!(record.callee.trunk, Some(TrunkId::from_u128(9)));
            assert_eq!(record.disposition, Some(Disposition::Answered));
        }
    }
}

#[test]
fn a_gateway_that_is_not_there_keeps_nobody_waiting() {
    type Absence = fn(&mut World);
    let absences: [(Transport, Absence); 2] = [
        (Transport::Udp, |world| {
            world.act(LINE_AT, |phone, now| phone.register(0, now));
            world.run_for(s(1));
        }),
        (Transport::Tcp, |world| world.break_connection(LINE_AT)),
    ];
    for (transport, leave) in absences {
        let mut world = world(FAIR, transport);
        leave(&mut world);
        world.phones[FIRST].manner = Manner::Answer(ms(100));
        reaches(&mut world, FIRST, s(1));
        assert_eq!(world.phones[LINE_AT].calls.len(), 0);
        finish(world);
    }
}

#[test]
fn a_gateway_that_is_busy_or_fails_gives_the_call_to_the_next_line_at_once() {
    for status in [486, 500, 503, 403] {
        let mut world = world(FAIR, Transport::Udp);
        world.phones[LINE_AT].manner = Manner::Refuse(status, ms(0));
        world.phones[FIRST].manner = Manner::Answer(ms(100));
        reaches(&mut world, FIRST, s(1));
        assert_eq!(world.phones[LINE_AT].calls.len(), 1, "{status}");
        let world = finish(world);
        assert!(world.record().because.contains("the next way was tried"));
    }
    let mut world = world(FAIR, Transport::Udp);
    world.phones[LINE_AT].gone = true;
    reaches(&mut world, FIRST, s(8));
    finish(world);
}

#[test]
fn whoever_is_busy_behind_a_gateway_is_called_by_no_other_line() {
    for (status, reason) in [(486, Some(BUSY)), (404, None), (600, None), (603, None)] {
        let mut world = world(FAIR, Transport::Udp);
        world.phones[LINE_AT].manner = Manner::Refuse(status, ms(100));
        world.phones[LINE_AT].gives = reason.map(str::to_owned);
        let call = world.dial(ANNA_AT, OUTSIDE);
        world.run_for(s(5));
        let told = world.phones[ANNA_AT].call(call);
        assert_eq!((told.status, told.reason.as_deref()), (Some(status), reason));
        assert_eq!(world.phones[FIRST].calls.len(), 0, "{}", world.ladder());
        finish(world);
    }
}

#[test]
fn a_gateway_with_one_channel_carries_one_call() {
    let mut world = world(FAIR, Transport::Udp);
    let limits = TrunkLimits {
        calls: Some(1),
        per_second: None,
    };
    let plan = trunks::plan(lines(limits));
    world.input(Input::Plan(Arc::new(plan)));
    reaches(&mut world, LINE_AT, s(5));
    world.dial(BORIS_AT, OUTSIDE);
    world.run_for(s(5));
    assert!(world.together(BORIS_AT, FIRST), "{}", world.ladder());
    finish(world);
}

#[test]
fn of_two_places_where_a_gateway_is_registered_the_other_one_takes_a_call_that_one_fails() {
    let mut world = world(FAIR, Transport::Udp);
    let other = world.add_phone_at(LINE, Transport::Udp, "10.0.5.5:5060");
    world.register(other);
    world.run_for(s(5));
    for (bad, good) in [(LINE_AT, other), (other, LINE_AT)] {
        world.phones[bad].manner = Manner::Refuse(503, ms(0));
        world.phones[good].manner = Manner::Answer(ms(100));
        reaches(&mut world, good, s(2));
        world.end_calls(ANNA_AT);
        world.run_for(s(2));
    }
    assert_eq!(world.phones[FIRST].calls.len(), 0);
    finish(world);
}

#[test]
fn without_any_line_that_is_there_the_caller_is_told_at_once() {
    let mut world = world(FAIR, Transport::Udp);
    let mut gateway = lines(TrunkLimits::default());
    gateway.truncate(1);
    world.input(Input::Plan(Arc::new(trunks::plan(gateway))));
    world.act(LINE_AT, |phone, now| phone.register(0, now));
    world.run_for(s(1));
    let call = world.dial(ANNA_AT, OUTSIDE);
    world.run_for(ms(500));
    assert_eq!(world.phones[ANNA_AT].call(call).status, Some(503), "{}", world.ladder());
    finish(world);
}
