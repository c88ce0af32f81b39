//! Nonces: a moment and an HMAC over it, so that a challenge stores nothing. Only what was used by somebody who knew
//! the password is remembered, for as long as the nonce lives and never more than a fixed number of nonces.

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Now;

const KEY: usize = 8;
const TAG: usize = 12;

/// How a request used a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// `qop=auth` with this nonce count.
    Counted(u32),
    /// Without `qop`: nothing but the nonce tells two requests apart, so it serves once.
    Once,
}

pub(super) struct Nonces {
    mac: Hmac<Sha256>,
    lifetime_ms: u64,
    most: usize,
    /// The last key given out. Keys are milliseconds times 65,536 and strictly rising: two challenges never share one.
    last: u64,
    used: BTreeMap<u64, Window>,
    /// Nonces up to this key may have been forgotten while they were still young.
    forgotten: u64,
}

impl Nonces {
    pub(super) fn new(secret: &[u8; 32], lifetime_ms: u64, most: usize) -> Option<Nonces> {
        Some(Nonces {
            mac: Hmac::new_from_slice(secret).ok()?,
            lifetime_ms,
            most: most.max(1),
            last: 0,
            used: BTreeMap::new(),
            forgotten: 0,
        })
    }

    pub(super) fn issue(&mut self, now: Now) -> String {
        self.last = (millis(now) << 16).max(self.last.saturating_add(1));
        let key = self.last.to_be_bytes();
        hex::encode([key.as_slice(), self.tag(key).as_slice()].concat())
    }

    /// Whether this use is the first of its kind of a nonce of ours that still lives; if so, it is remembered.
    pub(super) fn spend(&mut self, nonce: &[u8], how: Use, now: Now) -> bool {
        let Some(key) = self.read(nonce) else {
            return false;
        };
        let oldest = millis(now).saturating_sub(self.lifetime_ms) << 16;
        // A key may run ahead of the clock by the challenges of one millisecond, or by a clock that was set back.
        if key < oldest || key > self.last.max(millis(now) << 16) {
            return false;
        }
        while let Some(first) = self.used.first_entry().filter(|first| *first.key() < oldest) {
            first.remove();
        }
        if let Some(window) = self.used.get_mut(&key) {
            return window.accept(how);
        }
        if key <= self.forgotten {
            return false;
        }
        let mut window = Window::default();
        let accepted = window.accept(how);
        if accepted {
            self.used.insert(key, window);
        }
        while self.used.len() > self.most {
            match self.used.pop_first() {
                Some((key, _)) => self.forgotten = key,
                None => break,
            }
        }
        accepted
    }

    fn read(&self, nonce: &[u8]) -> Option<u64> {
        let mut bytes = [0; KEY + TAG];
        hex::decode_to_slice(nonce, &mut bytes).ok()?;
        let (key, tag) = bytes.split_first_chunk::<KEY>()?;
        let ours: bool = self.tag(*key).ct_eq(tag).into();
        ours.then(|| u64::from_be_bytes(*key))
    }

    fn tag(&self, key: [u8; KEY]) -> [u8; TAG] {
        let full: [u8; 32] = self.mac.clone().chain_update(key).finalize().into_bytes().into();
        full.first_chunk().copied().unwrap_or_default()
    }
}

fn millis(now: Now) -> u64 {
    u64::try_from(now.unix_ms).unwrap_or(0)
}

/// Which nonce counts were seen: the highest and the 63 below it. Counts may come out of order and may start anywhere.
#[derive(Debug, Default)]
struct Window {
    highest: u32,
    /// Bit `n`: `highest - n` was seen.
    seen: u64,
    closed: bool,
}

