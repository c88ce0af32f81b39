//! What people write down of a client.

use frontdesk_routing::ids::{ClientId, NoteId, StaffId};
use serde_json::{Value, json};

use super::store::{get, live};
use crate::access::Scope;
use crate::audit::{self, Author, Deed};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, FieldError, StoreError, Tx, args};

macro_rules! notes {
    ($rest:literal) => {
        concat!(
            "SELECT id, client_id, author_id, author_name, body, at, edited_at, version FROM client_notes ",
            $rest
        )
    };
}
const OF_CLIENT: &str = notes!("WHERE client_id = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4");
const GET: &str = notes!("WHERE account_id = $1 AND id = $2");
const ADD: &str = "INSERT INTO client_notes (id, account_id, client_id, author_id, author_name, body, at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";
const CORRECT: &str =
    "UPDATE client_notes SET body = $3, edited_at = $4, version = version + 1 WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM client_notes WHERE id = $1 AND version = $2";

pub(crate) const ALL: &[&str] = &[OF_CLIENT, GET, ADD, CORRECT, DELETE];

const LONGEST: usize = 4_000;

/// What somebody has written down of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: NoteId,
    pub client: ClientId,
    /// `None`: a program.
    pub author: Option<StaffId>,
    pub author_name: String,
    pub body: String,
    /// Unix milliseconds.
    pub at: i64,
    /// When it was last corrected, in unix milliseconds; `None`: it is as it was written.
    pub edited_at: Option<i64>,
    pub version: i64,
}

impl Note {
    /// Whether somebody may correct and delete it who may change the clients within `within`: whoever has written it, and
    /// whoever may change every client.
    pub fn is_of(&self, staff: StaffId, within: Scope) -> bool {
        self.author == Some(staff) || within.is_whole()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    client_id: String,
    author_id: Option<String>,
    author_name: String,
    body: String,
    at: i64,
    edited_at: Option<i64>,
    version: i64,
}

/// A client's, newest first, from a place on.
pub(super) async fn of_client(
    db: &Db,
    client: ClientId,
    (place, most): (&Place, u32),
) -> Result<Vec<Note>, StoreError> {
    let rows: Vec<Row> = db.all(OF_CLIENT, args![client, place.at, &place.id, most]).await?;
    rows.into_iter().map(read).collect()
}

/// One note of a client within the reach.
///
/// # Errors
/// `NotFound`: there is none, or its client is beyond the reach.
pub async fn note(db: &Db, within: Scope, note: NoteId) -> Result<Note, StoreError> {
    let row: Option<Row> = db.one(GET, args![within.account, note]).await?;
    let note = row.ok_or(StoreError::NotFound).and_then(read)?;
    get(db, within, note.client).await?;
    Ok(note)
}

/// Writes a note down.
///
/// # Errors
/// It says nothing or too much; no such client within the reach.
pub async fn add_note(
    db: &Db,
    author: &Author,
    (within, client): (Scope, ClientId),
    body: &str,
) -> Result<Note, StoreError> {
    get(db, within, client).await?;
    let body = checked(body)?;
    let mut ids = author.stamp.ids();
    let note = Note {
        id: NoteId::new(ids.now, ids.random()),
        client,
        author: author.actor.staff,
        author_name: author.actor.name.clone(),
        body,
        at: ids.now,
        edited_at: None,
        version: 1,
    };
    let mut tx = db.begin().await?;
    let values = args![
        note.id,
        author.account,
        client,
        note.author,
        &note.author_name,
        &note.body,
        note.at,
    ];
    tx.run(ADD, values).await?;
    let deed = author.deed("client.noted", "client", client.to_string());
    let deed = Deed {
        after: Some(json!({ "note_id": note.id.to_string() })),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(note)
}

/// Puts other words in the place of a note's; whether its author may has been looked at. The same words change nothing.
///
/// # Errors
/// It says nothing or too much; it is gone, or of a client beyond the reach; another version than `version`.
pub async fn correct_note(
    db: &Db,
    author: &Author,
    (within, note): (Scope, NoteId),
    body: &str,
    version: Option<i64>,
) -> Result<Note, StoreError> {
    let body = checked(body)?;
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, (within, note), version).await?;
    if before.body == body {
        return Ok(before);
    }
    let mut ids = author.stamp.ids();
    if tx.run(CORRECT, args![note, before.version, &body, ids.now]).await? == 0 {
        return Err(StoreError::Stale);
    }
    let after = Note {
        body,
        edited_at: Some(ids.now),
        version: before.version.saturating_add(1),
        ..before.clone()
    };
    let deed = author.deed("client.note_changed", "client", before.client.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        after: Some(told(&after)),
        ..deed
    };
    audit::write(&mut tx, &mut ids, deed).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes a note away; whether its author may has been looked at. What it said stays in the audit.
///
/// # Errors
/// It is gone, or of a client beyond the reach; another version than `version`.
pub async fn delete_note(
    db: &Db,
    author: &Author,
    (within, note): (Scope, NoteId),
    version: Option<i64>,
) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    let before = at_version(&mut tx, (within, note), version).await?;
    if tx.run(DELETE, args![note, before.version]).await? == 0 {
        return Err(StoreError::Stale);
    }
    let deed = author.deed("client.note_deleted", "client", before.client.to_string());
    let deed = Deed {
        before: Some(told(&before)),
        ..deed
    };
    audit::write(&mut tx, &mut author.stamp.ids(), deed).await?;
    tx.commit().await
}

async fn at_version(tx: &mut Tx, (within, note): (Scope, NoteId), version: Option<i64>) -> Result<Note, StoreError> {
    let row: Option<Row> = tx.one(GET, args![within.account, note]).await?;
    let found = row.ok_or(StoreError::NotFound).and_then(read)?;
    live(tx, within, found.client, None).await?;
    match version.is_some_and(|version| version != found.version) {
        true => Err(StoreError::Stale),
        false => Ok(found),
    }
}

fn checked(body: &str) -> Result<String, StoreError> {
    let body = body.trim();
    let fault = match body.chars().count() {
        0 => Some(FieldError::new("body", "required", "a note says something")),
        1..=LONGEST => None,
        _ => Some(FieldError::new("body", "too_long", "4000 characters at most")),
    };
    StoreError::invalid(fault.into_iter().collect())?;
    Ok(body.to_owned())
}

/// For the audit.
fn told(note: &Note) -> Value {
    json!({ "note_id": note.id.to_string(), "body": note.body })
}

fn read(row: Row) -> Result<Note, StoreError> {
    Ok(Note {
        id: id(&row.id)?,
        client: id(&row.client_id)?,
        author: maybe_id(&row.author_id)?,
        author_name: row.author_name,
        body: row.body,
        at: row.at,
        edited_at: row.edited_at,
        version: row.version,
    })
}
