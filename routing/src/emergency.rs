//! Emergency numbers. Whoever of the staff dials one goes outside with it before anything else is looked at: by the trunks
//! that the account has set for it, and by all others after them.
//!
//! Offices number their people from 101, where in some countries the fire brigade is. One's colleagues come first there
//! unless the account says otherwise; 112, and any number after the account's prefix, is an emergency always.

use smallvec::SmallVec;

use crate::because::Because;
use crate::decision::Decision;
use crate::facts::{CallFacts, Caller};
use crate::ids::{AccountId, TrunkId};
use crate::number::ShortNumber;
use crate::outbound::region;
use crate::plan::DialPlan;
use crate::plan::routes::Ways;

/// The number that means an emergency on every phone (ETSI TS 122 101 section 10), whoever else might have it.
pub const ALWAYS: &str = "112";
/// What is dialled before an emergency number where somebody's short number is the same.
pub const USUAL_PREFIX: &str = "0";

/// What an account has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEmergency {
    /// Beside 112.
    pub numbers: Vec<ShortNumber>,
    /// Digits after which any emergency number is one whoever has it as a short number; `None`: there is no such way.
    pub prefix: Option<Box<str>>,
    /// Emergency numbers come before the account's own short numbers.
    pub before_short_numbers: bool,
}

impl PlanEmergency {
    /// What accounts of a country (ISO 3166 code) begin with.
    pub fn usual(region: &str) -> PlanEmergency {
        let numbers: &[&str] = match region {
            "US" | "CA" => &["911"],
            "GB" => &["999"],
            "RU" | "BY" | "KZ" | "KG" => &["101", "102", "103", "104"],
            _ => &[],
        };
        PlanEmergency {
            numbers: numbers.iter().filter_map(|text| ShortNumber::read(text).ok()).collect(),
            prefix: Some(USUAL_PREFIX.into()),
            before_short_numbers: false,
        }
    }

    fn has(&self, number: ShortNumber) -> bool {
        is_always(number) || self.numbers.contains(&number)
    }

    fn all(&self) -> impl Iterator<Item = ShortNumber> + '_ {
        ShortNumber::read(ALWAYS)
            .into_iter()
            .chain(self.numbers.iter().copied())
    }
}

fn is_always(number: ShortNumber) -> bool {
    ShortNumber::read(ALWAYS) == Ok(number)
}

/// The emergency number that is meant by what somebody of the account has dialled.
pub fn meant(plan: &DialPlan, account: AccountId, dialled: &str) -> Option<ShortNumber> {
    let settings = settings(plan, account);
    let after_prefix = settings
        .prefix
        .as_deref()
        .and_then(|prefix| dialled.strip_prefix(prefix));
    let prefixed = after_prefix.and_then(|rest| ShortNumber::read(rest).ok());
    if let Some(number) = prefixed.filter(|number| settings.has(*number)) {
        return Some(number);
    }
    let plain = ShortNumber::read(dialled).ok().filter(|number| settings.has(*number))?;
    let nobodys = || {
        plan.staff.by_short(account, plain).is_none()
            && plan.departments.by_short(account, plain).is_none()
            && plan.menus.by_short(account, plain).is_none()
    };
    (is_always(plain) || settings.before_short_numbers || nobodys()).then_some(plain)
}

/// A call of the staff to an emergency number; `None`: it is to somebody else.
pub fn decide(plan: &DialPlan, facts: &CallFacts<'_>) -> Option<Decision> {
    let Caller::Staff(_) = facts.caller else {
        return None;
    };
    let number = meant(plan, facts.account, facts.dialled)?;
    let trunks = trunks(plan, facts.account);
    let first = trunks.first().and_then(|trunk| plan.staff.trunk(*trunk));
    let Some(trunk) = first.map(|trunk| trunk.name.to_string()) else {
        return Some(Decision::refuse(503, Because::NoTrunk));
    };
    Some(Decision::Emergency {
        number,
        trunks,
        because: Because::Emergency { trunk },
    })
}

/// Those of the account's route for it, then all others by their place.
pub fn trunks(plan: &DialPlan, account: AccountId) -> Ways {
    let takes = |trunk: &TrunkId| {
        let trunk = plan.staff.trunk(*trunk);
        trunk.is_some_and(|trunk| trunk.account == account && trunk.takes_calls())
    };
    let route = plan.routes.of_emergencies(account);
    let mut ways: Ways = route
        .into_iter()
        .flat_map(|route| route.trunks.iter().copied())
        .collect();
    let own = plan.staff.trunks().iter().filter(|trunk| trunk.account == account);
    let mut others: SmallVec<[(u16, TrunkId); 4]> = own.map(|trunk| (trunk.place, trunk.id)).collect();
    others.sort_unstable();
    let others = others.into_iter().map(|(_, id)| id);
    for other in others {
        if !ways.contains(&other) {
            ways.push(other);
        }
    }
    ways.retain(|trunk| takes(trunk));
    ways
}

/// All that is an emergency for whoever of some account dials it: such calls go before others when not all can be served.
pub fn urgent(plan: &DialPlan) -> Vec<String> {
    let mut urgent: Vec<String> = Vec::new();
    for account in plan.accounts.iter() {
        let settings = settings(plan, account.id);
        for number in settings.all() {
            let plain = number.to_string();
            let prefixed = settings.prefix.as_deref().map(|prefix| format!("{prefix}{plain}"));
            let dialled = std::iter::once(plain).chain(prefixed);
            urgent.extend(dialled.filter(|dialled| meant(plan, account.id, dialled).is_some()));
        }
    }
    urgent.sort_unstable();
    urgent.dedup();
    urgent
}

pub(crate) fn settings(plan: &DialPlan, account: AccountId) -> PlanEmergency {
    let own = plan.routes.emergency(account);
    own.cloned()
        .unwrap_or_else(|| PlanEmergency::usual(region(plan, account)))
}

#[cfg(test)]
mod tests;
