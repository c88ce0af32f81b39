use frontdesk_routing::ids::{AccountId, NoticeId, StaffId};
use serde_json::json;

use super::{Channel, KEPT_MS, Kind, MOST_ATTEMPTS, Notice, State, pause};
use crate::audit::{self, Author, Deed};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Listing, Page, StoreError, args};

macro_rules! columns {
    () => {
        "id, account_id, staff_id, client_id, channel, kind, recipient, subject, body, state, attempts, due_at, problem, \
         created_at, finished_at"
    };
}

const NEXT: &str =
    "SELECT due_at FROM notices WHERE channel = $1 AND state IN ('waiting', 'sending') ORDER BY due_at, id LIMIT 1";
const GIVE_UP: &str = "UPDATE notices SET state = 'failed', problem = 'the daemon stopped in each attempt', \
    finished_at = $1 WHERE channel = $3 AND state = 'sending' AND due_at <= $1 AND attempts >= $2";
const CLAIM: &str = concat!(
    "UPDATE notices SET state = 'sending', attempts = attempts + 1, due_at = $2 WHERE id = (SELECT n.id \
     FROM notices n WHERE n.channel = $3 AND n.state IN ('waiting', 'sending') AND n.due_at <= $1 \
     ORDER BY n.due_at, n.id LIMIT 1) AND state IN ('waiting', 'sending') AND due_at <= $1 RETURNING ",
    columns!()
);
const SENT: &str = "UPDATE notices SET state = 'sent', problem = NULL, finished_at = $3 WHERE id = $1 \
    AND state = 'sending' AND attempts = $2";
const LATER: &str = "UPDATE notices SET state = 'waiting', problem = $3, due_at = $4 WHERE id = $1 \
    AND state = 'sending' AND attempts = $2";
const FAILED: &str = "UPDATE notices SET state = 'failed', problem = $3, finished_at = $4 WHERE id = $1 \
    AND state = 'sending' AND attempts = $2";
const FORGET: &str = "DELETE FROM notices WHERE finished_at < $1";
const KNOWN: &str = "SELECT COUNT(*) AS count FROM notices WHERE id = $1";
const GET: &str = concat!("SELECT ", columns!(), " FROM notices WHERE account_id = $1 AND id = $2");
const AGAIN: &str = "UPDATE notices SET state = 'waiting', attempts = 0, due_at = $3, finished_at = NULL \
    WHERE account_id = $1 AND id = $2 AND state = 'failed'";
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM notices WHERE account_id = $1 AND (created_at, id) < ($2, $3) AND (state = $4 OR $4 IS NULL) \
     AND (channel = $5 OR $5 IS NULL) AND (kind = $6 OR $6 IS NULL) AND (staff_id = $7 OR $7 IS NULL) \
     ORDER BY created_at DESC, id DESC LIMIT $8"
);

pub(crate) const ALL: &[&str] = &[
    NEXT, GIVE_UP, CLAIM, SENT, LATER, FAILED, FORGET, KNOWN, GET, AGAIN, LIST,
];

/// Longest reason that is kept, in characters.
const LONGEST_PROBLEM: usize = 500;

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    staff_id: Option<String>,
    client_id: Option<String>,
    channel: String,
    kind: String,
    recipient: String,
    subject: String,
    body: String,
    state: String,
    attempts: i64,
    due_at: i64,
    problem: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    due_at: i64,
}

/// Why an attempt came to nothing, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub problem: String,
    /// No other attempt would do better.
    pub for_good: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct NoticeQuery {
    pub state: Option<State>,
    pub channel: Option<Channel>,
    pub kind: Option<Kind>,
    pub staff: Option<StaffId>,
}

/// When something is to be done next; asked often, so it only reads.
pub async fn next(db: &Db, channel: Channel) -> Result<Option<i64>, StoreError> {
    let row: Option<DueRow> = db.one(NEXT, args![channel.name()]).await?;
    Ok(row.map(|row| row.due_at))
}

