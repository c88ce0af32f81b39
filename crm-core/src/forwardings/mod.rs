//! Do not disturb and forwarding of each staff member.

mod rules;
mod store;

use frontdesk_routing::forwarding::{Change, Forwarding};
use frontdesk_routing::ids::{AccountId, StaffId};

pub(crate) use store::{ALL, by_phone, section};
pub use store::{get, put};

/// What somebody has set; version 0 is what everybody begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    pub staff: StaffId,
    pub forwarding: Forwarding,
    pub version: i64,
}

/// As typed. A target is a short number of the account or a telephone number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSettings {
    pub dnd: bool,
    pub always: Option<String>,
    pub busy: Option<String>,
    pub no_answer: Option<String>,
    /// Seconds; `None` is the default.
    pub no_answer_after: Option<i64>,
    pub offline: Option<String>,
}

/// A change that somebody made by a feature code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByPhone {
    pub account: AccountId,
    pub staff: StaffId,
    pub change: Change,
    /// Above that of each earlier change of the same person.
    pub mark: i64,
    pub at: i64,
    /// Unguessable.
    pub random: u128,
}
