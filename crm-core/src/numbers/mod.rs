//! Telephone numbers: how people type them, and those that are connected: which of ours reaches whom.

mod forms;
mod greeting;
mod shown;
mod store;

use frontdesk_routing::ids::{NumberId, StaffId, TrunkId};
use frontdesk_routing::plan::Destination;

use crate::destinations::DestinationPatch;

pub use forms::{e164, grouped};
pub(crate) use greeting::{ALL as GREETINGS, planned as greetings};
pub use greeting::{NewGreeting, greeting, set_greeting};
pub(crate) use shown::{ALL as SHOWN, not_connected, not_shown, typed};
pub(crate) use store::{ALL, none_reaches, not_ours, section};
pub use store::{create, delete, get, list, page, update, used_as_phones};

/// A connected number (DID).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub id: NumberId,
    /// E.164.
    pub number: String,
    /// `None`: by whichever line of the account it arrives.
    pub trunk: Option<TrunkId>,
    /// Not a number outside.
    pub to: Destination,
    pub version: i64,
}

/// A person whose own telephone is said to be a connected number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedAsPhone {
    pub number: NumberId,
    pub staff: StaffId,
    pub name: String,
}

/// What is to change, as typed: an outer `None` stays. Naming one destination takes the place of the other.
#[derive(Debug, Clone, Default)]
pub struct NumberPatch {
    pub number: Option<String>,
    pub trunk: Option<Option<String>>,
    /// Without a number outside.
    pub to: DestinationPatch,
}
