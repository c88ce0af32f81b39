//! Mailboxes: where messages are left for a person or a department.

mod rules;
mod store;

use frontdesk_routing::ids::{AccountId, DepartmentId, MailboxId, StaffId};

use crate::notices::Language;

pub use rules::LONGEST_S;
pub(crate) use store::{ALL, close_of, planned};
pub use store::{create, delete, get, greeting, list, page, update, with_greeting};

/// Whose messages they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Staff(StaffId),
    /// All its members hear them.
    Department(DepartmentId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    pub id: MailboxId,
    pub account: AccountId,
    pub owner: Owner,
    /// Messages are taken.
    pub enabled: bool,
    /// The greeting is one of its own, in the data folder.
    pub own_greeting: bool,
    /// Of the built-in greeting; `None`: that of the account's country.
    pub language: Option<Language>,
    /// Seconds of a message at most.
    pub longest_s: i64,
    /// Who is told of messages by e-mail.
    pub email_to: Option<StaffId>,
    /// Messages that nobody has heard.
    pub fresh: i64,
    /// All messages.
    pub total: i64,
    pub version: i64,
}

/// What is absent stays as it is; an owner is for a new mailbox alone.
#[derive(Debug, Clone, Default)]
pub struct MailboxPatch {
    pub staff: Option<String>,
    pub department: Option<String>,
    pub enabled: Option<bool>,
    /// `ru`, `en`, or empty for that of the account's country.
    pub language: Option<String>,
    pub longest_s: Option<i64>,
    /// A staff member's id; empty: nobody.
    pub email_to: Option<String>,
}
