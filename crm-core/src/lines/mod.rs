//! Lines of departments: how each stay of a call in one ended, and what that comes to.

mod store;

use frontdesk_routing::ids::{AccountId, CallId, DepartmentId};
use frontdesk_routing::queue::Counts;

pub use store::figures;
pub(crate) use store::{ALL, save};

/// A call has left a line. Times are unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineStay {
    pub call: CallId,
    pub account: AccountId,
    pub department: DepartmentId,
    pub left_at: i64,
    /// In this line.
    pub waited_ms: i64,
    pub outcome: LineOutcome,
}

/// How a call leaves a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// A member has taken it.
    Answered,
    /// Its caller has hung up.
    Abandoned,
    /// The line was full or nobody worked, or it had waited too long.
    Overflowed,
    /// It goes on elsewhere by somebody's hand.
    Withdrawn,
}

impl LineOutcome {
    pub fn name(self) -> &'static str {
        match self {
            LineOutcome::Answered => "answered",
            LineOutcome::Abandoned => "abandoned",
            LineOutcome::Overflowed => "overflowed",
            LineOutcome::Withdrawn => "withdrawn",
        }
    }
}

/// What has become of the calls of a line. Those that were withdrawn count for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    pub answered: u64,
    /// Of these, within the time of the service level as it is set now.
    pub answered_in_time: u64,
    pub abandoned: u64,
    pub overflowed: u64,
    /// The sum of all waits.
    pub waited_ms: i64,
    pub longest_ms: i64,
}

impl Figures {
    pub fn offered(&self) -> u64 {
        self.answered
            .saturating_add(self.abandoned)
            .saturating_add(self.overflowed)
    }

    /// Calls answered in time, in thousandths of those offered. `None` before the first.
    pub fn service_level(&self) -> Option<u64> {
        let counts = Counts {
            answered: self.answered,
            answered_in_time: self.answered_in_time,
            abandoned: self.abandoned,
            expired: self.overflowed,
            ..Counts::default()
        };
        counts.service_level()
    }

    /// The mean wait in milliseconds. `None` before the first call.
    pub fn average_ms(&self) -> Option<i64> {
        let offered = i64::try_from(self.offered()).ok()?;
        self.waited_ms.checked_div(offered)
    }
}
