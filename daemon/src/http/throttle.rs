//! How often a login may be tried. Pure: the moment is an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use frontdesk_routing::ids::StaffId;

const WINDOW_MS: i64 = 5 * 60_000;
const PER_LOGIN: u32 = 5;
const PER_ADDRESS: u32 = 30;
const MAX_KEYS: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A login tried from one address: a stranger elsewhere cannot lock its owner out.
    Login(String, IpAddr),
    Address(IpAddr),
    /// Codes of one person, from wherever: who guesses them knows the password.
    Code(StaffId),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    since: i64,
}

#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: Mutex<HashMap<Key, Failures>>,
}

impl Throttle {
    /// Counts an attempt before it is made, so that attempts in parallel count too. `Err` says how many seconds to wait.
    pub(super) fn attempt(&self, login: &str, address: IpAddr, now: i64) -> Result<(), u64> {
        self.count(
            [
                (login_key(login, address), PER_LOGIN),
                (Key::Address(address), PER_ADDRESS),
            ],
            now,
        )
    }

    /// The same for the second factor.
    pub(super) fn code(&self, staff: StaffId, now: i64) -> Result<(), u64> {
        self.count([(Key::Code(staff), PER_LOGIN)], now)
    }

    pub(super) fn code_was_right(&self, staff: StaffId) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&Key::Code(staff));
    }

    fn count<const N: usize>(&self, keys: [(Key, u32); N], now: i64) -> Result<(), u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= MAX_KEYS {
            failures.retain(|_, failed| now.saturating_sub(failed.since) < WINDOW_MS);
        }
        for (key, limit) in &keys {
            if let Some(failed) = failures.get(key) {
                let left = failed.since.saturating_add(WINDOW_MS).saturating_sub(now);
                if failed.count >= *limit && left > 0 {
                    return Err(u64::try_from(left).unwrap_or(0).div_ceil(1000));
                }
            }
        }
        if failures.len() >= MAX_KEYS {
            return Err(60);
        }
        for (key, _) in keys {
            let failed = failures.entry(key).or_insert(Failures { count: 0, since: now });
            if now.saturating_sub(failed.since) >= WINDOW_MS {
                *failed = Failures { count: 0, since: now };
            }
            failed.count = failed.count.saturating_add(1);
        }
        Ok(())
    }

    /// The attempt was a good one: it does not count.
    pub(super) fn succeeded(&self, login: &str, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&login_key(login, address));
        if let Some(failed) = failures.get_mut(&Key::Address(address)) {
            failed.count = failed.count.saturating_sub(1);
        }
    }
}

fn login_key(login: &str, address: IpAddr) -> Key {
    Key::Login(login.chars().take(100).flat_map(char::to_lowercase).collect(), address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn the_sixth_attempt_waits_for_the_window_to_pass() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            assert_eq!(throttle.attempt("19079_ivan", HERE, 1_000), Ok(()));
        }
        assert_eq!(throttle.attempt("19079_IVAN", HERE, 61_000), Err(240));
        assert_eq!(throttle.attempt("19079_ivan", HERE, 301_000), Ok(()));
    }

    #[test]
    fn a_stranger_elsewhere_locks_nobody_out() {
        let throttle = Throttle::default();
        for _ in 0..6 {
            let _ = throttle.attempt("19079_ivan", HERE, 0);
        }
        assert_eq!(throttle.attempt("19079_ivan", THERE, 0), Ok(()));
    }

    #[test]
    fn one_address_trying_many_logins_is_stopped_too() {
        let throttle = Throttle::default();
        for n in 0..30 {
            assert_eq!(throttle.attempt(&format!("19079_{n}"), HERE, 0), Ok(()));
        }
        assert!(throttle.attempt("19079_other", HERE, 0).is_err());
    }

    #[test]
    fn logging_in_is_not_counted() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            assert_eq!(throttle.attempt("19079_ivan", HERE, 0), Ok(()));
            throttle.succeeded("19079_ivan", HERE);
        }
    }
}
