//! The second factor of a login: a code of an authenticator (TOTP), or one of the codes kept for the day it is lost.

mod code;
mod store;

pub(crate) use store::ALL;
pub use store::{begin, check, confirm, disable, reset, status};

/// How somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    pub enabled: bool,
    /// The account wants it of everybody.
    pub required: bool,
    /// Recovery codes that have not been used.
    pub recovery_codes: i64,
}

/// An authenticator to be set up; told this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// For typing over, in base32.
    pub secret: String,
    /// What the QR code says: `otpauth://totp/...`.
    pub uri: String,
}

/// What a login's second half is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// The password is enough.
    NotNeeded,
    Right,
    Missing,
    /// Not of this moment, or used before.
    Wrong,
}
