//! Where calls may be sent.

use crate::ids::{DepartmentId, MailboxId, MenuId, StaffId};
use crate::number::PhoneNumber;

/// Whom a number reaches, where calls go that a department does not take, what a key of a menu leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    Staff(StaffId),
    /// Its line.
    Department(DepartmentId),
    Menu(MenuId),
    Mailbox(MailboxId),
    /// A number outside, by the account's trunks.
    Number(PhoneNumber),
}
