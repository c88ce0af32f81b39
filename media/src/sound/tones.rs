//! The signals of a telephone network, in the cadences of Russia (ITU-T E.180 supplement 2): 425 Hz.

use super::Sound;
use crate::codec::resample::sample;

const RATE: u32 = 8_000;
const HERTZ: u32 = 425;
/// Loud enough and not startling: about -13 dBm0.
const LEVEL: f32 = 5_000.0;
/// Samples over which a tone comes and goes: an edge would click.
const EDGE: u32 = 40;

/// A steady tone.
pub fn tone(hertz: u32, milliseconds: u32) -> Sound {
    let mut samples = Vec::new();
    add_tone(&mut samples, hertz, milliseconds);
    Sound { rate: RATE, samples }
}

/// The called phone rings: one second on, four off. To be repeated.
pub fn ringback() -> Sound {
    cadence(&[(1_000, 4_000)])
}

/// The called phone is busy: 0.35 s on, 0.35 off. To be repeated.
pub fn busy() -> Sound {
    cadence(&[(350, 350)])
}

/// Done, and on now: two short rising notes.
pub fn confirmation() -> Sound {
    notes([700, 1_050])
}

/// Done, and off now: two short falling notes.
pub fn revocation() -> Sound {
    notes([1_050, 700])
}

fn notes(pitches: [u32; 2]) -> Sound {
    let mut samples = Vec::new();
    for hertz in pitches {
        add_tone(&mut samples, hertz, 120);
        add_silence(&mut samples, 60);
    }
    Sound { rate: RATE, samples }
}

fn cadence(parts: &[(u32, u32)]) -> Sound {
    let mut samples = Vec::new();
    for (on, off) in parts {
        add_tone(&mut samples, HERTZ, *on);
        add_silence(&mut samples, *off);
    }
    Sound { rate: RATE, samples }
}

fn add_silence(samples: &mut Vec<i16>, milliseconds: u32) {
    samples.extend((0..milliseconds * 8).map(|_| 0));
}

fn add_tone(samples: &mut Vec<i16>, hertz: u32, milliseconds: u32) {
    let length = milliseconds * 8;
    samples.extend((0..length).map(|place| {
        let turn = narrow(place % RATE * hertz % RATE) / narrow(RATE);
        let edge = narrow(place.min(length - 1 - place).min(EDGE)) / narrow(EDGE);
        sample(LEVEL * edge * (std::f32::consts::TAU * turn).sin())
    }));
}

fn narrow(count: u32) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often the sign changes from minus to plus.
    fn turns(samples: &[i16]) -> usize {
        samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
    }

    #[test]
    fn tones_have_their_pitch_and_cadence() {
        let ringback = ringback();
        assert_eq!(ringback.samples.len(), 40_000);
        let (on, off) = ringback.samples.split_at(8_000);
        assert!(turns(on).abs_diff(425) <= 1, "{}", turns(on));
        assert!(off.iter().all(|sample| *sample == 0));
        let busy = busy();
        assert_eq!((busy.samples.len(), busy.samples[2_799]), (5_600, 0));
        assert!(turns(&tone(1_000, 60_000).samples).abs_diff(60_000) <= 1);
    }

    #[test]
    fn a_tone_begins_and_ends_without_a_click() {
        let tone = tone(425, 100);
        let step = tone
            .samples
            .windows(2)
            .map(|pair| pair[0].abs_diff(pair[1]))
            .max()
            .unwrap();
        assert!(step < 1_800 && tone.samples[0] == 0, "{step}");
        assert_eq!(confirmation().samples.len(), 2 * 180 * 8);
        assert_ne!(confirmation(), revocation());
    }
}
