//! Accounts: what a whole company has set.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::caller_id::AccountCallerId;
use crate::ids::AccountId;

/// Which answered calls are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordingPolicy {
    #[default]
    Always,
    Never,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAccount {
    pub id: AccountId,
    /// The login prefix.
    pub number: i64,
    pub name: Arc<str>,
    /// Protection space of its phones' passwords.
    pub realm: Arc<str>,
    pub recording: RecordingPolicy,
    /// ISO 3166 code of the country whose national numbers it uses.
    pub region: Arc<str>,
    pub caller_id: AccountCallerId,
}

#[derive(Debug, Clone, Default)]
pub struct AccountSection {
    by_id: BTreeMap<AccountId, PlanAccount>,
}

impl AccountSection {
    pub fn new(accounts: Vec<PlanAccount>) -> AccountSection {
        AccountSection {
            by_id: accounts.into_iter().map(|account| (account.id, account)).collect(),
        }
    }

    pub fn get(&self, account: AccountId) -> Option<&PlanAccount> {
        self.by_id.get(&account)
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanAccount> {
        self.by_id.values()
    }
}
