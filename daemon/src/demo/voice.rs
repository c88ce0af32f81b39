//! Voices that sound like somebody speaking no language in particular: pulses through the resonances of vowels.

use std::f32::consts::TAU;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const RATE: f32 = 8_000.0;
const SECONDS: usize = 8;

/// A few seconds of speech, repeated for as long as a call lasts.
pub(super) type Speech = Arc<[i16]>;

/// The first two resonances of a, e, i, o and u, in hertz.
const VOWELS: [(f32, f32); 5] = [
    (710.0, 1_150.0),
    (530.0, 1_800.0),
    (300.0, 2_200.0),
    (480.0, 850.0),
    (330.0, 720.0),
];

/// Speech with this pitch; the seed decides what is said.
pub(super) fn render(pitch: u16, seed: u64) -> Speech {
    let mut speaker = Speaker {
        rng: StdRng::seed_from_u64(seed),
        pitch: f32::from(pitch),
        phase: 0.0,
        low: Resonance::default(),
        high: Resonance::default(),
    };
    let wanted = SECONDS * 8_000;
    let mut speech = Vec::with_capacity(wanted + 8_000);
    while speech.len() < wanted {
        for _ in 0..speaker.rng.random_range(2..6) {
            for _ in 0..speaker.rng.random_range(1..4) {
                speaker.syllable(&mut speech);
            }
            speaker.pause(&mut speech, 40..110);
        }
        speaker.pause(&mut speech, 250..600);
    }
    speech.truncate(wanted);
    speech.into()
}

struct Speaker {
    rng: StdRng,
    pitch: f32,
    phase: f32,
    low: Resonance,
    high: Resonance,
}

impl Speaker {
    fn syllable(&mut self, speech: &mut Vec<i16>) {
        let vowel = self.rng.random_range(0..VOWELS.len());
        let (low, high) = VOWELS.get(vowel).copied().unwrap_or((500.0, 1_500.0));
        self.low.tune(low, 90.0);
        self.high.tune(high, 130.0);
        for at in 0..self.rng.random_range(160..420_u16) {
            let hiss = self.rng.random_range(-1.0..1.0) * 0.05;
            speech.push(sample(hiss * envelope(f32::from(at) / 420.0)));
        }
        let length = self.rng.random_range(800..1_900_u16);
        let melody = self.rng.random_range(0.92..1.12);
        for at in 0..length {
            let part = f32::from(at) / f32::from(length);
            self.phase += self.pitch * melody * (1.06 - 0.12 * part) / RATE;
            let pulse = if self.phase >= 1.0 {
                self.phase -= 1.0;
                1.0
            } else {
                0.0
            };
            let sound = self.low.pass(pulse) + 0.6 * self.high.pass(pulse);
            speech.push(sample(3.6 * sound * envelope(part)));
        }
    }

    fn pause(&mut self, speech: &mut Vec<i16>, milliseconds: std::ops::Range<usize>) {
        let length = self.rng.random_range(milliseconds) * 8;
        speech.extend((0..length).map(|_| self.rng.random_range(-6..7_i16)));
    }
}

/// Rises and falls softly between 0 and 1.
fn envelope(part: f32) -> f32 {
    (part * TAU / 2.0).sin().max(0.0).sqrt()
}

/// A resonator of two poles.
#[derive(Default)]
struct Resonance {
    gain: f32,
    first: f32,
    second: f32,
    before: (f32, f32),
}

impl Resonance {
    fn tune(&mut self, frequency: f32, bandwidth: f32) {
        let radius = (-TAU / 2.0 * bandwidth / RATE).exp();
        self.first = 2.0 * radius * (TAU * frequency / RATE).cos();
        self.second = -radius * radius;
        self.gain = 1.0 - radius;
    }

    fn pass(&mut self, input: f32) -> f32 {
        let output = self.gain * input + self.first * self.before.0 + self.second * self.before.1;
        self.before = (output, self.before.0);
        output
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the value is clamped to what an i16 holds"
)]
fn sample(sound: f32) -> i16 {
    (sound * 20_000.0).clamp(-28_000.0, 28_000.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_is_loud_enough_has_pauses_and_never_clips() {
        for (pitch, seed) in [(95, 1), (130, 2), (215, 3)] {
            let speech = render(pitch, seed);
            let loudest = speech.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!((3_000..28_000).contains(&loudest), "{pitch} Hz: {loudest}");
            let quiet = speech
                .chunks(160)
                .filter(|frame| frame.iter().all(|sample| sample.unsigned_abs() < 50))
                .count();
            assert!((20..200).contains(&quiet), "{pitch} Hz: {quiet} quiet frames");
        }
    }
}
