use super::*;
use crate::bridge::{Incoming, Outcome, step};
use crate::g711;
use crate::io::command::{Direction, LegMedia};

const PHONE: &str = "203.0.113.5:4000";

fn media(codec: Codec, direction: Direction) -> LegMedia {
    let remote: SocketAddr = PHONE.parse().unwrap();
    LegMedia {
        remote,
        remote_rtcp: remote,
        format: AudioFormat::new(codec, codec.payload_type(), Some(101)),
        direction,
        signalling: remote.ip(),
        crypto: None,
    }
}

fn ms(milliseconds: u64) -> Moment {
    Moment::from_micros(50_000_000).after(Duration::from_millis(milliseconds))
}

fn leg() -> Leg {
    let mut leg = Leg::new(Rewriter::new(7, 100, 1_000), ms(0));
    leg.configure(media(Codec::Pcma, Direction::SendRecv), ms(0));
    leg
}

/// A sound whose frames are told by their level.
fn steps(frames: i16) -> Arc<Sound> {
    let samples = (0..frames).flat_map(|frame| [frame % 30 * 1_000; 160]).collect();
    Arc::new(Sound { rate: 8_000, samples })
}

/// Sequence number, timestamp, marker, and first byte of the next packet, and the token of what ended.
type Said = (Option<(u16, u32, bool, u8)>, Option<u64>);

fn tick(leg: &mut Leg) -> Said {
    let now = leg.due().expect("something is due");
    tick_at(leg, now)
}

fn tick_at(leg: &mut Leg, now: Moment) -> Said {
    let mut packet = [0; PACKET];
    let tick = leg.tick(&mut packet, now);
    let said = tick.packet.map(|(bytes, to)| {
        assert_eq!(to, PHONE.parse().unwrap());
        let bytes = &packet[bytes];
        let header = Header::read(bytes).unwrap();
        assert_eq!(header.ssrc, 7);
        (header.sequence, header.timestamp, header.marker, bytes[HEADER])
    });
    (said, tick.played)
}

fn alaw(level: i16) -> u8 {
    g711::encode(g711::Law::A, level)
}

/// What a peer says to the leg; the sequence number and marker that go out.
fn peer_says(leg: &mut Leg, number: u16, now: Moment) -> Option<(u16, bool)> {
    let mut peer = Leg::new(Rewriter::new(1, 1, 1), now);
    peer.configure(media(Codec::Pcma, Direction::SendRecv), now);
    let mut datagram = vec![0x55; HEADER + 160];
    let header = Header {
        marker: false,
        payload_type: 8,
        sequence: number,
        timestamp: u32::from(number) * 160,
        ssrc: 99,
        payload: HEADER..HEADER + 160,
    };
    header.write(&mut datagram).unwrap();
    let incoming = Incoming {
        length: datagram.len(),
        buffer: &mut datagram,
        source: PHONE.parse().unwrap(),
        now,
    };
    match step(&mut peer, Some(leg), incoming, &mut |_| {}) {
        Outcome::Forward { bytes, .. } => {
            let header = Header::read(&datagram[bytes]).unwrap();
            Some((header.sequence, header.marker))
        }
        Outcome::Kept { .. } | Outcome::Foreign | Outcome::Ignored => None,
    }
}

#[test]
fn a_sound_is_played_to_its_end_and_told() {
    let mut leg = leg();
    leg.play(steps(3), false, 42, ms(0));
    assert_eq!(tick(&mut leg), (Some((101, 1_000, true, alaw(0))), None));
    assert_eq!(tick(&mut leg), (Some((102, 1_160, false, alaw(1_000))), None));
    assert_eq!(tick(&mut leg), (Some((103, 1_320, false, alaw(2_000))), Some(42)));
    assert_eq!(leg.due(), None);
}

#[test]
fn a_repeated_sound_goes_on_until_it_is_stopped() {
    let mut leg = leg();
    leg.play(steps(2), true, 1, ms(0));
    let levels: Vec<u8> = (0..5).map(|_| tick(&mut leg).0.unwrap().3).collect();
    assert_eq!(levels, [0, 1_000, 0, 1_000, 0].map(alaw));
    leg.stop_playing();
    assert_eq!(leg.due(), None);
}

#[test]
fn packets_are_paced_by_the_clock_and_what_was_missed_is_left_out() {
    let mut leg = leg();
    leg.play(steps(60), false, 1, ms(0));
    tick_at(&mut leg, ms(3));
    assert_eq!(leg.due(), Some(ms(20)));
    tick_at(&mut leg, ms(39));
    assert_eq!(leg.due(), Some(ms(40)));
    let (_, before, ..) = tick_at(&mut leg, ms(1_000)).0.unwrap();
    assert_eq!(leg.due(), Some(ms(900)));
    let (_, after, ..) = tick_at(&mut leg, ms(1_001)).0.unwrap();
    assert!(after.wrapping_sub(before) >= 160, "{before} {after}");
}

#[test]
fn what_a_peer_says_waits_until_the_sound_is_over_and_the_numbers_go_on() {
    let mut leg = leg();
    assert_eq!(peer_says(&mut leg, 50, ms(0)), Some((101, true)));
    leg.play(steps(2), false, 1, ms(10));
    assert_eq!(tick(&mut leg).0.unwrap(), (102, 1_160, true, alaw(0)));
    assert_eq!(peer_says(&mut leg, 51, ms(20)), None);
    assert_eq!(tick(&mut leg).0.unwrap().0, 103);
    assert_eq!(peer_says(&mut leg, 52, ms(50)), Some((104, true)));
}

