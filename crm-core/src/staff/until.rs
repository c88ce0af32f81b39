//! Until when a person has access. From that moment on there are no log-in, session, token and SIP account of theirs.

use frontdesk_routing::ids::StaffId;
use serde_json::Value;

use crate::accounts::{moment, told};
use crate::audit::Author;
use crate::store::{FieldError, StoreError, Tx, args};
use crate::{logins, tokens};

const SET: &str = "UPDATE staff SET access_until = $2 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[SET];

/// Whose access it is, and when and where the moment is typed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) main: bool,
    /// The account's.
    pub(super) zone: &'a str,
    pub(super) now: i64,
}

/// The moment that there was, after a change; in unix milliseconds, `None` is for ever. A past one stays, but none is set.
///
/// # Errors
/// The fault of `access_until`.
pub(super) fn patched(
    before: Option<i64>,
    typed: Option<Option<String>>,
    whose: Whose<'_>,
) -> Result<Option<i64>, StoreError> {
    let Some(typed) = typed else { return Ok(before) };
    let Some(text) = typed.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let fault = |code, why: &str| StoreError::Invalid(vec![FieldError::new("access_until", code, why)]);
    if whose.main {
        return Err(fault("invalid", "the main account's access cannot be restricted"));
    }
    let at = moment("access_until", &text, whose.zone).map_err(|fault| StoreError::Invalid(vec![fault]))?;
    if at <= whose.now && before != Some(at) {
        return Err(fault("past", "a moment in the future, or null for ever"));
    }
    Ok(Some(at))
}

pub(super) async fn set(tx: &mut Tx, staff: StaffId, until: Option<i64>) -> Result<(), StoreError> {
    tx.run(SET, args![staff, until]).await.map(drop)
}

/// Ends what somebody is let in by who has no role any more, or another password. Gives how many tokens have ended.
pub(super) async fn end(
    tx: &mut Tx,
    author: &Author,
    (staff, token): (StaffId, Option<&str>),
    (no_role, new_password): (bool, bool),
) -> Result<u64, StoreError> {
    let now = author.stamp.unix_ms;
    if no_role {
        logins::end_all_of(tx, staff, None, now).await?;
    } else if new_password {
        logins::end_others(tx, author, staff, token).await?;
    }
    match no_role || new_password && author.actor.staff != Some(staff) {
        true => tokens::revoke_all_of(tx, staff, now).await,
        false => Ok(0),
    }
}

/// Adds the moment to what the audit is told of a person.
pub(super) fn told_with(mut told_of: Value, until: Option<i64>) -> Value {
    if let Some(all) = told_of.as_object_mut() {
        all.insert("access_until".into(), until.map(told).into());
    }
    told_of
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-18 11:06:40 UTC.
    const NOW: i64 = 1_795_000_000_000;

    fn after(before: Option<i64>, typed: Option<Option<&str>>, main: bool) -> Result<Option<i64>, String> {
        let whose = Whose {
            main,
            zone: "Europe/Moscow",
            now: NOW,
        };
        match patched(before, typed.map(|text| text.map(String::from)), whose) {
            Ok(until) => Ok(until),
            Err(StoreError::Invalid(faults)) => {
                let faults = faults.iter().map(|fault| format!("{} {}", fault.field, fault.code));
                Err(faults.collect::<Vec<_>>().join(", "))
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn b9_access_ends_at_a_moment_in_the_future_or_never() {
        let soon = Ok(Some(NOW + 20_000));
        assert_eq!(after(None, Some(Some("2026-11-18T11:07:00Z")), false), soon);
        assert_eq!(after(None, Some(Some("2026-11-18T16:07:00+05:00")), false), soon);
        assert_eq!(after(None, Some(Some("2026-11-18T14:07")), false), soon, "Moscow");
        for lifted in [None, Some(""), Some("  ")] {
            assert_eq!(after(Some(NOW), Some(lifted), false), Ok(None), "{lifted:?}");
        }
        assert_eq!(after(Some(NOW), None, false), Ok(Some(NOW)));
        for past in ["2026-11-18T11:06:40Z", "2026-11-18T11:06:39Z", "2020-01-01T00:00:00Z"] {
            assert_eq!(after(None, Some(Some(past)), false), Err("access_until past".into()));
        }
        for wrong in ["tomorrow", "2026-13-18T00:00", "99999-01-01T00:00:00Z"] {
            let fault = Err("access_until invalid".into());
            assert_eq!(after(None, Some(Some(wrong)), false), fault, "{wrong}");
        }
    }

    #[test]
    fn b9_a_moment_that_has_passed_may_be_sent_back_as_it_was_read() {
        let ended = Some(NOW - 40_000);
        assert_eq!(after(ended, Some(Some("2026-11-18T11:06:00.000Z")), false), Ok(ended));
    }

    #[test]
    fn b9_the_main_accounts_access_never_ends() {
        let refused = Err("access_until invalid".into());
        assert_eq!(after(None, Some(Some("2030-01-01T00:00:00Z")), true), refused);
        assert_eq!(after(None, Some(None), true), Ok(None));
    }
}
