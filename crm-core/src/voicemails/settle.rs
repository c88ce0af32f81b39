//! A message from its beginning until it stands in the mailbox: what the journal does with it.

use frontdesk_routing::ids::{AccountId, CallId, MailboxId, RecordingId};

use super::SHORTEST_MS;
use crate::notices::{self, News, What, Whom};
use crate::store::rows::{self, RowText, rows};
use crate::store::text::{id, maybe_id};
use crate::store::{StoreError, Tx, args};

const STARTED: &str = "INSERT INTO voicemails (recording_id, account_id, mailbox_id, call_id, state, left_at, version) \
    SELECT r.id, r.account_id, m.id, r.call_id, 'recording', r.started_at, 1 FROM recordings r \
    JOIN mailboxes m ON m.account_id = r.account_id WHERE r.id = $1 AND m.id = $2 ON CONFLICT (recording_id) DO NOTHING";
const DROPPED: &str = "UPDATE voicemails SET state = 'dropped', version = version + 1 \
    WHERE recording_id = $1 AND state = 'recording'";
const ENDED: [RowText; 3] = rows!(
    2,
    "UPDATE voicemails SET state = 'left', duration_ms = CASE WHEN voicemails.state = 'dropped' THEN 0 ELSE CAST(made.column2 AS BIGINT) END, \
     version = version + 1 FROM (",
    ") AS made WHERE voicemails.recording_id = made.column1 AND voicemails.state IN ('recording', 'dropped')"
);
const LEFT: &str = "SELECT v.recording_id, v.account_id, v.mailbox_id, v.call_id, v.left_at, v.duration_ms, r.path, \
    m.email_staff_id, c.client_id, c.caller_name, c.caller_number, c.caller_restricted FROM voicemails v \
    JOIN recordings r ON r.id = v.recording_id JOIN mailboxes m ON m.id = v.mailbox_id \
    LEFT JOIN calls c ON c.id = v.call_id WHERE v.state = 'left' ORDER BY v.recording_id";
const KEEP: &str = "UPDATE voicemails SET state = 'kept' WHERE recording_id = $1 AND state = 'left'";
const FORGET: &str = "DELETE FROM voicemails WHERE recording_id = $1";
const NO_SOUND: &str = "UPDATE recordings SET state = 'deleted', deleted_at = $2, version = version + 1 WHERE id = $1";

pub(crate) const ALL: &[&str] = &[
    STARTED,
    DROPPED,
    ENDED[0].numbered,
    ENDED[1].numbered,
    ENDED[2].numbered,
    LEFT,
    KEEP,
    FORGET,
    NO_SOUND,
];

#[derive(sqlx::FromRow)]
struct Row {
    recording_id: String,
    account_id: String,
    mailbox_id: String,
    call_id: String,
    left_at: i64,
    duration_ms: i64,
    path: String,
    email_staff_id: Option<String>,
    client_id: Option<String>,
    caller_name: Option<String>,
    caller_number: Option<String>,
    caller_restricted: Option<bool>,
}

/// What has become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Kept {
        account: AccountId,
        mailbox: MailboxId,
        recording: RecordingId,
        call: CallId,
        duration_ms: i64,
    },
    /// Nothing was said: the file at this path below the recordings' folder is to be destroyed.
    Empty { path: String },
}

/// A message is being left in a mailbox; its recording's row exists.
pub(crate) async fn started(tx: &mut Tx, recording: RecordingId, mailbox: MailboxId) -> Result<(), StoreError> {
    tx.run(STARTED, args![recording, mailbox]).await.map(drop)
}

/// Nothing was said.
pub(crate) async fn dropped(tx: &mut Tx, recording: RecordingId) -> Result<(), StoreError> {
    tx.run(DROPPED, args![recording]).await.map(drop)
}

/// Of these recordings nothing more comes, after so many milliseconds each; some of them may be messages.
pub(crate) async fn ended(tx: &mut Tx, recordings: impl Iterator<Item = (RecordingId, i64)>) -> Result<(), StoreError> {
    let row = |(recording, duration_ms)| args![recording, duration_ms];
    rows::enter(tx, &ENDED, recordings.map(row).collect()).await
}

/// Takes each message that is whole into its mailbox, or forgets it.
pub(crate) async fn settle(tx: &mut Tx) -> Result<Vec<Settled>, StoreError> {
    let rows: Vec<Row> = tx.all(LEFT, args![]).await?;
    let mut settled = Vec::with_capacity(rows.len());
    for row in rows {
        let recording: RecordingId = id(&row.recording_id)?;
        let ended_at = row.left_at.saturating_add(row.duration_ms);
        if row.duration_ms < SHORTEST_MS {
            tx.run(FORGET, args![recording]).await?;
            tx.run(NO_SOUND, args![recording, ended_at]).await?;
            settled.push(Settled::Empty { path: row.path });
            continue;
        }
        tx.run(KEEP, args![recording]).await?;
        let account = id(&row.account_id)?;
        if let Some(staff) = maybe_id(&row.email_staff_id)? {
            let news = News {
                account,
                about: &row.recording_id,
                client: maybe_id(&row.client_id)?,
                caller: notices::Caller {
                    name: row.caller_name.as_deref(),
                    number: row
                        .caller_number
                        .as_deref()
                        .filter(|_| row.caller_restricted != Some(true)),
                },
                what: What::Voicemail {
                    seconds: row.duration_ms / 1_000,
                },
                happened_at: row.left_at,
                at: ended_at,
            };
            notices::queue(tx, &news, Whom::Mail(staff)).await?;
        }
        settled.push(Settled::Kept {
            account,
            mailbox: id(&row.mailbox_id)?,
            recording,
            call: id(&row.call_id)?,
            duration_ms: row.duration_ms,
        });
    }
    Ok(settled)
}

/// The sound of a message is destroyed.
pub(crate) async fn forget(tx: &mut Tx, recording: RecordingId) -> Result<(), StoreError> {
    tx.run(FORGET, args![recording]).await.map(drop)
}
