use frontdesk_routing::ids::{AccountId, CallId};

use super::{Call, CallDirection, Disposition, EndedBy, Leg, Party};
use crate::access::{Scope, within_calls};
use crate::store::page::Place;
use crate::store::rows::{self, RowText, rows};
use crate::store::text::{id, maybe_id};
use crate::store::{Arg, Db, StoreError, Tx, args};

macro_rules! call {
    ($rest:literal) => {
        call!("calls", $rest)
    };
    ($source:literal, $rest:literal) => {
        concat!(
            "SELECT id, account_id, direction, caller_staff_id, caller_trunk_id, caller_number, caller_name, called, \
             callee_staff_id, callee_trunk_id, callee_number, callee_name, client_id, disposition, because, started_at, \
             answered_at, ended_at, ended_by, status, department_id, waited_ms, caller_restricted, \
             callee_restricted FROM ",
            $source,
            " WHERE account_id = $1 ",
            $rest
        )
    };
}

pub(super) use call;

const GET: &str = concat!(call!("AND id = $2 AND "), within_calls!("$3", "$4", "$5"));
const LEGS: &str = "SELECT l.id, l.caller, l.staff_id, l.trunk_id, l.sip_call_id, l.peer, l.started_at, l.answered_at, \
    l.ended_at, l.status FROM legs l JOIN calls c ON c.id = l.call_id WHERE c.account_id = $1 AND c.id = $2 \
    ORDER BY l.started_at, l.id";
const SAVE: [RowText; 3] = rows!(
    24,
    "INSERT INTO calls (id, account_id, direction, caller_staff_id, caller_trunk_id, caller_number, caller_name, called, \
     callee_staff_id, callee_trunk_id, callee_number, callee_name, client_id, disposition, because, started_at, \
     answered_at, ended_at, ended_by, status, department_id, waited_ms, caller_restricted, callee_restricted)",
    " ON CONFLICT (id) DO UPDATE SET callee_staff_id = excluded.callee_staff_id, \
     callee_trunk_id = excluded.callee_trunk_id, callee_number = excluded.callee_number, \
     callee_name = excluded.callee_name, client_id = excluded.client_id, disposition = excluded.disposition, \
     because = excluded.because, answered_at = excluded.answered_at, ended_at = excluded.ended_at, \
     ended_by = excluded.ended_by, status = excluded.status, department_id = excluded.department_id, \
     waited_ms = excluded.waited_ms, callee_restricted = excluded.callee_restricted"
);
const SAVE_LEG: [RowText; 3] = rows!(
    11,
    "INSERT INTO legs (id, call_id, caller, staff_id, trunk_id, sip_call_id, peer, started_at, answered_at, ended_at, \
     status)",
    " ON CONFLICT (id) DO UPDATE SET answered_at = excluded.answered_at, ended_at = excluded.ended_at, \
     status = excluded.status"
);
const OPEN: &str = "SELECT c.id, c.started_at, c.answered_at, (SELECT MAX(r.started_at + COALESCE(r.duration_ms, 0)) \
    FROM recordings r WHERE r.call_id = c.id) AS sound_until FROM calls c WHERE c.ended_at IS NULL ORDER BY c.id";
const CLOSE: &str = "UPDATE calls SET ended_at = $2, ended_by = 'system', disposition = CASE WHEN answered_at IS NULL \
    THEN 'failed' WHEN EXISTS (SELECT 1 FROM voicemails v WHERE v.call_id = calls.id) AND NOT EXISTS (SELECT 1 FROM recordings r \
    WHERE r.call_id = calls.id AND r.id NOT IN (SELECT v.recording_id FROM voicemails v WHERE v.call_id = calls.id)) \
    THEN 'no_answer' ELSE 'answered' END WHERE id = $1";
const CLOSE_LEGS: &str = "UPDATE legs SET ended_at = $2 WHERE call_id = $1 AND ended_at IS NULL";

pub(crate) const ALL: &[&str] = &[
    GET,
    LEGS,
    SAVE[0].numbered,
    SAVE[1].numbered,
    SAVE[2].numbered,
    SAVE_LEG[0].numbered,
    SAVE_LEG[1].numbered,
    SAVE_LEG[2].numbered,
    OPEN,
    CLOSE,
    CLOSE_LEGS,
];

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    account_id: String,
    direction: String,
    caller_staff_id: Option<String>,
    caller_trunk_id: Option<String>,
    caller_number: Option<String>,
    caller_name: Option<String>,
    called: String,
    callee_staff_id: Option<String>,
    callee_trunk_id: Option<String>,
    callee_number: Option<String>,
    callee_name: Option<String>,
    client_id: Option<String>,
    disposition: Option<String>,
    because: String,
    started_at: i64,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
    ended_by: Option<String>,
    status: i64,
    department_id: Option<String>,
    waited_ms: Option<i64>,
    caller_restricted: bool,
    callee_restricted: bool,
}

