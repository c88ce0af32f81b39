//! White noise of a given strength.

use super::resample::sample;

/// Of a square wave at the overload of u-law, to which levels are related (RFC 3389 section 3.1), in 16 bits.
const OVERLOAD: f32 = 32_124.0;
/// Standard deviation of the sum of four even random numbers of 16 bits.
const SPREAD: f32 = 37_837.0;

/// Nearly Gaussian noise, flat over the whole band.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    state: u32,
    gain: f32,
    wanted: f32,
}

impl Default for Noise {
    fn default() -> Self {
        Noise {
            state: 0x9e37_79b9,
            gain: 0.0,
            wanted: 0.0,
        }
    }
}

impl Noise {
    /// Begins at a level in -dBov, 0 to 127.
    pub(crate) fn begin(&mut self, level: u8) {
        self.change(level);
        self.gain = self.wanted;
    }

    /// Goes to another level over the next samples that are made together.
    pub(crate) fn change(&mut self, level: u8) {
        self.wanted = OVERLOAD * 10_f32.powf(f32::from(level & 0x7f) / -20.0);
    }

    pub(crate) fn fill(&mut self, samples: &mut [i16]) {
        let count = u16::try_from(samples.len()).unwrap_or(u16::MAX).max(1);
        let step = (self.wanted - self.gain) / f32::from(count);
        for place in samples {
            self.gain += step;
            *place = sample(self.gain * self.next());
        }
        self.gain = self.wanted;
    }

    /// A random number with a mean of nothing and a variance of one.
    fn next(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..2 {
            // Xorshift with a full period, which never comes to nothing.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let [a, b, c, d] = self.state.to_be_bytes();
            sum += f32::from(i16::from_be_bytes([a, b])) + f32::from(i16::from_be_bytes([c, d]));
        }
        sum / SPREAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In -dBov.
    fn level(samples: &[i16]) -> f64 {
        let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        let mean = power / f64::from(u32::try_from(samples.len()).unwrap());
        -10.0 * (mean / f64::from(OVERLOAD).powi(2)).log10()
    }

    #[test]
    fn noise_has_the_level_that_was_asked_for() {
        for wanted in (12..=80).step_by(4) {
            let mut samples = [0; 8_000];
            let mut noise = Noise::default();
            noise.begin(wanted);
            noise.fill(&mut samples);
            let level = level(&samples);
            assert!((level - f64::from(wanted)).abs() < 0.5, "{wanted} {level}");
            let mean: f64 = samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / 8_000.0;
            assert!(mean.abs() < 0.05 * 32_124.0 * 10_f64.powf(f64::from(wanted) / -20.0) + 0.05);
        }
    }

    #[test]
    fn a_change_of_the_level_comes_without_a_step() {
        let mut noise = Noise::default();
        let mut samples = [0; 1_600];
        noise.begin(70);
        noise.fill(&mut samples);
        noise.change(30);
        noise.fill(&mut samples);
        let (first, last) = samples.split_at(400);
        assert!(level(first) > 40.0 && level(&last[1_000..]) < 33.0);
        noise.fill(&mut samples);
        assert!((level(&samples) - 30.0).abs() < 0.5);
    }
}
