//! Calls that somebody has asked for, and missed ones that ask for a call back.

use frontdesk_routing::ids::{AccountId, CallId, StaffId};

use super::Call;
use super::store::{Row, read};
use crate::access::{Scope, within_calls};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Listing, Page, StoreError, args};

/// How long an order's key is remembered.
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1_000;

const FORGET: &str = "DELETE FROM call_orders WHERE made_at < $1";
const ORDER: &str = "INSERT INTO call_orders (account_id, staff_id, order_key, call_id, made_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, staff_id, order_key) DO NOTHING";
const ORDERED: &str = "SELECT call_id FROM call_orders WHERE account_id = $1 AND staff_id = $2 AND order_key = $3";
const MISSED: &str = concat!(
    "SELECT id, account_id, direction, caller_staff_id, caller_trunk_id, caller_number, caller_name, \
    called, callee_staff_id, callee_trunk_id, callee_number, callee_name, client_id, disposition, because, started_at, \
    answered_at, ended_at, ended_by, status, department_id, waited_ms, caller_restricted, callee_restricted, (SELECT t.id FROM calls t \
    WHERE t.account_id = calls.account_id AND t.disposition = 'answered' AND t.started_at > calls.started_at \
    AND (t.caller_number = calls.caller_number OR t.callee_number = calls.caller_number) \
    ORDER BY t.started_at LIMIT 1) AS handled_by FROM calls WHERE account_id = $1 AND direction = 'inbound' \
    AND disposition <> 'answered' AND ended_at IS NOT NULL AND caller_number IS NOT NULL AND started_at >= $2 \
    AND (started_at, id) < ($3, $4) AND ($5 OR NOT EXISTS (SELECT 1 FROM calls t \
    WHERE t.account_id = calls.account_id AND t.disposition = 'answered' AND t.started_at > calls.started_at \
    AND (t.caller_number = calls.caller_number OR t.callee_number = calls.caller_number))) AND ",
    within_calls!("$7", "$8", "$9"),
    " ORDER BY started_at DESC, id DESC LIMIT $6"
);

pub(crate) const ALL: &[&str] = &[FORGET, ORDER, ORDERED, MISSED];

#[derive(sqlx::FromRow)]
struct Ordered {
    call_id: String,
}

#[derive(sqlx::FromRow)]
struct MissedRow {
    #[sqlx(flatten)]
    call: Row,
    handled_by: Option<String>,
}

/// A call from outside that nobody took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    pub call: Call,
    /// The first conversation with the same number since.
    pub handled_by: Option<CallId>,
}

/// Notes that this call is wanted. The same key of the same person within a day gives the call that it gave before.
///
/// # Errors
/// Those of the database.
pub async fn order(
    db: &Db,
    (account, staff): (AccountId, StaffId),
    key: &str,
    (call, now): (CallId, i64),
) -> Result<CallId, StoreError> {
    let mut tx = db.begin().await?;
    tx.run(FORGET, args![now.saturating_sub(REMEMBERED_MS)]).await?;
    tx.run(ORDER, args![account, staff, key, call, now]).await?;
    let found: Option<Ordered> = tx.one(ORDERED, args![account, staff, key]).await?;
    tx.commit().await?;
    found.ok_or(StoreError::NotFound).and_then(|found| id(&found.call_id))
}

/// Missed calls since a moment, newest first, by cursor; those whose callers have been talked to since only with `all`.
pub async fn missed(
    db: &Db,
    within: Scope,
    (since, all): (i64, bool),
    page: &Page,
) -> Result<Listing<Missed>, StoreError> {
    let place = Place::of(page)?;
    let limit = page.limit.saturating_add(1);
    let mut values = args![within.account, since, place.at, place.id, all, limit];
    values.extend(within.values());
    let mut rows: Vec<MissedRow> = db.all(MISSED, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.call.place().write());
    let read = |row: MissedRow| {
        Ok(Missed {
            handled_by: maybe_id(&row.handled_by)?,
            call: read(row.call)?,
        })
    };
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, StoreError>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}
