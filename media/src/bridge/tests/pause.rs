//! Pauses told by comfort noise: RFC 3389.

use super::*;
use crate::codec::Voice;
use crate::g711::Law;

const NOISE: u8 = 13;

/// Anna speaks and pauses; what Boris gets, in order.
struct Talk {
    call: Call,
    sequence: u16,
    heard: Vec<(Header, Vec<u8>)>,
}

impl Talk {
    fn new(codecs: [Codec; 2], boris_has_noise: bool) -> Talk {
        let mut call = Call::new(codecs, [Some(101); 2]);
        let mut boris = media(BORIS, codecs[1], Some(101), Direction::SendRecv);
        boris.format.comfort_noise = boris_has_noise;
        call.boris.configure(boris, call.now);
        call.anna.outfit(Some(codecs[1]));
        call.boris.outfit(Some(codecs[0]));
        let heard = Vec::new();
        let sequence = 65_530;
        Talk { call, sequence, heard }
    }

    /// Makes the noise that is due in these milliseconds.
    fn pass(&mut self, milliseconds: u64) {
        let until = self.call.now.after(Duration::from_millis(milliseconds));
        while let Some(due) = self.call.anna.noise_due().filter(|due| *due < until) {
            self.call.now = due;
            let mut packet = [0; PACKET];
            let tapped = &mut self.call.tapped;
            let made = fill_pause(
                &mut self.call.anna,
                Some(&mut self.call.boris),
                &mut packet,
                due,
                &mut |frame| tapped.push(frame),
            );
            if let Some((bytes, to)) = made {
                assert_eq!(to, at(BORIS));
                let header = Header::read(&packet[bytes.clone()]).unwrap();
                self.heard
                    .push((header.clone(), packet[bytes][header.payload].to_vec()));
            }
        }
        self.call.now = until;
    }

    /// `wait` milliseconds later a packet comes with these numbers.
    fn comes(&mut self, wait: u64, (payload_type, sequence, timestamp): (u8, u16, u32), payload: &[u8]) {
        self.pass(wait);
        let mut datagram = rtp(payload_type, 1, sequence, payload);
        datagram[4..8].copy_from_slice(&timestamp.to_be_bytes());
        let length = datagram.len();
        datagram.resize(PACKET, 0);
        let incoming = Incoming {
            length,
            buffer: &mut datagram,
            source: at(ANNA),
            now: self.call.now,
        };
        let tapped = &mut self.call.tapped;
        let outcome = step(
            &mut self.call.anna,
            Some(&mut self.call.boris),
            incoming,
            &mut |frame| tapped.push(frame),
        );
        if let Outcome::Forward { bytes, .. } = outcome {
            let header = Header::read(&datagram[bytes.clone()]).unwrap();
            self.heard
                .push((header.clone(), datagram[bytes][header.payload].to_vec()));
        }
    }

    /// The next packet of Anna's comes, `wait` milliseconds after the last; her clock has counted the same plus `late`.
    fn says(&mut self, payload_type: u8, wait: u64, timestamp: u32, payload: &[u8]) {
        self.sequence = self.sequence.wrapping_add(1);
        self.comes(wait, (payload_type, self.sequence, timestamp), payload);
    }

    /// Five frames of speech, a pause of ten told by a level of 50, and five more that come so many milliseconds late.
    fn with_a_pause(&mut self, late: u64) {
        for frame in 0..5 {
            self.says(0, 20, frame * 160, &[0x9a; 160]);
        }
        self.says(NOISE, 20, 800, &[50, 9, 8, 7]);
        self.says(0, 200 + late, 15 * 160, &[0x9b; 160]);
        for frame in 16..20 {
            self.says(0, 20, frame * 160, &[0x9b; 160]);
        }
    }

    /// Sequence numbers in a row, and the distances of the timestamps.
    fn assert_in_a_row(&self) -> Vec<u32> {
        let pairs = self.heard.windows(2).map(|pair| {
            let [(before, _), (after, _)] = pair else {
                panic!("a pair");
            };
            assert_eq!(after.sequence, before.sequence.wrapping_add(1));
            assert_eq!(after.ssrc, 0xb);
            after.timestamp.wrapping_sub(before.timestamp)
        });
        pairs.collect()
    }

    fn markers(&self) -> Vec<usize> {
        let marked = self.heard.iter().enumerate().filter(|(_, (header, _))| header.marker);
        marked.map(|(place, _)| place).collect()
    }
}

/// In -dBov.
fn level(samples: impl Iterator<Item = i16>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for sample in samples {
        sum += f64::from(sample).powi(2);
        count += 1.0;
    }
    -10.0 * (sum / count / 32_124_f64.powi(2)).log10()
}

