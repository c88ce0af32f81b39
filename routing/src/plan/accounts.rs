//! The companies.

use std::sync::Arc;

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
    pub realm: Arc<str>,
    pub recording: RecordingPolicy,
    /// ISO 3166 code: how national numbers are read.
    pub region: Arc<str>,
}

#[derive(Debug, Clone, Default)]
pub struct Accounts {
    items: Vec<PlanAccount>,
}

impl Accounts {
    pub fn new(mut items: Vec<PlanAccount>) -> Self {
        items.sort_by_key(|account| account.id);
        Accounts { items }
    }

    pub fn get(&self, id: AccountId) -> Option<&PlanAccount> {
        let index = self.items.binary_search_by_key(&id, |account| account.id).ok()?;
        self.items.get(index)
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanAccount> {
        self.items.iter()
    }
}
