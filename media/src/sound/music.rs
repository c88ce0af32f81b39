//! The music that is played when nobody has given us another: eight bars on a plucked instrument, made by this file.

use super::Sound;
use crate::codec::resample::sample;

const RATE: f32 = 8_000.0;
/// Samples of an eighth note: 100 quarter notes a minute.
const EIGHTH: usize = 2_400;
/// The loudest sample.
const PEAK: f32 = 9_000.0;

/// The chord of each bar, as the notes that are plucked one after the other (MIDI numbers).
const CHORDS: [[u8; 4]; 8] = [
    [48, 55, 64, 67],
    [47, 55, 62, 67],
    [45, 57, 60, 64],
    [40, 55, 59, 64],
    [41, 53, 60, 65],
    [48, 55, 60, 64],
    [50, 57, 62, 65],
    [43, 55, 59, 65],
];
/// Which of the chord's notes comes at which eighth.
const PATTERN: [usize; 8] = [0, 1, 2, 3, 2, 1, 2, 3];
/// The tune of the second round: bar, eighth, note.
const TUNE: [(usize, usize, u8); 22] = [
    (0, 0, 76),
    (0, 3, 79),
    (0, 6, 76),
    (1, 0, 74),
    (1, 4, 71),
    (2, 0, 72),
    (2, 3, 76),
    (2, 6, 72),
    (3, 0, 71),
    (3, 4, 67),
    (4, 0, 69),
    (4, 2, 72),
    (4, 4, 77),
    (4, 6, 76),
    (5, 0, 76),
    (5, 4, 72),
    (6, 0, 74),
    (6, 3, 77),
    (6, 6, 74),
    (7, 0, 71),
    (7, 3, 74),
    (7, 6, 79),
];

/// The piece, made anew. It can be repeated without a seam.
pub(super) fn make() -> Sound {
    let bar = PATTERN.len() * EIGHTH;
    let round = CHORDS.len() * bar;
    let mut mix = vec![0.0; 2 * round];
    for start in [0, round] {
        for (number, chord) in CHORDS.iter().enumerate() {
            for (eighth, note) in PATTERN.iter().enumerate() {
                let strength = if eighth == 0 { 1.0 } else { 0.7 };
                if let Some(note) = chord.get(*note) {
                    pluck(&mut mix, start + number * bar + eighth * EIGHTH, *note, strength);
                }
            }
        }
    }
    for (number, eighth, note) in TUNE {
        pluck(&mut mix, round + number * bar + eighth * EIGHTH, note, 0.9);
    }
    let loudest = mix.iter().fold(1.0_f32, |loudest, value| loudest.max(value.abs()));
    let samples = mix.iter().map(|value| sample(value * PEAK / loudest)).collect();
    Sound { rate: 8_000, samples }
}

/// Adds a note; what rings beyond the end comes at the beginning.
fn pluck(mix: &mut [f32], at: usize, note: u8, strength: f32) {
    let hertz = 440.0 * ((f32::from(note) - 69.0) / 12.0).exp2();
    let seconds = 0.9 * (220.0 / hertz).sqrt().min(1.2);
    for (harmonic, share) in [(1.0, 1.0), (2.0, 0.45), (3.0, 0.2), (4.0, 0.08)] {
        let turn = std::f32::consts::TAU * hertz * harmonic / RATE;
        if turn > 2.7 {
            continue;
        }
        // A damped oscillation as a recurrence: the higher harmonics die away sooner.
        let damping = (-harmonic.sqrt() / (seconds * RATE)).exp();
        let (forth, back) = (2.0 * damping * turn.cos(), damping * damping);
        let (mut last, mut before) = (0.0_f32, -strength * share * turn.sin());
        let length = mix.len();
        let (head, tail) = mix.split_at_mut(at.min(length));
        for place in tail.iter_mut().chain(head).take(4 * EIGHTH * 4) {
            let next = forth * last - back * before;
            (before, last) = (last, next);
            *place += next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_music_is_the_same_each_time_loud_enough_and_without_a_seam() {
        let music = make();
        assert_eq!(music, make());
        assert_eq!(music.samples.len(), 2 * 8 * 8 * EIGHTH);
        let peak = music.samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!((8_900..=9_001).contains(&peak), "{peak}");
        let quietest = music
            .samples
            .chunks(EIGHTH)
            .map(|eighth| eighth.iter().map(|sample| sample.unsigned_abs()).max().unwrap())
            .min()
            .unwrap();
        assert!(quietest > 900, "{quietest}");
        let seam = music.samples[0].abs_diff(*music.samples.last().unwrap());
        assert!(seam < 1_500, "{seam}");
    }
}
