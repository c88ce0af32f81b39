//! Calls on several media threads, and legs that move between them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "what a test's helper does not expect stops the test"
)]

mod house;

use std::sync::Arc;

use frontdesk_media::g711;
use frontdesk_media::io::IoConfig;
use frontdesk_media::io::command::{Codec, Direction, MediaCommand};
use frontdesk_media::rtp::packet::HEADER;
use frontdesk_media::sound::Sound;
use frontdesk_media::tap::{Side, TapMessage};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use house::*;

fn house(low: u16, threads: usize) -> House {
    House::open(&IoConfig { threads, ..config(low) })
}

/// The thread that a phone's port belongs to.
fn home(phone: &Phone, low: u16, threads: u16) -> u16 {
    (phone.ours.port() - low) / 2 % threads
}

/// Two calls, each on a thread of its own.
fn two_calls(house: &mut House, low: u16) -> [[Phone; 2]; 2] {
    let first = couple(house, [Codec::Pcmu; 2]);
    let second = couple(house, [Codec::Pcmu; 2]);
    assert_ne!(home(&first[0], low, 2), home(&second[0], low, 2));
    [first, second]
}

fn join(house: &House, a: &Phone, b: &Phone) {
    house.handle.send(MediaCommand::Join { a: a.leg, b: b.leg });
}

/// Joins, and waits until every thread that a port belongs to has done what it was told.
fn join_now(house: &mut House, [a, b]: [&Phone; 2], ports: &[u16]) {
    join(house, a, b);
    for port in ports {
        house.settle(*port);
    }
}

fn ports(phones: &[&Phone]) -> Vec<u16> {
    phones.iter().map(|phone| phone.ours.port()).collect()
}

fn both_hear(one: &mut Phone, other: &mut Phone, code: u8) {
    one.say(code);
    while other.hear().1 != [code; 160] {}
    other.say(code);
    while one.hear().1 != [code; 160] {}
}

#[test]
fn legs_of_two_threads_can_be_joined_and_go_home_in_the_end() {
    let mut house = house(24_200, 2);
    let [[mut anna, boris], [vera, mut gleb]] = two_calls(&mut house, 24_200);
    let ssrc = {
        boris.rtp.send_to(&packet(0, 0, 3), boris.ours).unwrap();
        anna.hear().0.ssrc
    };
    let used = ports(&[&anna, &boris, &vera, &gleb]);
    join_now(&mut house, [&gleb, &anna], &used);
    both_hear(&mut anna, &mut gleb, 5);
    gleb.say(6);
    assert_eq!(anna.hear().0.ssrc, ssrc);
    boris.assert_hears_nothing();
    vera.assert_hears_nothing();
    for phone in [&anna, &boris, &vera, &gleb] {
        phone.close(&mut house);
    }
    let mut again = Vec::new();
    while again.len() < 4 {
        while let Some(port) = house.stock.take() {
            let used = [&anna, &boris, &vera, &gleb]
                .iter()
                .any(|phone| phone.ours.port() == port);
            again.extend(used.then_some(port));
        }
        if again.len() < 4 {
            house.next_notice();
        }
    }
    let mut phones: Vec<Phone> = (0..)
        .zip(&again)
        .map(|(id, port)| Phone::new(&mut house, 90_000 + id, *port, Codec::Pcmu))
        .collect();
    let [first, second, ..] = phones.as_mut_slice() else {
        panic!("four phones")
    };
    join_now(&mut house, [first, second], &again);
    both_hear(first, second, 8);
}

