//! Connections that break while somebody talks: the call goes on, over the next one when there is something to say.

use std::sync::Arc;
use std::time::Duration;

use frontdesk::engine::input::Input;
use frontdesk::engine::names::{Resolution, ResolvedServer};
use frontdesk::engine::output::Disposition;
use frontdesk_routing::plan::trunks::{Server, ServerTransport};
use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::FAIR;
use frontdesk_tests::world::people::{ANNA, BORIS, CLARA, DAVID};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::provider::Provider;
use frontdesk_tests::world::trunks::{self, FIRST, GATEWAY, OUTSIDE, OWN, registration};
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const DAVID_AT: usize = 3;
const DEVICE: &str = "00000000-0000-4000-8000-000000000004";
const HOME: &str = "192.0.2.20:45000";
const ELSEWHERE: &str = "192.0.2.99:51000";

/// The office with David, whose phone has a connection, and who talks with Anna; who of them has called.
fn world(seed: u8, caller: usize) -> World {
    let mut world = World::office(seed, FAIR);
    assert_eq!(world.add_phone_at(DAVID, Transport::Tcp, HOME), DAVID_AT);
    world.phones[DAVID_AT].outbound = Some((DEVICE, 1));
    world.register(DAVID_AT);
    world.run_for(s(2));
    match caller {
        DAVID_AT => world.talk(DAVID_AT, ANNA_AT, ANNA.number),
        _ => world.talk(ANNA_AT, DAVID_AT, DAVID.number),
    };
    world
}

/// How a phone that lost its connection is heard of again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    /// It has said nothing yet.
    Silent,
    Registered,
    /// With another address, before the server knows that the connection is lost.
    Elsewhere,
}

const ALL: [Back; 3] = [Back::Silent, Back::Registered, Back::Elsewhere];

fn lose(world: &mut World, back: Back) {
    if back == Back::Elsewhere {
        let dead = world.change_network(DAVID_AT, ELSEWHERE);
        world.register(DAVID_AT);
        world.run_for(s(2));
        world.input(Input::FlowClosed(dead));
    } else {
        world.break_connection(DAVID_AT);
        assert_eq!(world.edges(DAVID), [true, false]);
        world.run_for(s(5));
    }
    if back == Back::Registered {
        world.register(DAVID_AT);
    }
    world.run_for(s(2));
    assert!(world.together(ANNA_AT, DAVID_AT), "{}", world.ladder());
}

fn over(world: &World, phone: usize) -> bool {
    world.phones[phone].last().state == State::Over
}

fn finish(world: &mut World) {
    for phone in 0..world.phones.len() {
        world.end_calls(phone);
    }
    world.run_for(s(5));
    world.close();
}

#[test]
fn a_call_outlives_the_connection_of_a_phone_and_either_side_hangs_up() {
    for back in ALL {
        for caller in [ANNA_AT, DAVID_AT] {
            for by in [ANNA_AT, DAVID_AT] {
                let mut world = world(1, caller);
                lose(&mut world, back);
                world.run_for(s(60));
                world.end_calls(by);
                world.run_for(s(2));
                let other = ANNA_AT + DAVID_AT - by;
                // A phone that has not been heard of again cannot be told before.
                let told = back != Back::Silent || by == DAVID_AT;
                assert_eq!(over(&world, other), told, "{back:?} {by}\n{}", world.ladder());
                if !told {
                    world.register(DAVID_AT);
                    world.run_for(s(2));
                    assert!(over(&world, DAVID_AT), "{}", world.ladder());
                }
                finish(&mut world);
                assert!(world.record().ended_at.unwrap() - world.record().answered_at.unwrap() > 60_000);
            }
        }
    }
}

#[test]
fn either_side_holds_after_the_connection_of_a_phone_was_lost() {
    for back in ALL {
        for by in [ANNA_AT, DAVID_AT] {
            let mut world = world(2, ANNA_AT);
            lose(&mut world, back);
            world.act(by, |phone, now| phone.reinvite(0, "sendonly", now));
            world.run_for(s(2));
            if back == Back::Silent && by == ANNA_AT {
                world.register(DAVID_AT);
                world.run_for(s(2));
            }
            assert_eq!(
                world.phones[by].call(0).results,
                [200],
                "{back:?} {by}\n{}",
                world.ladder()
            );
            world.act(by, |phone, now| phone.reinvite(0, "sendrecv", now));
            world.run_for(s(2));
            assert_eq!(world.phones[by].call(0).results, [200, 200], "{}", world.ladder());
            assert!(world.together(ANNA_AT, DAVID_AT));
            finish(&mut world);
        }
    }
}

