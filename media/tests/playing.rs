//! What the media threads say themselves, on real sockets.
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
use frontdesk_media::io::command::{Codec, MediaCommand, MediaNotice};
use frontdesk_media::rtp::dtmf::Event;
use frontdesk_media::rtp::packet::HEADER;
use frontdesk_media::sound::Sound;
use frontdesk_media::tap::{Side, TapMessage};

use house::*;

fn level(level: i16, frames: usize) -> Arc<Sound> {
    Arc::new(Sound {
        rate: 8_000,
        samples: vec![level; 160 * frames],
    })
}

fn played(house: &mut House, phone: &Phone) -> u64 {
    let wanted = phone.leg;
    house.wait_for(|notice| match notice {
        MediaNotice::Played { leg, token } if *leg == wanted => Some(*token),
        _ => None,
    })
}

#[test]
fn a_held_phone_hears_music_until_its_peer_is_back() {
    let mut house = House::open(&config(23_000));
    let [mut anna, mut boris] = couple(&mut house, [Codec::Pcmu, Codec::Pcma]);
    anna.say(1);
    let before = boris.hear().0;
    house.handle.send(MediaCommand::Play {
        leg: boris.leg,
        sound: level(5_000, 10),
        repeat: true,
        token: 1,
    });
    let mut last = before.clone();
    for number in 0..12 {
        let (header, payload) = boris.hear();
        assert_eq!(payload, [g711::encode(g711::Law::A, 5_000); 160]);
        assert_eq!(
            (header.sequence, header.ssrc, header.marker),
            (last.sequence.wrapping_add(1), before.ssrc, number == 0)
        );
        last = header;
    }
    boris.say(2);
    assert_eq!(anna.hear().1.len(), 160);
    house.handle.send(MediaCommand::Join {
        a: anna.leg,
        b: boris.leg,
    });
    house.settle(anna.ours.port());
    anna.say(9);
    let mut expected = [9; 160];
    g711::transcode(g711::Law::U, g711::Law::A, &mut expected);
    while boris.hear().1 != expected {}
    boris.assert_hears_nothing();
}

#[test]
fn an_announcement_is_heard_once_and_its_end_is_told() {
    let mut house = House::open(&config(23_100));
    let [anna, _boris] = couple(&mut house, [Codec::Pcmu; 2]);
    house.handle.send(MediaCommand::Play {
        leg: anna.leg,
        sound: level(-900, 3),
        repeat: false,
        token: 77,
    });
    for _ in 0..3 {
        assert_eq!(anna.hear().1, [g711::encode(g711::Law::U, -900); 160]);
    }
    assert_eq!(played(&mut house, &anna), 77);
    anna.assert_hears_nothing();
}

#[test]
fn the_echo_line_says_back_what_it_hears() {
    let mut house = House::open(&config(23_200));
    let port = house.stock.take().unwrap();
    let mut anna = Phone::new(&mut house, 1, port, Codec::Pcmu);
    house.handle.send(MediaCommand::Echo {
        leg: anna.leg,
        on: true,
    });
    house.settle(port);
    for number in 1..6 {
        anna.say(number);
        let (header, payload) = anna.hear();
        assert_eq!((header.payload_type, payload), (0, vec![number; 160]));
        assert_ne!(header.ssrc, 0xabcd);
    }
    house.handle.send(MediaCommand::Echo {
        leg: anna.leg,
        on: false,
    });
    house.settle(port);
    anna.say(1);
    assert_eq!(anna.close(&mut house).packets_sent, 5);
}

