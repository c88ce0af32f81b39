//! Requests that are too large for a datagram (RFC 3261 section 18.1.1).

use std::sync::Arc;

use frontdesk::engine::input::Input;
use frontdesk_routing::plan::{DialPlan, StaffSection};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{self, ANNA, BORIS};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::trunks::{self, FIRST, OUTSIDE, trunk};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const OPEN: &str = "192.0.2.20:5060";

/// Anna's name alone makes an INVITE too large; Boris's phone is at `home`.
fn office(weather: Weather, home: &str, listens: bool) -> World {
    let staff = [ANNA, BORIS].map(people::staff);
    let [mut anna, boris] = staff;
    anna.name = "Anna of the very long name ".repeat(20).trim_end().into();
    let plan = DialPlan {
        staff: Arc::new(StaffSection::new(vec![anna, boris], Vec::new())),
        ..people::plan()
    };
    let mut world = World::new(41, weather, plan);
    world.add_phone(ANNA);
    world.add_phone_at(BORIS, Transport::Udp, home);
    world.phones[BORIS_AT].listens = listens;
    world.phones[BORIS_AT].manner = Manner::Answer(s(2));
    for phone in [ANNA_AT, BORIS_AT] {
        world.register(phone);
    }
    world.run_for(s(40));
    world
}

/// The transports that the top Vias of what a phone was sent name, each once.
fn vias(world: &World, phone: usize, title: &str) -> Vec<String> {
    let via = |text: &String| text.split("Via: SIP/2.0/").nth(1).map(|via| via[..3].to_owned());
    let mut vias: Vec<String> = world.sent_to(phone, title).iter().filter_map(via).collect();
    vias.dedup();
    vias
}

fn talk(world: &mut World) {
    world.dial(ANNA_AT, BORIS.number);
    let both = world.wait_for(s(40), |world| world.together(ANNA_AT, BORIS_AT));
    assert!(both, "{}", world.ladder());
}

#[test]
fn a_large_invite_goes_over_tcp_to_a_phone_that_is_behind_no_nat_and_the_call_stays_on_udp() {
    for loss in [0, 5, 20] {
        let mut world = office(rough(loss), OPEN, true);
        talk(&mut world);
        world.run_for(s(20));
        assert_eq!(
            vias(&world, BORIS_AT, "INVITE"),
            ["TCP"],
            "{loss} %\n{}",
            world.ladder()
        );
        assert_eq!(
            world.sent_to(BORIS_AT, "INVITE").len(),
            1,
            "nothing is lost on a connection"
        );
        assert_eq!(vias(&world, BORIS_AT, "ACK"), ["UDP"]);
        world.hang_up(ANNA_AT, 0);
        world.run_for(s(40));
        assert_eq!(vias(&world, BORIS_AT, "BYE"), ["UDP"]);
        world.close();
    }
}

#[test]
fn a_phone_that_takes_no_connection_is_called_by_udp_and_is_not_asked_again() {
    for loss in [0, 5, 20] {
        let mut world = office(rough(loss), OPEN, false);
        for _ in 0..2 {
            talk(&mut world);
            world.run_for(s(20));
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
        }
        assert_eq!(vias(&world, BORIS_AT, "INVITE"), ["UDP"], "{}", world.ladder());
        world.close();
    }
}

#[test]
fn a_phone_behind_a_nat_is_called_where_it_speaks_from() {
    // It would listen; nobody could know that.
    let mut world = office(FAIR, "10.0.1.5:5060", true);
    talk(&mut world);
    assert_eq!(vias(&world, BORIS_AT, "INVITE"), ["UDP"]);
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn a_connection_that_is_lost_while_the_phone_rings_takes_no_call_with_it() {
    let mut world = office(FAIR, OPEN, true);
    world.phones[BORIS_AT].manner = Manner::Answer(s(5));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(1));
    assert_eq!(world.phones[BORIS_AT].last().state, State::Ringing);
    let mut flow = world.flow_of(BORIS_AT);
    flow.transport = Transport::Tcp;
    flow.connection = frontdesk_sip::flow::OPENED_HERE | frontdesk_sip::flow::FOR_SIZE | 1;
    world.input(Input::FlowClosed(flow));
    world.run_for(s(1));
    assert_eq!(world.phones[ANNA_AT].call(call).status, None);
    assert_eq!(vias(&world, BORIS_AT, "INVITE"), ["TCP", "UDP"], "{}", world.ladder());
    assert_eq!(world.phones[BORIS_AT].calls.len(), 1, "it is the same INVITE");
    world.run_for(s(10));
    assert!(world.together(ANNA_AT, BORIS_AT), "{}", world.ladder());
    world.end_calls(ANNA_AT);
    world.close();
}

#[test]
fn a_caller_who_gives_up_is_heard_over_the_same_connection() {
    let mut world = office(FAIR, OPEN, true);
    world.phones[BORIS_AT].manner = Manner::Ring;
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(1));
    world.act(ANNA_AT, |phone, now| phone.cancel(call, now));
    world.run_for(ms(500));
    assert_eq!(vias(&world, BORIS_AT, "CANCEL"), ["TCP"]);
    assert_eq!(world.phones[BORIS_AT].last().state, State::Over, "{}", world.ladder());
    world.close();
}

#[test]
fn a_large_invite_reaches_a_provider_whatever_its_name_is() {
    let host = format!("{}.example", ["provider"; 30].join("."));
    for listens in [true, false] {
        for loss in [0, 5, 20] {
            let mut world = trunks::world(42, rough(loss), vec![]);
            let found = world.dns["provider.example"].clone();
            world.dns.insert(host.as_str().into(), found);
            let plan = trunks::plan(vec![trunk(1, &[&host], true)]);
            world.phones[FIRST].listens = listens;
            world.input(Input::Plan(Arc::new(plan)));
            world.run_for(s(20));
            world.dial(ANNA_AT, OUTSIDE);
            let both = world.wait_for(s(40), |world| world.together(ANNA_AT, FIRST));
            assert!(both, "{loss} %\n{}", world.ladder());
            let via = if listens { "TCP" } else { "UDP" };
            assert_eq!(vias(&world, FIRST, "INVITE"), [via], "{loss} %");
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
            world.close();
        }
    }
}
