//! What may be set of a mailbox. Pure.

use std::str::FromStr;

use frontdesk_routing::ids::StaffId;

use super::{Mailbox, MailboxPatch, Owner};
use crate::notices::Language;
use crate::store::FieldError;

/// Seconds that a message may be allowed at most.
pub const LONGEST_S: i64 = 600;
const LONGEST: std::ops::RangeInclusive<i64> = 5..=LONGEST_S;
pub(super) const DEFAULT_LONGEST: i64 = 120;

/// Whose mailbox a new one is.
pub(super) fn owner(patch: &MailboxPatch) -> Result<Owner, FieldError> {
    match (&patch.staff, &patch.department) {
        (Some(staff), None) => known("staff_id", staff).map(Owner::Staff),
        (None, Some(department)) => known("department_id", department).map(Owner::Department),
        (None, None) | (Some(_), Some(_)) => Err(FieldError::new(
            "staff_id",
            "invalid",
            "exactly one of `staff_id` and `department_id`",
        )),
    }
}

/// The mailbox after the patch, and every fault.
pub(super) fn patched(before: &Mailbox, patch: &MailboxPatch) -> (Mailbox, Vec<FieldError>) {
    let (mut after, mut faults) = (before.clone(), Vec::new());
    after.enabled = patch.enabled.unwrap_or(before.enabled);
    if let Some(longest) = patch.longest_s {
        after.longest_s = longest;
        if !LONGEST.contains(&longest) {
            faults.push(FieldError::new("longest_s", "invalid", "5 to 600 seconds"));
        }
    }
    if let Some(language) = patch.language.as_deref().map(str::trim) {
        after.language = Language::named(language);
        if after.language.is_none() && !language.is_empty() {
            faults.push(FieldError::new("language", "invalid", "`ru` or `en`"));
        }
    }
    if let Some(whom) = patch.email_to.as_deref().map(str::trim) {
        match (whom, known::<StaffId>("email_to_staff_id", whom)) {
            ("", _) => after.email_to = None,
            (_, Ok(staff)) => after.email_to = Some(staff),
            (_, Err(fault)) => faults.push(fault),
        }
    }
    (after, faults)
}

fn known<T: FromStr>(field: &str, text: &str) -> Result<T, FieldError> {
    text.trim().parse().map_err(|_| unknown(field))
}

pub(super) fn unknown(field: &str) -> FieldError {
    FieldError::new(field, "unknown", "no such thing in this company")
}
