use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::g711;
use crate::io::command::{AudioFormat, Direction, Heard};
use crate::rtp::packet::{HEADER, Header};
use crate::tap::TapFrame;

mod opus;
mod pause;
mod times;

const ANNA: &str = "203.0.113.5:4000";
const BORIS: &str = "203.0.113.6:5000";

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn media(remote: &str, codec: Codec, event: Option<u8>, direction: Direction) -> LegMedia {
    let remote = at(remote);
    LegMedia {
        remote,
        remote_rtcp: SocketAddr::new(remote.ip(), remote.port() + 1),
        format: AudioFormat::new(codec, codec.payload_type(), event),
        direction,
        signalling: remote.ip(),
        crypto: None,
    }
}

/// Two legs, a clock and what the recorder got.
struct Call {
    anna: Leg,
    boris: Leg,
    now: Moment,
    tapped: Vec<TapFrame>,
}

impl Call {
    fn new(codecs: [Codec; 2], events: [Option<u8>; 2]) -> Call {
        let now = Moment::from_micros(10_000_000);
        let mut anna = Leg::new(Rewriter::new(0xa, 1_000, 5_000), now);
        let mut boris = Leg::new(Rewriter::new(0xb, 2_000, 6_000), now);
        anna.configure(media(ANNA, codecs[0], events[0], Direction::SendRecv), now);
        boris.configure(media(BORIS, codecs[1], events[1], Direction::SendRecv), now);
        Call {
            anna,
            boris,
            now,
            tapped: Vec::new(),
        }
    }

    fn plain() -> Call {
        Call::new([Codec::Pcmu; 2], [Some(101); 2])
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now = self.now.after(Duration::from_millis(milliseconds));
    }

    fn tap(&mut self) {
        self.anna.tap(7, Side::Left, self.now);
        self.boris.tap(7, Side::Right, self.now);
    }

    /// 20 ms later Anna's datagram comes.
    fn anna_sends(&mut self, datagram: &[u8]) -> (Outcome, Option<(Header, Vec<u8>)>) {
        self.anna_sends_from(ANNA, datagram)
    }

    fn anna_sends_from(&mut self, source: &str, datagram: &[u8]) -> (Outcome, Option<(Header, Vec<u8>)>) {
        self.wait(20);
        let mut datagram = datagram.to_vec();
        let incoming = Incoming {
            length: datagram.len(),
            buffer: &mut datagram,
            source: at(source),
            now: self.now,
        };
        let tapped = &mut self.tapped;
        let outcome = step(&mut self.anna, Some(&mut self.boris), incoming, &mut |frame| {
            tapped.push(frame)
        });
        let out = match &outcome {
            Outcome::Forward { bytes, to, .. } => {
                assert_eq!(*to, at(BORIS));
                let packet = &datagram[bytes.clone()];
                let header = Header::read(packet).unwrap();
                let payload = packet[header.payload.clone()].to_vec();
                Some((header, payload))
            }
            Outcome::Kept { .. } | Outcome::Foreign | Outcome::Ignored => None,
        };
        (outcome, out)
    }
}

/// One frame of `payload`, its numbers counted from those of the SSRC.
fn rtp(payload_type: u8, ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; HEADER];
    packet.extend(payload);
    let header = Header {
        marker: false,
        payload_type,
        sequence,
        timestamp: u32::from(sequence).wrapping_mul(160).wrapping_add(ssrc),
        ssrc,
        payload: HEADER..packet.len(),
    };
    header.write(&mut packet).unwrap();
    packet
}

#[test]
fn what_comes_in_goes_out_by_its_kind() {
    let check = |codecs, events, datagram: &[u8], expected: Option<(u8, u8)>| {
        let mut call = Call::new(codecs, events);
        let out = call
            .anna_sends(datagram)
            .1
            .map(|(header, payload)| (header.payload_type, payload[0]));
        assert_eq!(out, expected, "{codecs:?} {events:?} {:?}", &datagram[..14]);
    };
    let same = [Codec::Pcmu; 2];
    let mixed = [Codec::Pcmu, Codec::Pcma];
    let events = [Some(101), Some(96)];
    let (ulaw, alaw) = (0x9a, g711::encode(g711::Law::A, g711::decode(g711::Law::U, 0x9a)));
    check(same, events, &rtp(0, 1, 1, &[ulaw; 160]), Some((0, ulaw)));
    check(mixed, events, &rtp(0, 1, 1, &[ulaw; 160]), Some((8, alaw)));
    check(same, events, &rtp(8, 1, 1, &[alaw; 160]), Some((0, ulaw)));
    check(mixed, events, &rtp(8, 1, 1, &[alaw; 160]), Some((8, alaw)));
    check(same, events, &rtp(101, 1, 1, &[5, 10, 0, 160]), Some((96, 5)));
    check(same, [Some(101), None], &rtp(101, 1, 1, &[5, 10, 0, 160]), None);
    check(same, [None, Some(101)], &rtp(101, 1, 1, &[5, 10, 0, 160]), None);
    check(same, events, &rtp(101, 1, 1, &[5, 10]), None);
    check(same, events, &rtp(13, 1, 1, &[60, 1, 1]), None);
    check(same, events, &rtp(18, 1, 1, &[1; 20]), None);
    check(same, events, &[0; 20], None);
}

