//! Relaying a packet takes no memory.
#![expect(
    unsafe_code,
    reason = "a global allocator that counts can be written in no other way"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_media::bridge::{Incoming, Leg, Outcome, PACKET, fill_pause, step};
use frontdesk_media::clock::Moment;
use frontdesk_media::io::command::{AudioFormat, Codec, Direction, LegMedia};
use frontdesk_media::rtp::packet::{HEADER, Header};
use frontdesk_media::rtp::rewrite::Rewriter;
use frontdesk_media::sound::Sound;
use frontdesk_media::srtp::{Crypto, Key, OVERHEAD, Suite};
use frontdesk_media::tap::{Side, ring};
use rand::SeedableRng;
use rand::rngs::StdRng;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn leg(remote: SocketAddr, codec: Codec) -> Leg {
    let mut leg = Leg::new(Rewriter::new(1, 2, 3), Moment::default());
    leg.configure(media_of(remote, codec), Moment::default());
    leg
}

fn media_of(remote: SocketAddr, codec: Codec) -> LegMedia {
    LegMedia {
        remote,
        remote_rtcp: remote,
        format: AudioFormat::new(codec, codec.payload_type(), Some(101)),
        direction: Direction::SendRecv,
        signalling: remote.ip(),
        crypto: None,
    }
}