impl Row {
    /// Where it stands in the history.
    pub(super) fn place(&self) -> Place {
        Place {
            at: self.started_at,
            id: self.id.clone(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct LegRow {
    id: String,
    caller: bool,
    staff_id: Option<String>,
    trunk_id: Option<String>,
    sip_call_id: String,
    peer: Option<String>,
    started_at: i64,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
    status: i64,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: String,
    started_at: i64,
    answered_at: Option<i64>,
    sound_until: Option<i64>,
}

pub async fn get(db: &Db, within: Scope, call: CallId) -> Result<Call, StoreError> {
    let values = args![within.account, call].into_iter().chain(within.values());
    db.one(GET, values.collect())
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

/// Of a call that was read.
pub async fn legs(db: &Db, account: AccountId, call: CallId) -> Result<Vec<Leg>, StoreError> {
    let rows: Vec<LegRow> = db.all(LEGS, args![account, call]).await?;
    rows.into_iter().map(read_leg).collect()
}

/// Calls that a crash has cut off end where their recordings do, or else where they were last seen.
pub async fn close_open(db: &Db, now: i64) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let open: Vec<OpenRow> = tx.all(OPEN, args![]).await?;
    let mut closed = 0_u64;
    for call in open {
        let seen = [Some(call.started_at), call.answered_at, call.sound_until];
        let ended = seen.into_iter().flatten().max().unwrap_or(now).min(now);
        tx.run(CLOSE, args![&call.id, ended]).await?;
        tx.run(CLOSE_LEGS, args![&call.id, ended]).await?;
        closed = closed.saturating_add(1);
    }
    tx.commit().await?;
    Ok(closed)
}

/// Makes the calls' rows, or puts them in the place of what was there. Each call comes once.
pub(crate) async fn save(tx: &mut Tx, calls: &[(&Call, &[Leg])]) -> Result<(), StoreError> {
    let legs_of = |(call, legs): &(&Call, &[Leg])| {
        let id = call.id;
        legs.iter().map(|leg| row_of_leg(id, leg)).collect::<Vec<_>>()
    };
    let legs = calls.iter().flat_map(legs_of).collect();
    rows::enter(tx, &SAVE, calls.iter().map(|(call, _)| row_of(call)).collect()).await?;
    rows::enter(tx, &SAVE_LEG, legs).await
}

fn row_of(call: &Call) -> Vec<Arg> {
    args![
        call.id,
        call.account,
        call.direction.name(),
        call.caller.staff,
        call.caller.trunk,
        &call.caller.number,
        &call.caller.name,
        &call.called,
        call.callee.staff,
        call.callee.trunk,
        &call.callee.number,
        &call.callee.name,
        call.client,
        call.disposition.map(Disposition::name),
        &call.because,
        call.started_at,
        call.answered_at,
        call.ended_at,
        call.ended_by.map(EndedBy::name),
        call.status,
        call.department,
        call.waited_ms,
        call.caller.restricted,
        call.callee.restricted,
    ]
}

fn row_of_leg(call: CallId, leg: &Leg) -> Vec<Arg> {
    args![
        leg.id,
        call,
        leg.caller,
        leg.staff,
        leg.trunk,
        &leg.sip_call_id,
        &leg.peer,
        leg.started_at,
        leg.answered_at,
        leg.ended_at,
        leg.status,
    ]
}

fn word<T>(word: &str, named: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    named(word).ok_or_else(|| StoreError::Corrupt(format!("{word} in a call")))
}

fn status(status: i64) -> Result<u16, StoreError> {
    u16::try_from(status).map_err(|_| StoreError::Corrupt(format!("status {status}")))
}

pub(super) fn read(row: Row) -> Result<Call, StoreError> {
    Ok(Call {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        direction: word(&row.direction, CallDirection::named)?,
        caller: Party {
            staff: maybe_id(&row.caller_staff_id)?,
            trunk: maybe_id(&row.caller_trunk_id)?,
            number: row.caller_number,
            name: row.caller_name,
            restricted: row.caller_restricted,
        },
        called: row.called,
        callee: Party {
            staff: maybe_id(&row.callee_staff_id)?,
            trunk: maybe_id(&row.callee_trunk_id)?,
            number: row.callee_number,
            name: row.callee_name,
            restricted: row.callee_restricted,
        },
        client: maybe_id(&row.client_id)?,
        disposition: row
            .disposition
            .as_deref()
            .map(|text| word(text, Disposition::named))
            .transpose()?,
        because: row.because,
        started_at: row.started_at,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        ended_by: row
            .ended_by
            .as_deref()
            .map(|text| word(text, EndedBy::named))
            .transpose()?,
        status: status(row.status)?,
        department: maybe_id(&row.department_id)?,
        waited_ms: row.waited_ms,
    })
}

fn read_leg(row: LegRow) -> Result<Leg, StoreError> {
    Ok(Leg {
        id: id(&row.id)?,
        caller: row.caller,
        staff: maybe_id(&row.staff_id)?,
        trunk: maybe_id(&row.trunk_id)?,
        sip_call_id: row.sip_call_id,
        peer: row.peer,
        started_at: row.started_at,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        status: status(row.status)?,
    })
}
