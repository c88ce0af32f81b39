use frontdesk_routing::ids::{AccountId, CallId, ClientId, RecordingId, StaffId};

use super::{Reader, Voicemail, VoicemailQuery};
use crate::audit::{self, Author};
use crate::calls::Party;
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, Listing, Page, StoreError, args};

/// A message is left this long after its call has begun at the latest.
const LATE_MS: i64 = 24 * 60 * 60 * 1_000;

macro_rules! voicemail {
    ($rest:literal) => {
        voicemail!(
            "voicemails v JOIN mailboxes m ON m.id = v.mailbox_id LEFT JOIN calls c ON c.id = v.call_id",
            $rest
        )
    };
    ($source:literal, $rest:literal) => {
        concat!(
            "SELECT v.recording_id, v.account_id, v.mailbox_id, v.call_id, v.left_at, v.duration_ms, v.heard_at, v.version, \
             c.caller_staff_id, c.caller_number, c.caller_name, c.caller_restricted, c.client_id FROM ",
            $source,
            " WHERE v.account_id = $1 AND v.state = 'kept' AND ($2 OR m.staff_id = $3 OR m.department_id IN \
             (SELECT d.department_id FROM department_members d WHERE d.staff_id = $3)) ",
            $rest
        )
    };
}

const LIST: &str = voicemail!(
    "AND (v.mailbox_id = $4 OR $4 IS NULL) AND ((v.heard_at IS NOT NULL) = $5 OR $5 IS NULL) \
     AND (v.left_at, v.recording_id) < ($6, $7) ORDER BY v.left_at DESC, v.recording_id DESC LIMIT $8"
);
const TO_HEAR: &str =
    voicemail!("ORDER BY CASE WHEN v.heard_at IS NULL THEN 0 ELSE 1 END, v.left_at, v.recording_id LIMIT $4");
/// Along the client's calls, which are so many and no more.
const OF_CLIENT: &str = voicemail!(
    "calls c CROSS JOIN voicemails v CROSS JOIN mailboxes m",
    "AND c.account_id = $1 AND c.client_id = $4 AND c.started_at >= $5 AND c.started_at <= $6 AND v.call_id = c.id \
     AND m.id = v.mailbox_id AND (v.left_at, v.recording_id) < ($6, $7) AND (v.left_at, v.recording_id) >= ($8, $9) \
     ORDER BY v.left_at DESC, v.recording_id DESC LIMIT $10"
);
const OF_CALL: &str = voicemail!("AND v.call_id = $4");
const FRESH: &str = "SELECT COUNT(*) AS count FROM voicemails v JOIN mailboxes m ON m.id = v.mailbox_id \
    WHERE v.account_id = $1 AND v.state = 'kept' AND v.heard_at IS NULL AND ($2 OR m.staff_id = $3 OR m.department_id IN \
    (SELECT d.department_id FROM department_members d WHERE d.staff_id = $3))";
const GET: &str = voicemail!("AND v.recording_id = $4");
const HEAR: &str = "UPDATE voicemails SET heard_at = CAST($3 AS BIGINT), version = version + 1 WHERE account_id = $1 AND recording_id = $2 \
    AND state = 'kept' AND (heard_at IS NULL) <> (CAST($3 AS BIGINT) IS NULL)";
const LAMPS: &str = "SELECT w.staff_id, COUNT(CASE WHEN v.heard_at IS NULL THEN v.recording_id END) AS fresh, \
    COUNT(v.heard_at) AS heard FROM (SELECT m.id AS mailbox_id, m.staff_id FROM mailboxes m \
    WHERE m.staff_id IS NOT NULL AND (m.account_id = $1 OR $1 IS NULL) UNION ALL \
    SELECT m.id AS mailbox_id, d.staff_id FROM mailboxes m JOIN department_members d ON d.department_id = m.department_id \
    WHERE m.account_id = $1 OR $1 IS NULL) w \
    LEFT JOIN voicemails v ON v.mailbox_id = w.mailbox_id AND v.state = 'kept' GROUP BY w.staff_id ORDER BY w.staff_id";

pub(crate) const ALL: &[&str] = &[LIST, TO_HEAR, OF_CLIENT, OF_CALL, FRESH, GET, HEAR, LAMPS];

#[derive(sqlx::FromRow)]
struct Row {
    recording_id: String,
    account_id: String,
    mailbox_id: String,
    call_id: String,
    left_at: i64,
    duration_ms: i64,
    heard_at: Option<i64>,
    version: i64,
    caller_staff_id: Option<String>,
    caller_number: Option<String>,
    caller_name: Option<String>,
    caller_restricted: Option<bool>,
    client_id: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Count {
    count: i64,
}

#[derive(sqlx::FromRow)]
struct LampRow {
    staff_id: String,
    fresh: i64,
    heard: i64,
}

/// What waits for one person: in their own mailbox and in those of their departments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lamp {
    pub staff: StaffId,
    pub fresh: u32,
    pub heard: u32,
}