#[test]
fn either_side_transfers_after_the_connection_of_a_phone_was_lost() {
    for back in ALL {
        for by in [ANNA_AT, DAVID_AT] {
            let mut world = world(3, ANNA_AT);
            lose(&mut world, back);
            world.phones[BORIS_AT].manner = Manner::Answer(s(1));
            world.act(by, |phone, now| phone.refer(0, BORIS.number, now));
            world.run_for(s(2));
            let stays = ANNA_AT + DAVID_AT - by;
            if back == Back::Silent && by == ANNA_AT {
                world.register(DAVID_AT);
            }
            world.run_for(s(5));
            assert!(world.together(stays, BORIS_AT), "{back:?} {by}\n{}", world.ladder());
            assert!(over(&world, by));
            world.end_calls(stays);
            world.run_for(s(2));
            assert!(over(&world, BORIS_AT), "{}", world.ladder());
            finish(&mut world);
        }
    }
}

#[test]
fn a_phone_without_an_instance_is_known_again_by_its_contact() {
    let mut world = World::office(4, FAIR);
    world.add_phone_at(DAVID, Transport::Tcp, HOME);
    world.register(DAVID_AT);
    world.run_for(s(2));
    world.talk(ANNA_AT, DAVID_AT, DAVID.number);
    world.break_connection(DAVID_AT);
    world.run_for(s(10));
    world.end_calls(ANNA_AT);
    world.run_for(s(10));
    assert!(!over(&world, DAVID_AT));
    world.register(DAVID_AT);
    world.run_for(s(2));
    assert!(over(&world, DAVID_AT), "{}", world.ladder());
    finish(&mut world);
}

#[test]
fn another_phone_of_the_same_person_is_not_taken_for_the_lost_one() {
    let mut world = world(5, ANNA_AT);
    world.break_connection(DAVID_AT);
    let other = world.add_phone_at(DAVID, Transport::Tcp, "192.0.2.21:45000");
    world.phones[other].outbound = Some(("00000000-0000-4000-8000-000000000005", 1));
    world.register(other);
    world.run_for(s(2));
    world.end_calls(ANNA_AT);
    world.run_for(s(10));
    assert!(world.sent_to(other, "BYE").is_empty(), "{}", world.ladder());
    world.register(DAVID_AT);
    world.run_for(s(2));
    assert!(over(&world, DAVID_AT), "{}", world.ladder());
    finish(&mut world);
}

#[test]
fn a_phone_with_another_flow_is_reached_by_that() {
    let mut world = world(6, ANNA_AT);
    let second = world.add_phone_at(DAVID, Transport::Tcp, "192.0.2.20:45001");
    world.phones[second].outbound = Some((DEVICE, 2));
    world.register(second);
    world.run_for(s(2));
    world.break_connection(DAVID_AT);
    world.end_calls(ANNA_AT);
    world.run_for(s(2));
    assert_eq!(world.sent_to(second, "BYE").len(), 1, "{}", world.ladder());
    finish(&mut world);
}

#[test]
fn a_phone_that_never_comes_back_leaves_nothing() {
    // Its audio stops, or whoever talks with it hangs up.
    let ways: [fn(&mut World); 2] = [|world| world.fall_silent(DAVID_AT, 0), |world| world.end_calls(ANNA_AT)];
    for way in ways {
        let mut world = world(7, ANNA_AT);
        world.break_connection(DAVID_AT);
        world.phones[DAVID_AT].gone = true;
        world.run_for(s(30));
        assert!(world.together(ANNA_AT, DAVID_AT), "{}", world.ladder());
        way(&mut world);
        world.run_for(s(40));
        assert!(over(&world, ANNA_AT), "{}", world.ladder());
        world.close();
        assert_eq!(world.record().disposition, Some(Disposition::Answered));
    }
}

#[test]
fn two_phones_that_hold_and_never_come_back_are_let_go_in_the_end() {
    let mut world = world(8, ANNA_AT);
    world.add_phone_at(CLARA, Transport::Tcp, "192.0.2.22:45000");
    world.register(4);
    world.run_for(s(2));
    world.end_calls(ANNA_AT);
    world.run_for(s(2));
    world.talk(4, DAVID_AT, DAVID.number);
    world.act(4, |phone, now| phone.reinvite(0, "sendonly", now));
    world.run_for(s(2));
    for phone in [4, DAVID_AT] {
        world.break_connection(phone);
        world.phones[phone].gone = true;
    }
    world.run_for(s(1_700));
    assert_eq!(world.engine.counts().calls, 1);
    world.run_for(s(200));
    world.close();
}

