//! The media threads on real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "what a test's helper does not expect stops the test"
)]

mod house;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use frontdesk_media::g711;
use frontdesk_media::io::command::{Codec, Direction, MediaCommand, MediaLegId, MediaNotice};
use frontdesk_media::io::{IoConfig, start};
use frontdesk_media::ports::PortStock;
use frontdesk_media::rtp::packet::{HEADER, is_rtcp};
use frontdesk_media::tap::{Side, TapMessage};

use house::*;

#[test]
fn two_phones_hear_each_other_and_each_side_has_its_own_numbers() {
    let mut house = House::open(&config(21_000));
    let [mut anna, mut boris] = couple(&mut house, [Codec::Pcmu, Codec::Pcma]);
    let mut numbers = Vec::new();
    for number in 0..5 {
        anna.say(0xf0 + number);
        let (header, payload) = boris.hear();
        let mut expected = [0xf0 + number; 160];
        g711::transcode(g711::Law::U, g711::Law::A, &mut expected);
        assert_eq!((header.payload_type, payload.as_slice()), (8, &expected[..]));
        assert_ne!(header.ssrc, 0xabcd);
        numbers.push(header.sequence);
        boris.say(0xd0 + number);
        assert_eq!(anna.hear().0.payload_type, 0);
    }
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)),
        "{numbers:?}"
    );
    let heard = house.wait_for(|notice| match notice {
        MediaNotice::Heard { leg, from } if *leg == anna.leg => Some(*from),
        _ => None,
    });
    assert_eq!(heard, anna.rtp.local_addr().unwrap());
    let stats = anna.close(&mut house);
    assert_eq!(
        (stats.packets_received, stats.packets_sent, stats.packets_lost),
        (5, 5, 0)
    );
    assert_eq!(boris.close(&mut house).packets_received, 5);
}

#[test]
fn a_stranger_gets_nothing_and_says_nothing() {
    let mut house = House::open(&config(21_100));
    let [mut anna, mut boris] = couple(&mut house, [Codec::Pcmu; 2]);
    for _ in 0..6 {
        anna.say(1);
        boris.hear();
        boris.say(2);
        anna.hear();
    }
    let thief = socket();
    for sequence in 100..140 {
        thief.send_to(&packet(0, sequence, 66), anna.ours).unwrap();
    }
    anna.say(3);
    assert_eq!(boris.hear().1, [3; 160]);
    boris.say(4);
    assert_eq!(anna.hear().1, [4; 160]);
    thief.set_nonblocking(true).unwrap();
    assert!(thief.recv_from(&mut [0; 400]).is_err());
    assert_eq!(anna.close(&mut house).packets_foreign, 40);
    boris.assert_hears_nothing();
}

#[test]
fn both_sides_are_tapped_until_the_exact_end() {
    let mut house = House::open(&config(21_200));
    let [mut anna, mut boris] = couple(&mut house, [Codec::Pcmu, Codec::Pcma]);
    let recording = 0x1234_5678_9abc_def0_1111_2222_3333_4444;
    house.handle.send(MediaCommand::Tap {
        left: anna.leg,
        right: Some(boris.leg),
        recording,
    });
    house.settle(anna.ours.port());
    anna.say(0x11);
    boris.hear();
    boris.say(0x22);
    anna.hear();
    house.handle.send(MediaCommand::Untap { recording });
    house.settle(anna.ours.port());
    anna.say(0x33);
    boris.hear();
    let mut sides = Vec::new();
    let end = loop {
        match house.tap_message() {
            TapMessage::Frame(frame) => {
                assert_eq!(frame.recording, recording);
                assert_eq!(frame.payload().len(), 160);
                sides.push((frame.side, frame.law, frame.payload()[0], frame.at));
            }
            TapMessage::End(end) => break end,
        }
    };
    let parts: Vec<_> = sides.iter().map(|(side, law, code, _)| (*side, *law, *code)).collect();
    assert_eq!(
        parts,
        [(Side::Left, g711::Law::U, 0x11), (Side::Right, g711::Law::A, 0x22)]
    );
    assert_eq!(end.recording, recording);
    assert!(sides.iter().all(|(.., at)| *at <= end.length));
}

