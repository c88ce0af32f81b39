//! Moments of a media thread, handed to the pure parts.

use std::time::Duration;

/// Sampling rate of everything here.
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
        low_bits(self.0.saturating_sub(earlier.0).saturating_mul(8) / 1_000)
    }

    #[must_use]
    pub fn after(self, time: Duration) -> Moment {
        Moment(
            self.0
                .saturating_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
        )
    }
}

/// The value modulo 2^32.
pub(crate) fn low_bits(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or(0)
}