#[test]
fn what_is_not_passed_on_leaves_no_gap() {
    let mut call = Call::new([Codec::Pcmu; 2], [Some(101), None]);
    let sent: Vec<u16> = (0..6_u16)
        .filter_map(|number| {
            let packet = if number % 2 == 0 {
                rtp(0, 1, number, &[1; 160])
            } else {
                rtp(101, 1, number, &[5, 10, 0, 160])
            };
            Some(call.anna_sends(&packet).1?.0.sequence)
        })
        .collect();
    assert_eq!(sent, [2_001, 2_002, 2_003]);
}

#[test]
fn a_loss_on_one_side_is_seen_as_one_on_the_other() {
    let mut call = Call::plain();
    let sent: Vec<u16> = [0, 1, 4, 5]
        .map(|number| call.anna_sends(&rtp(0, 1, number, &[1; 160])).1.unwrap().0.sequence)
        .to_vec();
    assert_eq!(sent, [2_001, 2_002, 2_005, 2_006]);
    assert_eq!(
        (call.anna.stats().packets_lost, call.anna.stats().packets_received),
        (2, 4)
    );
}

#[test]
fn a_phone_that_changes_its_ssrc_is_not_noticed_on_the_other_side() {
    let mut call = Call::plain();
    let mut last: Option<Header> = None;
    for (ssrc, first) in [(1, 65_530_u16), (900_000, 7), (5, 40_000)] {
        for number in 0..20 {
            let packet = rtp(0, ssrc, first.wrapping_add(number), &[1; 160]);
            let header = call.anna_sends(&packet).1.unwrap().0;
            assert_eq!(header.ssrc, 0xb);
            assert_eq!(header.marker, number == 0);
            if let Some(before) = last {
                assert_eq!(header.sequence, before.sequence.wrapping_add(1));
                assert_eq!(header.timestamp, before.timestamp.wrapping_add(160));
            }
            last = Some(header);
        }
    }
}

#[test]
fn directions_are_kept() {
    let check = |anna, boris, heard: bool, tapped: usize| {
        let mut call = Call::plain();
        call.tap();
        call.anna.configure(media(ANNA, Codec::Pcmu, None, anna), call.now);
        call.boris.configure(media(BORIS, Codec::Pcmu, None, boris), call.now);
        let out = call.anna_sends(&rtp(0, 1, 1, &[1; 160])).1;
        assert_eq!(
            (out.is_some(), call.tapped.len()),
            (heard, tapped),
            "{anna:?} {boris:?}"
        );
    };
    check(Direction::SendRecv, Direction::SendRecv, true, 1);
    check(Direction::RecvOnly, Direction::SendOnly, true, 1);
    check(Direction::SendRecv, Direction::RecvOnly, false, 1);
    check(Direction::SendRecv, Direction::Inactive, false, 1);
    check(Direction::SendOnly, Direction::SendRecv, false, 0);
    check(Direction::Inactive, Direction::SendRecv, false, 0);
}

#[test]
fn a_leg_on_hold_may_be_silent_and_one_that_speaks_again_may_not() {
    let mut call = Call::plain();
    let started = call.now;
    assert_eq!(call.anna.expected_since(), Some(started));
    call.anna_sends(&rtp(0, 1, 1, &[1; 160]));
    assert_eq!(call.anna.expected_since(), Some(call.now));
    call.anna
        .configure(media(ANNA, Codec::Pcmu, None, Direction::Inactive), call.now);
    assert_eq!(call.anna.expected_since(), None);
    call.wait(60_000);
    call.anna
        .configure(media(ANNA, Codec::Pcmu, None, Direction::SendRecv), call.now);
    assert_eq!(call.anna.expected_since(), Some(call.now));
}