#[test]
fn legs_can_be_joined_anew_and_parted() {
    let mut house = House::open(&config(23_300));
    let [mut anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    let port = house.stock.take_near(anna.ours.port()).unwrap();
    let vera = Phone::new(&mut house, 3, port, Codec::Pcmu);
    anna.say(1);
    assert_eq!(boris.hear().1, [1; 160]);
    house.handle.send(MediaCommand::Join {
        a: vera.leg,
        b: anna.leg,
    });
    house.settle(port);
    anna.say(2);
    assert_eq!(vera.hear().1, [2; 160]);
    house.handle.send(MediaCommand::Part {
        a: anna.leg,
        b: boris.leg,
    });
    house.settle(port);
    anna.say(3);
    assert_eq!(vera.hear().1, [3; 160]);
    house.handle.send(MediaCommand::Part {
        a: anna.leg,
        b: vera.leg,
    });
    house.settle(port);
    anna.say(4);
    while house.handle.counts().received < 4 {
        std::thread::yield_now();
    }
    vera.assert_hears_nothing();
    boris.assert_hears_nothing();
}

#[test]
fn a_recording_goes_on_with_another_leg_on_the_same_clock() {
    let mut house = House::open(&config(23_400));
    let [mut anna, mut boris] = couple(&mut house, [Codec::Pcmu; 2]);
    let port = house.stock.take_near(anna.ours.port()).unwrap();
    let mut vera = Phone::new(&mut house, 3, port, Codec::Pcmu);
    let recording = 5;
    house.handle.send(MediaCommand::Tap {
        left: anna.leg,
        right: Some(boris.leg),
        recording,
    });
    house.settle(port);
    boris.say(1);
    anna.hear();
    house.handle.send(MediaCommand::Join {
        a: vera.leg,
        b: anna.leg,
    });
    house.handle.send(MediaCommand::Retap {
        recording,
        left: Some(anna.leg),
        right: Some(vera.leg),
    });
    house.settle(port);
    boris.say(2);
    boris.close(&mut house);
    vera.say(3);
    anna.hear();
    anna.say(4);
    vera.hear();
    house.handle.send(MediaCommand::Untap { recording });
    let mut heard = Vec::new();
    let end = loop {
        match house.tap_message() {
            TapMessage::Frame(frame) => heard.push((frame.side, frame.payload()[0], frame.at)),
            TapMessage::End(end) => break end,
        }
    };
    let said: Vec<(Side, u8)> = heard.iter().map(|(side, code, _)| (*side, *code)).collect();
    assert_eq!(said, [(Side::Right, 1), (Side::Right, 3), (Side::Left, 4)]);
    assert!(heard.windows(2).all(|pair| pair[0].2 <= pair[1].2), "{heard:?}");
    assert!(heard.iter().all(|(.., at)| *at <= end.length));
}

#[test]
fn a_pressed_key_is_told_once_and_only_while_somebody_listens() {
    let mut house = House::open(&config(23_500));
    let [anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    let press = |sequence: u16, code: u8, end: bool| {
        let mut key = packet(101, sequence, 0);
        key.truncate(HEADER + 4);
        let event = Event {
            code,
            end,
            duration: 160,
        };
        key[4..8].copy_from_slice(&(u32::from(code) * 1_600).to_be_bytes());
        key[HEADER..].copy_from_slice(&event.payload());
        anna.rtp.send_to(&key, anna.ours).unwrap();
        boris.hear();
    };
    press(1, 1, true);
    house.handle.send(MediaCommand::Listen {
        leg: anna.leg,
        on: true,
    });
    house.settle(anna.ours.port());
    for (sequence, code, end) in [(2, 2, false), (3, 2, false), (4, 2, true), (5, 2, true), (6, 11, true)] {
        press(sequence, code, end);
    }
    let mut told = String::new();
    while told.len() < 2 {
        told.push(house.wait_for(|notice| match notice {
            MediaNotice::Digit { leg, digit } if *leg == anna.leg => Some(*digit),
            _ => None,
        }));
    }
    assert_eq!(told, "2#");
}

#[test]
fn keys_can_be_pressed_towards_a_phone() {
    let mut house = House::open(&config(23_600));
    let [anna, _boris] = couple(&mut house, [Codec::Pcmu; 2]);
    house.handle.send(MediaCommand::SendDigits {
        leg: anna.leg,
        digits: "7".to_owned(),
    });
    let events: Vec<Event> = (0..7)
        .map(|_| {
            let (header, payload) = anna.hear();
            assert_eq!(header.payload_type, 101);
            Event::read(&payload).unwrap()
        })
        .collect();
    assert!(events.iter().all(|event| event.key() == Some('7')));
    assert_eq!(events.iter().filter(|event| event.end).count(), 3);
}
