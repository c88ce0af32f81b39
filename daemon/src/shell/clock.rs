//! The only place that reads a clock or the system's randomness.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use frontdesk_sip::Now;

/// Reads both clocks.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub fn now() -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now {
        instant: Instant::now(),
        unix_ms: i64::try_from(unix.as_millis()).unwrap_or(i64::MAX),
    }
}

/// Unix milliseconds, UTC.
pub fn unix_ms() -> i64 {
    now().unix_ms
}

/// Fresh random bytes for seeds and keys.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::RngCore::fill_bytes(&mut rand::rng(), &mut bytes);
    bytes
}

/// A fresh random number for identifiers.
pub fn random_u128() -> u128 {
    u128::from_le_bytes(random())
}