#[test]
fn who_has_comfort_noise_too_is_passed_the_bytes_with_numbers_of_our_own() {
    for codecs in [[Codec::Pcmu; 2], [Codec::Pcmu, Codec::Pcma]] {
        let mut talk = Talk::new(codecs, true);
        talk.with_a_pause(0);
        let (header, payload) = &talk.heard[5];
        assert_eq!((header.payload_type, payload.as_slice()), (NOISE, &[50, 9, 8, 7][..]));
        assert_eq!(talk.heard.len(), 11);
        let distances = talk.assert_in_a_row();
        assert_eq!(distances, [160, 160, 160, 160, 160, 1_600, 160, 160, 160, 160]);
        // RFC 3551 section 4.1: the speech after the pause, and not the noise.
        assert_eq!(talk.markers(), [0, 6]);
    }
}

#[test]
fn noise_at_the_beginning_has_no_marker_and_the_speech_after_it_has() {
    let mut talk = Talk::new([Codec::Pcmu; 2], true);
    talk.says(NOISE, 20, 0, &[60]);
    talk.says(NOISE, 100, 800, &[61]);
    talk.says(0, 100, 1_600, &[0x9a; 160]);
    talk.says(0, 20, 1_760, &[0x9a; 160]);
    assert_eq!(talk.markers(), [2]);
    assert_eq!(talk.assert_in_a_row(), [800, 800, 160]);
}

#[test]
fn who_has_not_hears_noise_of_that_level_until_speech_comes() {
    for to in [Codec::Pcmu, Codec::Pcma] {
        for wanted in [30_u8, 40, 50, 60, 70] {
            let mut talk = Talk::new([Codec::Pcmu, to], false);
            talk.says(0, 20, 0, &[0x9a; 160]);
            talk.says(NOISE, 20, 160, &[wanted, 3, 3]);
            talk.pass(2_000);
            let law = to.law().unwrap();
            assert_eq!(talk.heard.len(), 101);
            let noise = talk.heard[1..].iter().flat_map(|(header, payload)| {
                assert_eq!((header.payload_type, payload.len()), (to.payload_type(), 160));
                payload.iter().map(|code| g711::decode(law, *code))
            });
            let found = level(noise);
            assert!((found - f64::from(wanted)).abs() < 2.0, "{to:?} {wanted}: {found}");
        }
    }
}

#[test]
fn noise_is_encoded_for_who_speaks_another_codec() {
    // Opus keeps less of noise than of speech.
    for (to, clock, tolerance) in [(Codec::G722, 160, 2.0), (Codec::Opus, 960, 3.0)] {
        let mut talk = Talk::new([Codec::Pcma, to], false);
        talk.says(8, 20, 0, &[0x9a; 160]);
        talk.says(NOISE, 20, 160, &[40]);
        talk.pass(2_000);
        let mut voice = Voice::new(to).unwrap();
        let mut samples = Vec::new();
        for (_, payload) in &talk.heard {
            voice.hear(payload);
            samples.extend_from_slice(voice.samples());
        }
        assert!(
            talk.assert_in_a_row().iter().all(|distance| *distance == clock),
            "{to:?}"
        );
        let found = level(samples.split_off(8_000).into_iter());
        assert!((found - 40.0).abs() < tolerance, "{to:?}: {found}");
    }
}

#[test]
fn speech_goes_on_without_a_gap_whether_it_comes_late_or_early() {
    let check = |late: u64, distances: &[u32]| {
        let mut talk = Talk::new([Codec::Pcmu; 2], false);
        talk.with_a_pause(late);
        let found = talk.assert_in_a_row();
        assert_eq!(found[..distances.len()], *distances, "{late}");
        assert!(
            found[distances.len()..].iter().all(|distance| *distance == 160),
            "{late}: {found:?}"
        );
        let speech = talk.heard.iter().position(|(_, payload)| payload[..] == [0x9b; 160]);
        assert_eq!(talk.markers(), [0, speech.unwrap()], "{late}");
        assert_eq!(talk.heard.len() - speech.unwrap(), 5, "no speech is lost");
    };
    check(0, &[]);
    check(9, &[]);
    // The noise has gone on meanwhile: the speech is moved behind it.
    check(15, &[]);
    check(50, &[]);
}

#[test]
fn what_speech_was_late_by_is_made_up_for_in_the_next_pause() {
    let mut talk = Talk::new([Codec::Pcmu; 2], false);
    let began = talk.call.now;
    for _ in 0..200 {
        let clock = talk.call.now.samples_since(began);
        talk.says(0, 20, clock, &[0x9a; 160]);
        talk.says(NOISE, 20, clock + 160, &[50]);
        // Speech of 220 ms later comes 35 ms late.
        talk.says(0, 235, clock + 160 + 1_760 + 160, &[0x9a; 160]);
        talk.pass(5);
    }
    let (first, _) = talk.heard.first().unwrap();
    let (last, _) = talk.heard.last().unwrap();
    let stream = last.timestamp.wrapping_sub(first.timestamp);
    let clock = talk.call.now.samples_since(began);
    assert!(stream.abs_diff(clock) < 1_600, "{stream} {clock}");
    talk.assert_in_a_row();
}