impl Window {
    fn accept(&mut self, how: Use) -> bool {
        if self.closed {
            return false;
        }
        match how {
            Use::Once if self.seen == 0 => {
                self.closed = true;
                true
            }
            Use::Once | Use::Counted(0) => false,
            Use::Counted(count) if count > self.highest => {
                let up = count - self.highest;
                self.seen = self.seen.checked_shl(up).unwrap_or(0) | 1;
                self.highest = count;
                true
            }
            Use::Counted(count) => {
                let bit = 1u64.checked_shl(self.highest - count).unwrap_or(0);
                let fresh = bit != 0 && self.seen & bit == 0;
                self.seen |= bit;
                fresh
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn at(unix_ms: i64) -> Now {
        #[expect(
            clippy::disallowed_methods,
            reason = "any instant will do: nonces go by the wall clock"
        )]
        let instant = Instant::now();
        Now { instant, unix_ms }
    }

    fn nonces(most: usize) -> Nonces {
        Nonces::new(&[7; 32], 60_000, most).unwrap()
    }

    #[test]
    fn a_count_serves_once_in_any_order() {
        let mut nonces = nonces(10);
        let nonce = nonces.issue(at(1_000));
        let mut check = |how, expected| {
            assert_eq!(nonces.spend(nonce.as_bytes(), how, at(1_001)), expected, "{how:?}");
        };
        check(Use::Counted(0), false);
        check(Use::Counted(3), true);
        check(Use::Counted(1), true);
        check(Use::Counted(1), false);
        check(Use::Counted(2), true);
        check(Use::Counted(3), false);
        check(Use::Counted(66), true);
        check(Use::Counted(3), false);
        check(Use::Counted(2), false);
        check(Use::Counted(4), true);
        check(Use::Counted(u32::MAX), true);
        check(Use::Counted(66), false);
        check(Use::Once, false);
    }

    #[test]
    fn without_qop_a_nonce_serves_one_request() {
        let mut nonces = nonces(10);
        let nonce = nonces.issue(at(1_000));
        assert!(nonces.spend(nonce.as_bytes(), Use::Once, at(1_001)));
        assert!(!nonces.spend(nonce.as_bytes(), Use::Once, at(1_001)));
        assert!(!nonces.spend(nonce.as_bytes(), Use::Counted(1), at(1_001)));
    }

    #[test]
    fn old_foreign_and_broken_nonces_are_refused() {
        let mut nonces = nonces(10);
        let nonce = nonces.issue(at(1_000));
        let mut other = Nonces::new(&[8; 32], 60_000, 10).unwrap();
        let foreign = other.issue(at(1_000));
        let mut changed = nonce.clone().into_bytes();
        changed[3] ^= 1;
        let mut check = |nonce: &[u8], now, expected| {
            assert_eq!(nonces.spend(nonce, Use::Counted(1), at(now)), expected);
        };
        check(foreign.as_bytes(), 1_001, false);
        check(&changed, 1_001, false);
        check(b"", 1_001, false);
        check(b"zz", 1_001, false);
        check(nonce.as_bytes(), 61_001, false);
        check(nonce.as_bytes(), 61_000, true);
    }

    #[test]
    fn nonces_of_one_millisecond_differ_and_each_lives_its_own_life() {
        let mut nonces = nonces(1_000);
        let issued: Vec<_> = (0..500).map(|_| nonces.issue(at(5))).collect();
        for nonce in &issued {
            assert!(nonces.spend(nonce.as_bytes(), Use::Counted(1), at(5)));
        }
    }

    #[test]
    fn memory_is_bounded_and_a_forgotten_nonce_is_refused() {
        let mut nonces = nonces(3);
        let issued: Vec<_> = (0..10).map(|ms| nonces.issue(at(ms))).collect();
        for nonce in &issued {
            assert!(nonces.spend(nonce.as_bytes(), Use::Counted(1), at(10)));
        }
        assert_eq!(nonces.used.len(), 3);
        for nonce in &issued {
            assert!(!nonces.spend(nonce.as_bytes(), Use::Counted(1), at(11)));
        }
        assert!(!nonces.spend(issued[6].as_bytes(), Use::Counted(2), at(11)));
        assert!(nonces.spend(issued[7].as_bytes(), Use::Counted(2), at(11)));
        let late = nonces.issue(at(70_000));
        assert!(nonces.spend(late.as_bytes(), Use::Counted(1), at(70_000)));
        assert_eq!(nonces.used.len(), 1);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_hurt() {
        let mut nonces = nonces(10);
        let first = nonces.issue(at(100_000));
        let second = nonces.issue(at(50_000));
        assert!(nonces.spend(first.as_bytes(), Use::Counted(1), at(50_000)));
        assert!(nonces.spend(second.as_bytes(), Use::Counted(1), at(50_000)));
    }
}
