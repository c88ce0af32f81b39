//! More calls than the server can carry: what is in progress goes on, and as much of the rest is served as if it were all.

use std::time::Duration;

use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_tests::world::front::Front;
use frontdesk_tests::world::net::{FAIR, Weather, rough};
use frontdesk_tests::world::people::{ANNA, BORIS};
use frontdesk_tests::world::phone::{Manner, State};
use frontdesk_tests::world::{SERVER, World, ms, s};

const ANNA_AT: usize = 0;
const BORIS_AT: usize = 1;
const CLARA_AT: usize = 2;

/// A server that needs two milliseconds for each thing that it does.
fn slow_office(weather: Weather) -> World {
    let mut world = World::office(31, weather);
    world.front = Some(Front::new(ms(2)));
    world.phones[BORIS_AT].manner = Manner::Answer(ms(100));
    world
}

/// How many of the calls that Anna dials at this pace for `time` are answered, talked and ended as they should be; and the
/// statuses of the others.
fn carried(weather: Weather, pace: Duration, time: Duration) -> (usize, Vec<u16>) {
    let mut world = slow_office(weather);
    let end = world.elapsed() + time;
    let mut calls = Vec::new();
    while world.elapsed() < end {
        calls.push(world.dial(ANNA_AT, BORIS.number));
        world.run_for(pace);
        for call in calls.clone() {
            if world.phones[ANNA_AT].call(call).state == State::Talking {
                world.hang_up(ANNA_AT, call);
            }
        }
        calls.retain(|call| world.phones[ANNA_AT].call(*call).status.is_none());
    }
    world.run_for(s(40));
    world.end_calls(ANNA_AT);
    world.close();
    let done = &world.phones[ANNA_AT].calls;
    let answered = done.iter().filter(|call| call.status == Some(200)).count();
    let others = done
        .iter()
        .filter_map(|call| call.status)
        .filter(|status| *status != 200);
    (answered, others.collect())
}

#[test]
fn at_ten_times_the_load_four_fifths_of_the_best_throughput_are_left() {
    // Faster and faster, until it is not carried any more.
    let mut best = (0, Duration::ZERO);
    for pace in [100, 80, 60, 50, 40, 30, 25, 20, 15] {
        let (answered, _) = carried(FAIR, ms(pace), s(4));
        if answered > best.0 {
            best = (answered, ms(pace));
        }
    }
    let (answered, others) = carried(FAIR, best.1 / 10, s(4));
    assert!(answered * 10 >= best.0 * 8, "{answered} of {best:?}");
    assert!(others.len() > best.0 * 5, "{} were refused", others.len());
    assert!(
        others.iter().all(|status| *status == 503 || *status == 408),
        "{others:?}"
    );
}

fn stranger(n: u32) -> FlowId {
    let [_, _, high, low] = n.to_be_bytes();
    FlowId {
        transport: Transport::Udp,
        local: SERVER.parse().unwrap(),
        peer: ([192, 0, 2, high], 1024 + u16::from(low)).into(),
        connection: 0,
    }
}

/// A new call of somebody else reaches the server.
fn strangers_call(world: &mut World, n: u32) {
    let text = format!(
        "INVITE sip:102@203.0.113.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-{n};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:x@203.0.113.1>;tag=f{n}\r\nTo: <sip:102@203.0.113.1>\r\n\
         Call-ID: {n}@crowd\r\nCSeq: 1 INVITE\r\nContact: <sip:x@192.0.2.1:5060>\r\nContent-Length: 0\r\n\r\n"
    );
    world.knock(stranger(n), text.as_bytes());
}

#[test]
fn calls_in_progress_and_registrations_are_served_while_a_crowd_is_turned_away() {
    for weather in [FAIR, rough(5), rough(20)] {
        let mut world = slow_office(weather);
        let call = world.talk(ANNA_AT, BORIS_AT, BORIS.number);
        for n in 0..10_000 {
            strangers_call(&mut world, n);
            world.run_for(Duration::from_micros(400));
            match n {
                4_000 => world.act(ANNA_AT, |phone, now| phone.reinvite(call, "sendonly", now)),
                5_000 => world.register(CLARA_AT),
                6_000 => world.hang_up(BORIS_AT, 0),
                _ => {}
            }
        }
        let now = world.now().instant;
        let inbox = &world.front.as_ref().unwrap().inbox;
        assert!(inbox.is_overloaded(now));
        assert!(inbox.totals().turned_away > 5_000, "{:?}", inbox.totals());
        if weather.loss == 0 {
            assert_eq!(world.phones[ANNA_AT].call(call).results, [200]);
            assert_eq!(world.phones[CLARA_AT].answers, [200, 200]);
            assert_eq!(world.phones[ANNA_AT].call(call).state, State::Over);
        }
        world.run_for(s(30));
        assert_eq!(world.phones[ANNA_AT].call(call).results, [200]);
        assert_eq!(world.phones[CLARA_AT].answers, [200, 200]);
        assert_eq!(world.phones[ANNA_AT].call(call).state, State::Over);
        let now = world.now().instant;
        assert!(!world.front.as_ref().unwrap().inbox.is_overloaded(now));
        world.close();
    }
}

#[test]
fn a_call_that_was_taken_on_is_not_turned_away_when_its_invite_comes_again() {
    let mut world = slow_office(FAIR);
    world.phones[BORIS_AT].manner = Manner::Answer(s(3));
    let call = world.dial(ANNA_AT, BORIS.number);
    world.run_for(s(1));
    let sent = world
        .transcript
        .lines()
        .iter()
        .rev()
        .find(|line| !line.from_server && line.bytes.starts_with(b"INVITE") && line.phone == ANNA.name);
    let (flow, bytes) = (world.flow_of(ANNA_AT), sent.unwrap().bytes.clone());
    let mut n = 0;
    while world.engine.counters().turned_away < 100 {
        strangers_call(&mut world, n);
        world.run_for(Duration::from_micros(400));
        n += 1;
    }
    world.knock(flow, &bytes);
    world.run_for(s(5));
    assert_eq!(world.phones[ANNA_AT].call(call).state, State::Talking);
    world.end_calls(ANNA_AT);
    world.close();
}
