use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::codec::resample::{Resampler, sample};
use crate::codec::{Encoder, LONGEST, Voice};
use crate::g711::{self, Law};
use crate::io::command::Codec;
use crate::sound;

const ALL: &str = "1234567890*#ABCD";

/// Tones and pauses, as linear samples.
#[derive(Clone, Default)]
struct Line(Vec<f32>);

impl Line {
    /// A key with the levels of its tones in dBm0, both off by a share of their frequencies.
    fn key(mut self, key: char, levels: (f32, f32), off: f32, ms: usize) -> Line {
        let place = KEYS.iter().enumerate().find_map(|(row, keys)| {
            let column = keys.iter().position(|known| *known == key)?;
            Some([ROWS[row], COLUMNS[column]])
        });
        let tones = place.unwrap().map(|hertz| f32::from(hertz) * (1.0 + off));
        let amplitudes = [levels.0, levels.1].map(|level| (2.0 * REFERENCE * 10_f32.powf(level / 10.0)).sqrt());
        // Where the phases stand does not matter: let it be elsewhere each time.
        let begins = count(self.0.len() % 977);
        self.0.extend((0..ms * 8).map(|at| {
            let of = |place: usize| {
                let turn = tones[place] * count(at) / RATE_HERTZ + begins * 0.37;
                amplitudes[place] * (std::f32::consts::TAU * turn).sin()
            };
            of(0) + of(1)
        }));
        self
    }

    fn pause(mut self, ms: usize) -> Line {
        self.0.resize(self.0.len() + ms * 8, 0.0);
        self
    }

    /// The keys at -10 dBm0, 50 ms each, with pauses as long.
    fn keys(self, keys: &str) -> Line {
        keys.chars()
            .fold(self, |line, key| line.key(key, (-10.0, -10.0), 0.0, 50).pause(50))
    }

    /// White noise so many dB below what is said on average while something is.
    fn noise(mut self, ratio: f32, seed: u64) -> Line {
        let said = self.0.iter().filter(|sample| **sample != 0.0);
        let power = said.clone().map(|sample| sample * sample).sum::<f32>() / count(said.count());
        // Twelve even ones make a normal one.
        let deviation = (power * 10_f32.powf(-ratio / 10.0)).sqrt();
        let mut rng = StdRng::seed_from_u64(seed);
        for sample in &mut self.0 {
            let normal: f32 = (0..12).map(|_| rng.random_range(-0.5..0.5_f32)).sum();
            *sample += deviation * normal;
        }
        self
    }

    fn samples(&self) -> Vec<i16> {
        self.0.iter().map(|value| sample(*value)).collect()
    }

    /// What is heard of it in packets of so many milliseconds by G.711.
    fn heard_in(&self, law: Law, ms: usize) -> String {
        let samples = self.samples();
        let through: Vec<i16> = samples
            .iter()
            .map(|sample| g711::decode(law, g711::encode(law, *sample)))
            .collect();
        heard(&through, ms, |_| true)
    }

    fn heard(&self) -> String {
        self.heard_in(Law::A, 20)
    }
}

/// The keys in those of the packets that come.
fn heard(samples: &[i16], ms: usize, comes: impl Fn(usize) -> bool) -> String {
    let mut tones = KeyTones::new();
    let silence = [0; 480];
    let packets = samples.chunks(ms * 8).chain([&silence[..ms * 8]; 4]);
    let mut at = Numbers {
        sequence: u16::MAX - 3,
        timestamp: u32::MAX - 500,
        clock: RATE,
    };
    let mut told = String::new();
    for (number, packet) in packets.enumerate() {
        if comes(number) {
            told.extend(tones.hear(at, packet));
        }
        at.sequence = at.sequence.wrapping_add(1);
        at.timestamp = at.timestamp.wrapping_add(u32::try_from(packet.len()).unwrap());
    }
    told
}

#[test]
fn each_key_is_heard_at_each_level_and_twist_with_the_shortest_tones_and_pauses() {
    for levels in [
        (-3.0, -3.0),
        (-10.0, -10.0),
        (-25.0, -25.0),
        // The high tone 8 dB weaker, 4 dB stronger.
        (-3.0, -11.0),
        (-17.0, -25.0),
        (-7.0, -3.0),
        (-25.0, -21.0),
    ] {
        for (law, shift) in [(Law::A, 0), (Law::U, 3)] {
            let line = ALL.chars().fold(Line::default().pause(shift), |line, key| {
                line.key(key, levels, 0.0, 40)
                    .pause(40)
                    .key(key, levels, 0.0, 41)
                    .pause(40)
            });
            let expected: String = ALL.chars().flat_map(|key| [key, key]).collect();
            assert_eq!(line.heard_in(law, 20), expected, "{levels:?} {law:?}");
        }
    }
}

