use frontdesk_routing::ids::{AccountId, CallId, ClientId, RecordingId};

use super::{Recording, RecordingState};
use crate::access::{Scope, within_calls};
use crate::audit::{self, Author};
use crate::store::page::{LOOKED_THROUGH, Place, newest};
use crate::store::rows::{self, RowText, rows};
use crate::store::text::id;
use crate::store::{Arg, Db, Listing, Page, StoreError, Tx, args};
use crate::voicemails;

/// A row of `recordings` is within the reach when its call is.
macro_rules! within_recordings {
    ($reach:literal, $staff:literal, $project:literal) => {
        concat!(
            "(",
            $reach,
            " = 'any' OR EXISTS (SELECT 1 FROM calls WHERE calls.id = recordings.call_id AND ",
            within_calls!($reach, $staff, $project),
            "))"
        )
    };
}
macro_rules! recording {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, call_id, path, state, problem, duration_ms, bytes, started_at, deleted_at \
             FROM recordings ",
            $rest
        )
    };
}

const GET: &str = concat!(
    recording!("WHERE account_id = $1 AND id = $2 AND "),
    within_recordings!("$3", "$4", "$5")
);
const LIST: &str = concat!(
    recording!(
        "WHERE account_id = $1 AND (state = $2 OR $2 IS NULL) AND (started_at, id) < ($3, $4) \
         AND (started_at, id) >= ($6, $7) AND "
    ),
    within_recordings!("$8", "$9", "$10"),
    " ORDER BY started_at DESC, id DESC LIMIT $5"
);
const FLOOR: &str = "SELECT started_at AS at, id FROM recordings WHERE account_id = $1 AND (started_at, id) < ($2, $3) \
    ORDER BY started_at DESC, id DESC LIMIT 1 OFFSET $4";
/// Calls of one statement; the last one fills places that are left.
const TOGETHER: usize = 25;
const OF_CALLS: &str = concat!(
    recording!(
        "WHERE account_id = $1 AND call_id IN ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
         $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29) AND "
    ),
    within_recordings!("$2", "$3", "$4"),
    " ORDER BY started_at, id"
);
const OF_CLIENT: &str = concat!(
    recording!(
        "WHERE account_id = $1 AND call_id IN (SELECT c.id FROM calls c WHERE c.account_id = $1 AND c.client_id = $2 \
         AND c.started_at >= $3 AND c.started_at <= $4) AND "
    ),
    within_recordings!("$5", "$6", "$7"),
    " ORDER BY started_at, id"
);
const UNFINISHED: &str = recording!("WHERE state = 'recording' ORDER BY id");
const INSERT: [RowText; 3] = rows!(
    7,
    "INSERT INTO recordings (id, account_id, call_id, path, state, started_at, version)",
    " ON CONFLICT (id) DO NOTHING"
);
const READY: [RowText; 3] = rows!(
    3,
    "UPDATE recordings SET state = 'ready', duration_ms = CAST(made.column2 AS BIGINT), \
     bytes = CAST(made.column3 AS BIGINT), version = version + 1 FROM (",
    ") AS made WHERE recordings.id = made.column1 AND recordings.state = 'recording'"
);
const FAILED: &str = "UPDATE recordings SET state = 'failed', problem = $2, duration_ms = $3, version = version + 1 \
    WHERE id = $1 AND state = 'recording'";
const DELETE: &str = "UPDATE recordings SET state = 'deleted', deleted_at = $3, version = version + 1 \
    WHERE account_id = $1 AND id = $2 AND state IN ('ready', 'failed')";

pub(crate) const ALL: &[&str] = &[
    GET,
    LIST,
    FLOOR,
    OF_CALLS,
    OF_CLIENT,
    UNFINISHED,
    INSERT[0].numbered,
    INSERT[1].numbered,
    INSERT[2].numbered,
    READY[0].numbered,
    READY[1].numbered,
    READY[2].numbered,
    FAILED,
    DELETE,
];

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    call_id: String,
    path: String,
    state: String,
    problem: Option<String>,
    duration_ms: Option<i64>,
    bytes: Option<i64>,
    started_at: i64,
    deleted_at: Option<i64>,
}

pub async fn get(db: &Db, within: Scope, recording: RecordingId) -> Result<Recording, StoreError> {
    db.one(GET, with(args![within.account, recording], within))
        .await?
        .ok_or(StoreError::NotFound)
        .and_then(read)
}

