//! SRTP and SRTCP (RFC 3711) with keys from the session description (RFC 4568): AES in counter mode and HMAC-SHA1.
//!
//! In place and without memory of its own on the packet path. What cannot be authenticated changes nothing here.

use std::fmt;

use rand::{CryptoRng, Rng};

mod context;
mod kdf;
mod window;

pub use context::{Receiver, Sender};

/// Bytes that protecting a packet adds at most: the tag, and SRTCP's index.
pub const OVERHEAD: usize = 14;
/// A master key of 128 bits and a master salt of 112.
pub const MATERIAL: usize = 30;

/// RFC 4568 section 6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    Sha1_80,
    Sha1_32,
}

impl Suite {
    /// Best first.
    pub const ALL: [Suite; 2] = [Suite::Sha1_80, Suite::Sha1_32];

    pub fn name(self) -> &'static str {
        match self {
            Suite::Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// Bytes of RTP's tag; RTCP's has ten in both suites.
    fn tag(self) -> usize {
        match self {
            Suite::Sha1_80 => 10,
            Suite::Sha1_32 => 4,
        }
    }
}

/// A master key with its salt. It is never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub suite: Suite,
    pub(crate) material: [u8; MATERIAL],
}

impl Key {
    pub fn new(suite: Suite, material: [u8; MATERIAL]) -> Self {
        Key { suite, material }
    }

    pub fn random(suite: Suite, rng: &mut (impl Rng + CryptoRng)) -> Self {
        Key {
            suite,
            material: rng.random(),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.suite)
    }
}

/// What a leg's two directions are protected with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    pub ours: Key,
    pub theirs: Key,
}