/// Takes the notice that is due longest for `lease_ms`. Until then nobody else gets it, of this daemon or of another one
/// over the same database; what is left unfinished by then, because the daemon was killed, is due again.
pub async fn claim(db: &Db, channel: Channel, now: i64, lease_ms: i64) -> Result<Option<Notice>, StoreError> {
    let mut tx = db.begin().await?;
    tx.run(GIVE_UP, args![now, MOST_ATTEMPTS, channel.name()]).await?;
    let values = args![now, now.saturating_add(lease_ms), channel.name()];
    let row: Option<Row> = tx.one(CLAIM, values).await?;
    tx.commit().await?;
    row.map(read).transpose()
}

/// A claimed notice is delivered; false: the claim had run out, and somebody else has it.
pub async fn sent(db: &Db, notice: &Notice, now: i64) -> Result<bool, StoreError> {
    let changed = db.run(SENT, args![notice.id, notice.attempts, now]).await?;
    Ok(changed > 0)
}

/// A claimed notice could not be delivered: it is due again after a pause, of `first_pause_ms` at first, or given up. Gives
/// whether that was the last attempt.
pub async fn failed(
    db: &Db,
    notice: &Notice,
    failure: &Failure,
    (now, first_pause_ms): (i64, i64),
) -> Result<bool, StoreError> {
    let last = failure.for_good || notice.attempts >= MOST_ATTEMPTS;
    let (sql, at) = match last {
        true => (FAILED, now),
        false => (LATER, now.saturating_add(pause(notice.attempts, first_pause_ms))),
    };
    let problem: String = failure.problem.chars().take(LONGEST_PROBLEM).collect();
    db.run(sql, args![notice.id, notice.attempts, problem, at]).await?;
    Ok(last)
}

/// Deletes what has been done with for [`KEPT_MS`].
pub async fn forget(db: &Db, now: i64) -> Result<u64, StoreError> {
    db.run(FORGET, args![now.saturating_sub(KEPT_MS)]).await
}

/// Whether there still is such a notice, of any account.
pub async fn known(db: &Db, notice: NoticeId) -> Result<bool, StoreError> {
    let row: Option<CountRow> = db.one(KNOWN, args![notice]).await?;
    Ok(row.is_some_and(|row| row.count > 0))
}

pub async fn get(db: &Db, account: AccountId, notice: NoticeId) -> Result<Notice, StoreError> {
    let row: Option<Row> = db.one(GET, args![account, notice]).await?;
    row.ok_or(StoreError::NotFound).and_then(read)
}

/// Has one that was given up tried anew, as often as at first.
///
/// # Errors
/// `NotFound`; `Refused`: it was not given up.
pub async fn again(db: &Db, author: &Author, notice: NoticeId) -> Result<Notice, StoreError> {
    let before = get(db, author.account, notice).await?;
    let mut tx = db.begin().await?;
    if tx
        .run(AGAIN, args![author.account, notice, author.stamp.unix_ms])
        .await?
        == 0
    {
        return Err(StoreError::Refused {
            code: "not_failed",
            detail: "only a notice that was given up can be sent again",
        });
    }
    let deed = Deed {
        before: Some(json!({ "problem": before.problem })),
        ..author.deed("notice.retried", "notice", notice.to_string())
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await?;
    get(db, author.account, notice).await
}

/// Newest first, by cursor.
pub async fn list(
    db: &Db,
    account: AccountId,
    query: &NoticeQuery,
    page: &Page,
) -> Result<Listing<Notice>, StoreError> {
    let place = Place::of(page)?;
    let values = args![
        account,
        place.at,
        place.id,
        query.state.map(State::name),
        query.channel.map(Channel::name),
        query.kind.map(Kind::name),
        query.staff,
        page.limit.saturating_add(1),
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
    let corrupt = || StoreError::Corrupt(format!("the notice {}", row.id));
    Ok(Notice {
        id: id::<NoticeId>(&row.id)?,
        account: id(&row.account_id)?,
        staff: maybe_id(&row.staff_id)?,
        client: maybe_id(&row.client_id)?,
        channel: Channel::named(&row.channel).ok_or_else(corrupt)?,
        kind: Kind::named(&row.kind).ok_or_else(corrupt)?,
        state: State::named(&row.state).ok_or_else(corrupt)?,
        recipient: row.recipient,
        subject: row.subject,
        body: row.body,
        attempts: row.attempts,
        due_at: row.due_at,
        problem: row.problem,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}
