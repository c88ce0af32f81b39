//! Emergency numbers of an account: which there are, how they are dialled, and which come before short numbers.

mod store;

use frontdesk_routing::emergency::ALWAYS;
pub use frontdesk_routing::emergency::PlanEmergency;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::ShortNumber;

use crate::store::FieldError;

pub(crate) use store::{ALL, planned};
pub use store::{get, update};

/// A short number for somebody of the account, as typed; nobody gets 112.
pub(crate) fn short_number(typed: &str) -> Result<ShortNumber, FieldError> {
    let fault = |code, why: String| FieldError::new("short_number", code, why);
    let short = ShortNumber::read(typed).map_err(|bad| fault("invalid", bad.to_string()))?;
    match short.to_string() == ALWAYS {
        true => Err(fault("taken", "112 calls the emergency services".to_owned())),
        false => Ok(short),
    }
}

/// Version 0 is what every account begins with: the numbers of its country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    pub account: AccountId,
    pub settings: PlanEmergency,
    /// Who has a short number that is an emergency number or becomes one after the prefix.
    pub conflicts: Vec<Conflict>,
    pub version: i64,
}

/// A short number of the account that is an emergency number as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub short_number: String,
    /// Whoever dials it reaches the emergency service; else whoever has the short number.
    pub is_emergency: bool,
}

/// As typed; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct EmergencyPatch {
    /// Beside 112.
    pub numbers: Option<Vec<String>>,
    /// An inner `None`: no prefix.
    pub prefix: Option<Option<String>>,
    pub before_short_numbers: Option<bool>,
}
