//! Keys that are heard in the audio: pairs of tones (ITU-T Q.23), received with the margins of Q.24.
//!
//! For parties without telephone-event only, and only while somebody listens for their keys. Windows of 16 ms that overlap
//! by half are measured at the eight frequencies; how far a tone's phase has turned from one window to the next tells its
//! frequency far better than its strength does. Three windows in a row make a key, three without it end it.

use crate::clock::{RATE, rescale};

/// Samples of a window, and from one to the next: 16 and 8 ms.
const WINDOW: usize = 128;
const HOP: usize = 64;

/// Hertz (Q.23).
const ROWS: [u16; 4] = [697, 770, 852, 941];
const COLUMNS: [u16; 4] = [1_209, 1_336, 1_477, 1_633];
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// Mean square of a tone at 0 dBm0: one that fills the range of G.711 has 3.14 dBm0.
const REFERENCE: f32 = 2.525e8;
/// Each tone: -36 dBm0 at least.
const FLOOR: f32 = REFERENCE * 2.5e-4;
/// How much weaker the high tone may be than the low one, and how much stronger: 10 and 6 dB.
const TWIST: f32 = 0.1;
const REVERSE_TWIST: f32 = 4.0;
/// A tone that is off by more of its frequency is none: Q.24 wants 1.5 % taken and 3.5 % refused.
const TOLERANCE: f32 = 0.0225;
/// Of their frequencies the two may be off against each other by so much: overtones of a voice that follow on each other
/// are farther apart, or nearer.
const APART: f32 = 0.032;
/// Of all that is heard the two tones are so much, before it is known how far they are off, and after it.
const ROUGH_SHARE: f32 = 0.75;
const SHARE: f32 = 0.9;
/// Of a tone's power the most that twice its frequency may have: voices have more.
const SECOND: f32 = 0.1;
/// Twice a low tone that lies so near (hertz) to the high one cannot be told from it.
const NEAR: f32 = 140.0;
/// What the turns of a steady tone may differ by, from one pair of windows to the next.
const UNSTEADY: f32 = 0.8;

/// Windows that go on as the one before did, until it is a key.
const STEPS: u8 = 2;
/// Windows without the key, until it is released: a pause of 40 ms has that many, one of 20 ms has not.
const ABSENT: u8 = 3;
/// Of a tone's power as it was; with less it is gone.
const GONE: f32 = 1.0 / 16.0;
/// Ticks of audio that may be missing within a key: 100 ms.
const MOST_MISSING: i32 = 800;

/// Row and column of a key.
type Place = [usize; 2];

/// Hears the keys in what one party says. Takes no memory once it is made.
#[derive(Debug)]
pub(crate) struct KeyTones {
    tones: [[Tone; 4]; 2],
    /// Twice their frequencies.
    seconds: [[Tone; 4]; 2],
    /// Hann's.
    shape: [f32; WINDOW],
    window: [f32; WINDOW],
    filled: usize,
    last: Option<Packet>,
    /// What the window before has measured.
    before: Option<[[Phasor; 4]; 2]>,
    run: Option<Run>,
    held: Option<Held>,
}

/// The last packet: its number, and the timestamp that follows on it.
#[derive(Debug, Clone, Copy)]
struct Packet {
    sequence: u16,
    ends: u32,
    clock: u32,
}

/// Where a packet stands in its stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    /// Ticks a second.
    pub(crate) clock: u32,
}

/// Windows in a row that hold the same key.
#[derive(Debug, Clone, Copy)]
struct Run {
    place: Place,
    steps: u8,
    turns: Option<[f32; 2]>,
}

/// A key that was told and is not released.
#[derive(Debug, Clone, Copy)]
struct Held {
    place: Place,
    powers: [f32; 2],
    absent: u8,
}

impl KeyTones {
    pub(crate) fn new() -> KeyTones {
        let tones = |times: f32| [ROWS, COLUMNS].map(|group| group.map(|hertz| Tone::new(times * f32::from(hertz))));
        let mut shape = [0.0; WINDOW];
        for (place, value) in (0_u16..).zip(&mut shape) {
            let half_turn = std::f32::consts::PI * (f32::from(place) + 0.5) / count(WINDOW);
            *value = half_turn.sin().powi(2);
        }
        KeyTones {
            tones: tones(1.0),
            seconds: tones(2.0),
            shape,
            window: [0.0; WINDOW],
            filled: 0,
            last: None,
            before: None,
            run: None,
            held: None,
        }
    }

    /// The stream begins anew.
    pub(crate) fn restart(&mut self) {
        self.last = None;
        self.forget();
    }

