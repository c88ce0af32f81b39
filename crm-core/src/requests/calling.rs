//! The calls that requests lead to: when each begins, which goes on, and what has come of it.

use frontdesk_routing::ids::{AccountId, CallId, ProjectId, RequestId, ScheduleId};
use frontdesk_routing::number::PhoneNumber;

use super::State;
use super::rules::MOST_ATTEMPTS;
use crate::calls::Disposition;
use crate::projects::first_of;
use crate::sites::Receiver;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, StoreError, args};

const DUE: &str = "SELECT r.id, r.account_id, r.number, r.wanted_at, r.next_at, r.attempts, s.department_id, s.staff_id, \
    s.schedule_id, (SELECT p.id FROM staff_projects sp JOIN projects p ON p.id = sp.project_id \
    WHERE sp.staff_id = s.staff_id AND p.archived_at IS NULL \
    ORDER BY CASE WHEN p.id = p.account_id THEN 0 ELSE 1 END, p.name, p.id LIMIT 1) AS project_id \
    FROM site_requests r JOIN sites s ON s.id = r.site_id WHERE r.next_at <= $1 AND r.state = 'new' \
    ORDER BY r.next_at, r.id LIMIT $2";
const NEXT: &str = "SELECT next_at FROM site_requests WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1";
const BEGIN: &str = "UPDATE site_requests SET next_at = NULL, attempts = attempts + 1, call_id = $3, called_at = $4, \
    updated_at = $4, version = version + 1 WHERE id = $1 AND next_at = $2 AND state = 'new'";
const POSTPONE: &str = "UPDATE site_requests SET next_at = $3, version = version + 1 WHERE id = $1 AND next_at = $2";
const GOING: &str = "SELECT r.id, r.account_id, r.call_id, r.called_at, r.attempts, c.ended_at, c.disposition \
    FROM site_requests r LEFT JOIN calls c ON c.id = r.call_id \
    WHERE r.state = 'new' AND r.next_at IS NULL AND r.call_id IS NOT NULL ORDER BY r.called_at LIMIT $1";
const SETTLE: &str = "UPDATE site_requests SET state = $2, next_at = $3, updated_at = $4, version = version + 1 \
    WHERE id = $1 AND state = 'new'";
const BY_HAND: &str = "UPDATE site_requests SET state = 'new', next_at = NULL, attempts = $4, call_id = $3, called_at = $5, \
    updated_at = $5, version = version + 1 WHERE account_id = $1 AND id = $2 AND number <> ''";
const NUMBER: &str = "SELECT number FROM site_requests WHERE account_id = $1 AND id = $2";

pub(crate) const ALL: &[&str] = &[DUE, NEXT, BEGIN, POSTPONE, GOING, SETTLE, BY_HAND, NUMBER];

/// A request whose call is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub id: RequestId,
    pub account: AccountId,
    pub number: PhoneNumber,
    /// When the visitor wants to be called.
    pub wanted_at: i64,
    pub next_at: i64,
    /// Before this one.
    pub attempts: u32,
    /// `None`: the site is no more.
    pub to: Option<Receiver>,
    pub schedule: Option<ScheduleId>,
    /// Where it belongs when a person calls, as its lead does; a department's calls are of its own project.
    pub project: Option<ProjectId>,
}

/// A request whose call has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Going {
    pub id: RequestId,
    pub account: AccountId,
    pub call: CallId,
    pub called_at: i64,
    /// With this one.
    pub attempts: u32,
    /// What the records say of the call; `None`: nothing yet, or not its end.
    pub ended: Option<Disposition>,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    id: String,
    account_id: String,
    number: String,
    wanted_at: Option<i64>,
    next_at: i64,
    attempts: i64,
    department_id: Option<String>,
    staff_id: Option<String>,
    schedule_id: Option<String>,
    project_id: Option<String>,
}

#[derive(sqlx::FromRow)]
struct NextRow {
    next_at: i64,
}

#[derive(sqlx::FromRow)]
struct NumberRow {
    number: String,
}

#[derive(sqlx::FromRow)]
struct GoingRow {
    id: String,
    account_id: String,
    call_id: String,
    called_at: Option<i64>,
    attempts: i64,
    ended_at: Option<i64>,
    disposition: Option<String>,
}