/// Newest first, by cursor.
pub async fn list(
    db: &Db,
    reader: Reader,
    query: &VoicemailQuery,
    page: &Page,
) -> Result<Listing<Voicemail>, StoreError> {
    let Place { at, id: before } = Place::of(page)?;
    let limit = page.limit.saturating_add(1);
    let values = args![
        reader.account,
        reader.all,
        reader.staff,
        query.mailbox,
        query.heard,
        at,
        before,
        limit
    ];
    let mut rows: Vec<Row> = db.all(LIST, values).await?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next_cursor = rows.last().filter(|_| more).map(|row| {
        Place {
            at: row.left_at,
            id: row.recording_id.clone(),
        }
        .write()
    });
    Ok(Listing {
        items: rows.into_iter().map(read).collect::<Result<_, _>>()?,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

/// As they are heard by phone: those that nobody has heard, then the others, the oldest first.
pub async fn to_hear(db: &Db, reader: Reader, most: u32) -> Result<Vec<Voicemail>, StoreError> {
    let values = args![reader.account, reader.all, reader.staff, i64::from(most)];
    let rows: Vec<Row> = db.all(TO_HEAR, values).await?;
    rows.into_iter().map(read).collect()
}

/// What a client has left, newest first, from a place on and down to another.
pub(crate) async fn of_client(
    db: &Db,
    (reader, client): (Reader, ClientId),
    lowest: &Place,
    (place, most): (&Place, u32),
) -> Result<Vec<Voicemail>, StoreError> {
    let values = args![
        reader.account,
        reader.all,
        reader.staff,
        client,
        lowest.at.saturating_sub(LATE_MS),
        place.at,
        &place.id,
        lowest.at,
        &lowest.id,
        most,
    ];
    let rows: Vec<Row> = db.all(OF_CLIENT, values).await?;
    rows.into_iter().map(read).collect()
}

/// What was left in this call.
pub async fn of_call(db: &Db, reader: Reader, call: CallId) -> Result<Option<Voicemail>, StoreError> {
    let values = args![reader.account, reader.all, reader.staff, call];
    db.one(OF_CALL, values).await?.map(read).transpose()
}

/// Messages that nobody has heard.
pub async fn fresh(db: &Db, reader: Reader) -> Result<i64, StoreError> {
    let values = args![reader.account, reader.all, reader.staff];
    let found: Option<Count> = db.one(FRESH, values).await?;
    Ok(found.map_or(0, |found| found.count))
}

pub async fn get(db: &Db, reader: Reader, voicemail: RecordingId) -> Result<Voicemail, StoreError> {
    let values = args![reader.account, reader.all, reader.staff, voicemail];
    db.one(GET, values).await?.ok_or(StoreError::NotFound).and_then(read)
}

/// Marks it as heard, or as not heard; false: it was so already.
pub async fn hear(db: &Db, author: &Author, voicemail: RecordingId, heard: bool) -> Result<bool, StoreError> {
    let mut tx = db.begin().await?;
    let at = heard.then_some(author.stamp.unix_ms);
    let changed = tx.run(HEAR, args![author.account, voicemail, at]).await? > 0;
    if changed {
        let action = if heard { "voicemail.heard" } else { "voicemail.unheard" };
        let deed = author.deed(action, "voicemail", voicemail.to_string());
        audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// Somebody listens: an audit row.
pub async fn played(db: &Db, author: &Author, voicemail: RecordingId) -> Result<(), StoreError> {
    audit::note(db, author, ("voicemail.played", "voicemail"), voicemail.to_string()).await
}

/// The lamps of everybody who has a mailbox, or whose department has one; `None`: in every account.
pub async fn lamps(db: &Db, account: Option<AccountId>) -> Result<Vec<Lamp>, StoreError> {
    let rows: Vec<LampRow> = db.all(LAMPS, args![account]).await?;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    let lamp = |row: LampRow| {
        Ok(Lamp {
            staff: id(&row.staff_id)?,
            fresh: count(row.fresh),
            heard: count(row.heard),
        })
    };
    rows.into_iter().map(lamp).collect()
}

fn read(row: Row) -> Result<Voicemail, StoreError> {
    Ok(Voicemail {
        recording: id(&row.recording_id)?,
        account: id(&row.account_id)?,
        mailbox: id(&row.mailbox_id)?,
        call: id(&row.call_id)?,
        caller: Party {
            staff: maybe_id(&row.caller_staff_id)?,
            trunk: None,
            number: row.caller_number,
            name: row.caller_name,
            restricted: row.caller_restricted.unwrap_or_default(),
        },
        client: maybe_id(&row.client_id)?,
        left_at: row.left_at,
        duration_ms: row.duration_ms,
        heard_at: row.heard_at,
        version: row.version,
    })
}