#[test]
fn the_length_of_the_packets_does_not_matter() {
    let line = Line::default().pause(7).keys(ALL);
    for ms in [5, 10, 20, 30, 40, 60] {
        assert_eq!(line.heard_in(Law::A, ms), ALL, "{ms} ms");
    }
}

#[test]
fn tones_that_are_a_little_off_are_taken_and_those_that_are_far_off_are_not() {
    for (off, expected) in [(0.015, ALL), (-0.015, ALL), (0.035, ""), (-0.035, "")] {
        for seed in 0..3 {
            let line = ALL.chars().fold(Line::default(), |line, key| {
                line.key(key, (-10.0, -10.0), off, 100).pause(50)
            });
            assert_eq!(line.noise(20.0, seed).heard(), expected, "{off} {seed}");
        }
    }
}

#[test]
fn noise_on_the_line_neither_hides_a_key_nor_presses_one() {
    for seed in 0..10 {
        let line = Line::default().keys(ALL).noise(20.0, seed);
        assert_eq!(line.heard(), ALL, "{seed}");
    }
    let mut rng = StdRng::seed_from_u64(1);
    for loud in [100.0, 3_000.0, 30_000.0_f32] {
        let noise: Vec<i16> = (0..80_000).map(|_| sample(rng.random_range(-loud..loud))).collect();
        assert_eq!(heard(&noise, 20, |_| true), "", "{loud}");
    }
}

#[test]
fn what_is_too_faint_too_twisted_too_short_or_no_pair_is_no_key() {
    let check = |line: Line| assert_eq!(line.heard(), "");
    for key in ALL.chars() {
        check(Line::default().key(key, (-45.0, -45.0), 0.0, 100));
        check(Line::default().key(key, (-5.0, -18.0), 0.0, 100));
        check(Line::default().key(key, (-14.0, -5.0), 0.0, 100));
        check(Line::default().key(key, (-10.0, -90.0), 0.0, 100));
        check(Line::default().key(key, (-90.0, -10.0), 0.0, 100));
        for shift in 0..8 {
            check(Line::default().pause(shift).key(key, (-10.0, -10.0), 0.0, 20).pause(40));
        }
    }
}

#[test]
fn a_tone_with_strong_overtones_is_a_voice() {
    let mut samples = Line::default().key('*', (-10.0, -10.0), 0.0, 200).0;
    for (at, sample) in samples.iter_mut().enumerate() {
        *sample += 2_800.0 * (std::f32::consts::TAU * 2_418.0 * count(at) / RATE_HERTZ).sin();
    }
    assert_eq!(Line(samples).heard(), "");
}

#[test]
fn a_key_with_a_short_gap_in_it_is_one() {
    let level = (-10.0, -10.0);
    for gap in [5, 10, 15, 20] {
        for shift in 0..8 {
            let line = Line::default().pause(shift).key('5', level, 0.0, 50).pause(gap);
            let line = line.key('5', level, 0.0, 50).pause(60);
            assert_eq!(line.heard(), "5", "{gap} {shift}");
        }
    }
}

#[test]
fn a_lost_packet_does_not_make_two_keys_of_one_nor_none() {
    for (ms, length) in [(20, 100), (20, 80), (30, 110), (60, 220)] {
        for shift in (0..20).step_by(3) {
            let line = Line::default()
                .pause(shift)
                .key('7', (-10.0, -10.0), 0.0, length)
                .pause(70);
            let samples = line.keys("7").samples();
            for lost in 0..(shift + length).div_ceil(ms) {
                assert_eq!(
                    heard(&samples, ms, |number| number != lost),
                    "77",
                    "{ms} {length} {shift} {lost}"
                );
            }
        }
    }
}