/// Of all accounts, the longest overdue first.
pub async fn due(db: &Db, now: i64, limit: u32) -> Result<Vec<Due>, StoreError> {
    let rows: Vec<DueRow> = db.all(DUE, args![now, limit]).await?;
    let read = |row: DueRow| {
        let to = match (maybe_id(&row.staff_id)?, maybe_id(&row.department_id)?) {
            (Some(staff), _) => Some(Receiver::Staff(staff)),
            (None, department) => department.map(Receiver::Department),
        };
        let number = PhoneNumber::from_e164(&row.number);
        let account = id(&row.account_id)?;
        let project = match to {
            Some(Receiver::Staff(_)) => Some(maybe_id(&row.project_id)?.unwrap_or_else(|| first_of(account))),
            Some(Receiver::Department(_)) | None => None,
        };
        Ok(Due {
            id: id(&row.id)?,
            account,
            number: number.map_err(|_| StoreError::Corrupt(format!("the number of the request {}", row.id)))?,
            wanted_at: row.wanted_at.unwrap_or(row.next_at),
            next_at: row.next_at,
            attempts: u32::try_from(row.attempts).unwrap_or(MOST_ATTEMPTS),
            to,
            schedule: maybe_id(&row.schedule_id)?,
            project,
        })
    };
    // one row that cannot be read keeps back no other
    let read = |row| match read(row) {
        Err(StoreError::Corrupt(error)) => {
            tracing::error!(%error, "a request is passed over");
            None
        }
        read => Some(read),
    };
    rows.into_iter().filter_map(read).collect()
}

/// When the first call of all that wait is to begin.
pub async fn next(db: &Db) -> Result<Option<i64>, StoreError> {
    let row: Option<NextRow> = db.one(NEXT, args![]).await?;
    Ok(row.map(|row| row.next_at))
}

/// Notes that the call begins; `false`: somebody has been faster, or has said that no call is needed.
pub async fn begin(db: &Db, due: &Due, call: CallId, now: i64) -> Result<bool, StoreError> {
    let began = db.run(BEGIN, args![due.id, due.next_at, call, now]).await?;
    Ok(began > 0)
}

pub async fn postpone(db: &Db, due: &Due, until: i64) -> Result<(), StoreError> {
    db.run(POSTPONE, args![due.id, due.next_at, until]).await.map(drop)
}

/// Requests whose calls go on, or have ended without that being noted; the oldest first.
pub async fn going(db: &Db, limit: u32) -> Result<Vec<Going>, StoreError> {
    let rows: Vec<GoingRow> = db.all(GOING, args![limit]).await?;
    let read = |row: GoingRow| {
        let ended = row
            .ended_at
            .map(|_| row.disposition.as_deref().and_then(Disposition::named));
        Ok(Going {
            id: id(&row.id)?,
            account: id(&row.account_id)?,
            call: id(&row.call_id)?,
            called_at: row.called_at.unwrap_or(0),
            attempts: u32::try_from(row.attempts).unwrap_or(MOST_ATTEMPTS),
            ended: ended.map(|disposition| disposition.unwrap_or(Disposition::Failed)),
        })
    };
    rows.into_iter().map(read).collect()
}

/// What is known of a request now; `next_at`: it stays new, and is called again.
pub async fn settle(
    db: &Db,
    request: RequestId,
    (state, next_at): (State, Option<i64>),
    now: i64,
) -> Result<bool, StoreError> {
    let settled = db.run(SETTLE, args![request, state.name(), next_at, now]).await?;
    Ok(settled > 0)
}

/// Somebody calls the visitor themselves: none begins by itself any more. Gives the visitor's number.
pub async fn call_by_hand(
    db: &Db,
    account: AccountId,
    request: RequestId,
    (call, now): (CallId, i64),
) -> Result<PhoneNumber, StoreError> {
    let mut tx = db.begin().await?;
    let values = args![account, request, call, MOST_ATTEMPTS, now];
    if tx.run(BY_HAND, values).await? == 0 {
        return Err(StoreError::NotFound);
    }
    let row: NumberRow = tx
        .one(NUMBER, args![account, request])
        .await?
        .ok_or(StoreError::NotFound)?;
    tx.commit().await?;
    let wrong = |_| StoreError::Corrupt("a request's number is not E.164".to_owned());
    PhoneNumber::from_e164(&row.number).map_err(wrong)
}