#[test]
fn rtcp_is_a_sign_of_life_from_the_leg_alone() {
    let mut call = Call::plain();
    call.wait(5_000);
    assert!(!call.anna.hear_rtcp(at("198.51.100.66:4001"), true, call.now));
    assert_ne!(call.anna.expected_since(), Some(call.now));
    assert_eq!(call.anna.rtcp_target(), Some(at("203.0.113.5:4001")));
    assert!(call.anna.hear_rtcp(at("203.0.113.5:4999"), true, call.now));
    assert_eq!(call.anna.expected_since(), Some(call.now));
    assert_eq!(call.anna.rtcp_target(), Some(at("203.0.113.5:4999")));
}

#[test]
fn rtcp_follows_rtp_through_a_nat() {
    let mut call = Call::plain();
    let mut behind = media("192.168.1.5:4000", Codec::Pcmu, None, Direction::SendRecv);
    behind.signalling = "203.0.113.5".parse::<IpAddr>().unwrap();
    let mut leg = Leg::new(Rewriter::new(1, 1, 1), call.now);
    leg.configure(behind, call.now);
    call.anna = leg;
    assert_eq!(call.anna.rtcp_target(), Some(at("192.168.1.5:4001")));
    call.anna_sends_from("203.0.113.5:61000", &rtp(0, 1, 1, &[1; 160]));
    assert_eq!(call.anna.rtcp_target(), Some(at("203.0.113.5:4001")));
    behind.remote_rtcp = behind.remote;
    call.anna.configure(behind, call.now);
    assert_eq!(call.anna.rtcp_target(), Some(at("203.0.113.5:61000")));
}

#[test]
fn a_leg_without_an_exchange_takes_nothing() {
    let mut call = Call::plain();
    call.anna = Leg::new(Rewriter::new(1, 1, 1), call.now);
    assert_eq!(call.anna_sends(&rtp(0, 1, 1, &[1; 160])).0, Outcome::Ignored);
    call.anna = Call::plain().anna;
    call.boris = Leg::new(Rewriter::new(1, 1, 1), call.now);
    assert_eq!(
        call.anna_sends(&rtp(0, 1, 1, &[1; 160])).0,
        Outcome::Kept { first: true }
    );
}

#[test]
fn strangers_are_counted_and_not_heard() {
    let mut call = Call::plain();
    call.tap();
    for number in 0..10 {
        call.anna_sends(&rtp(0, 1, number, &[1; 160]));
    }
    let (tapped, before) = (call.tapped.len(), call.anna.stats());
    for number in 0..100 {
        let outcome = call
            .anna_sends_from("198.51.100.66:4000", &rtp(0, 1, 10 + number, &[66; 160]))
            .0;
        assert_eq!(outcome, Outcome::Foreign);
    }
    let after = call.anna.stats();
    assert_eq!(call.tapped.len(), tapped);
    assert_eq!(
        (after.packets_foreign, after.packets_received),
        (100, before.packets_received)
    );
}

#[test]
fn long_packets_are_cut_for_the_recorder() {
    let mut call = Call::plain();
    call.tap();
    call.wait(1_000);
    call.anna_sends(&rtp(0, 1, 1, &[3; 400]));
    let pieces: Vec<(u32, usize)> = call
        .tapped
        .iter()
        .map(|frame| (frame.at, frame.payload().len()))
        .collect();
    let start = 1_020 * 8 - 400;
    assert_eq!(pieces, [(start, 160), (start + 160, 160), (start + 320, 80)]);
}

#[test]
fn both_sides_of_a_recording_lie_on_one_clock() {
    let mut call = Call::plain();
    call.tap();
    let source = at(BORIS);
    for number in 0..50_u16 {
        call.anna_sends(&rtp(0, 1, number, &[1; 160]));
        // Boris speaks at the same moment, with other numbers.
        let mut datagram = rtp(0, 0x7fff_0000, 30_000 + number, &[2; 160]);
        let incoming = Incoming {
            length: datagram.len(),
            buffer: &mut datagram,
            source,
            now: call.now,
        };
        let tapped = &mut call.tapped;
        step(&mut call.boris, Some(&mut call.anna), incoming, &mut |frame| {
            tapped.push(frame)
        });
    }
    let of = |side| {
        call.tapped
            .iter()
            .filter(move |frame| frame.side == side)
            .map(|frame| frame.at)
    };
    assert!(of(Side::Left).eq(of(Side::Right)));
    assert!(of(Side::Left).eq((0..50).map(|number| number * 160)));
}

