//! How often visitors of sites may ask. Pure: the moment is an argument.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use frontdesk_routing::ids::SiteId;

const SOURCE_WINDOW_MS: i64 = 10 * 60_000;
const SITE_WINDOW_MS: i64 = 60 * 60_000;
const MAX_KEYS: usize = 50_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Source(SiteId, Option<IpAddr>),
    Site(SiteId),
}

#[derive(Debug, Clone, Copy)]
struct Window {
    count: u32,
    since: i64,
}

#[derive(Debug, Default)]
pub(super) struct Visits(Mutex<HashMap<Key, Window>>);

impl Visits {
    /// Counts a request. `Err` says how many seconds to wait.
    pub(super) fn count(
        &self,
        (site, source): (SiteId, Option<IpAddr>),
        (per_source, per_site): (u32, u32),
        now: i64,
    ) -> Result<(), u64> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= MAX_KEYS {
            windows.retain(|key, window| now.saturating_sub(window.since) < length(*key));
        }
        let keys = [
            (Key::Source(site, source.map(network)), per_source),
            (Key::Site(site), per_site),
        ];
        for (key, limit) in &keys {
            if let Some(window) = windows.get(key) {
                let left = window.since.saturating_add(length(*key)).saturating_sub(now);
                if window.count >= *limit && left > 0 {
                    return Err(u64::try_from(left).unwrap_or(0).div_ceil(1000));
                }
            }
        }
        if windows.len() >= MAX_KEYS {
            return Err(60);
        }
        for (key, _) in keys {
            let window = windows.entry(key).or_insert(Window { count: 0, since: now });
            if now.saturating_sub(window.since) >= length(key) {
                *window = Window { count: 0, since: now };
            }
            window.count = window.count.saturating_add(1);
        }
        Ok(())
    }
}

fn length(key: Key) -> i64 {
    match key {
        Key::Source(..) => SOURCE_WINDOW_MS,
        Key::Site(_) => SITE_WINDOW_MS,
    }
}

/// One customer has a whole network of IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_and_a_site_have_their_limits() {
        let visits = Visits::default();
        let site = SiteId::from_u128(1);
        let from = |text: &str| (site, Some(text.parse().unwrap()));
        let limits = (2, 4);
        assert_eq!(visits.count(from("192.0.2.1"), limits, 0), Ok(()));
        assert_eq!(visits.count(from("192.0.2.1"), limits, 1_000), Ok(()));
        assert_eq!(visits.count(from("192.0.2.1"), limits, 60_000), Err(540));
        assert_eq!(visits.count(from("2001:db8::1"), limits, 60_000), Ok(()));
        assert_eq!(visits.count(from("2001:db8::2"), limits, 60_000), Ok(()));
        assert_eq!(
            visits.count(from("192.0.2.9"), limits, 60_000),
            Err(3_540),
            "the whole site"
        );
        let other = (SiteId::from_u128(2), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(visits.count(other, limits, 60_000), Ok(()));
        assert_eq!(visits.count(from("192.0.2.1"), limits, 3_600_000), Ok(()));
    }
}
