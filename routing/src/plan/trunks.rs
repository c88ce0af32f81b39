//! Provider lines.

use std::sync::Arc;

use crate::ids::{AccountId, SipAccountId, TrunkId};

use super::PlanSip;

/// A provider's line that registers with us and is trusted to assert any caller's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTrunk {
    pub id: TrunkId,
    pub account: AccountId,
    pub name: Arc<str>,
    pub sip: PlanSip,
}

/// Few: searched in order.
#[derive(Debug, Clone, Default)]
pub struct Trunks {
    items: Vec<PlanTrunk>,
}

impl Trunks {
    pub fn new(items: Vec<PlanTrunk>) -> Self {
        Trunks { items }
    }

    pub fn get(&self, id: TrunkId) -> Option<&PlanTrunk> {
        self.items.iter().find(|trunk| trunk.id == id)
    }

    pub fn by_sip_user(&self, user: &str) -> Option<&PlanTrunk> {
        self.items.iter().find(|trunk| *trunk.sip.user == *user)
    }

    pub fn by_sip_account(&self, id: SipAccountId) -> Option<&PlanTrunk> {
        self.items.iter().find(|trunk| trunk.sip.id == id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanTrunk> {
        self.items.iter()
    }
}
