//! From one sampling rate to another that is a whole multiple of it, or the other way round.

/// Length of the filter in samples of the lower rate: 60 dB down above 1.2 times the lower rate's band.
const SPAN: usize = 24;
/// Samples taken in one go at most: 120 ms at 48 kHz.
const LONGEST: usize = 5_760;

/// A windowed-sinc low-pass over a stream of samples. Takes memory when it is made and never again.
#[derive(Debug, Clone)]
pub(crate) struct Resampler {
    kind: Kind,
    /// One filter, or one for each phase when the rate goes up.
    taps: Vec<f32>,
    /// The last samples of the input, then the present ones.
    window: Vec<f32>,
    history: usize,
    /// Samples of the input that go before the next output when the rate goes down.
    skip: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Same,
    Up(usize),
    Down(usize),
}

impl Resampler {
    /// Rates that are no multiples of each other are left as they are.
    pub(crate) fn new(from: u32, to: u32) -> Self {
        let ratio = |high: u32, low: u32| usize::try_from(high.checked_div(low).unwrap_or(1)).unwrap_or(1);
        let kind = match from.cmp(&to) {
            std::cmp::Ordering::Less => Kind::Up(ratio(to, from)),
            std::cmp::Ordering::Greater => Kind::Down(ratio(from, to)),
            std::cmp::Ordering::Equal => Kind::Same,
        };
        let (taps, history) = match kind {
            Kind::Same => (Vec::new(), 0),
            Kind::Up(ratio) => (phases(ratio), SPAN - 1),
            Kind::Down(ratio) => (low_pass(ratio), SPAN * ratio - 1),
        };
        let mut window = Vec::with_capacity(history + LONGEST);
        window.resize(history, 0.0);
        Resampler {
            kind,
            taps,
            window,
            history,
            skip: 0,
        }
    }

    /// Gives the number of samples written; what finds no room is lost.
    pub(crate) fn run(&mut self, input: &[i16], output: &mut [i16]) -> usize {
        let input = input.get(..LONGEST).unwrap_or(input);
        if self.kind == Kind::Same {
            let length = input.len().min(output.len());
            output.iter_mut().zip(input).for_each(|(to, from)| *to = *from);
            return length;
        }
        self.window.extend(input.iter().map(|sample| f32::from(*sample)));
        let written = match self.kind {
            Kind::Up(_) => self.up(output),
            Kind::Down(ratio) => self.down(ratio, output),
            Kind::Same => 0,
        };
        let used = self.window.len() - self.history;
        self.window.copy_within(used.., 0);
        self.window.truncate(self.history);
        written
    }

    fn up(&self, output: &mut [i16]) -> usize {
        let sums = self
            .window
            .windows(SPAN)
            .flat_map(|window| self.taps.chunks_exact(SPAN).map(move |taps| dot(window, taps)));
        write(sums, output)
    }

    fn down(&mut self, ratio: usize, output: &mut [i16]) -> usize {
        let windows = self.window.windows(self.taps.len());
        let count = windows.len();
        let sums = windows
            .skip(self.skip)
            .step_by(ratio)
            .map(|window| dot(window, &self.taps));
        let written = write(sums, output);
        self.skip = match count.checked_sub(self.skip) {
            Some(rest) => (ratio - rest % ratio) % ratio,
            None => self.skip - count,
        };
        written
    }
}

fn write(sums: impl Iterator<Item = f32>, output: &mut [i16]) -> usize {
    let mut written = 0;
    for (to, sum) in output.iter_mut().zip(sums) {
        *to = sample(sum);
        written += 1;
    }
    written
}

fn dot(window: &[f32], taps: &[f32]) -> f32 {
    window.iter().zip(taps).map(|(sample, tap)| sample * tap).sum()
}

#[expect(
    clippy::as_conversions,
    reason = "there is no other way from f32 to i16; `as` saturates"
)]
pub(crate) fn sample(value: f32) -> i16 {
    value.round() as i16
}