/// Anna and Boris, and a provider that speaks TCP and takes connections.
fn provider(seed: u8, registered: bool) -> World {
    let mut line = trunks::trunk(1, &[], registered);
    let provider = line.provider.as_mut().unwrap();
    provider.servers = vec![Server {
        host: "tcp.example".into(),
        port: None,
        transport: ServerTransport::Tcp,
    }];
    provider.registration = registered.then(registration);
    let mut world = trunks::world(seed, FAIR, Vec::new());
    let home = "192.0.2.30:5060";
    let gateway = world.add_phone_at(GATEWAY, Transport::Tcp, home);
    assert_eq!(gateway, AT);
    world.phones[gateway].takes = true;
    world.phones[gateway].provider = Some(Box::new(Provider::new("line1", "line-secret", 60)));
    let servers = vec![ResolvedServer {
        addr: home.parse().unwrap(),
        transport: Transport::Tcp,
        priority: 10,
        weight: 0,
    }];
    let ttl = Duration::from_secs(300_000);
    world.dns.insert("tcp.example".into(), Resolution { servers, ttl });
    world.input(Input::Plan(Arc::new(trunks::plan(vec![line]))));
    world.run_for(s(60));
    world
}

const AT: usize = FIRST + 2;

/// Anna calls out, or somebody calls her.
fn outside(world: &mut World, out: bool) {
    if out {
        world.talk(ANNA_AT, AT, OUTSIDE);
    } else {
        world.talk(AT, ANNA_AT, OWN);
    }
}

#[test]
fn a_call_outlives_the_connection_to_a_provider_and_either_side_hangs_up() {
    for registered in [false, true] {
        for out in [true, false] {
            for by in [ANNA_AT, AT] {
                let mut world = provider(9, registered);
                outside(&mut world, out);
                world.break_connection(AT);
                world.run_for(s(60));
                assert!(world.together(ANNA_AT, AT), "{}", world.ladder());
                world.end_calls(by);
                world.run_for(s(3));
                assert!(
                    over(&world, ANNA_AT) && over(&world, AT),
                    "{out} {by}\n{}",
                    world.ladder()
                );
                finish(&mut world);
            }
        }
    }
}

#[test]
fn a_call_over_a_new_connection_to_a_provider_is_held_and_transferred() {
    for out in [true, false] {
        for by in [ANNA_AT, AT] {
            let mut world = provider(10, false);
            outside(&mut world, out);
            world.break_connection(AT);
            world.run_for(s(5));
            world.act(by, |phone, now| phone.reinvite(0, "sendonly", now));
            world.run_for(s(3));
            assert_eq!(
                world.phones[by].call(0).results,
                [200],
                "{out} {by}\n{}",
                world.ladder()
            );
            world.act(by, |phone, now| phone.reinvite(0, "sendrecv", now));
            world.run_for(s(3));
            world.break_connection(AT);
            world.act(ANNA_AT, |phone, now| phone.refer(0, BORIS.number, now));
            world.run_for(s(10));
            assert!(world.together(AT, BORIS_AT), "{out} {by}\n{}", world.ladder());
            world.end_calls(BORIS_AT);
            world.run_for(s(3));
            assert!(over(&world, AT), "{}", world.ladder());
            finish(&mut world);
        }
    }
}

#[test]
fn a_provider_that_takes_no_connection_for_a_moment_is_told_all_the_same() {
    let mut world = provider(11, false);
    outside(&mut world, true);
    world.phones[AT].takes = false;
    world.break_connection(AT);
    world.end_calls(ANNA_AT);
    world.run_for(s(10));
    assert!(!over(&world, AT));
    world.phones[AT].takes = true;
    world.run_for(s(8));
    assert!(over(&world, AT), "{}", world.ladder());
    finish(&mut world);
}

#[test]
fn a_provider_that_is_gone_for_good_leaves_nothing() {
    let mut world = provider(12, false);
    outside(&mut world, true);
    world.phones[AT].takes = false;
    world.break_connection(AT);
    world.phones[AT].gone = true;
    world.run_for(s(30));
    assert!(world.together(ANNA_AT, AT), "{}", world.ladder());
    world.end_calls(ANNA_AT);
    world.run_for(ms(100));
    world.close();
}
