//! Accounts: tenant companies.

mod caller_id;
mod moment;
mod operator;
mod store;

use frontdesk_routing::ids::AccountId;
pub use frontdesk_routing::plan::RecordingPolicy;

pub use caller_id::{CallerId, CallerIdPatch, shows_name};
pub use moment::day_began;
pub(crate) use moment::{is_zone, moment, told};
pub(crate) use operator::ALL as OPERATOR;
pub use operator::is_operator;
pub(crate) use store::{ALL, within};
pub use store::{by_number, create, get, list, seal, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// The prefix of its logins.
    pub number: i64,
    pub name: String,
    /// Where national numbers belong, as two letters.
    pub region: String,
    pub time_zone: String,
    pub realm: String,
    pub recording: RecordingPolicy,
    pub caller_id: CallerId,
    /// Days of which a schedule says nothing count as open.
    pub open_when_unknown: bool,
    pub unknown_callers: UnknownCallers,
    /// A login needs a second factor.
    pub two_factor_required: bool,
    pub version: i64,
}

/// What becomes of a number outside that is no client's when a call with it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownCallers {
    #[default]
    Ignore,
    /// A client is made, for people to look at.
    MakeClient,
}

impl UnknownCallers {
    pub fn name(self) -> &'static str {
        match self {
            UnknownCallers::Ignore => "ignore",
            UnknownCallers::MakeClient => "make_client",
        }
    }

    pub fn named(name: &str) -> Option<UnknownCallers> {
        [UnknownCallers::Ignore, UnknownCallers::MakeClient]
            .into_iter()
            .find(|policy| policy.name() == name)
    }

    /// As the table has it.
    fn word(self) -> &'static str {
        match self {
            UnknownCallers::Ignore => "none",
            UnknownCallers::MakeClient => "stub",
        }
    }

    fn read(word: &str) -> Option<UnknownCallers> {
        [UnknownCallers::Ignore, UnknownCallers::MakeClient]
            .into_iter()
            .find(|policy| policy.word() == word)
    }
}

#[derive(Debug, Clone, Default)]
pub struct AccountPatch {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    /// `always` or `never`.
    pub recording_policy: Option<String>,
    pub caller_id: CallerIdPatch,
    pub open_when_unknown: Option<bool>,
    /// `ignore` or `make_client`.
    pub unknown_callers: Option<String>,
    pub two_factor_required: Option<bool>,
}

pub fn policy_name(policy: RecordingPolicy) -> &'static str {
    match policy {
        RecordingPolicy::Always => "always",
        RecordingPolicy::Never => "never",
    }
}

pub fn policy_named(name: &str) -> Option<RecordingPolicy> {
    match name {
        "always" => Some(RecordingPolicy::Always),
        "never" => Some(RecordingPolicy::Never),
        _ => None,
    }
}