#[test]
fn another_peer_ends_the_sound() {
    let mut leg = leg();
    leg.play(steps(100), true, 1, ms(0));
    tick(&mut leg);
    leg.change_peer();
    assert_eq!(leg.due(), None);
    assert_eq!(peer_says(&mut leg, 5, ms(20)), Some((102, true)));
}

#[test]
fn nobody_who_may_not_hear_is_played_anything_and_time_goes_on() {
    let mut leg = leg();
    leg.configure(media(Codec::Pcma, Direction::RecvOnly), ms(0));
    leg.play(steps(3), false, 9, ms(0));
    assert_eq!(tick(&mut leg), (None, None));
    leg.configure(media(Codec::Pcmu, Direction::SendRecv), ms(20));
    assert_eq!(
        tick(&mut leg).0.unwrap(),
        (101, 1_000, true, g711::encode(g711::Law::U, 1_000))
    );
    leg.configure(media(Codec::Pcmu, Direction::Inactive), ms(40));
    assert_eq!(tick(&mut leg), (None, Some(9)));
}

#[test]
fn a_sound_of_a_higher_rate_is_brought_down() {
    let mut leg = leg();
    let samples = vec![8_000; 320 * 10];
    leg.play(Arc::new(Sound { rate: 16_000, samples }), false, 1, ms(0));
    let levels: Vec<u8> = (0..10).map(|_| tick(&mut leg).0.unwrap().3).collect();
    assert_eq!(levels[5], alaw(8_000));
    assert_eq!(leg.due(), None);
}

#[test]
fn keys_are_pressed_one_after_the_other() {
    let mut leg = leg();
    leg.press("1x#", ms(0));
    let mut events = Vec::new();
    let mut packet = [0; PACKET];
    while let Some(now) = leg.due() {
        if let Some((bytes, _)) = leg.tick(&mut packet, now).packet {
            let header = Header::read(&packet[bytes.clone()]).unwrap();
            let event = Event::read(&packet[bytes][HEADER..]).unwrap();
            assert_eq!(header.payload_type, 101);
            events.push((header.sequence, header.timestamp, header.marker, event));
        }
    }
    let of = |code| events.iter().filter(move |(.., event)| event.code == code);
    for (code, began) in [(1, 1_000), (11, 1_000 + 12 * 160)] {
        let shape: Vec<_> = of(code).map(|(.., event)| (event.end, event.duration)).collect();
        let ends = [(true, 800); 3];
        let growing = [(false, 160), (false, 320), (false, 480), (false, 640)];
        assert_eq!(shape, [growing.as_slice(), ends.as_slice()].concat());
        assert!(of(code).all(|(_, timestamp, ..)| *timestamp == began), "{events:?}");
        let markers: Vec<bool> = of(code).map(|(_, _, marker, _)| *marker).collect();
        assert_eq!(markers, [true, false, false, false, false, false, false]);
    }
    assert!(events.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1));
    assert_eq!(events.len(), 14);
}

#[test]
fn a_leg_without_events_is_pressed_nothing_and_no_flood_of_keys_is_kept() {
    let mut without = leg();
    let mut plain = media(Codec::Pcma, Direction::SendRecv);
    plain.format.telephone_event = None;
    without.configure(plain, ms(0));
    without.press("1", ms(0));
    assert_eq!(without.due(), None);
    let mut leg = leg();
    leg.press(&"5".repeat(10_000), ms(0));
    let mut frames = 0;
    while leg.due().is_some() {
        tick(&mut leg);
        frames += 1;
    }
    assert_eq!(frames, MOST_KEYS * usize::from(PRESSED + ENDS + RELEASED));
}

#[test]
fn a_sound_waits_while_keys_are_pressed() {
    let mut leg = leg();
    leg.play(steps(2), false, 1, ms(0));
    leg.press("2", ms(0));
    let packets: Vec<Said> = std::iter::from_fn(|| leg.due().is_some().then(|| tick(&mut leg))).collect();
    let last = packets.last().unwrap();
    assert_eq!((last.0.unwrap().3, last.1), (alaw(1_000), Some(1)));
    assert_eq!(packets.len(), 14);
}

#[test]
fn a_phone_with_opus_hears_sounds_and_keys_by_its_own_clock() {
    let mut leg = Leg::new(Rewriter::new(7, 100, 1_000), ms(0));
    leg.configure(media(Codec::Opus, Direction::SendRecv), ms(0));
    leg.play(steps(30), false, 1, ms(0));
    for number in 0..5 {
        let (sequence, timestamp, marker, _) = tick(&mut leg).0.unwrap();
        assert_eq!((sequence, timestamp), (101 + number, 1_000 + 960 * u32::from(number)));
        assert_eq!(marker, number == 0);
    }
    leg.press("5", leg.due().unwrap());
    let mut packet = [0; PACKET];
    for duration in [960_u16, 1_920, 2_880, 3_840, 4_800, 4_800] {
        let tick = leg.tick(&mut packet, leg.due().unwrap());
        let bytes = &packet[tick.packet.unwrap().0];
        let header = Header::read(bytes).unwrap();
        assert_eq!((header.payload_type, header.timestamp), (101, 5_800));
        assert_eq!(Event::read(&bytes[HEADER..]).unwrap().duration, duration);
    }
}
