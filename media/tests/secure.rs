//! A phone that speaks SRTP and one that does not, on real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "what a test's helper does not expect stops the test"
)]

mod house;

use std::net::SocketAddr;
use std::sync::Arc;

use frontdesk_media::g711;
use frontdesk_media::io::command::{AudioFormat, Codec, Direction, LegMedia, MediaCommand};
use frontdesk_media::rtp::packet::{HEADER, Header, is_rtcp};
use frontdesk_media::sound::Sound;
use frontdesk_media::srtp::{Crypto, Key, OVERHEAD, Receiver, Sender, Suite};
use frontdesk_media::tap::TapMessage;
use rand::SeedableRng;
use rand::rngs::StdRng;

use house::*;

/// Anna's phone with keys, Boris's without.
struct Secured {
    house: House,
    anna: Phone,
    boris: Phone,
    sender: Sender,
    receiver: Receiver,
}

fn secured(low: u16, suite: Suite) -> Secured {
    let mut house = House::open(&config(low));
    let [anna, boris] = couple(&mut house, [Codec::Pcmu, Codec::Pcmu]);
    let mut rng = StdRng::seed_from_u64(3);
    let (ours, theirs) = (Key::random(suite, &mut rng), Key::random(suite, &mut rng));
    let remote = anna.rtp.local_addr().unwrap();
    let media = LegMedia {
        remote,
        remote_rtcp: anna.rtcp.local_addr().unwrap(),
        format: AudioFormat::new(Codec::Pcmu, 0, Some(101)),
        direction: Direction::SendRecv,
        signalling: LOCAL,
        crypto: Some(Crypto { ours, theirs }),
    };
    house.handle.send(MediaCommand::Configure { leg: anna.leg, media });
    house.settle(anna.ours.port());
    Secured {
        house,
        anna,
        boris,
        sender: Sender::new(&theirs),
        receiver: Receiver::new(&ours),
    }
}

impl Secured {
    fn secret(&mut self, sequence: u16, code: u8) -> Vec<u8> {
        let mut buffer = packet(0, sequence, code);
        let length = buffer.len();
        buffer.resize(length + OVERHEAD, 0);
        let length = self.sender.protect(&mut buffer, length).unwrap();
        buffer.truncate(length);
        buffer
    }

    fn anna_hears(&mut self) -> Vec<u8> {
        let mut bytes = [0; 400];
        let (length, _) = self.anna.rtp.recv_from(&mut bytes).expect("a packet comes in time");
        let length = self.receiver.open(&mut bytes[..length]).expect("an authentic packet");
        let header = Header::read(&bytes[..length]).unwrap();
        bytes[header.payload].to_vec()
    }
}

#[test]
fn what_is_secret_on_one_leg_is_plain_on_the_other() {
    for (low, suite) in [(23_700, Suite::Sha1_80), (23_800, Suite::Sha1_32)] {
        let mut call = secured(low, suite);
        for number in 0..4_u8 {
            let secret = call.secret(u16::from(number), 10 + number);
            call.anna.rtp.send_to(&secret, call.anna.ours).unwrap();
            assert_eq!(call.boris.hear().1, [10 + number; 160]);
            call.boris.say(20 + number);
            assert_eq!(call.anna_hears(), [20 + number; 160]);
        }
        call.house.handle.send(MediaCommand::Play {
            leg: call.anna.leg,
            sound: Arc::new(Sound {
                rate: 8_000,
                samples: vec![3_000; 160],
            }),
            repeat: false,
            token: 1,
        });
        assert_eq!(call.anna_hears(), [g711::encode(g711::Law::U, 3_000); 160]);
    }
}

#[test]
fn a_recording_is_of_what_was_said_and_not_of_what_was_sent() {
    let mut call = secured(24_100, Suite::Sha1_80);
    call.house.handle.send(MediaCommand::Tap {
        left: call.anna.leg,
        right: Some(call.boris.leg),
        recording: 3,
    });
    call.house.settle(call.anna.ours.port());
    let secret = call.secret(1, 7);
    call.anna.rtp.send_to(&secret, call.anna.ours).unwrap();
    assert_eq!(call.boris.hear().1, [7; 160]);
    call.boris.assert_hears_nothing();
    let TapMessage::Frame(frame) = call.house.tap_message() else {
        panic!("no frame came");
    };
    assert_eq!(frame.payload(), [7; 160]);
}

#[test]
fn what_cannot_be_authenticated_is_counted_and_never_heard() {
    let mut call = secured(23_900, Suite::Sha1_80);
    let first = call.secret(1, 1);
    call.anna.rtp.send_to(&first, call.anna.ours).unwrap();
    assert_eq!(call.boris.hear().1, [1; 160]);
    let thief = socket();
    for number in 0..20 {
        thief.send_to(&packet(0, 2 + number, 66), call.anna.ours).unwrap();
    }
    thief.send_to(&first, call.anna.ours).unwrap();
    call.anna.rtp.send_to(&first, call.anna.ours).unwrap();
    let second = call.secret(2, 2);
    call.anna.rtp.send_to(&second, call.anna.ours).unwrap();
    assert_eq!(call.boris.hear().1, [2; 160]);
    call.boris.say(9);
    assert_eq!(call.anna_hears(), [9; 160]);
    thief.set_nonblocking(true).unwrap();
    assert!(thief.recv_from(&mut [0; 400]).is_err());
    let stats = call.anna.close(&mut call.house);
    assert_eq!(
        (stats.packets_forged, stats.packets_foreign, stats.packets_received),
        (22, 0, 2)
    );
}

#[test]
fn reports_are_secret_too() {
    let mut call = secured(24_000, Suite::Sha1_80);
    let secret = call.secret(1, 1);
    call.anna.rtp.send_to(&secret, call.anna.ours).unwrap();
    call.boris.hear();
    let mut report = vec![0x80, 201, 0, 1, 0, 0, 0xab, 0xcd];
    let to = SocketAddr::new(LOCAL, call.anna.ours.port() + 1);
    call.anna.rtcp.send_to(&report, to).unwrap();
    call.sender.protect_rtcp(&mut report);
    call.anna.rtcp.send_to(&report, to).unwrap();
    let stats = call.anna.close(&mut call.house);
    assert!(stats.packets_forged <= 1, "{stats:?}");
    let mut bytes = [0; 400];
    let (length, _) = call.anna.rtcp.recv_from(&mut bytes).unwrap();
    assert!(is_rtcp(&bytes[..length]) && length > HEADER);
    let length = call
        .receiver
        .open_rtcp(&mut bytes[..length])
        .expect("an authentic report");
    assert!(bytes[..length].windows(2).any(|pair| pair == [0x81, 203]), "no goodbye");
}
