//! Feature codes of each account, and whose calls may be picked up.

mod store;

use std::collections::BTreeMap;

use frontdesk_routing::ids::AccountId;
pub use frontdesk_routing::plan::{PickupRight, PlanFeatures};

pub(crate) use store::{ALL, section};
pub use store::{get, update};

/// Version 0 is what every account begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Features {
    pub account: AccountId,
    pub settings: PlanFeatures,
    pub version: i64,
}

/// What is to change: an inner `None` switches a feature off.
#[derive(Debug, Clone, Default)]
pub struct FeaturesPatch {
    pub codes: BTreeMap<String, Option<String>>,
    /// `anyone` or `department`.
    pub pickup: Option<String>,
    /// Where calls are parked, as in `701-720`.
    pub places: Option<String>,
}

pub fn pickup_name(right: PickupRight) -> &'static str {
    match right {
        PickupRight::Anyone => "anyone",
        PickupRight::Department => "department",
    }
}

pub fn pickup_named(name: &str) -> Option<PickupRight> {
    match name {
        "anyone" => Some(PickupRight::Anyone),
        "department" => Some(PickupRight::Department),
        _ => None,
    }
}
