//! Clients by number: compact, for a million of them.

use std::sync::Arc;

use crate::ids::{AccountId, ClientId};
use crate::number::PhoneNumber;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanClient {
    pub id: ClientId,
    pub account: AccountId,
    pub number: PhoneNumber,
    pub name: Arc<str>,
    pub vip: bool,
}

/// Sorted by account and number.
#[derive(Debug, Clone, Default)]
pub struct ClientSection {
    sorted: Vec<PlanClient>,
}

impl ClientSection {
    pub fn new(mut clients: Vec<PlanClient>) -> ClientSection {
        clients.sort_by_key(|client| (client.account, client.number));
        clients.shrink_to_fit();
        ClientSection { sorted: clients }
    }

    pub fn by_number(&self, account: AccountId, number: PhoneNumber) -> Option<&PlanClient> {
        let at = self
            .sorted
            .binary_search_by_key(&(account, number), |client| (client.account, client.number));
        self.sorted.get(at.ok()?)
    }

    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}
