//! Who may speak to us, and how much: a token bucket for each source and a list of banned ones.
//!
//! A source is an IPv4 address or an IPv6 /64. The first 401 of a registration is no failure: only credentials that were
//! sent and did not fit count. Memory is bounded; when it is full, newcomers share one bucket until old ones are forgotten.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use crate::Now;

#[derive(Debug, Clone)]
pub struct GuardConfig {
    /// Messages a second that a source may send for long.
    pub rate: u32,
    /// Messages that it may send at once.
    pub burst: u32,
    /// Failed credentials within `failure_window` that lead to a ban; 0: never.
    pub failures: u32,
    pub failure_window: Duration,
    pub ban: Duration,
    /// Never throttled, never banned.
    pub allow: Vec<IpNet>,
    pub most_sources: usize,
}

impl Default for GuardConfig {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"];
        GuardConfig {
            rate: 100,
            burst: 400,
            failures: 20,
            failure_window: Duration::from_secs(600),
            ban: Duration::from_secs(3600),
            allow: loopback.iter().filter_map(|net| net.parse().ok()).collect(),
            most_sources: 16_384,
        }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    /// To be dropped without an answer: the source sends too much.
    Throttled,
    /// To be dropped without an answer.
    Banned,
}

#[derive(Debug)]
pub struct Guard {
    config: GuardConfig,
    sources: HashMap<IpAddr, Source>,
    newcomers: Source,
    /// When idle sources may be looked for again.
    next_sweep: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Source {
    /// Thousandths of a message.
    tokens: u64,
    filled_at: Instant,
    failures: u32,
    first_failure: Instant,
    banned_until: Option<Instant>,
}

impl Guard {
    pub fn new(config: GuardConfig, now: Now) -> Guard {
        let newcomers = Source::new(&config, now.instant);
        Guard {
            config,
            sources: HashMap::new(),
            newcomers,
            next_sweep: None,
        }
    }

    /// Judges one message.
    pub fn admit(&mut self, source: IpAddr, now: Now) -> Verdict {
        if self.is_allowed(source) {
            return Verdict::Pass;
        }
        let (place, config) = self.place(source, now.instant);
        if place.banned_until.is_some_and(|until| until > now.instant) {
            return Verdict::Banned;
        }
        match place.take(config, now.instant) {
            true => Verdict::Pass,
            false => Verdict::Throttled,
        }
    }

    /// Counts credentials that did not fit; true when this led to a ban.
    pub fn failed(&mut self, source: IpAddr, now: Now) -> bool {
        if self.is_allowed(source) || self.config.failures == 0 {
            return false;
        }
        if !self.sources.contains_key(&key(source)) && self.is_full(now.instant) {
            return false;
        }
        let (place, config) = self.place(source, now.instant);
        if now.instant.saturating_duration_since(place.first_failure) > config.failure_window {
            place.failures = 0;
        }
        if place.failures == 0 {
            place.first_failure = now.instant;
        }
        place.failures = place.failures.saturating_add(1);
        if place.failures < config.failures {
            return false;
        }
        place.failures = 0;
        place.banned_until = Some(now.instant + config.ban);
        true
    }

    /// Right credentials: earlier mistakes are forgotten.
    pub fn passed(&mut self, source: IpAddr) {
        if let Some(source) = self.sources.get_mut(&key(source)) {
            source.failures = 0;
        }
    }

    pub fn unban(&mut self, source: IpAddr) {
        if let Some(source) = self.sources.get_mut(&key(source)) {
            source.banned_until = None;
            source.failures = 0;
        }
    }

    /// Sources that are remembered.
    pub fn sources(&self) -> usize {
        self.sources.len()
    }

    fn is_allowed(&self, source: IpAddr) -> bool {
        let source = source.to_canonical();
        self.config.allow.iter().any(|net| net.contains(&source))
    }

    fn place(&mut self, source: IpAddr, now: Instant) -> (&mut Source, &GuardConfig) {
        let key = key(source);
        let full = !self.sources.contains_key(&key) && self.is_full(now);
        let place = match full {
            true => &mut self.newcomers,
            false => self
                .sources
                .entry(key)
                .or_insert_with(|| Source::new(&self.config, now)),
        };
        (place, &self.config)
    }

    /// Whether there is no room for another source, after idle ones were forgotten. They are looked for at most once a
    /// second: a flood of new sources must not cost a sweep each.
    fn is_full(&mut self, now: Instant) -> bool {
        if self.sources.len() < self.config.most_sources {
            return false;
        }
        if self.next_sweep.is_none_or(|at| at <= now) {
            self.next_sweep = Some(now + Duration::from_secs(1));
            let config = &self.config;
            self.sources.retain(|_, source| !source.is_idle(config, now));
        }
        self.sources.len() >= self.config.most_sources
    }
}

impl Source {
    fn new(config: &GuardConfig, now: Instant) -> Source {
        Source {
            tokens: u64::from(config.burst) * 1000,
            filled_at: now,
            failures: 0,
            first_failure: now,
            banned_until: None,
        }
    }