/// A Hann-windowed sinc over `SPAN` samples of the lower rate, at the higher rate; its sum is one.
fn low_pass(ratio: usize) -> Vec<f32> {
    let length = SPAN * ratio;
    let count = |place: usize| f32::from(u16::try_from(place).unwrap_or(u16::MAX));
    let middle = (count(length) - 1.0) / 2.0;
    // The pass band ends a little below half the lower rate.
    let cutoff = 0.92 / count(ratio);
    let tap = |place: usize| {
        let at = count(place) - middle;
        let angle = std::f32::consts::PI * at * cutoff;
        let sinc = if angle.abs() < 1e-6 { 1.0 } else { angle.sin() / angle };
        let hann = (std::f32::consts::PI * (count(place) + 0.5) / count(length)).sin();
        sinc * hann * hann
    };
    let taps: Vec<f32> = (0..length).map(tap).collect();
    let sum: f32 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

/// The filter taken apart: what the zeros between the samples would meet is left out.
fn phases(ratio: usize) -> Vec<f32> {
    let whole = low_pass(ratio);
    let gain = f32::from(u16::try_from(ratio).unwrap_or(1));
    let phase = |phase: usize| {
        let taps: Vec<f32> = whole.iter().skip(phase).step_by(ratio).map(|tap| tap * gain).collect();
        taps.into_iter().rev()
    };
    (0..ratio).flat_map(phase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f32, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|place| {
                let at = f32::from(u16::try_from(place).unwrap()) / f32::from(u16::try_from(rate).unwrap());
                sample(10_000.0 * (std::f32::consts::TAU * hertz * at).sin())
            })
            .collect()
    }

    fn power(samples: &[i16]) -> f64 {
        let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        sum / f64::from(u32::try_from(samples.len()).unwrap())
    }

    /// How much of a tone's power is left, without what the filter needs to fill.
    fn left(from: u32, to: u32, hertz: f32) -> f64 {
        let input = tone(from, hertz, usize::try_from(from).unwrap() / 2);
        let mut resampler = Resampler::new(from, to);
        let mut output = Vec::new();
        for piece in input.chunks(usize::try_from(from / 50).unwrap()) {
            let mut out = [0; 2_000];
            let count = resampler.run(piece, &mut out);
            output.extend_from_slice(&out[..count]);
        }
        assert_eq!(output.len(), usize::try_from(to / 2).unwrap(), "{from} {to}");
        power(&output[500..]) / power(&input)
    }

    #[test]
    fn speech_passes_at_full_strength_and_what_cannot_be_told_is_gone() {
        for (from, to) in [
            (8_000, 16_000),
            (8_000, 48_000),
            (16_000, 48_000),
            (16_000, 8_000),
            (48_000, 8_000),
            (48_000, 16_000),
            (8_000, 8_000),
        ] {
            for hertz in [300.0, 1_000.0, 3_000.0] {
                let left = left(from, to, hertz);
                assert!((0.93..1.07).contains(&left), "{from} {to} {hertz}: {left}");
            }
        }
        for (from, to, hertz) in [
            (16_000, 8_000, 4_600.0),
            (48_000, 8_000, 7_000.0),
            (48_000, 16_000, 9_500.0),
        ] {
            let left = left(from, to, hertz);
            assert!(left < 0.001, "{from} {to} {hertz}: {left}");
        }
    }

    #[test]
    fn the_size_of_the_pieces_does_not_matter() {
        let input = tone(16_000, 700.0, 1_000);
        let whole = {
            let mut out = [0; 1_000];
            let count = Resampler::new(16_000, 8_000).run(&input, &mut out);
            out[..count].to_vec()
        };
        let mut resampler = Resampler::new(16_000, 8_000);
        let mut pieces = Vec::new();
        for piece in input.chunks(7) {
            let mut out = [0; 16];
            let count = resampler.run(piece, &mut out);
            pieces.extend_from_slice(&out[..count]);
        }
        assert_eq!(pieces, whole);
    }
}
