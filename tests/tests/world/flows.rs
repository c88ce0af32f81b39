//! Phones with several flows to us (RFC 5626): one of them rings, and the next one when that fails.

use frontdesk_sip::flow::Transport;
use frontdesk_tests::world::net::{Weather, weathers};
use frontdesk_tests::world::people::{self, ANNA, BORIS};
use frontdesk_tests::world::phone::Manner;
use frontdesk_tests::world::{World, ms, s};

const ANNA_AT: usize = 0;
/// Boris' phone, over each of its flows; the second one has been registered later.
const FIRST: usize = 1;
const SECOND: usize = 2;
const DEVICE: &str = "00000000-0000-4000-8000-000000000001";

/// Anna's phone, and one of Boris' with two flows.
fn world(seed: u8, weather: Weather, transports: [Transport; 2]) -> World {
    let mut world = World::new(seed, weather, people::plan());
    world.add_phone(ANNA);
    for (at, transport) in (FIRST..).zip(transports) {
        let phone = world.add_phone_at(BORIS, transport, &format!("192.0.2.{}:45000", 10 + at));
        world.phones[phone].outbound = Some((DEVICE, u32::try_from(at).unwrap()));
        world.phones[phone].manner = Manner::Answer(s(1));
    }
    for phone in [ANNA_AT, FIRST, SECOND] {
        world.register(phone);
        world.run_for(s(40));
    }
    world
}

fn rung(world: &World) -> [usize; 2] {
    [FIRST, SECOND].map(|phone| world.phones[phone].calls.len())
}

fn finish(mut world: World) {
    for phone in 0..world.phones.len() {
        world.end_calls(phone);
    }
    world.run_for(s(40));
    world.close();
    assert_eq!(world.records_of_calls().len(), 1);
}

#[test]
fn of_a_phones_flows_the_newest_rings_alone() {
    for weather in weathers() {
        let ways = [
            [Transport::Tcp; 2],
            [Transport::Udp; 2],
            [Transport::Tcp, Transport::Udp],
        ];
        for transports in ways {
            let mut world = world(51, weather, transports);
            assert_eq!(world.phones[SECOND].contacts.len(), 2);
            let granted = &world.sent_to(SECOND, "200 REGISTER")[0];
            assert!(granted.contains("\r\nRequire: outbound\r\n"), "{granted}");
            assert!(!world.sent_to(ANNA_AT, "200 REGISTER")[0].contains("Require"));
            world.dial(ANNA_AT, BORIS.number);
            world.meet(ANNA_AT, SECOND);
            assert_eq!(rung(&world), [0, 1]);
            assert_eq!(world.edges(BORIS), [true]);
            finish(world);
        }
    }
}

#[test]
fn a_lost_flow_takes_its_own_binding_only() {
    for weather in weathers() {
        let mut world = world(52, weather, [Transport::Tcp; 2]);
        world.break_connection(SECOND);
        assert_eq!(world.edges(BORIS), [true]);
        world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, FIRST);
        world.end_calls(ANNA_AT);
        world.run_for(s(40));
        world.break_connection(FIRST);
        assert_eq!(world.edges(BORIS), [true, false]);
        finish(world);
    }
}

#[test]
fn a_flow_that_breaks_while_it_rings_gives_the_call_to_the_next_one() {
    for weather in weathers() {
        let mut world = world(53, weather, [Transport::Tcp; 2]);
        world.phones[SECOND].manner = Manner::Ring;
        world.dial(ANNA_AT, BORIS.number);
        assert!(world.wait_for(s(60), |world| rung(world) == [0, 1]));
        world.break_connection(SECOND);
        world.meet(ANNA_AT, FIRST);
        finish(world);
    }
}

#[test]
fn a_flow_that_says_nothing_or_that_somebody_else_has_lost_gives_the_call_to_the_next_one() {
    for weather in weathers() {
        for (manner, wait) in [(Manner::Mute, s(8)), (Manner::Refuse(430, ms(0)), s(2))] {
            let mut world = world(54, weather, [Transport::Udp; 2]);
            world.phones[SECOND].manner = manner;
            let mute = manner == Manner::Mute;
            world.lose = Some(Box::new(move |line| {
                mute && line.phone == "boris'" && line.title() == "INVITE"
            }));
            world.dial(ANNA_AT, BORIS.number);
            let wait = if weather.is_fair() { wait } else { s(60) };
            let reached = world.wait_for(wait, |world| world.together(ANNA_AT, FIRST));
            assert!(reached, "{manner:?}\n{}", world.ladder());
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
            // The one that has not answered comes last from now on.
            let before = rung(&world);
            world.dial(ANNA_AT, BORIS.number);
            assert!(world.wait_for(s(60), |world| rung(world) != before));
            world.run_for(s(3));
            assert_eq!(rung(&world), [before[0] + 1, before[1]], "{manner:?}");
            world.end_calls(ANNA_AT);
            world.run_for(s(40));
            world.close();
            let because = &world.records_of_calls()[0].because;
            assert!(because.contains("a connection of the phone failed"), "{because}");
        }
    }
}

#[test]
fn what_the_phone_answers_by_one_flow_it_is_not_asked_again_by_another() {
    for weather in weathers() {
        for status in [486, 480, 603, 500] {
            let mut world = world(55, weather, [Transport::Udp; 2]);
            world.phones[SECOND].manner = Manner::Refuse(status, ms(100));
            let call = world.dial(ANNA_AT, BORIS.number);
            let told = world.status_of(ANNA_AT, call);
            assert_eq!(told, if status == 500 { 503 } else { status });
            assert_eq!(rung(&world), [0, 1], "{status}");
            finish(world);
        }
    }
}

#[test]
fn a_flow_that_is_registered_again_over_a_new_connection_takes_the_place_of_the_old_one() {
    for weather in weathers() {
        let mut world = world(56, weather, [Transport::Tcp; 2]);
        let third = world.add_phone_at(BORIS, Transport::Tcp, "192.0.2.20:45000");
        world.phones[third].outbound = world.phones[SECOND].outbound;
        world.register(third);
        world.run_for(s(2));
        assert_eq!(world.phones[third].contacts.len(), 2);
        world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, third);
        assert_eq!(rung(&world), [0, 0]);
        finish(world);
    }
}

#[test]
fn a_phone_does_not_ring_itself_by_its_other_flow() {
    for weather in weathers() {
        let mut world = world(57, weather, [Transport::Tcp; 2]);
        let call = world.dial(FIRST, BORIS.number);
        assert_eq!(world.status_of(FIRST, call), 486, "{}", world.ladder());
        finish(world);
    }
}

#[test]
fn flows_are_still_one_phones_after_a_restart() {
    for weather in weathers() {
        let mut world = world(58, weather, [Transport::Udp; 2]);
        // Both have the same address, as they may.
        let home = world.phones[FIRST].home;
        world.phones[SECOND].home = home;
        world.register(SECOND);
        world.run_for(s(40));
        assert_eq!(world.stored_bindings().len(), 3);
        world.restart(people::plan());
        world.register(FIRST);
        world.run_for(s(40));
        assert_eq!(world.phones[FIRST].contacts.len(), 2);
        world.dial(ANNA_AT, BORIS.number);
        world.meet(ANNA_AT, FIRST);
        assert_eq!(rung(&world), [1, 0]);
        finish(world);
    }
}
