//! Who the called side is told is calling.

use crate::ids::{AccountId, ClientId};
use crate::number::PhoneNumber;
use crate::plan::{DialPlan, PlanStaff};

/// A caller as a phone shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCaller {
    /// Empty when only the number is known.
    pub name: String,
    /// E.164 with its plus, a short number, or the SIP user of somebody without one; empty for an anonymous caller.
    pub number: String,
    pub client: Option<ClientId>,
}

/// A colleague: their name and short number, whatever their phone claims.
pub fn of_staff(plan: &DialPlan, staff: &PlanStaff) -> ShownCaller {
    let client = staff
        .phone
        .and_then(|phone| plan.clients.by_number(staff.account, phone));
    let short = staff.short_number.map(|short| short.to_string());
    let user = || staff.sip.as_ref().map(|sip| sip.user.to_string());
    ShownCaller {
        name: client.map_or_else(|| staff.name.to_string(), |client| client.name.to_string()),
        number: short.or_else(user).unwrap_or_default(),
        client: client.map(|client| client.id),
    }
}

/// A caller from outside whose number the trunk asserts: a client's name if the number is a client's.
pub fn of_outside(plan: &DialPlan, account: AccountId, number: Option<PhoneNumber>, display: &str) -> ShownCaller {
    let client = number.and_then(|number| plan.clients.by_number(account, number));
    ShownCaller {
        name: client.map_or_else(|| display.to_owned(), |client| client.name.to_string()),
        number: number.map(PhoneNumber::reveal).unwrap_or_default(),
        client: client.map(|client| client.id),
    }
}
