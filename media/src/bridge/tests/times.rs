//! Packets of other lengths than 20 ms (RFC 8866 section 6.4): taken, told and recorded as they come.

use super::*;

const LENGTHS: [u16; 6] = [10, 20, 30, 40, 60, 120];

/// What becomes of Anna's packets of so many milliseconds: the lengths of the payloads that Boris gets.
fn check(codecs: [Codec; 2], ms: u16) {
    let mut call = Call::new(codecs, [None; 2]);
    let start = call.now;
    call.tap();
    call.anna.outfit(Some(codecs[1]));
    call.boris.outfit(Some(codecs[0]));
    let ticks = u32::from(ms) * 8;
    let mut last = None::<Header>;
    let count = 600 / ms;
    for number in 0..count {
        let payload = vec![u8::try_from(number).unwrap() | 0x80; usize::from(ms) * 8];
        let mut packet = rtp(codecs[0].payload_type(), 1, number, &payload);
        packet[4..8].copy_from_slice(&(u32::from(number) * ticks).to_be_bytes());
        call.now = start.after(Duration::from_millis(u64::from(ms) * u64::from(number + 1)));
        let (header, passed) = call.anna_sends(&packet).1.unwrap();
        assert_eq!(header.payload_type, codecs[1].payload_type());
        assert_eq!(passed.len(), payload.len(), "{codecs:?} {ms} ms");
        if codecs[0] == codecs[1] {
            assert_eq!(passed, payload);
        }
        if let Some(last) = last {
            assert_eq!(
                (header.sequence, header.timestamp, header.marker),
                (last.sequence + 1, last.timestamp + ticks, false),
                "{codecs:?} {ms} ms"
            );
        }
        last = Some(header);
    }
    let begins = call.tapped[0].at;
    let mut next = begins;
    for frame in &call.tapped {
        assert_eq!(frame.at, next, "{codecs:?} {ms} ms");
        next += u32::try_from(frame.payload().len()).unwrap();
    }
    assert_eq!(next - begins, ticks * u32::from(count), "{codecs:?} {ms} ms");
    assert_eq!(call.boris.stats().packets_sent, u64::from(count));
}

#[test]
fn packets_of_all_lengths_are_passed_on_whole_and_recorded_without_a_gap() {
    for ms in LENGTHS {
        for codecs in [
            [Codec::Pcmu, Codec::Pcmu],
            [Codec::Pcmu, Codec::Pcma],
            [Codec::Pcma, Codec::G722],
            [Codec::G722, Codec::Pcma],
            [Codec::G722, Codec::G722],
        ] {
            check(codecs, ms);
        }
    }
}

/// One side sends 30 ms, the other 20: both are on the recording's clock.
#[test]
fn two_who_send_packets_of_different_lengths_are_recorded_side_by_side() {
    let mut call = Call::new([Codec::Pcmu; 2], [None; 2]);
    call.tap();
    let start = call.now;
    for tick in 1..=60_u16 {
        call.now = start.after(Duration::from_millis(10 * u64::from(tick)));
        for (length, address) in [(3, ANNA), (2, BORIS)] {
            if tick % length != 0 {
                continue;
            }
            let number = tick / length;
            let mut packet = rtp(0, 1, number, &vec![0x9a; usize::from(length) * 80]);
            packet[4..8].copy_from_slice(&(u32::from(number * length) * 80).to_be_bytes());
            let incoming = Incoming {
                length: packet.len(),
                buffer: &mut packet,
                source: at(address),
                now: call.now,
            };
            let (from, to) = if address == ANNA {
                (&mut call.anna, &mut call.boris)
            } else {
                (&mut call.boris, &mut call.anna)
            };
            let outcome = step(from, Some(to), incoming, &mut |frame| call.tapped.push(frame));
            assert!(matches!(outcome, Outcome::Forward { .. }));
        }
    }
    for side in [Side::Left, Side::Right] {
        let mut next = 0;
        for frame in call.tapped.iter().filter(|frame| frame.side == side) {
            assert_eq!(frame.at, next, "{side:?}");
            next += u32::try_from(frame.payload().len()).unwrap();
        }
        assert_eq!(next, 4_800, "{side:?}");
    }
}

/// A whole pause of a phone that sends 60 ms in a packet, towards one that knows no comfort noise.
#[test]
fn long_packets_after_a_pause_go_on_behind_the_noise() {
    let mut call = Call::new([Codec::Pcmu; 2], [None; 2]);
    let start = call.now;
    let mut sent = Vec::<Header>::new();
    let mut sequence = 0_u16;
    let mut buffer = [0; PACKET];
    for tick in 1..=120_u64 {
        call.now = start.after(Duration::from_millis(10 * tick));
        while let Some(due) = call.anna.noise_due().filter(|due| *due <= call.now) {
            if let Some((bytes, _)) = fill_pause(&mut call.anna, Some(&mut call.boris), &mut buffer, due, &mut |_| {}) {
                sent.extend(Header::read(&buffer[bytes]));
            }
        }
        let pauses = (60..90).contains(&tick);
        let packet = match (tick % 6, tick) {
            (_, 60) => Some((COMFORT_NOISE, 1)),
            (0, _) if !pauses => Some((0, 480)),
            _ => None,
        };
        let timestamp = u32::try_from(tick.saturating_sub(6)).unwrap() * 80;
        if let Some((payload_type, length)) = packet {
            sequence += 1;
            let mut packet = rtp(payload_type, 1, sequence, &vec![60; length]);
            packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
            let incoming = Incoming {
                length: packet.len(),
                buffer: &mut packet,
                source: at(ANNA),
                now: call.now,
            };
            let outcome = step(&mut call.anna, Some(&mut call.boris), incoming, &mut |_| {});
            if let Outcome::Forward { bytes, .. } = outcome {
                sent.extend(Header::read(&packet[bytes]));
            }
        }
    }
    assert!(sent.len() > 20, "{}", sent.len());
    for pair in sent.windows(2) {
        let ticks = u32::try_from(pair[0].payload.len()).unwrap();
        assert_eq!(pair[1].sequence, pair[0].sequence + 1);
        assert!(pair[1].timestamp >= pair[0].timestamp + ticks, "{pair:?}");
    }
}
