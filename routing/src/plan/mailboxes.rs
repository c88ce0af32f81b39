//! Mailboxes: where messages are left.

use std::collections::HashSet;
use std::sync::Arc;

use super::{DialPlan, IdMap};
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
    all: IdMap<MailboxId, PlanMailbox>,
    by_staff: IdMap<StaffId, MailboxId>,
    by_department: IdMap<DepartmentId, MailboxId>,
    accounts: HashSet<AccountId>,
}

impl MailboxSection {
    /// Those of all accounts; nobody has two.
    pub fn new(mailboxes: Vec<PlanMailbox>) -> MailboxSection {
        let own = |mailbox: &PlanMailbox| Some((mailbox.staff?, mailbox.id));
        let common = |mailbox: &PlanMailbox| Some((mailbox.department?, mailbox.id));
        MailboxSection {
            accounts: mailboxes.iter().map(|mailbox| mailbox.account).collect(),
            by_staff: mailboxes.iter().filter_map(own).collect(),
            by_department: mailboxes.iter().filter_map(common).collect(),
            all: mailboxes.into_iter().map(|mailbox| (mailbox.id, mailbox)).collect(),
        }
    }

    pub fn get(&self, mailbox: MailboxId) -> Option<&PlanMailbox> {
        self.all.get(&mailbox)
    }

    /// The account has some.
    pub fn has(&self, account: AccountId) -> bool {
        self.accounts.contains(&account)
    }

    /// A person's own one.
    pub fn of_staff(&self, staff: StaffId) -> Option<&PlanMailbox> {
        self.get(*self.by_staff.get(&staff)?)
    }

    /// That of a department.
    pub fn of_department(&self, department: DepartmentId) -> Option<&PlanMailbox> {
        self.get(*self.by_department.get(&department)?)
    }
}

impl DialPlan {
    /// Those whose messages are for this person: their own one, and those of their departments.
    pub fn mailboxes_of(&self, staff: StaffId) -> impl Iterator<Item = &PlanMailbox> {
        let departments = self.departments.of_staff(staff).iter();
        let common = departments.filter_map(|department| self.mailboxes.of_department(*department));
        self.mailboxes.of_staff(staff).into_iter().chain(common)
    }
}
