//! A sound brought to a rate that phones are served from, once, when it is taken.

use super::Sound;
use crate::codec::resample::sample;

/// Samples of the lower rate on either side that make one sample.
const REACH: f32 = 12.0;

impl Sound {
    /// At 8000 samples a second, or 16000 if it has so many: any codec is served from either.
    #[must_use]
    pub fn for_phones(self) -> Sound {
        let rate = if self.rate < 16_000 { 8_000 } else { 16_000 };
        if self.rate == rate || self.rate == 0 {
            return self;
        }
        self.at_rate(rate)
    }

    /// At 8000 samples a second, as telephone lines carry it: half the memory of a wideband one.
    #[must_use]
    pub fn for_lines(self) -> Sound {
        match self.rate {
            0 | 8_000 => self,
            _ => self.at_rate(8_000),
        }
    }

    fn at_rate(self, rate: u32) -> Sound {
        Sound {
            samples: resampled(&self.samples, self.rate, rate),
            rate,
        }
    }
}

/// A windowed-sinc filter with a set of taps for each place between two samples.
fn resampled(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    let common = divisor(from, to);
    let (up, down) = (size(to / common), size(from / common));
    // Of the higher rate to the lower one, at least 1.
    let ratio = (number(size(from)) / number(size(to))).max(1.0);
    let half = reach(ratio);
    let kernels: Vec<Vec<f32>> = (0..up)
        .map(|phase| kernel(number(phase) / number(up), ratio, half))
        .collect();
    let mut padded = vec![0.0; half - 1];
    padded.extend(samples.iter().map(|sample| f32::from(*sample)));
    padded.resize(padded.len() + half, 0.0);
    let count = samples.len().saturating_mul(up) / down.max(1);
    let at = |place: usize| {
        let (whole, phase) = (place * down / up, place * down % up);
        let (window, kernel) = (padded.get(whole..whole + 2 * half)?, kernels.get(phase)?);
        Some(sample(window.iter().zip(kernel).map(|(value, tap)| value * tap).sum()))
    };
    (0..count).filter_map(at).collect()
}

/// Whole samples on either side.
fn reach(ratio: f32) -> usize {
    let wanted = REACH * ratio;
    (1..=128).find(|half| number(*half) >= wanted).unwrap_or(128)
}

fn kernel(fraction: f32, ratio: f32, half: usize) -> Vec<f32> {
    let tap = |place: usize| {
        let x = number(place) - number(half - 1) - fraction;
        let edge = (x / number(half)).clamp(-1.0, 1.0);
        let window = 0.42 + 0.5 * (std::f32::consts::PI * edge).cos() + 0.08 * (std::f32::consts::TAU * edge).cos();
        sinc(0.92 * x / ratio) * window
    };
    let taps: Vec<f32> = (0..2 * half).map(tap).collect();
    let sum: f32 = taps.iter().sum();
    taps.iter().map(|tap| tap / sum).collect()
}

fn sinc(x: f32) -> f32 {
    let turn = std::f32::consts::PI * x;
    if turn.abs() < 1e-4 { 1.0 } else { turn.sin() / turn }
}

fn divisor(mut one: u32, mut other: u32) -> u32 {
    while let Some(rest) = one.checked_rem(other) {
        (one, other) = (other, rest);
    }
    one.max(1)
}

fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn number(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of a tone of this pitch.
    fn tone(hertz: f32, rate: u32) -> Sound {
        let turn = std::f32::consts::TAU * hertz / number(size(rate));
        let samples = (0..size(rate)).map(|place| sample(8_000.0 * (turn * number(place)).sin()));
        Sound {
            rate,
            samples: samples.collect(),
        }
    }

    fn level(sound: &Sound) -> f32 {
        let middle = &sound.samples[sound.samples.len() / 4..sound.samples.len() / 2];
        let sum: f32 = middle.iter().map(|sample| f32::from(*sample).powi(2)).sum();
        (sum / number(middle.len())).sqrt()
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level_from_any_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
            let brought = tone(1_000.0, rate).for_phones();
            let expected = if rate < 16_000 { 8_000 } else { 16_000 };
            assert_eq!(
                (brought.rate, brought.samples.len()),
                (expected, size(expected)),
                "{rate}"
            );
            let turns = brought
                .samples
                .windows(2)
                .filter(|pair| pair[0] < 0 && pair[1] >= 0)
                .count();
            assert!(turns.abs_diff(1_000) <= 2, "{rate}: {turns}");
            assert!((level(&brought) - 5_657.0).abs() < 60.0, "{rate}: {}", level(&brought));
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_not_heard_as_something_else() {
        for (hertz, rate) in [(12_000.0, 44_100), (10_000.0, 48_000), (5_200.0, 11_025)] {
            let brought = tone(hertz, rate).for_phones();
            assert!(level(&brought) < 40.0, "{hertz} of {rate}: {}", level(&brought));
        }
    }
}