    /// A packet's samples at 8 kHz; the key that is pressed by now, told once. A packet that comes late or twice is not
    /// heard; one that is missing neither presses a key nor releases it.
    pub(crate) fn hear(&mut self, at: Numbers, samples: &[i16]) -> Option<char> {
        if let Some(last) = self.last {
            let step = at.sequence.wrapping_sub(last.sequence).cast_signed();
            if step <= 0 {
                return None;
            }
            let missing = rescale(at.timestamp.wrapping_sub(last.ends), at.clock, RATE).cast_signed();
            if last.clock == at.clock && missing > MOST_MISSING {
                self.forget();
            } else if step > 1 {
                self.skip();
            }
        }
        let length = u32::try_from(samples.len()).unwrap_or(0);
        self.last = Some(Packet {
            sequence: at.sequence,
            ends: at.timestamp.wrapping_add(rescale(length, RATE, at.clock)),
            clock: at.clock,
        });
        let mut told = None;
        for sample in samples {
            if let Some(place) = self.window.get_mut(self.filled) {
                *place = f32::from(*sample);
            }
            self.filled += 1;
            if self.filled >= WINDOW {
                told = self.look().or(told);
                self.window.copy_within(HOP.., 0);
                self.filled = WINDOW - HOP;
            }
        }
        told
    }

    /// Nobody knows what was said meanwhile.
    fn skip(&mut self) {
        self.filled = 0;
        self.before = None;
    }

    /// Nothing was said meanwhile.
    fn forget(&mut self) {
        self.skip();
        self.run = None;
        self.held = None;
    }

    fn look(&mut self) -> Option<char> {
        let mut window = self.window;
        window
            .iter_mut()
            .zip(&self.shape)
            .for_each(|(sample, shape)| *sample *= shape);
        let heard = self
            .tones
            .each_ref()
            .map(|group| group.each_ref().map(|tone| tone.measure(&window)));
        self.held = self.held.and_then(|held| held.goes_on(&heard));
        let place = heard.each_ref().map(strongest);
        let before = self.before.replace(heard);
        let run = self.run.take().filter(|run| run.place == place);
        let power = power(&window);
        if !self.is_key(place, &heard, (&window, power)) {
            return None;
        }
        let begun = Run {
            place,
            steps: 0,
            turns: None,
        };
        let run = run.and_then(|run| match before {
            Some(before) => run.goes_on(
                of(&self.tones, place)?,
                (of(&before, place)?, of(&heard, place)?),
                power,
            ),
            None => Some(Run { turns: None, ..run }),
        });
        let run = run.unwrap_or(begun);
        self.run = Some(run);
        if run.steps < STEPS || self.held.is_some() {
            return None;
        }
        self.held = Some(Held {
            place,
            powers: of(&heard, place)?.map(Phasor::power),
            absent: 0,
        });
        let [row, column] = place;
        KEYS.get(row)?.get(column).copied()
    }

    /// Whether a window holds the two tones and hardly anything else, however exact their frequencies are.
    fn is_key(&self, place: Place, heard: &[[Phasor; 4]; 2], (window, power): (&[f32; WINDOW], f32)) -> bool {
        let (Some(found), Some(tones), Some(seconds)) =
            (of(heard, place), of(&self.tones, place), of(&self.seconds, place))
        else {
            return false;
        };
        let [low, high] = found.map(Phasor::power);
        let loud = low >= FLOOR && high >= FLOOR;
        let level = high >= low * TWIST && high <= low * REVERSE_TWIST;
        if !loud || !level || low + high < ROUGH_SHARE * power {
            return false;
        }
        let ([_, high_tone], [low_second, high_second]) = (tones, seconds);
        let is_pure = |second: Tone, of: f32| second.measure(window).power() <= SECOND * of;
        let hidden = (low_second.hertz - high_tone.hertz).abs() < NEAR;
        is_pure(high_second, high) && (hidden || is_pure(low_second, low))
    }
}

