//! Mailboxes: where messages are left.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ids::{AccountId, DepartmentId, MailboxId, StaffId};

/// A mailbox of a person or of a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanMailbox {
    pub id: MailboxId,
    pub account: AccountId,
    pub staff: Option<StaffId>,
    pub department: Option<DepartmentId>,
    /// Of whoever the messages are for.
    pub name: Arc<str>,
    /// Messages are taken.
    pub enabled: bool,
    /// It has a greeting of its own.
    pub own_greeting: bool,
    /// The built-in greeting is the Russian one; else the English one.
    pub russian: bool,
    /// Seconds of a message at most.
    pub longest_s: u16,
}

#[derive(Debug, Clone, Default)]
pub struct MailboxSection {
    all: HashMap<MailboxId, PlanMailbox>,
    by_staff: HashMap<StaffId, MailboxId>,
}

impl MailboxSection {
    /// Those of all accounts; nobody has two.
    pub fn new(mailboxes: Vec<PlanMailbox>) -> MailboxSection {
        let own = |mailbox: &PlanMailbox| Some((mailbox.staff?, mailbox.id));
        MailboxSection {
            by_staff: mailboxes.iter().filter_map(own).collect(),
            all: mailboxes.into_iter().map(|mailbox| (mailbox.id, mailbox)).collect(),
        }
    }

    pub fn get(&self, mailbox: MailboxId) -> Option<&PlanMailbox> {
        self.all.get(&mailbox)
    }

    /// A person's own one.
    pub fn of_staff(&self, staff: StaffId) -> Option<&PlanMailbox> {
        self.get(*self.by_staff.get(&staff)?)
    }
}
