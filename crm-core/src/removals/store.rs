use frontdesk_routing::ids::{AccountId, RecordingId};

use super::{Folder, Removal};
use crate::notices::pause;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, StoreError, Tx, args};

const ADD: &str = "INSERT INTO removals (folder, path, account_id, recording_id, attempts, due_at) \
    VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (folder, path) DO NOTHING";
const DUE: &str = "SELECT f.folder, f.path, f.account_id, f.recording_id, f.attempts FROM removals f \
    LEFT JOIN recordings r ON r.id = f.recording_id WHERE f.due_at <= $1 AND (r.id IS NULL OR r.state <> 'recording') \
    ORDER BY f.due_at, f.path LIMIT $2";
const DONE: &str = "DELETE FROM removals WHERE folder = $1 AND path = $2";
const LATER: &str = "UPDATE removals SET attempts = attempts + 1, due_at = $3 WHERE folder = $1 AND path = $2";
const END: &str = "UPDATE recordings SET state = 'deleted', deleted_at = started_at + COALESCE(duration_ms, 0), \
    version = version + 1 WHERE state IN ('ready', 'failed') \
    AND id IN (SELECT f.recording_id FROM removals f WHERE f.recording_id IS NOT NULL)";
const ENDED: &str = "UPDATE recordings SET state = 'deleted', deleted_at = COALESCE(deleted_at, $2), version = version + 1 \
    WHERE id = $1 AND state <> 'deleted'";
const ENDED_MESSAGE: &str = "DELETE FROM voicemails WHERE recording_id = $1";
const END_MESSAGES: &str = "DELETE FROM voicemails \
    WHERE recording_id IN (SELECT f.recording_id FROM removals f WHERE f.recording_id IS NOT NULL)";

pub(crate) const ALL: &[&str] = &[ADD, DUE, DONE, LATER, END, ENDED, ENDED_MESSAGE, END_MESSAGES];

/// Between the first two attempts; the pauses grow up to an hour.
const FIRST_PAUSE_MS: i64 = 5_000;

#[derive(sqlx::FromRow)]
struct Row {
    folder: String,
    path: String,
    account_id: String,
    recording_id: Option<String>,
    attempts: i64,
}

/// Has a file removed. The same again changes nothing.
pub(crate) async fn add(
    tx: &mut Tx,
    account: AccountId,
    (folder, path): (Folder, &str),
    recording: Option<RecordingId>,
    now: i64,
) -> Result<(), StoreError> {
    tx.run(ADD, args![folder.name(), path, account, recording, now])
        .await
        .map(drop)
}

/// Recordings that have ended and whose files are to be removed are nobody's from here on, and no messages either.
pub(crate) async fn end(tx: &mut Tx) -> Result<(), StoreError> {
    tx.run(END_MESSAGES, args![]).await?;
    tx.run(END, args![]).await.map(drop)
}

/// Files whose time has come, the longest overdue first; none of a recording that still goes on.
///
/// # Errors
/// Those of the database.
pub async fn due(db: &Db, now: i64, limit: u32) -> Result<Vec<Removal>, StoreError> {
    let rows: Vec<Row> = db.all(DUE, args![now, limit]).await?;
    rows.into_iter().map(read).collect()
}

/// The file is gone, and so is the recording that it was of.
///
/// # Errors
/// Those of the database.
pub async fn done(db: &Db, removal: &Removal, now: i64) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if let Some(recording) = removal.recording {
        lost(&mut tx, recording, now).await?;
    }
    tx.run(DONE, args![removal.folder.name(), &removal.path]).await?;
    tx.commit().await
}

/// The recording has no sound any more; one of a message is no message.
pub(crate) async fn lost(tx: &mut Tx, recording: RecordingId, now: i64) -> Result<(), StoreError> {
    tx.run(ENDED_MESSAGE, args![recording]).await?;
    tx.run(ENDED, args![recording, now]).await.map(drop)
}

/// The file could not be removed: it is tried again after a pause.
///
/// # Errors
/// Those of the database.
pub async fn later(db: &Db, removal: &Removal, now: i64) -> Result<(), StoreError> {
    let again = now.saturating_add(pause(removal.attempts.saturating_add(1), FIRST_PAUSE_MS));
    db.run(LATER, args![removal.folder.name(), &removal.path, again])
        .await
        .map(drop)
}

fn read(row: Row) -> Result<Removal, StoreError> {
    let folder = Folder::named(&row.folder);
    Ok(Removal {
        folder: folder.ok_or_else(|| StoreError::Corrupt(format!("the folder {}", row.folder)))?,
        path: row.path,
        account: id(&row.account_id)?,
        recording: maybe_id(&row.recording_id)?,
        attempts: row.attempts,
    })
}