#[test]
fn a_long_silence_that_is_not_sent_ends_a_key() {
    let samples = Line::default().key('7', (-10.0, -10.0), 0.0, 600).samples();
    assert_eq!(heard(&samples, 20, |number| !(10..20).contains(&number)), "77");
    assert_eq!(heard(&samples, 20, |number| !(10..14).contains(&number)), "7");
}

#[test]
fn packets_that_come_late_or_twice_or_of_another_stream_are_not_mixed_in() {
    let samples = Line::default().keys("58").samples();
    let mut tones = KeyTones::new();
    let mut told = String::new();
    for (sequence, packet) in (0_u16..).zip(samples.chunks(160)) {
        let at = Numbers {
            sequence,
            timestamp: u32::from(sequence) * 160,
            clock: RATE,
        };
        told.extend(tones.hear(at, packet));
        assert_eq!(tones.hear(at, &[9_000; 160]), None);
        let late = Numbers {
            sequence: sequence.wrapping_sub(2),
            ..at
        };
        assert_eq!(tones.hear(late, &[9_000; 160]), None);
    }
    assert_eq!(told, "58");
    tones.restart();
    let at = Numbers {
        sequence: 40_000,
        timestamp: 7,
        clock: RATE,
    };
    assert_eq!(tones.hear(at, &samples[..400]), Some('5'));
}

/// Numbers of gateways that do not count as they should.
#[test]
fn timestamps_that_stand_still_do_no_harm() {
    let samples = Line::default().keys("909").samples();
    let mut tones = KeyTones::new();
    let told: String = (0_u16..)
        .zip(samples.chunks(160))
        .filter_map(|(sequence, packet)| {
            let (timestamp, clock) = (5, RATE);
            let at = Numbers {
                sequence,
                timestamp,
                clock,
            };
            tones.hear(at, packet)
        })
        .collect();
    assert_eq!(told, "909");
}

#[test]
fn keys_are_heard_through_the_other_codecs() {
    let samples = Line::default().pause(20).keys(ALL).pause(40).samples();
    for codec in [Codec::G722, Codec::Opus] {
        let (mut encoder, mut voice) = (Encoder::new(codec), Voice::new(codec).unwrap());
        let mut up = Resampler::new(RATE, encoder.rate());
        let (mut tones, mut told) = (KeyTones::new(), String::new());
        for (sequence, packet) in (0_u16..).zip(samples.chunks(160)) {
            let (mut wide, mut payload, mut narrow) = ([0; LONGEST], [0; 400], [0; LONGEST]);
            let count = up.run(packet, &mut wide);
            let length = encoder.encode(&wide[..count], &mut payload);
            voice.hear(&payload[..length]);
            let count = voice.narrow(&mut narrow);
            let at = Numbers {
                sequence,
                timestamp: u32::from(sequence) * codec.clock() / 50,
                clock: codec.clock(),
            };
            told.extend(tones.hear(at, &narrow[..count]));
        }
        assert_eq!(told, ALL, "{codec:?}");
    }
}

#[test]
fn nothing_that_is_said_or_played_here_presses_a_key() {
    use sound::Language;
    let spoken = [Language::English, Language::Russian].into_iter().flat_map(|language| {
        let phrases = [
            sound::please_wait,
            sound::place_in_line,
            sound::press_one,
            sound::leave_message,
            sound::no_messages,
            sound::messages_over,
            sound::for_department,
            sound::vip_client,
            sound::being_recorded,
            sound::minutes_to_wait,
        ];
        let digits = sound::spoken("0123456789", language);
        phrases.map(|phrase| phrase(language)).into_iter().chain([digits])
    });
    let signals = [
        (*sound::music()).clone(),
        sound::ringback(),
        sound::busy(),
        sound::confirmation(),
        sound::revocation(),
        sound::tone(1_000, 2_000),
        sound::tone(941, 500),
    ];
    for (number, said) in spoken.chain(signals).enumerate() {
        assert_eq!(said.rate, RATE);
        // As loud as it is, faint, and louder than it should be.
        for times in [1.0, 0.1, 2.0] {
            let samples: Vec<i16> = said
                .samples
                .iter()
                .map(|value| sample(times * f32::from(*value)))
                .collect();
            let through: Vec<i16> = samples
                .iter()
                .map(|sample| g711::decode(Law::A, g711::encode(Law::A, *sample)))
                .collect();
            assert_eq!(heard(&through, 20, |_| true), "", "{number} {times}");
        }
    }
}
