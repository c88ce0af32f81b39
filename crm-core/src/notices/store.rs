use frontdesk_routing::ids::{AccountId, NoticeId, StaffId};
use serde_json::json;

use super::{MOST_ATTEMPTS, Notice, State, pause};
use crate::audit::{self, Author, Deed};
use crate::store::page::Place;
use crate::store::text::id;
use crate::store::{Db, Listing, Page, StoreError, args};

const SET_SMS: &str = "INSERT INTO notice_settings (staff_id, sms) SELECT s.id, $3 FROM staff s WHERE s.account_id = $1 \
    AND s.id = $2 AND s.deleted_at IS NULL ON CONFLICT (staff_id) DO UPDATE SET sms = excluded.sms";
const GIVE_UP: &str = "UPDATE notices SET state = 'failed', problem = 'the daemon stopped in each attempt', \
    finished_at = $1 WHERE state = 'sending' AND due_at <= $1 AND attempts >= $2";
const CLAIM: &str = "UPDATE notices SET state = 'sending', attempts = attempts + 1, due_at = $2 WHERE id = (SELECT n.id \
    FROM notices n WHERE n.state IN ('waiting', 'sending') AND n.due_at <= $1 ORDER BY n.due_at, n.id LIMIT 1) \
    AND state IN ('waiting', 'sending') AND due_at <= $1 RETURNING id, account_id, staff_id, channel, kind, recipient, \
    body, state, attempts, problem, created_at, finished_at";
const SENT: &str = "UPDATE notices SET state = 'sent', problem = NULL, finished_at = $3 WHERE id = $1 \
    AND state = 'sending' AND attempts = $2";
const AGAIN: &str = "UPDATE notices SET state = 'waiting', problem = $3, due_at = $4 WHERE id = $1 \
    AND state = 'sending' AND attempts = $2";
const FAILED: &str = "UPDATE notices SET state = 'failed', problem = $3, finished_at = $4 WHERE id = $1 \
    AND state = 'sending' AND attempts = $2";
const LIST: &str = "SELECT id, account_id, staff_id, channel, kind, recipient, body, state, attempts, problem, created_at, \
    finished_at FROM notices WHERE account_id = $1 AND (state = $2 OR $2 IS NULL) AND (created_at, id) < ($3, $4) \
    ORDER BY created_at DESC, id DESC LIMIT $5";

pub(crate) const ALL: &[&str] = &[SET_SMS, GIVE_UP, CLAIM, SENT, AGAIN, FAILED, LIST];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    staff_id: String,
    channel: String,
    kind: String,
    recipient: String,
    body: String,
    state: String,
    attempts: i64,
    problem: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
}

/// Whether a person gets short messages of their missed calls.
///
/// # Errors
/// `NotFound`: nobody of the account; those of the database.
pub async fn set_sms(db: &Db, author: &Author, staff: StaffId, on: bool) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if tx.run(SET_SMS, args![author.account, staff, on]).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let deed = Deed {
        after: Some(json!({ "sms": on })),
        ..author.deed("notices.updated", "staff", staff.to_string())
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// Takes the notice that is due longest for `lease_ms`. Until then nobody else gets it; what is left unfinished by then,
/// because the daemon was killed, is due again.
pub async fn claim(db: &Db, now: i64, lease_ms: i64) -> Result<Option<Notice>, StoreError> {
    let mut tx = db.begin().await?;
    tx.run(GIVE_UP, args![now, MOST_ATTEMPTS]).await?;
    let row: Option<Row> = tx.one(CLAIM, args![now, now.saturating_add(lease_ms)]).await?;
    tx.commit().await?;
    row.map(read).transpose()
}

/// A claimed notice is delivered; false: the claim had run out, and somebody else has it.
pub async fn sent(db: &Db, notice: &Notice, now: i64) -> Result<bool, StoreError> {
    let changed = db.run(SENT, args![notice.id, notice.attempts, now]).await?;
    Ok(changed > 0)
}

/// A claimed notice could not be delivered: it is due again after a pause, or given up after the last attempt.
pub async fn failed(db: &Db, notice: &Notice, problem: &str, now: i64) -> Result<(), StoreError> {
    let (sql, at) = match notice.attempts >= MOST_ATTEMPTS {
        true => (FAILED, now),
        false => (AGAIN, now.saturating_add(pause(notice.attempts))),
    };
    db.run(sql, args![notice.id, notice.attempts, problem, at])
        .await
        .map(drop)
}

/// Newest first, by cursor.
pub async fn list(
    db: &Db,
    account: AccountId,
    state: Option<State>,
    page: &Page,
) -> Result<Listing<Notice>, StoreError> {
    let Place { at, id: before } = Place::of(page)?;
    let values = args![
        account,
        state.map(State::name),
        at,
        before,
        page.limit.saturating_add(1)
    ];
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let place = |row: &Row| Place {
        at: row.created_at,
        id: row.id.clone(),
    };
    let next_cursor = rows.last().filter(|_| more).map(|row| place(row).write());
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

fn read(row: Row) -> Result<Notice, StoreError> {
    let state = State::named(&row.state);
    Ok(Notice {
        id: id::<NoticeId>(&row.id)?,
        account: id(&row.account_id)?,
        staff: id(&row.staff_id)?,
        channel: row.channel,
        kind: row.kind,
        recipient: row.recipient,
        body: row.body,
        state: state.ok_or_else(|| StoreError::Corrupt(format!("notice state {}", row.state)))?,
        attempts: row.attempts,
        problem: row.problem,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}