impl Run {
    /// Another window with the same key; `None` if its tones are not those of the window before, or no key's.
    fn goes_on(self, [row, column]: [Tone; 2], (before, now): ([Phasor; 2], [Phasor; 2]), power: f32) -> Option<Run> {
        let ([row_before, column_before], [row_now, column_now]) = (before, now);
        let turns = [row.turn(row_before, row_now), column.turn(column_before, column_now)];
        let [low, high] = turns;
        let (low_off, high_off) = (row.off_by(low), column.off_by(high));
        let exact = low_off.abs() <= TOLERANCE && high_off.abs() <= TOLERANCE && (low_off - high_off).abs() <= APART;
        let steady = self.turns.is_none_or(|[low_before, high_before]| {
            (low - low_before).abs() <= UNSTEADY && (high - high_before).abs() <= UNSTEADY
        });
        let share = row_now.power() * shortfall(low) + column_now.power() * shortfall(high);
        (exact && steady && share >= SHARE * power).then_some(Run {
            place: self.place,
            steps: self.steps.saturating_add(1),
            turns: Some(turns),
        })
    }
}

impl Held {
    /// `None`: it is released.
    fn goes_on(self, heard: &[[Phasor; 4]; 2]) -> Option<Held> {
        let [low, high] = of(heard, self.place)?.map(Phasor::power);
        let [low_before, high_before] = self.powers;
        if low >= low_before * GONE && high >= high_before * GONE {
            return Some(Held {
                powers: [low.max(low_before), high.max(high_before)],
                absent: 0,
                ..self
            });
        }
        let absent = self.absent + 1;
        (absent < ABSENT).then_some(Held { absent, ..self })
    }
}

/// A frequency to be measured by Goertzel's algorithm.
#[derive(Debug, Clone, Copy)]
struct Tone {
    hertz: f32,
    /// Of a sample.
    cos: f32,
    sin: f32,
    /// What a tone of exactly this frequency turns by from one window to the next.
    step: Phasor,
}

impl Tone {
    fn new(hertz: f32) -> Tone {
        let angle = std::f32::consts::TAU * hertz / RATE_HERTZ;
        let step = angle * count(HOP);
        Tone {
            hertz,
            cos: angle.cos(),
            sin: angle.sin(),
            step: Phasor {
                re: step.cos(),
                im: step.sin(),
            },
        }
    }

    fn measure(&self, window: &[f32; WINDOW]) -> Phasor {
        let twice = 2.0 * self.cos;
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for sample in window {
            let next = sample + twice * last - before;
            (before, last) = (last, next);
        }
        Phasor {
            re: last - before * self.cos,
            im: before * self.sin,
        }
    }

    /// How much farther it has turned between two windows than it should have, in radians.
    fn turn(&self, before: Phasor, now: Phasor) -> f32 {
        now.without(before).without(self.step).angle()
    }

    /// The share of its frequency by which a tone is off that has turned so much farther.
    fn off_by(&self, turn: f32) -> f32 {
        turn * RATE_HERTZ / (std::f32::consts::TAU * count(HOP) * self.hertz)
    }
}

const RATE_HERTZ: f32 = 8_000.0;

/// A tone's strength and phase.
#[derive(Debug, Clone, Copy, Default)]
struct Phasor {
    re: f32,
    im: f32,
}

impl Phasor {
    /// Its mean square.
    fn power(self) -> f32 {
        // The values of the shape sum up to half of their number.
        let sum = count(WINDOW) / 2.0;
        2.0 * (self.re * self.re + self.im * self.im) / (sum * sum)
    }

    /// Turned back by the other's angle.
    fn without(self, other: Phasor) -> Phasor {
        Phasor {
            re: self.re * other.re + self.im * other.im,
            im: self.im * other.re - self.re * other.im,
        }
    }

    fn angle(self) -> f32 {
        self.im.atan2(self.re)
    }
}

/// Mean square of what a shaped window holds.
fn power(window: &[f32; WINDOW]) -> f32 {
    let sum: f32 = window.iter().map(|sample| sample * sample).sum();
    // The squares of the shape sum up to three eighths of their number.
    sum / (count(WINDOW) * 0.375)
}

/// What a tone's power was measured too small by, because it is off by that turn: how Hann's window falls off.
fn shortfall(turn: f32) -> f32 {
    let bins = turn * count(WINDOW) / (std::f32::consts::TAU * count(HOP));
    let square = bins * bins;
    1.0 + 1.29 * square + square * square
}

fn strongest(group: &[Phasor; 4]) -> usize {
    let places = group.iter().enumerate();
    let best = places.max_by(|(_, one), (_, other)| one.power().total_cmp(&other.power()));
    best.map_or(0, |(place, _)| place)
}

fn of<T: Copy>([rows, columns]: &[[T; 4]; 2], [row, column]: Place) -> Option<[T; 2]> {
    Some([*rows.get(row)?, *columns.get(column)?])
}

fn count(samples: usize) -> f32 {
    u16::try_from(samples).map_or(0.0, f32::from)
}

#[cfg(test)]
mod tests;