    fn take(&mut self, config: &GuardConfig, now: Instant) -> bool {
        self.fill(config, now);
        match self.tokens.checked_sub(1000) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    fn fill(&mut self, config: &GuardConfig, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        if passed > 0 {
            let fresh = passed.saturating_mul(u64::from(config.rate));
            self.tokens = self.tokens.saturating_add(fresh).min(u64::from(config.burst) * 1000);
            self.filled_at = now;
        }
    }

    fn is_idle(&mut self, config: &GuardConfig, now: Instant) -> bool {
        self.fill(config, now);
        let forgiven = self.failures == 0 || now.saturating_duration_since(self.first_failure) > config.failure_window;
        let free = self.banned_until.is_none_or(|until| until <= now);
        forgiven && free && self.tokens >= u64::from(config.burst) * 1000
    }
}

/// The address, or the /64 of an IPv6 one: a subscriber has all of it.
fn key(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        guard: Guard,
        now: Now,
    }

    fn world(most_sources: usize) -> World {
        #[expect(clippy::disallowed_methods, reason = "the start of the test's own time")]
        let instant = Instant::now();
        let now = Now { instant, unix_ms: 0 };
        let config = GuardConfig {
            rate: 10,
            burst: 3,
            failures: 2,
            failure_window: Duration::from_secs(60),
            ban: Duration::from_secs(100),
            most_sources,
            ..GuardConfig::default()
        };
        World {
            guard: Guard::new(config, now),
            now,
        }
    }

    impl World {
        fn after(&mut self, ms: u64) {
            self.now.instant += Duration::from_millis(ms);
        }

        fn admit(&mut self, source: &str) -> Verdict {
            self.guard.admit(source.parse().unwrap(), self.now)
        }

        fn failed(&mut self, source: &str) -> bool {
            self.guard.failed(source.parse().unwrap(), self.now)
        }
    }

    #[test]
    fn a_source_may_burst_and_then_goes_at_its_rate() {
        let mut world = world(10);
        let verdicts: Vec<_> = (0..4).map(|_| world.admit("192.0.2.1")).collect();
        assert_eq!(
            verdicts,
            [Verdict::Pass, Verdict::Pass, Verdict::Pass, Verdict::Throttled]
        );
        assert_eq!(world.admit("192.0.2.2"), Verdict::Pass);
        world.after(100);
        assert_eq!(world.admit("192.0.2.1"), Verdict::Pass);
        assert_eq!(world.admit("192.0.2.1"), Verdict::Throttled);
    }

    #[test]
    fn loopback_is_never_throttled_nor_banned() {
        let mut world = world(10);
        for _ in 0..100 {
            assert_eq!(world.admit("127.0.0.1"), Verdict::Pass);
            assert_eq!(world.admit("::ffff:127.0.0.1"), Verdict::Pass);
            assert!(!world.failed("127.0.0.1"));
        }
        assert_eq!(world.guard.sources(), 0);
    }

    #[test]
    fn failures_ban_for_a_while_and_a_right_password_forgives() {
        let mut world = world(10);
        assert!(!world.failed("192.0.2.1"));
        world.guard.passed("192.0.2.1".parse().unwrap());
        assert!(!world.failed("192.0.2.1"));
        assert!(world.failed("192.0.2.1"));
        assert_eq!(world.admit("192.0.2.1"), Verdict::Banned);
        assert_eq!(world.admit("192.0.2.2"), Verdict::Pass);
        world.after(100_000);
        assert_eq!(world.admit("192.0.2.1"), Verdict::Pass);
        assert!(!world.failed("192.0.2.1"));
        world.after(60_001);
        assert!(!world.failed("192.0.2.1"));
        assert!(world.failed("192.0.2.1"));
        world.guard.unban("192.0.2.1".parse().unwrap());
        assert_eq!(world.admit("192.0.2.1"), Verdict::Pass);
    }

    #[test]
    fn neighbours_in_an_ipv6_network_share_a_bucket() {
        let mut world = world(10);
        for host in 1..=3 {
            assert_eq!(world.admit(&format!("2001:db8::{host}")), Verdict::Pass);
        }
        assert_eq!(world.admit("2001:db8::4"), Verdict::Throttled);
        assert_eq!(world.admit("2001:db8:0:1::4"), Verdict::Pass);
    }

    #[test]
    fn memory_is_bounded_and_newcomers_share_what_is_left() {
        let mut world = world(2);
        world.admit("192.0.2.1");
        world.admit("192.0.2.2");
        let verdicts: Vec<_> = (3..7).map(|host| world.admit(&format!("192.0.2.{host}"))).collect();
        assert_eq!(
            verdicts,
            [Verdict::Pass, Verdict::Pass, Verdict::Pass, Verdict::Throttled]
        );
        assert!(!world.failed("192.0.2.9"));
        assert_eq!(world.guard.sources(), 2);
        world.after(2_000);
        world.admit("192.0.2.8");
        assert_eq!(world.guard.sources(), 1);
    }
}
