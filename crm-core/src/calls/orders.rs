//! Calls that somebody has asked for, and missed ones that ask for a call back.

use frontdesk_routing::ids::{AccountId, CallId, StaffId};
use sha2::{Digest, Sha256};

use super::Call;
use super::store::{Row, read};
use crate::access::{Scope, within_calls};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Listing, Page, StoreError, args};

/// How long an order's key is remembered.
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1_000;

const FORGET: &str = "DELETE FROM call_orders WHERE made_at < $1";
const ORDER: &str = "INSERT INTO call_orders (account_id, staff_id, order_key, call_id, made_at, wish_hash) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, staff_id, order_key) DO NOTHING";
const ORDERED: &str = "SELECT call_id, wish_hash FROM call_orders WHERE account_id = $1 AND staff_id = $2 \
    AND order_key = $3 AND made_at >= $4";
const TAKE_BACK: &str = "DELETE FROM call_orders WHERE account_id = $1 AND staff_id = $2 AND order_key = $3 \
    AND call_id = $4";
const MISSED: &str = concat!(
    "SELECT id, account_id, direction, caller_staff_id, caller_trunk_id, caller_number, caller_name, \
    called, callee_staff_id, callee_trunk_id, callee_number, callee_name, client_id, disposition, because, started_at, \
    answered_at, ended_at, ended_by, status, department_id, waited_ms, caller_restricted, callee_restricted, (SELECT t.id FROM calls t \
    WHERE t.account_id = calls.account_id AND t.disposition = 'answered' AND t.started_at > calls.started_at \
    AND (t.caller_number = calls.caller_number OR t.callee_number = calls.caller_number OR t.client_id = calls.client_id) \
    ORDER BY t.started_at LIMIT 1) AS handled_by, EXISTS (SELECT 1 FROM voicemails v WHERE v.call_id = calls.id \
    AND v.state = 'kept') AS left_message FROM calls WHERE account_id = $1 AND direction = 'inbound' \
    AND disposition <> 'answered' AND ended_at IS NOT NULL AND caller_number IS NOT NULL AND started_at >= $2 \
    AND (started_at, id) < ($3, $4) AND ($5 OR NOT EXISTS (SELECT 1 FROM calls t \
    WHERE t.account_id = calls.account_id AND t.disposition = 'answered' AND t.started_at > calls.started_at \
    AND (t.caller_number = calls.caller_number OR t.callee_number = calls.caller_number \
    OR t.client_id = calls.client_id))) AND ",
    within_calls!("$7", "$8", "$9"),
    " ORDER BY started_at DESC, id DESC LIMIT $6"
);

pub(crate) const ALL: &[&str] = &[FORGET, ORDER, ORDERED, TAKE_BACK, MISSED];

#[derive(sqlx::FromRow)]
struct OrderedRow {
    call_id: String,
    wish_hash: Option<String>,
}

#[derive(sqlx::FromRow)]
struct MissedRow {
    #[sqlx(flatten)]
    call: Row,
    handled_by: Option<String>,
    left_message: bool,
}

/// A call from outside that nobody took: a mailbox or a menu is nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    pub call: Call,
    /// The first conversation with the same number, or with the same client, since.
    pub handled_by: Option<CallId>,
    /// The caller has left a message.
    pub left_message: bool,
}

/// The key of an order, and what is asked for with it.
#[derive(Debug, Clone, Copy)]
pub struct OrderKey<'a> {
    pub account: AccountId,
    /// Keys are each person's own.
    pub staff: StaffId,
    /// Up to 128 characters.
    pub key: &'a str,
    /// The wish in one form: the same wish is the same text. Only its sum is kept.
    pub wish: &'a str,
}

/// What is known of an order's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordered {
    /// Nobody came with it within a day: the call is still to be made.
    New,
    /// It came with the same wish before, and this call was made.
    Known(CallId),
    /// It came with another wish before.
    Differs,
}

impl OrderKey<'_> {
    fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.wish.as_bytes()))
    }

    fn compare(&self, found: &OrderedRow) -> Result<Ordered, StoreError> {
        Ok(match &found.wish_hash {
            Some(hash) if *hash != self.hash() => Ordered::Differs,
            Some(_) | None => Ordered::Known(id(&found.call_id)?),
        })
    }
}

/// What became of an order's key at `now`, in unix milliseconds.
///
/// # Errors
/// Those of the database.
pub async fn ordered(db: &Db, order: OrderKey<'_>, now: i64) -> Result<Ordered, StoreError> {
    let since = now.saturating_sub(REMEMBERED_MS);
    let values = args![order.account, order.staff, order.key, since];
    let found: Option<OrderedRow> = db.one(ORDERED, values).await?;
    found.map_or(Ok(Ordered::New), |found| order.compare(&found))
}

/// Notes that this call is wanted. Only of those who are told that it is new one makes it: of two who come with the same
/// key at once it is one.
///
/// # Errors
/// Those of the database.
pub async fn order(db: &Db, order: OrderKey<'_>, (call, now): (CallId, i64)) -> Result<Ordered, StoreError> {
    let since = now.saturating_sub(REMEMBERED_MS);
    let mut tx = db.begin().await?;
    tx.run(FORGET, args![since]).await?;
    let values = args![order.account, order.staff, order.key, call, now, order.hash()];
    let made = tx.run(ORDER, values).await? > 0;
    let values = args![order.account, order.staff, order.key, since];
    let found: Option<OrderedRow> = tx.one(ORDERED, values).await?;
    tx.commit().await?;
    if made {
        return Ok(Ordered::New);
    }
    order.compare(&found.ok_or(StoreError::NotFound)?)
}

/// The call could not be made: the key is free again.
///
/// # Errors
/// Those of the database.
pub async fn take_back(db: &Db, order: OrderKey<'_>, call: CallId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.run(TAKE_BACK, args![order.account, order.staff, order.key, call])
        .await?;
    tx.commit().await
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
            left_message: row.left_message,
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
