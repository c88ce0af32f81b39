//! How many calls a trunk carries at a time, and how many new ones a second.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use frontdesk_routing::plan::trunks::TrunkLimits;
use frontdesk_sip::event::SessionId;

/// Of one trunk, in both directions.
#[derive(Debug, Default)]
pub(super) struct Channels {
    /// Sessions that are over are looked for only when there seem to be too many.
    sessions: BTreeSet<SessionId>,
    /// New calls that may begin now, in thousandths.
    allowance: u64,
    counted: Option<Instant>,
}

/// Why a call is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Calls,
    PerSecond,
}

impl Full {
    pub(super) fn why(self) -> &'static str {
        match self {
            Full::Calls => "carries as many calls as it may",
            Full::PerSecond => "has taken as many new calls in a second as it may",
        }
    }
}

impl Channels {
    /// Counts a new call, unless there are too many; `lives` tells which sessions still go on.
    pub(super) fn take(
        &mut self,
        session: SessionId,
        limits: TrunkLimits,
        lives: impl Fn(SessionId) -> bool,
        now: Instant,
    ) -> Result<(), Full> {
        let most = limits
            .calls
            .map_or(usize::MAX, |calls| usize::try_from(calls).unwrap_or(usize::MAX));
        // Without a limit the set is swept now and then all the same.
        if self.sessions.len() >= most.min(4096) {
            self.sessions.retain(|session| lives(*session));
        }
        if self.sessions.len() >= most {
            return Err(Full::Calls);
        }
        if let Some(per_second) = limits.per_second {
            self.refill(u64::from(per_second), now);
            self.allowance = self.allowance.checked_sub(1000).ok_or(Full::PerSecond)?;
        }
        self.sessions.insert(session);
        Ok(())
    }

    pub(super) fn release(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    fn refill(&mut self, per_second: u64, now: Instant) {
        let full = per_second.saturating_mul(1000);
        let since = self.counted.map(|before| now.saturating_duration_since(before));
        let since = since.unwrap_or(Duration::from_secs(1)).as_millis();
        let gained = u64::try_from(since).unwrap_or(u64::MAX).saturating_mul(per_second);
        self.allowance = self.allowance.saturating_add(gained).min(full);
        self.counted = Some(now);
    }
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the one instant that all others are counted from"
)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_at_a_time_and_by_the_second() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut channels = Channels::default();
        let limits = TrunkLimits {
            calls: Some(3),
            per_second: Some(2),
        };
        let all = |_| true;
        assert_eq!(channels.take(SessionId(1), limits, all, at(0)), Ok(()));
        assert_eq!(channels.take(SessionId(2), limits, all, at(0)), Ok(()));
        assert_eq!(channels.take(SessionId(3), limits, all, at(100)), Err(Full::PerSecond));
        assert_eq!(channels.take(SessionId(3), limits, all, at(500)), Ok(()));
        assert_eq!(channels.take(SessionId(4), limits, all, at(5000)), Err(Full::Calls));
        channels.release(SessionId(2));
        assert_eq!(channels.take(SessionId(4), limits, all, at(5000)), Ok(()));
        assert_eq!(channels.take(SessionId(5), limits, all, at(9000)), Err(Full::Calls));
        let lives = |session| session != SessionId(1);
        assert_eq!(channels.take(SessionId(5), limits, lives, at(9000)), Ok(()));
        let none = TrunkLimits::default();
        for session in 10..10_000 {
            let lives = |other: SessionId| other.0 + 5 > session;
            assert_eq!(channels.take(SessionId(session), none, lives, at(9000)), Ok(()));
        }
        assert!(channels.sessions.len() <= 4096);
    }
}
