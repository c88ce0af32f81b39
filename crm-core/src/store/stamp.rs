//! The moment and the randomness of one change, as arguments.

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    pub unix_ms: i64,
    /// Unguessable.
    pub random: u128,
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Stamp {
    pub fn ids(&self) -> Ids {
        let seed: [u8; 32] = Sha256::digest(self.random.to_le_bytes()).into();
        Ids {
            now: self.unix_ms,
            rng: StdRng::from_seed(seed),
        }
    }
}

/// Identifiers and secrets that one change needs.
#[derive(Debug)]
pub struct Ids {
    pub now: i64,
    rng: StdRng,
}

impl Ids {
    pub fn random(&mut self) -> u128 {
        u128::from(self.rng.next_u64()) << 64 | u128::from(self.rng.next_u64())
    }

    /// Characters of 6 bits each that need no quoting in an address.
    pub fn secret(&mut self, characters: usize) -> String {
        let mut bytes = vec![0; characters];
        self.rng.fill_bytes(&mut bytes);
        let letter = |byte: u8| ALPHABET.get(usize::from(byte & 63)).copied().map_or('A', char::from);
        bytes.into_iter().map(letter).collect()
    }

    /// A decimal number of that many digits, the first not 0.
    pub fn digits(&mut self, count: u32) -> u64 {
        let low = 10_u64.pow(count.clamp(1, 18).saturating_sub(1));
        low.saturating_add(self.rng.next_u64().checked_rem(low.saturating_mul(9)).unwrap_or(0))
    }
}
