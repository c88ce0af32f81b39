//! What staff are told outside of calls: an outbox in which each notice stands until it is delivered or given up.

mod missed;
mod store;

use frontdesk_routing::ids::{AccountId, NoticeId, StaffId};

pub(crate) use missed::{ALL as MISSED, missed};
pub(crate) use store::ALL;
pub use store::{claim, failed, list, sent, set_sms};

/// A notice is tried so often at most.
pub const MOST_ATTEMPTS: i64 = 8;
const FIRST_PAUSE_MS: i64 = 30_000;
const LONGEST_PAUSE_MS: i64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    /// Somebody delivers it at this moment, or did when the daemon was killed.
    Sending,
    Sent,
    /// Given up.
    Failed,
}

impl State {
    pub const ALL: [State; 4] = [State::Waiting, State::Sending, State::Sent, State::Failed];

    pub fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Failed => "failed",
        }
    }

    pub fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: NoticeId,
    pub account: AccountId,
    pub staff: StaffId,
    /// `sms`.
    pub channel: String,
    /// `missed_call`.
    pub kind: String,
    /// The person's own number.
    pub recipient: String,
    /// As this person may read it.
    pub body: String,
    pub state: State,
    pub attempts: i64,
    /// Why the last attempt came to nothing.
    pub problem: Option<String>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// Milliseconds before the next attempt.
fn pause(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 16)).unwrap_or(0);
    FIRST_PAUSE_MS
        .saturating_mul(2_i64.saturating_pow(doublings))
        .min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!([1, 2, 3, 8].map(pause), [30_000, 60_000, 120_000, 3_600_000]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE_MS);
    }
}
