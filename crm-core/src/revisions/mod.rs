//! The configuration as history: each change of a department, a number, a menu ... is a numbered revision that says what
//! was before and after, and can be undone.
//!
//! Nobody has to remember to write one: when a transaction commits whose deeds touch the configuration, the rows of what
//! they touched are read as they are by then and compared with what was known of them.

mod state;
mod store;
mod thing;
mod undo;

use frontdesk_routing::ids::StaffId;

pub use state::{Change, State, changes};
pub(crate) use store::{ALL, begin, keep};
pub use store::{get, list, look_around, names};
pub use thing::Thing;
pub(crate) use undo::ALL as UNDO;
pub use undo::undo;

/// One change of one thing.
#[derive(Debug, Clone)]
pub struct Revision {
    /// From 1, in the account.
    pub number: i64,
    /// Unix milliseconds.
    pub at: i64,
    /// `None` is the program itself.
    pub actor_staff: Option<StaffId>,
    pub actor_name: String,
    /// As in the audit; `department.found` when it was changed behind the program's back.
    pub action: String,
    pub thing: Thing,
    pub thing_id: String,
    /// What it was called, empty for settings.
    pub name: String,
    /// `None`: it was not there.
    pub before: Option<State>,
    /// `None`: it is gone.
    pub after: Option<State>,
}

#[derive(Debug, Clone, Default)]
pub struct RevisionQuery {
    pub thing: Option<Thing>,
    pub thing_id: Option<String>,
}
