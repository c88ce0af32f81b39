//! Which tone is in a piece of audio.

use std::f64::consts::TAU;
use std::path::Path;

use anyhow::{Context, Result};

/// Audio as whole channels.
#[derive(Debug, Clone)]
pub struct Audio {
    pub rate: u32,
    pub channels: Vec<Vec<i16>>,
}

impl Audio {
    pub fn read(path: &Path) -> Result<Audio> {
        let mut wav = hound::WavReader::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let spec = wav.spec();
        let samples: Vec<i16> = wav.samples::<i16>().collect::<Result<_, _>>()?;
        let channel = |at: u16| {
            samples
                .iter()
                .skip(usize::from(at))
                .step_by(usize::from(spec.channels))
                .copied()
        };
        Ok(Audio {
            rate: spec.sample_rate,
            channels: (0..spec.channels).map(|at| channel(at).collect()).collect(),
        })
    }

    pub fn seconds(&self) -> f64 {
        self.channels
            .first()
            .map_or(0.0, |channel| channel.len() as f64 / f64::from(self.rate))
    }

    /// What lies between two moments, in seconds; a negative one counts from the end.
    pub fn part(&self, from: f64, to: f64) -> Audio {
        let place = |at: f64| {
            let at = if at < 0.0 { self.seconds() + at } else { at };
            (at.max(0.0) * f64::from(self.rate)) as usize
        };
        let cut = |channel: &Vec<i16>| {
            let to = place(to).min(channel.len());
            channel[place(from).min(to)..to].to_vec()
        };
        Audio {
            rate: self.rate,
            channels: self.channels.iter().map(cut).collect(),
        }
    }

    /// Its whole seconds.
    pub fn seconds_of(&self) -> impl Iterator<Item = Audio> + '_ {
        (0..self.seconds() as u32).map(|at| self.part(f64::from(at), f64::from(at) + 1.0))
    }

    /// In how many seconds the first channel has this tone and little else.
    pub fn seconds_with(&self, frequency: f64) -> usize {
        self.seconds_of()
            .filter(|second| second.share(0, frequency) > 0.8)
            .count()
    }

    /// The root of a channel's mean power; a tone of ours has 5657.
    pub fn level(&self, channel: usize) -> f64 {
        let samples = &self.channels[channel];
        let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        (sum / samples.len().max(1) as f64).sqrt()
    }

    /// What part of a channel's power lies at a frequency: near 1 for that tone alone, near 0 for another or for silence.
    pub fn share(&self, channel: usize, frequency: f64) -> f64 {
        share(&self.channels[channel], self.rate, frequency)
    }
}

/// Writes a mono file of a pure tone.
pub fn write(path: &Path, frequency: f64, seconds: u32) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec)?;
    for at in 0..8_000 * seconds {
        wav.write_sample((8_000.0 * (TAU * frequency * f64::from(at) / 8_000.0).sin()) as i16)?;
    }
    Ok(wav.finalize()?)
}

/// Goertzel's filter over blocks of 100 ms, so that a jump of phase (a lost packet) costs one block and not all.
fn share(samples: &[i16], rate: u32, frequency: f64) -> f64 {
    let (mut there, mut total) = (0.0, 0.0);
    for block in samples.chunks(rate as usize / 10) {
        let turn = 2.0 * (TAU * frequency / f64::from(rate)).cos();
        let (mut last, mut before) = (0.0, 0.0);
        for sample in block {
            let now = f64::from(*sample) + turn * last - before;
            before = last;
            last = now;
        }
        let power = last * last + before * before - turn * last * before;
        there += 2.0 * power / block.len() as f64;
        total += block.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
    }
    if total > 0.0 { there / total } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_told_from_another_and_from_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tone.wav");
        write(&path, 440.0, 2).unwrap();
        let audio = Audio::read(&path).unwrap();
        assert!((audio.seconds() - 2.0).abs() < 1e-9);
        assert!(audio.share(0, 440.0) > 0.99);
        assert!(audio.share(0, 1_000.0) < 0.01);
        assert_eq!((audio.seconds_with(440.0), audio.seconds_with(1_000.0)), (2, 0));
        assert!((audio.part(-0.5, 9.0).seconds() - 0.5).abs() < 1e-9);
        assert!((audio.part(0.5, 1.5).level(0) - 5_657.0).abs() < 5.0);
        assert!(share(&[0; 800], 8_000, 440.0).abs() < 1e-9);
    }
}