#[test]
fn a_recording_ends_even_when_the_house_closes() {
    let mut house = House::open(&config(21_300));
    let [anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    house.handle.send(MediaCommand::Tap {
        left: anna.leg,
        right: Some(boris.leg),
        recording: 7,
    });
    house.handle.stop();
    let tap = &mut house.taps[0];
    assert!(matches!(tap.pop(), Some(TapMessage::End(end)) if end.recording == 7));
    assert!(tap.is_over());
}

#[test]
fn on_hold_nothing_goes_out_and_afterwards_the_numbers_go_on() {
    let mut house = House::open(&config(21_400));
    let [mut anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    anna.say(1);
    let before = boris.hear().0;
    boris.configure(&mut house, Direction::Inactive);
    anna.say(2);
    anna.say(3);
    let counted = |house: &House| house.handle.counts().received;
    while counted(&house) < 3 {
        std::thread::yield_now();
    }
    boris.assert_hears_nothing();
    boris.configure(&mut house, Direction::SendRecv);
    anna.say(4);
    let (after, payload) = boris.hear();
    assert_eq!(payload, [4; 160]);
    assert_eq!(
        (after.sequence, after.ssrc),
        (before.sequence.wrapping_add(1), before.ssrc)
    );
    assert!(after.marker);
}

#[test]
fn telephone_events_pass_and_are_not_recorded() {
    let mut house = House::open(&config(21_500));
    let [mut anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    house.handle.send(MediaCommand::Tap {
        left: anna.leg,
        right: Some(boris.leg),
        recording: 9,
    });
    house.settle(anna.ours.port());
    anna.say(1);
    let audio = boris.hear().0;
    let mut key = packet(101, 1, 0);
    key.truncate(HEADER + 4);
    key[HEADER..].copy_from_slice(&[5, 0x8a, 0, 160]);
    anna.rtp.send_to(&key, anna.ours).unwrap();
    let (event, payload) = boris.hear();
    assert_eq!((event.payload_type, payload.as_slice()), (101, &[5, 0x8a, 0, 160][..]));
    assert_eq!(event.timestamp, audio.timestamp.wrapping_add(160));
    house.handle.send(MediaCommand::Untap { recording: 9 });
    assert!(matches!(house.tap_message(), TapMessage::Frame(_)));
    assert!(matches!(house.tap_message(), TapMessage::End(_)));
}

#[test]
fn a_phone_that_vanished_is_reported_once_and_a_held_one_never() {
    let mut house = House::open(&IoConfig {
        silence: Duration::from_secs(1),
        ..config(21_600)
    });
    let [anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    boris.configure(&mut house, Direction::SendOnly);
    let (leg, for_) = house.wait_for(|notice| match notice {
        MediaNotice::Silent { leg, for_ } => Some((*leg, *for_)),
        _ => None,
    });
    assert_eq!(leg, anna.leg);
    assert!(for_ >= Duration::from_secs(1) && for_ < PATIENCE, "{for_:?}");
    // Another round of looking goes by: ports at rest come back in one.
    boris.close(&mut house);
    let rested = boris.ours.port();
    loop {
        match house.notices.recv_timeout(PATIENCE).unwrap() {
            MediaNotice::PortsReady(ports) if ports.contains(&rested) => break,
            other => assert!(!matches!(other, MediaNotice::Silent { .. }), "{other:?}"),
        }
    }
}

#[test]
fn a_phone_that_pauses_is_heard_as_noise_and_not_missed() {
    let mut house = House::open(&IoConfig {
        silence: Duration::from_secs(1),
        ..config(22_200)
    });
    let [mut anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    boris.configure(&mut house, Direction::SendOnly);
    house.handle.send(MediaCommand::Tap {
        left: anna.leg,
        right: Some(boris.leg),
        recording: 9,
    });
    anna.say(1);
    let mut last = boris.hear().0;
    let mut noise = packet(13, anna.sequence, 0);
    noise.truncate(HEADER + 1);
    noise[HEADER] = 50;
    anna.rtp.send_to(&noise, anna.ours).unwrap();
    for _ in 0..75 {
        let (header, payload) = boris.hear();
        assert_eq!((header.payload_type, payload.len()), (0, 160));
        assert_eq!(header.sequence, last.sequence.wrapping_add(1));
        last = header;
    }
    let mut recorded = 0;
    while recorded < 76 {
        assert!(matches!(house.tap_message(), TapMessage::Frame(_)));
        recorded += 1;
    }
    let missed = house
        .notices
        .try_iter()
        .find(|notice| matches!(notice, MediaNotice::Silent { .. }));
    assert_eq!(missed, None);
    anna.sequence += 1;
    anna.say(2);
    while boris.hear().1 != [2; 160] {}
    let stats = anna.close(&mut house);
    assert_eq!((stats.packets_received, stats.packets_lost), (3, 0));
}

#[test]
fn reports_are_sent_and_a_goodbye_at_the_end() {
    let mut house = House::open(&config(21_700));
    let [mut anna, mut boris] = couple(&mut house, [Codec::Pcmu; 2]);
    boris.say(1);
    anna.hear();
    anna.say(1);
    boris.hear();
    let mut bytes = [0; 400];
    let (length, from) = anna
        .rtcp
        .recv_from(&mut bytes)
        .expect("a report comes within five seconds");
    assert!(is_rtcp(&bytes[..length]));
    assert_eq!((bytes[1], from.port()), (200, anna.ours.port() + 1));
    anna.close(&mut house);
    let (length, _) = anna.rtcp.recv_from(&mut bytes).unwrap();
    assert!(bytes[..length].windows(2).any(|pair| pair == [0x81, 203]), "no goodbye");
}

#[test]
fn a_port_rests_and_comes_back_without_what_was_sent_meanwhile() {
    let mut house = House::open(&config(21_800));
    let [mut anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    anna.say(1);
    boris.hear();
    anna.close(&mut house);
    boris.close(&mut house);
    for _ in 0..50 {
        anna.say(13);
    }
    let port = anna.ours.port();
    while house.stock.len() < 8 || !ports(&house.stock).contains(&port) {
        house.next_notice();
    }
    for _ in 0..50 {
        anna.say(13);
    }
    let mut again = Phone::new(&mut house, 9_999, port, Codec::Pcmu);
    let other = house.stock.take().unwrap();
    let mut listener = Phone::new(&mut house, 10_000, other, Codec::Pcmu);
    house.handle.send(MediaCommand::Join {
        a: again.leg,
        b: listener.leg,
    });
    house.settle(port);
    listener.say(1);
    again.hear();
    again.say(77);
    assert_eq!(listener.hear().1, [77; 160]);
}

fn ports(stock: &PortStock) -> Vec<u16> {
    let mut stock = stock.clone();
    std::iter::from_fn(|| stock.take()).collect()
}

#[test]
fn ports_that_others_have_are_skipped() {
    let taken: Vec<UdpSocket> = (21_900..21_906)
        .filter_map(|port| UdpSocket::bind((LOCAL, port)).ok())
        .collect();
    let house = House::open(&config(21_900));
    let ready = ports(&house.stock);
    assert!(
        !ready.is_empty() && ready.iter().all(|port| *port >= 21_906 && port % 2 == 0),
        "{ready:?}"
    );
    drop(taken);
}

#[test]
fn a_range_with_nothing_free_is_an_error_at_the_start() {
    let taken = UdpSocket::bind((LOCAL, 22_000)).unwrap();
    let narrow = IoConfig {
        range: (22_000, 22_001),
        ..config(22_000)
    };
    assert!(start(&narrow, |_| {}).is_err());
    let empty = IoConfig {
        range: (22_001, 22_001),
        ..config(22_000)
    };
    assert!(start(&empty, |_| {}).is_err());
    drop(taken);
}

#[test]
fn a_port_that_was_never_announced_cannot_be_opened() {
    let mut house = House::open(&config(22_100));
    let leg = MediaLegId(1);
    house.handle.send(MediaCommand::Open { leg, port: 22_101 });
    let failed = house.wait_for(|notice| match notice {
        MediaNotice::Failed { leg, .. } => Some(*leg),
        _ => None,
    });
    assert_eq!(failed, leg);
}

#[test]
fn rubbish_does_no_harm() {
    let mut house = House::open(&config(22_300));
    let [mut anna, boris] = couple(&mut house, [Codec::Pcmu; 2]);
    for length in 0..300_usize {
        let rubbish: Vec<u8> = (0..length)
            .map(|place| u8::try_from(place * length % 251).unwrap())
            .collect();
        anna.rtp.send_to(&rubbish, anna.ours).unwrap();
        anna.rtcp
            .send_to(&rubbish, SocketAddr::new(LOCAL, anna.ours.port() + 1))
            .unwrap();
        let mut compound = vec![0x81, 201, 0, 7];
        compound.resize(length.max(4), 0xff);
        anna.rtp.send_to(&compound, anna.ours).unwrap();
        if length % 20 == 0 {
            anna.say(5);
            assert_eq!(boris.hear().1, [5; 160]);
        }
    }
    assert!(house.handle.is_running());
}
