//! To whom somebody reports: a colleague who works here, and nobody who reports to them in turn, however far below.

use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::{Value, json};

use super::StaffMember;
use crate::audit::{self, Author, Deed};
use crate::store::text::{id, maybe_id};
use crate::store::{FieldError, Ids, StoreError, Tx, args};

const HOLD: &str = "UPDATE accounts SET version = version WHERE id = $1";
const WORKS: &str = "SELECT COUNT(*) AS count FROM staff WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL";
const ABOVE: &str = "WITH RECURSIVE above (id) AS (SELECT supervisor_id FROM staff WHERE id = $1 \
    UNION SELECT s.supervisor_id FROM staff s JOIN above a ON s.id = a.id) \
    SELECT COUNT(*) AS count FROM above WHERE id = $2";
const SET: &str = "UPDATE staff SET supervisor_id = $2 WHERE id = $1";
const PEOPLE: &str = "SELECT id, supervisor_id FROM staff WHERE account_id = $1 AND (supervisor_id = $2 OR id = $3) \
    ORDER BY id";
const MOVE: &str = "UPDATE staff SET supervisor_id = $2, updated_at = $3, version = version + 1 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[HOLD, WORKS, ABOVE, SET, PEOPLE, MOVE];

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: String,
    supervisor_id: Option<String>,
}

/// Changes of who reports to whom follow each other in an account: two of them at once could make a circle.
pub(crate) async fn hold(tx: &mut Tx, account: AccountId) -> Result<(), StoreError> {
    tx.run(HOLD, args![account]).await.map(drop)
}

/// To whom the person reports after a change, in an account that is held; typed is an identifier.
///
/// # Errors
/// The fault of `supervisor_id`: nobody who works here, or a circle.
pub(super) async fn patched(
    tx: &mut Tx,
    account: AccountId,
    (staff, before): (StaffId, Option<StaffId>),
    typed: Option<Option<String>>,
) -> Result<Option<StaffId>, StoreError> {
    let Some(typed) = typed else { return Ok(before) };
    let Some(text) = typed.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let fault = |code, why: &str| Err(StoreError::Invalid(vec![FieldError::new("supervisor_id", code, why)]));
    let unknown = "the id of a staff member who works here, or null";
    let Ok(above) = text.trim().parse::<StaffId>() else {
        return fault("unknown", unknown);
    };
    if above == staff {
        return fault("circle", "nobody is their own supervisor");
    }
    if !works(tx, account, above).await? {
        return fault("unknown", unknown);
    }
    if is_above(tx, staff, above).await? {
        return fault(
            "circle",
            "this supervisor reports to the person, directly or further up",
        );
    }
    Ok(Some(above))
}

pub(crate) async fn set(tx: &mut Tx, staff: StaffId, to: Option<StaffId>) -> Result<(), StoreError> {
    tx.run(SET, args![staff, to]).await.map(drop)
}

/// Adds the supervisor to what the audit is told of a person.
pub(crate) fn told_with(mut told: Value, supervisor: Option<StaffId>) -> Value {
    if let Some(all) = told.as_object_mut() {
        let supervisor = supervisor.map(|supervisor| supervisor.to_string());
        all.insert("supervisor_id".into(), supervisor.into());
    }
    told
}

/// Whoever reports to somebody who goes, reports to the successor from now on, or to nobody. A successor from below takes
/// the place of the one who goes. The account is held.
///
/// # Errors
/// The fault of `successor_id`: nobody who works here and stays.
pub(super) async fn replace(
    tx: &mut Tx,
    ids: &mut Ids,
    (author, gone): (&Author, &StaffMember),
    successor: Option<StaffId>,
) -> Result<(), StoreError> {
    let mut promoted = None;
    if let Some(successor) = successor {
        if successor == gone.id || !works(tx, author.account, successor).await? {
            let why = "the id of another staff member who works here";
            let fault = FieldError::new("successor_id", "unknown", why);
            return Err(StoreError::Invalid(vec![fault]));
        }
        promoted = is_above(tx, gone.id, successor).await?.then_some(successor);
    }
    let people: Vec<PersonRow> = tx.all(PEOPLE, args![author.account, gone.id, promoted]).await?;
    for person in people {
        let (staff, before) = (id::<StaffId>(&person.id)?, maybe_id(&person.supervisor_id)?);
        let after = if promoted == Some(staff) {
            gone.supervisor
        } else {
            successor
        };
        if before != after {
            tx.run(MOVE, args![staff, after, ids.now]).await?;
            let deed = author.deed("staff.updated", "staff", staff.to_string());
            let deed = Deed {
                before: Some(told_with(json!({}), before)),
                after: Some(told_with(json!({}), after)),
                ..deed
            };
            audit::write(tx, ids, deed).await?;
        }
    }
    Ok(())
}

async fn works(tx: &mut Tx, account: AccountId, staff: StaffId) -> Result<bool, StoreError> {
    Ok(tx.count(WORKS, args![account, staff]).await? > 0)
}

/// Whether somebody reports to `chief`, directly or further up.
async fn is_above(tx: &mut Tx, chief: StaffId, staff: StaffId) -> Result<bool, StoreError> {
    Ok(tx.count(ABOVE, args![staff, chief]).await? > 0)
}