#[test]
fn a_bridge_step_with_transcoding_and_recording_takes_no_memory() {
    let source: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    let mut from = leg(source, Codec::Pcmu);
    let mut to = leg("192.0.2.2:4000".parse().unwrap(), Codec::Pcma);
    from.tap(7, Side::Left, Moment::default());
    let (mut producer, mut consumer) = ring(64);
    let mut datagram = [0; HEADER + 160];
    let before = ALLOCATIONS.get();
    for number in 0..10_000_u16 {
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence: number,
            timestamp: u32::from(number) * 160,
            ssrc: u32::from(number / 1_000),
            payload: HEADER..HEADER + 160,
        };
        assert!(header.write(&mut datagram).is_some());
        let now = Moment::default().after(Duration::from_millis(20 * u64::from(number)));
        let incoming = Incoming {
            length: datagram.len(),
            buffer: &mut datagram,
            source,
            now,
        };
        let outcome = step(&mut from, Some(&mut to), incoming, &mut |frame| producer.frame(frame));
        assert!(matches!(outcome, Outcome::Forward { .. }), "{outcome:?}");
        assert!(consumer.pop().is_some());
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

#[test]
fn playing_a_sound_takes_no_memory_after_its_start() {
    for (codec, ticks) in [(Codec::Pcma, 10_000), (Codec::Opus, 500)] {
        let mut leg = leg("192.0.2.1:4000".parse().unwrap(), codec);
        let sound = Arc::new(Sound {
            rate: 16_000,
            samples: vec![1_000; 3_333],
        });
        leg.play(sound, true, 1, Moment::default());
        leg.press("123", Moment::default());
        let mut packet = [0; PACKET];
        let before = ALLOCATIONS.get();
        for _ in 0..ticks {
            let now = leg.due().unwrap();
            leg.tick(&mut packet, now);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{codec:?}");
    }
}

/// 20 ms.
fn payload_of(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => &[0; 160],
        // One frame of speech by SILK in wideband, whatever it says (RFC 6716 section 3.1).
        Codec::Opus => &[
            0x48, 0x61, 0xf3, 0x22, 0x85, 0x10, 0x7e, 0x44, 0x99, 0x2c, 0x5d, 0xe1, 0x08, 0x73, 0xb6,
        ],
    }
}

#[test]
fn encoding_anew_and_encrypting_take_no_memory() {
    let source: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    for codecs in [
        [Codec::G722, Codec::Pcma],
        [Codec::Pcma, Codec::G722],
        [Codec::Opus, Codec::Pcma],
        [Codec::Pcma, Codec::Opus],
        [Codec::Opus, Codec::G722],
        [Codec::Opus, Codec::Opus],
    ] {
        let payload = payload_of(codecs[0]);
        let mut from = leg(source, codecs[0]);
        let mut to = leg("192.0.2.2:4000".parse().unwrap(), codecs[1]);
        let mut media = media_of("192.0.2.2:4000".parse().unwrap(), codecs[1]);
        let key = Key::random(Suite::Sha1_80, &mut rng);
        media.crypto = Some(Crypto { ours: key, theirs: key });
        to.configure(media, Moment::default());
        from.tap(7, Side::Left, Moment::default());
        from.outfit(Some(codecs[1]));
        to.outfit(Some(codecs[0]));
        let (mut producer, mut consumer) = ring(64);
        let mut datagram = [0; HEADER + 400 + OVERHEAD];
        let before = ALLOCATIONS.get();
        for number in 0..1_000_u16 {
            let header = Header {
                marker: false,
                payload_type: codecs[0].payload_type(),
                sequence: number,
                timestamp: u32::from(number) * codecs[0].clock() / 50,
                ssrc: 5,
                payload: HEADER..HEADER + payload.len(),
            };
            datagram[header.payload.clone()].copy_from_slice(payload);
            assert!(header.write(&mut datagram).is_some());
            let now = Moment::default().after(Duration::from_millis(20 * u64::from(number)));
            let incoming = Incoming {
                buffer: &mut datagram,
                length: HEADER + payload.len(),
                source,
                now,
            };
            let outcome = step(&mut from, Some(&mut to), incoming, &mut |frame| producer.frame(frame));
            let Outcome::Forward { bytes, .. } = outcome else {
                panic!("{codecs:?}: {outcome:?}");
            };
            assert!(bytes.len() > HEADER + 10, "{codecs:?}");
            assert!(consumer.pop().is_some());
        }
        assert_eq!(ALLOCATIONS.get() - before, 0);
    }
}

/// A frame of speech and a packet of comfort noise in turn, 100 ms of noise after each.
#[test]
fn comfort_noise_takes_no_memory_whether_it_is_passed_on_or_made() {
    let source: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    let target: SocketAddr = "192.0.2.2:4000".parse().unwrap();
    for (codec, noise) in [
        (Codec::Pcma, true),
        (Codec::Pcma, false),
        (Codec::G722, false),
        (Codec::Opus, false),
    ] {
        let mut from = leg(source, Codec::Pcmu);
        let mut to = leg(target, codec);
        let mut media = media_of(target, codec);
        media.format.comfort_noise = noise;
        to.configure(media, Moment::default());
        from.tap(7, Side::Left, Moment::default());
        from.outfit(Some(codec));
        to.outfit(Some(Codec::Pcmu));
        let (mut producer, mut consumer) = ring(64);
        let mut datagram = [0; HEADER + 400];
        let mut packet = [0; PACKET];
        let (mut passed, mut made) = (0, 0);
        let before = ALLOCATIONS.get();
        for number in 0..400_u16 {
            let (payload_type, length) = if number % 2 == 0 { (0, 160) } else { (13, 10) };
            let header = Header {
                marker: false,
                payload_type,
                sequence: number,
                timestamp: u32::from(number / 2) * 960 + u32::from(number % 2) * 160,
                ssrc: 5,
                payload: HEADER..HEADER + length,
            };
            datagram[HEADER..].fill(50);
            assert!(header.write(&mut datagram).is_some());
            let at = 120 * u64::from(number / 2) + 20 * u64::from(number % 2);
            let now = Moment::default().after(Duration::from_millis(at));
            let incoming = Incoming {
                buffer: &mut datagram,
                length: HEADER + length,
                source,
                now,
            };
            let outcome = step(&mut from, Some(&mut to), incoming, &mut |frame| producer.frame(frame));
            passed += u32::from(matches!(outcome, Outcome::Forward { .. }) && payload_type == 13);
            let until = now.after(Duration::from_millis(95));
            while let Some(due) = from.noise_due().filter(|due| *due < until) {
                let sent = fill_pause(&mut from, Some(&mut to), &mut packet, due, &mut |frame| {
                    producer.frame(frame)
                });
                made += u32::from(sent.is_some());
            }
            while consumer.pop().is_some() {}
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{codec:?}");
        let expected = if noise { (200, 0) } else { (0, 1_000) };
        assert_eq!((passed, made), expected, "{codec:?}");
    }
}

#[test]
fn listening_for_keys_takes_no_memory() {
    let source: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    for codec in Codec::ALL {
        let mut from = leg(source, codec);
        let mut media = media_of(source, codec);
        media.format = AudioFormat::new(codec, codec.payload_type(), None);
        from.configure(media, Moment::default());
        from.listen(true);
        from.outfit(None);
        let payload = payload_of(codec);
        let mut datagram = [0; HEADER + 160];
        datagram[HEADER..HEADER + payload.len()].copy_from_slice(payload);
        let before = ALLOCATIONS.get();
        for number in 0..500_u16 {
            let header = Header {
                marker: false,
                payload_type: codec.payload_type(),
                sequence: number,
                timestamp: u32::from(number) * codec.clock() / 50,
                ssrc: 5,
                payload: HEADER..HEADER + payload.len(),
            };
            assert!(header.write(&mut datagram).is_some());
            let now = Moment::default().after(Duration::from_millis(20 * u64::from(number)));
            let incoming = Incoming {
                length: HEADER + payload.len(),
                buffer: &mut datagram,
                source,
                now,
            };
            step(&mut from, None, incoming, &mut |_| {});
            assert_eq!(from.take_key(), None, "{codec:?}");
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{codec:?}");
    }
}
