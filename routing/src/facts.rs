//! What is known when a call arrives.

use crate::ids::{AccountId, StaffId, TrunkId};

/// Who calls, as their credentials prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Staff(StaffId),
    Trunk(TrunkId),
}

/// A new call.
#[derive(Debug, Clone, Copy)]
pub struct CallFacts<'a> {
    pub account: AccountId,
    pub caller: Caller,
    /// As dialled: the user part of the Request-URI, unescaped.
    pub dialled: &'a str,
    /// When it arrives, in unix milliseconds.
    pub at: i64,
}