#[test]
fn a_recording_moves_with_the_legs_that_it_goes_on_with() {
    let mut house = house(24_400, 2);
    let [[mut anna, mut boris], [mut vera, mut gleb]] = two_calls(&mut house, 24_400);
    for (recording, [left, right]) in [(1, [&anna, &boris]), (2, [&vera, &gleb])] {
        house.handle.send(MediaCommand::Tap {
            left: left.leg,
            right: Some(right.leg),
            recording,
        });
    }
    house.settle(anna.ours.port());
    house.settle(vera.ours.port());
    both_hear(&mut anna, &mut boris, 1);
    both_hear(&mut vera, &mut gleb, 2);
    // Boris is moved to Gleb's thread, and the recording with him.
    let used = ports(&[&anna, &boris, &vera, &gleb]);
    join_now(&mut house, [&gleb, &boris], &used);
    house.handle.send(MediaCommand::Retap {
        recording: 1,
        left: Some(gleb.leg),
        right: Some(boris.leg),
    });
    anna.close(&mut house);
    vera.close(&mut house);
    house.handle.send(MediaCommand::Untap { recording: 2 });
    used.iter().skip(1).step_by(2).for_each(|port| house.settle(*port));
    both_hear(&mut gleb, &mut boris, 3);
    house.handle.send(MediaCommand::Untap { recording: 1 });
    let mut heard = Vec::new();
    let mut ends = Vec::new();
    while ends.len() < 2 {
        match house.tap_message() {
            TapMessage::Frame(frame) => heard.push((frame.recording, frame.side, frame.payload()[0], frame.at)),
            TapMessage::End(end) => ends.push(end),
        }
    }
    let of = |recording| {
        let mut of: Vec<_> = heard.iter().filter(|frame| frame.0 == recording).collect();
        of.sort_by_key(|frame| frame.3);
        of.into_iter().map(|frame| (frame.1, frame.2)).collect::<Vec<_>>()
    };
    let mut first = of(1);
    first.sort_by_key(|(side, code)| (*code, *side == Side::Right));
    assert_eq!(
        first,
        [(Side::Left, 1), (Side::Right, 1), (Side::Left, 3), (Side::Right, 3)]
    );
    assert_eq!(of(2).len(), 2);
    let end = ends.iter().find(|end| end.recording == 1).unwrap();
    let before = heard
        .iter()
        .filter(|frame| frame.0 == 1 && frame.2 == 1)
        .map(|frame| frame.3);
    let after = heard
        .iter()
        .filter(|frame| frame.0 == 1 && frame.2 == 3)
        .map(|frame| frame.3);
    assert!(before.max() <= after.clone().min() && after.max() <= Some(end.length));
}

#[test]
fn music_goes_on_when_its_leg_moves_and_ends_when_it_is_joined() {
    let mut house = house(24_600, 2);
    let [[mut anna, _boris], [vera, mut gleb]] = two_calls(&mut house, 24_600);
    let music = |phone: &Phone| MediaCommand::Play {
        leg: phone.leg,
        sound: Arc::new(Sound {
            rate: 8_000,
            samples: vec![4_000; 160],
        }),
        repeat: true,
        token: 1,
    };
    house.handle.send(music(&anna));
    assert_eq!(anna.hear().1, [g711::encode(g711::Law::U, 4_000); 160]);
    let used = ports(&[&anna, &gleb]);
    join_now(&mut house, [&gleb, &anna], &used);
    both_hear(&mut anna, &mut gleb, 9);
    house.handle.send(music(&anna));
    while anna.hear().1 != [g711::encode(g711::Law::U, 4_000); 160] {}
    vera.assert_hears_nothing();
}

/// Joins at random, in both directions at the same time, and commands behind them that must not overtake.
#[test]
fn no_order_of_moves_gets_stuck() {
    const LOW: u16 = 24_800;
    let mut house = house(LOW, 3);
    let mut rng = StdRng::seed_from_u64(4);
    let mut phones: Vec<Phone> = Vec::new();
    for id in 0..9 {
        let port = house.stock.take().unwrap();
        phones.push(Phone::new(&mut house, id, port, Codec::Pcmu));
    }
    for _ in 0..3_000 {
        let (a, b) = (rng.random_range(0..9), rng.random_range(0..9));
        if a != b {
            join(&house, &phones[a], &phones[b]);
        }
    }
    for (a, b) in [(0, 8), (7, 1), (2, 6), (5, 3)] {
        let used: Vec<u16> = phones.iter().map(|phone| phone.ours.port()).collect();
        join_now(&mut house, [&phones[a], &phones[b]], &used);
        let (low, high) = phones.split_at_mut(a.max(b));
        both_hear(&mut low[a.min(b)], &mut high[0], 7);
    }
    phones[4].configure(&mut house, Direction::Inactive);
    for phone in &phones {
        phone.close(&mut house);
    }
}

#[test]
fn a_leg_that_pauses_is_heard_as_noise_by_its_new_peer_on_another_thread() {
    let mut house = house(24_900, 2);
    let [[mut anna, boris], [vera, gleb]] = two_calls(&mut house, 24_900);
    anna.say(1);
    boris.hear();
    let mut noise = packet(13, anna.sequence, 50);
    noise.truncate(HEADER + 1);
    anna.rtp.send_to(&noise, anna.ours).unwrap();
    anna.sequence += 1;
    boris.hear();
    let used = ports(&[&anna, &boris, &vera, &gleb]);
    join_now(&mut house, [&gleb, &anna], &used);
    let first = gleb.hear().0;
    for number in 1..5 {
        let (header, payload) = gleb.hear();
        assert_eq!((header.payload_type, payload.len()), (0, 160));
        assert_eq!(header.sequence, first.sequence.wrapping_add(number));
    }
    anna.say(5);
    while gleb.hear().1 != [5; 160] {}
}
