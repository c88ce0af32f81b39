//! What people have set on their phones, and the codes they do it with.

use std::collections::BTreeMap;

use super::IdMap;
use crate::features::{FeatureCodes, Places};
use crate::forwarding::Forwarding;
use crate::ids::{AccountId, StaffId};

/// Whose ringing calls may be picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PickupRight {
    /// Everybody's of the account.
    #[default]
    Anyone,
    /// Those of people who share a department with whoever picks up.
    Department,
}

/// An account's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanFeatures {
    pub codes: FeatureCodes,
    pub pickup: PickupRight,
    pub places: Places,
}

/// A person's settings and the mark of the last change by phone that they show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanForwarding {
    pub settings: Forwarding,
    pub mark: i64,
}

/// Accounts and people who have changed nothing are not in it.
#[derive(Debug, Clone, Default)]
pub struct FeatureSection {
    accounts: BTreeMap<AccountId, PlanFeatures>,
    people: IdMap<StaffId, PlanForwarding>,
    defaults: PlanFeatures,
}

impl FeatureSection {
    pub fn new(
        accounts: impl IntoIterator<Item = (AccountId, PlanFeatures)>,
        people: impl IntoIterator<Item = (StaffId, PlanForwarding)>,
    ) -> FeatureSection {
        FeatureSection {
            accounts: accounts.into_iter().collect(),
            people: people.into_iter().collect(),
            defaults: PlanFeatures::default(),
        }
    }

    pub fn of(&self, account: AccountId) -> &PlanFeatures {
        self.accounts.get(&account).unwrap_or(&self.defaults)
    }

    /// A person's settings, and the mark of the last change by phone that they show.
    pub fn forwarding(&self, staff: StaffId) -> PlanForwarding {
        self.people.get(&staff).copied().unwrap_or_default()
    }
}