/// Newest first, by cursor. A page may hold fewer than it could although there are more.
pub async fn list(
    db: &Db,
    within: Scope,
    state: Option<RecordingState>,
    page: &Page,
) -> Result<Listing<Recording>, StoreError> {
    let place = Place::of(page)?;
    let floor = Place::found(db, FLOOR, args![within.account, place.at, &place.id, LOOKED_THROUGH]).await?;
    let limit = page.limit.saturating_add(1);
    let mut values = args![
        within.account,
        state.map(RecordingState::name),
        place.at,
        place.id,
        limit
    ];
    let (lowest, id) = floor.as_ref().map_or((i64::MIN, ""), |floor| (floor.at, &floor.id));
    values.extend(args![lowest, id]);
    let rows: Vec<Row> = db.all(LIST, with(values, within)).await?;
    let (rows, last) = newest(rows, page, |row| Place {
        at: row.started_at,
        id: row.id.clone(),
    });
    let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(Listing {
        items,
        total: 0,
        filtered: 0,
        next_cursor: last.or_else(|| floor.map(|place| place.write())),
    })
}

/// Those of these calls.
pub async fn of_calls(db: &Db, within: Scope, calls: &[CallId]) -> Result<Vec<Recording>, StoreError> {
    let mut found = Vec::new();
    for calls in calls.chunks(TOGETHER) {
        let last = calls.iter().rev().take(1).cycle();
        let places = calls.iter().chain(last).take(TOGETHER);
        let mut values = with(args![within.account], within);
        values.extend(places.map(|call| Arg::from(*call)));
        let rows: Vec<Row> = db.all(OF_CALLS, values).await?;
        for row in rows {
            found.push(read(row)?);
        }
    }
    Ok(found)
}

/// The recordings of calls with a client that began in this span.
pub async fn of_client(
    db: &Db,
    within: Scope,
    client: ClientId,
    (from, until): (i64, i64),
) -> Result<Vec<Recording>, StoreError> {
    let values = args![within.account, client, from, until];
    let rows: Vec<Row> = db.all(OF_CLIENT, with(values, within)).await?;
    rows.into_iter().map(read).collect()
}

fn with(mut values: Vec<Arg>, within: Scope) -> Vec<Arg> {
    values.extend(within.values());
    values
}

/// Those that a crash has left open, of every account.
pub async fn unfinished(db: &Db) -> Result<Vec<Recording>, StoreError> {
    db.all(UNFINISHED, args![]).await?.into_iter().map(read).collect()
}

/// Somebody listens: an audit row.
pub async fn played(db: &Db, author: &Author, recording: RecordingId) -> Result<(), StoreError> {
    audit::note(db, author, ("recording.played", "recording"), recording.to_string()).await
}

/// The file is gone already.
pub async fn delete(db: &Db, author: &Author, recording: RecordingId) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if tx
        .run(DELETE, args![author.account, recording, author.stamp.unix_ms])
        .await?
        == 0
    {
        return Err(StoreError::Gone);
    }
    voicemails::forget(&mut tx, recording).await?;
    let deed = author.deed("recording.deleted", "recording", recording.to_string());
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

/// A recording that has begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Started<'a> {
    pub recording: RecordingId,
    pub account: AccountId,
    pub call: CallId,
    /// Below the recordings' folder.
    pub path: &'a str,
    /// Unix milliseconds.
    pub at: i64,
}

pub(crate) async fn started<'a>(tx: &mut Tx, begun: impl Iterator<Item = Started<'a>>) -> Result<(), StoreError> {
    let row = |one: Started<'_>| {
        args![
            one.recording,
            one.account,
            one.call,
            one.path,
            "recording",
            one.at,
            1_i64
        ]
    };
    rows::enter(tx, &INSERT, begun.map(row).collect()).await
}

/// Recordings that are whole, each with its milliseconds and its octets.
pub(crate) async fn ready(tx: &mut Tx, made: impl Iterator<Item = (RecordingId, i64, i64)>) -> Result<(), StoreError> {
    let row = |(recording, duration_ms, bytes)| args![recording, duration_ms, bytes];
    rows::enter(tx, &READY, made.map(row).collect()).await
}

pub(crate) async fn failed(
    tx: &mut Tx,
    recording: RecordingId,
    problem: &str,
    duration_ms: i64,
) -> Result<(), StoreError> {
    tx.run(FAILED, args![recording, problem, duration_ms]).await.map(drop)
}

fn read(row: Row) -> Result<Recording, StoreError> {
    let state = RecordingState::named(&row.state);
    Ok(Recording {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        call: id(&row.call_id)?,
        path: row.path,
        state: state.ok_or_else(|| StoreError::Corrupt(format!("recording state {}", row.state)))?,
        problem: row.problem,
        duration_ms: row.duration_ms,
        bytes: row.bytes,
        started_at: row.started_at,
        deleted_at: row.deleted_at,
    })
}
