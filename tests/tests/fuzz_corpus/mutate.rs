//! Another input from one that was kept, as a fuzzer would make it; the same seed makes the same.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngCore, SeedableRng};

const LONGEST: usize = 16 << 10;

#[derive(Debug)]
pub struct Mutator<'a> {
    kept: &'a [Vec<u8>],
    rng: StdRng,
}

impl<'a> Mutator<'a> {
    /// `kept`: at least one, none of them is changed.
    pub fn new(kept: &'a [Vec<u8>], seed: u64) -> Mutator<'a> {
        Mutator {
            kept,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// One of the kept ones with one to eight changes.
    pub fn input(&mut self) -> Vec<u8> {
        let mut bytes = self.some().to_vec();
        for _ in 0..self.rng.random_range(1..=8) {
            self.change(&mut bytes);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn some(&mut self) -> &'a [u8] {
        self.kept.choose(&mut self.rng).map(Vec::as_slice).unwrap_or_default()
    }

    fn place(&mut self, bytes: &[u8]) -> usize {
        self.rng.random_range(0..=bytes.len())
    }

    /// Two places in order, not far from each other.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let from = self.place(bytes);
        let to = (from + self.rng.random_range(0..64)).min(bytes.len());
        from..to
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let part = self.part(bytes);
        match self.rng.random_range(0..6) {
            0 => drop(bytes.drain(part)),
            1 => {
                let twice = bytes[part.clone()].to_vec();
                bytes.splice(part.end..part.end, twice);
            }
            2 => {
                let other = self.some();
                let from = self.part(other);
                bytes.splice(part, other[from].iter().copied());
            }
            3 => self.rng.fill_bytes(&mut bytes[part]),
            4 => {
                let odd: &[u8] = [&[0][..], &[0xff], &[0xff; 4], &[0x80, 0], b"\r\n", b"-1", b"4294967296"]
                    .choose(&mut self.rng)
                    .copied()
                    .unwrap_or_default();
                bytes.splice(part.start..part.start, odd.iter().copied());
            }
            _ => {
                for byte in &mut bytes[part] {
                    *byte ^= 1 << self.rng.random_range(0..8);
                }
            }
        }
    }
}
