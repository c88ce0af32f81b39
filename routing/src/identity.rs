//! Who somebody is who calls or is called. What others are shown of it is a [`crate::masking::Viewer`]'s business.

use crate::ids::{AccountId, ClientId};
use crate::number::PhoneNumber;
use crate::plan::{DialPlan, PlanStaff};

/// A party as its credentials or its trunk prove it, and whether it wants to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerIdentity {
    /// Empty when only the number is known.
    pub name: String,
    pub asserted: Asserted,
    pub client: Option<ClientId>,
    /// It wants to stay unknown to whom it calls (RFC 3323).
    pub restricted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Asserted {
    #[default]
    Nobody,
    /// A short number, or the SIP user of a colleague without one.
    Inside(String),
    Outside(PhoneNumber),
}

impl CallerIdentity {
    /// The number of somebody outside.
    pub fn outside(&self) -> Option<PhoneNumber> {
        match self.asserted {
            Asserted::Outside(number) => Some(number),
            Asserted::Inside(_) | Asserted::Nobody => None,
        }
    }
}

/// A colleague: their name and short number, whatever their phone claims.
pub fn of_staff(plan: &DialPlan, staff: &PlanStaff) -> CallerIdentity {
    let client = staff
        .phone
        .and_then(|phone| plan.clients.by_number(staff.account, phone));
    let short = staff.short_number.map(|short| short.to_string());
    let user = || staff.sip.as_ref().map(|sip| sip.user.to_string());
    CallerIdentity {
        name: client.map_or_else(|| staff.name.to_string(), |client| client.name.to_string()),
        asserted: short.or_else(user).map_or(Asserted::Nobody, Asserted::Inside),
        client: client.map(|client| client.id),
        restricted: false,
    }
}

/// Somebody outside: a client's name if the number is a client's, else what the provider has written beside it.
pub fn of_outside(plan: &DialPlan, account: AccountId, number: Option<PhoneNumber>, display: &str) -> CallerIdentity {
    let client = number.and_then(|number| plan.clients.by_number(account, number));
    CallerIdentity {
        name: client.map_or_else(|| display.to_owned(), |client| client.name.to_string()),
        asserted: number.map_or(Asserted::Nobody, Asserted::Outside),
        client: client.map(|client| client.id),
        restricted: false,
    }
}
