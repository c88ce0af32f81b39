//! Moments of a media thread, handed to the pure parts.

use std::time::Duration;

/// Samples a second in recordings and by G.711, and ticks a second of the clock of most codecs.
pub const RATE: u32 = 8_000;

/// Microseconds since some moment before the first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(u64);

impl Moment {
    pub const fn from_micros(micros: u64) -> Self {
        Moment(micros)
    }

    pub fn micros(self) -> u64 {
        self.0
    }

    /// Nothing if `earlier` is later.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Samples at 8 kHz since `earlier`, modulo 2^32 as RTP timestamps are.
    pub fn samples_since(self, earlier: Moment) -> u32 {
        self.ticks_since(earlier, RATE)
    }

    /// Ticks since `earlier` of a clock that has `rate` in a second, modulo 2^32 as RTP timestamps are.
    pub fn ticks_since(self, earlier: Moment, rate: u32) -> u32 {
        low_bits(self.0.saturating_sub(earlier.0).saturating_mul(u64::from(rate)) / 1_000_000)
    }

    #[must_use]
    pub fn after(self, time: Duration) -> Moment {
        Moment(
            self.0
                .saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

/// A difference of timestamps by another clock, rounded down; those of half the circle and more are negative.
pub(crate) fn rescale(difference: u32, from: u32, to: u32) -> u32 {
    let ticks = i64::from(difference.cast_signed()) * i64::from(to);
    let ticks = ticks.div_euclid(i64::from(from.max(1)));
    low_bits(ticks.cast_unsigned())
}

/// The value modulo 2^32.
pub(crate) fn low_bits(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_the_same_time_by_another_clock() {
        let check = |difference, from, to, expected: i32| {
            assert_eq!(
                rescale(difference, from, to).cast_signed(),
                expected,
                "{difference} {from} {to}"
            );
        };
        check(160, 8_000, 48_000, 960);
        check(960, 48_000, 8_000, 160);
        check(965, 48_000, 8_000, 160);
        check(u32::MAX, 8_000, 48_000, -6);
        check(u32::MAX - 959, 48_000, 8_000, -160);
        check(0x8000_0000, 8_000, 8_000, i32::MIN);
    }
}
