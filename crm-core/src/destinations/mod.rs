//! Where calls may be sent: what is typed, the columns that keep it, and that it is the account's.

mod rules;
mod store;

pub(crate) use rules::{columns, named, read, told};
pub(crate) use store::{ALL, DestinationRow, fault, not_used};
pub use store::{Owner, mailboxes, menus};

/// A destination as typed: exactly one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestinationPatch {
    pub staff: Option<String>,
    pub department: Option<String>,
    pub menu: Option<String>,
    pub mailbox: Option<String>,
    /// A number outside in any usual form.
    pub number: Option<String>,
}

impl DestinationPatch {
    pub fn staff(id: impl ToString) -> DestinationPatch {
        DestinationPatch {
            staff: Some(id.to_string()),
            ..DestinationPatch::default()
        }
    }
}
