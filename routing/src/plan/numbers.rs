//! Connected numbers: which of our numbers reaches whom.

use super::IdMap;
use super::destination::Destination;
use crate::ids::{AccountId, TrunkId};
use crate::number::PhoneNumber;

/// A number (DID) that calls from outside arrive on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanNumber {
    pub number: PhoneNumber,
    pub account: AccountId,
    /// `None`: it may arrive by any trunk of the account.
    pub trunk: Option<TrunkId>,
    pub to: Destination,
}

#[derive(Debug, Clone, Default)]
pub struct NumberSection {
    by_number: IdMap<(AccountId, PhoneNumber), PlanNumber>,
}

impl NumberSection {
    /// Live numbers of all accounts; within an account a number is unique.
    pub fn new(numbers: Vec<PlanNumber>) -> NumberSection {
        let key = |number: PlanNumber| ((number.account, number.number), number);
        NumberSection {
            by_number: numbers.into_iter().map(key).collect(),
        }
    }

    pub fn get(&self, account: AccountId, number: PhoneNumber) -> Option<&PlanNumber> {
        self.by_number.get(&(account, number))
    }
}