#[test]
fn late_speech_from_before_the_pause_does_not_end_it() {
    let mut talk = Talk::new([Codec::Pcmu; 2], false);
    talk.comes(20, (0, 10, 0), &[0x9a; 160]);
    talk.comes(40, (NOISE, 12, 320), &[50]);
    talk.pass(60);
    talk.comes(1, (0, 11, 160), &[0x9a; 160]);
    assert!(talk.call.anna.noise_due().is_some());
    talk.comes(1, (NOISE, 12, 320), &[50]);
    talk.pass(60);
    talk.comes(20, (0, 13, 320 + 1_280), &[0x9a; 160]);
    assert_eq!(talk.call.anna.noise_due(), None);
    // The late one has no place any more: it is lost.
    let numbers: Vec<u16> = talk.heard.iter().map(|(header, _)| header.sequence).collect();
    let (last, before) = numbers.split_last().unwrap();
    assert!(before.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert_eq!(*last, before.last().unwrap() + 2);
}

#[test]
fn keys_in_a_pause_are_told_with_numbers_in_a_row() {
    let mut talk = Talk::new([Codec::Pcmu; 2], false);
    talk.says(0, 20, 0, &[0x9a; 160]);
    talk.says(NOISE, 20, 160, &[50]);
    for frame in 1..6_u8 {
        talk.says(101, 20, 320, &[5, 10, 0, 160 * (frame % 2)]);
    }
    talk.says(0, 40, 1_280, &[0x9a; 160]);
    let keys = talk.heard.iter().filter(|(header, _)| header.payload_type == 101);
    assert_eq!(keys.count(), 5);
    talk.assert_in_a_row();
}

#[test]
fn a_recording_gets_the_noise_with_neither_gap_nor_overlap() {
    for (boris_has_noise, late) in [(false, 0), (true, 0), (false, 9), (false, 15), (true, 35)] {
        let mut talk = Talk::new([Codec::Pcmu; 2], boris_has_noise);
        talk.call.tap();
        talk.with_a_pause(late);
        let mut samples = vec![None; 20 * 160];
        for frame in &talk.call.tapped {
            let start = usize::try_from(frame.at).unwrap();
            for (place, code) in frame.payload().iter().enumerate() {
                samples[start + place] = Some(g711::decode(frame.law, *code));
            }
        }
        let samples: Option<Vec<i16>> = samples.into_iter().collect();
        let samples = samples.expect("no gap");
        let speech = |code: u8| g711::decode(Law::U, code);
        assert!(samples[..800].iter().all(|sample| *sample == speech(0x9a)));
        assert!(samples[2_400..].iter().all(|sample| *sample == speech(0x9b)));
        let found = level(samples[800..2_400].iter().copied());
        assert!((found - 50.0).abs() < 2.0, "{found}");
    }
}

#[test]
fn speech_that_comes_early_leaves_no_gap_in_a_recording() {
    let mut talk = Talk::new([Codec::Pcmu; 2], false);
    talk.call.tap();
    talk.says(0, 20, 0, &[0x9a; 160]);
    talk.says(NOISE, 20, 160, &[50]);
    talk.says(0, 75, 160 + 680, &[0x9a; 160]);
    let mut end = 0;
    for frame in &talk.call.tapped {
        assert_eq!(frame.at, end);
        end += u32::try_from(frame.payload().len()).unwrap();
    }
    assert_eq!(end, 160 + 680 + 160);
}

#[test]
fn noise_ends_by_itself_a_minute_after_it_was_last_told() {
    let mut talk = Talk::new([Codec::Pcmu; 2], false);
    talk.says(NOISE, 20, 0, &[50]);
    assert_eq!(talk.call.anna.expected_since(), None);
    talk.says(NOISE, 50_000, 400_000, &[50]);
    talk.pass(59_000);
    assert!(talk.call.anna.noise_due().is_some());
    assert_eq!(talk.call.anna.expected_since(), None, "nobody who pauses is missed");
    talk.pass(2_000);
    assert_eq!(talk.call.anna.noise_due(), None);
    let last = talk.call.now.since(talk.call.anna.expected_since().unwrap());
    assert_eq!(last, Duration::from_secs(61));
    let frames = talk.heard.len();
    assert!(frames.abs_diff(110_000 / 20) < 3, "{frames}");
}

#[test]
fn a_leg_that_may_not_send_or_whose_peer_may_not_hear_is_silent() {
    let mut talk = Talk::new([Codec::Pcmu; 2], false);
    talk.says(NOISE, 20, 0, &[50]);
    let held = media(BORIS, Codec::Pcmu, None, Direction::RecvOnly);
    talk.call.boris.configure(held, talk.call.now);
    talk.pass(100);
    assert_eq!(talk.heard.len(), 0);
    let back = media(BORIS, Codec::Pcmu, None, Direction::SendRecv);
    talk.call.boris.configure(back, talk.call.now);
    talk.pass(100);
    assert_eq!(talk.heard.len(), 5);
    let inactive = media(ANNA, Codec::Pcmu, None, Direction::Inactive);
    talk.call.anna.configure(inactive, talk.call.now);
    assert_eq!(talk.call.anna.noise_due(), None);
}
