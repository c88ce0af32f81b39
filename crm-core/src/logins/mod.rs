//! Logins: passwords, and the sessions of people at pages.

mod password;
mod store;

use frontdesk_routing::ids::{AccountId, LoginId, StaffId};

use crate::access::Role;

pub use password::hash;
pub(crate) use store::{ALL, end_all_of, end_others, token_hash};
pub use store::{authenticate, end, find_by_token, fresh_token, open, touch};

/// A live session and who it belongs to.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: LoginId,
    pub account: AccountId,
    pub staff: StaffId,
    pub name: String,
    pub role: Role,
    /// Of the account's roles and groups, as `roles::Cache` takes it.
    pub rights_version: i64,
    /// The account wants a second factor that the person has not set up yet.
    pub must_enrol: bool,
    pub csrf: String,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
}

/// How long a session lives, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// After its last request.
    pub idle_ms: i64,
    /// After its beginning, however much it is used.
    pub longest_ms: i64,
}

/// A session just opened; the token is told this once and kept as a hash.
#[derive(Debug, Clone)]
pub struct Opened {
    pub id: LoginId,
    pub token: String,
    pub csrf: String,
    /// Whose session the browser had before, which has ended.
    pub ended: Option<(AccountId, StaffId)>,
}

/// Who gave the right password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub account: AccountId,
    pub staff: StaffId,
    pub name: String,
}

/// Where a login comes from.
#[derive(Debug, Clone, Default)]
pub struct From {
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    /// The token of the session that the browser has: the new one takes its place.
    pub session: Option<String>,
}