#[test]
fn a_tap_ends_with_its_own_recording_only() {
    let mut call = Call::plain();
    call.tap();
    call.anna.untap(8);
    call.anna_sends(&rtp(0, 1, 1, &[1; 160]));
    call.anna.untap(7);
    call.anna_sends(&rtp(0, 1, 2, &[1; 160]));
    assert_eq!(call.tapped.len(), 1);
}

#[test]
fn g722_passes_as_it_is_between_two_who_speak_it() {
    let mut call = Call::new([Codec::G722; 2], [None; 2]);
    let (header, payload) = call.anna_sends(&rtp(9, 1, 1, &[0x77; 160])).1.unwrap();
    assert_eq!((header.payload_type, payload), (9, vec![0x77; 160]));
}

#[test]
fn g722_is_encoded_anew_for_who_does_not_speak_it_and_for_the_recorder() {
    for (codecs, sent, out) in [([Codec::G722, Codec::Pcma], 9, 8), ([Codec::Pcmu, Codec::G722], 0, 9)] {
        let mut call = Call::new(codecs, [None; 2]);
        let before = call.anna_sends(&rtp(sent, 1, 0, &[0xff; 160])).1;
        assert_eq!(before, None, "{codecs:?}");
        call.tap();
        call.anna.outfit(Some(codecs[1]));
        call.boris.outfit(Some(codecs[0]));
        let mut last: Option<Header> = None;
        for number in 1..20 {
            let (header, payload) = call.anna_sends(&rtp(sent, 1, number, &[0xff; 160])).1.unwrap();
            assert_eq!((header.payload_type, payload.len()), (out, 160), "{codecs:?}");
            if let Some(last) = last {
                assert_eq!(header.sequence, last.sequence + 1);
                assert_eq!(header.timestamp, last.timestamp + 160);
            }
            last = Some(header);
        }
        assert_eq!(call.tapped.len(), 19);
        assert!(call.tapped.windows(2).all(|pair| pair[1].at == pair[0].at + 160));
    }
}

#[test]
fn a_key_is_told_by_the_clock_of_who_hears_it() {
    let check = |codecs, sent: [u8; 4], expected: (u8, [u8; 4], u32)| {
        let mut call = Call::new(codecs, [Some(101), Some(102)]);
        call.anna_sends(&rtp(101, 1, 1, &[5, 10, 0, 0]));
        let (header, payload) = call.anna_sends(&rtp(101, 1, 1, &sent)).1.unwrap();
        let found = (header.payload_type, payload.try_into().unwrap(), header.timestamp);
        assert_eq!(found, expected, "{codecs:?}");
    };
    let (opus, pcma) = (Codec::Opus, Codec::Pcma);
    check([pcma, opus], [5, 0x8a, 3, 32], (102, [5, 0x8a, 18, 192], 6_000));
    check([opus, pcma], [5, 0x8a, 18, 192], (102, [5, 0x8a, 3, 32], 6_000));
    check([opus, opus], [5, 0x8a, 18, 192], (102, [5, 0x8a, 18, 192], 6_000));
    // Four seconds: the third event of the key.
    check(
        [pcma, opus],
        [5, 0x8a, 0x7d, 0],
        (102, [5, 0x8a, 0xee, 2], 6_000 + 2 * 0xffff),
    );
}

#[test]
fn what_comes_may_have_our_numbers_where_the_answer_had_others() {
    let mut call = Call::plain();
    let mut described = media(ANNA, Codec::Opus, Some(126), Direction::SendRecv);
    described.format.payload_type = 111;
    described.format.heard = Heard {
        audio: 96,
        telephone_event: Some(102),
    };
    call.anna.configure(described, call.now);
    let boris = media(BORIS, Codec::Opus, Some(102), Direction::SendRecv);
    call.boris.configure(boris, call.now);
    let mut heard = |payload_type| {
        let sent = rtp(payload_type, 1, 1, &[5, 10, 0, 160]);
        call.anna_sends(&sent).1.map(|(header, _)| header.payload_type)
    };
    assert_eq!(
        [96, 111, 102, 126, 97].map(&mut heard),
        [Some(96), Some(96), Some(102), Some(102), None]
    );
}
