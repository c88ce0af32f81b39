//! Time and randomness as the handlers are given them.

/// The shell's clock, or a test's.
pub trait Clock: Send + Sync + 'static {
    /// Unix milliseconds, UTC.
    fn unix_ms(&self) -> i64;
    /// Unguessable bits.
    fn random(&self) -> u128;
}
