//! Menus that callers answer with keys.

mod rules;
mod store;

use frontdesk_routing::plan::PlanMenu;

use crate::destinations::DestinationPatch;

pub(crate) use store::{ALL, section};
pub use store::{create, delete, get, list, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    pub plan: PlanMenu,
    pub version: i64,
}

/// A menu as typed; what is absent stays as it is.
#[derive(Debug, Clone, Default)]
pub struct MenuPatch {
    pub name: Option<String>,
    /// `Some(None)`: nobody dials it.
    pub short_number: Option<Option<String>>,
    pub prompt: Option<String>,
    pub timeout_ms: Option<u32>,
    pub between_ms: Option<u32>,
    pub retries: Option<u32>,
    pub dials_short: Option<bool>,
    /// All keys that lead somewhere; `None`: the call is ended.
    pub keys: Option<Vec<(String, Option<DestinationPatch>)>>,
    pub on_timeout: Option<Option<DestinationPatch>>,
    pub on_invalid: Option<Option<DestinationPatch>>,
}
