//! API tokens: for programs, with scopes and an expiry.

mod store;

use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, StaffId, TokenId};

use crate::access::{Right, Role};

pub(crate) use store::{ALL, revoke_all_of};
pub use store::{create, find, get, list, revoke, touch};

#[derive(Debug, Clone)]
pub struct Token {
    pub id: TokenId,
    pub account: AccountId,
    pub staff: StaffId,
    pub name: String,
    pub scopes: BTreeSet<Right>,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    /// When a program last showed it, give or take a few minutes; `None`: never, or not since that is noted.
    pub last_used_at: Option<i64>,
}

/// A token in use, with its owner's name and role.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub token: Token,
    pub owner: String,
    pub role: Role,
    /// Of the account's roles and groups, as `roles::Cache` takes it.
    pub rights_version: i64,
}

#[derive(Debug, Clone, Default)]
pub struct NewToken {
    pub name: String,
    /// Names of rights.
    pub scopes: Vec<String>,
    pub lifetime_ms: i64,
}
