//! Which trunks take which calls outside, as an account has ordered it, and its emergency numbers.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::emergency::PlanEmergency;
use crate::ids::{AccountId, RouteId, TrunkId};
use crate::number::PhoneNumber;

/// The longest prefix of a route: as long as a number.
pub const LONGEST_PREFIX: usize = 15;

/// Trunks in the order in which they are tried.
pub type Ways = SmallVec<[TrunkId; 2]>;

/// What calls a route is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteFor {
    /// Numbers that begin with these digits, without the plus; with none: all numbers.
    Prefix(Box<str>),
    /// Emergency numbers.
    Emergency,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRoute {
    pub id: RouteId,
    pub account: AccountId,
    pub name: Box<str>,
    pub calls: RouteFor,
    /// None: such calls are not made.
    pub trunks: Ways,
}

/// Accounts that have set nothing are not in it.
#[derive(Debug, Clone, Default)]
pub struct RouteSection {
    routes: BTreeMap<AccountId, BTreeMap<RouteFor, PlanRoute>>,
    emergencies: BTreeMap<AccountId, PlanEmergency>,
}

impl RouteSection {
    pub fn new(
        routes: impl IntoIterator<Item = PlanRoute>,
        emergencies: impl IntoIterator<Item = (AccountId, PlanEmergency)>,
    ) -> RouteSection {
        let mut section = RouteSection {
            routes: BTreeMap::new(),
            emergencies: emergencies.into_iter().collect(),
        };
        for route in routes {
            let account = section.routes.entry(route.account).or_default();
            account.insert(route.calls.clone(), route);
        }
        section
    }

    /// The route with the longest prefix that a number has.
    pub fn of_number(&self, account: AccountId, number: PhoneNumber) -> Option<&PlanRoute> {
        let routes = self.routes.get(&account)?;
        let digits = number.as_u64().to_string();
        (0..=digits.len().min(LONGEST_PREFIX)).rev().find_map(|length| {
            let prefix = digits.get(..length)?;
            routes.get(&RouteFor::Prefix(prefix.into()))
        })
    }

    pub fn of_emergencies(&self, account: AccountId) -> Option<&PlanRoute> {
        self.routes.get(&account)?.get(&RouteFor::Emergency)
    }

    /// `None`: the account has set nothing of its own.
    pub fn emergency(&self, account: AccountId) -> Option<&PlanEmergency> {
        self.emergencies.get(&account)
    }
}
