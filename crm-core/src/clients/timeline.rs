//! All that has happened with a client: calls, notes, and what has become of leads and deals; the newest first.

use frontdesk_routing::ids::{ClientId, NoteId, StaffId};
use serde_json::json;

use super::store::get;
use crate::access::Scope;
use crate::audit::{self, Author, Deed};
use crate::calls::{self, Call};
use crate::deals::{self, Change, Looker};
use crate::store::page::Place;
use crate::store::text::{id, maybe_id};
use crate::store::{Db, FieldError, Listing, Page, StoreError, args};

const NOTES: &str = "SELECT id, author_id, author_name, body, at FROM client_notes WHERE client_id = $1 \
    AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4";
const ADD: &str = "INSERT INTO client_notes (id, account_id, client_id, author_id, author_name, body, at, version) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, 1)";

pub(crate) const ALL: &[&str] = &[NOTES, ADD];

const LONGEST_NOTE: usize = 4_000;

/// What somebody has written down of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: NoteId,
    /// `None`: a program.
    pub author: Option<StaffId>,
    pub author_name: String,
    pub body: String,
    pub at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    Call(Box<Call>),
    Note(Note),
    Deal(Box<Change>),
}

/// What is shown beside the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// The calls on which the right to read them reaches; `None`: no calls.
    pub calls: Option<Scope>,
    /// Who looks at leads and deals; `None`: nobody.
    pub deals: Option<Looker>,
}

impl Happening {
    fn place(&self) -> Place {
        let (at, id) = match self {
            Happening::Call(call) => (call.started_at, call.id.to_string()),
            Happening::Note(note) => (note.at, note.id.to_string()),
            Happening::Deal(change) => (change.at, change.id.to_string()),
        };
        Place { at, id }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    author_id: Option<String>,
    author_name: String,
    body: String,
    at: i64,
}

/// A page of it, by cursor.
pub async fn timeline(
    db: &Db,
    (within, client): (Scope, ClientId),
    beside: Beside,
    page: &Page,
) -> Result<Listing<Happening>, StoreError> {
    get(db, within, client).await?;
    let place = Place::of(page)?;
    let most = page.limit.saturating_add(1);
    let rows: Vec<Row> = db.all(NOTES, args![client, place.at, &place.id, most]).await?;
    let notes = rows.into_iter().map(|row| Ok(Happening::Note(read(row)?)));
    let mut all = notes.collect::<Result<Vec<_>, StoreError>>()?;
    if let Some(looker) = beside.deals {
        let changes = deals::of_client(db, (client, looker), (&place, most)).await?;
        all.extend(changes.into_iter().map(|change| Happening::Deal(Box::new(change))));
    }
    if let Some(within) = beside.calls {
        let calls = calls::of_client(db, within, client, (&place, most)).await?;
        all.extend(calls.into_iter().map(|call| Happening::Call(Box::new(call))));
    }
    all.sort_by_cached_key(|happening| {
        let place = happening.place();
        std::cmp::Reverse((place.at, place.id))
    });
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = all.len() > shown;
    all.truncate(shown);
    let next_cursor = all.last().filter(|_| more).map(|last| last.place().write());
    Ok(Listing {
        items: all,
        total: 0,
        filtered: 0,
        next_cursor,
    })
}

/// Writes a note down for good.
pub async fn add_note(
    db: &Db,
    author: &Author,
    (within, client): (Scope, ClientId),
    body: &str,
) -> Result<Note, StoreError> {
    get(db, within, client).await?;
    let body = body.trim();
    let fault = match body.chars().count() {
        0 => Some(FieldError::new("body", "required", "a note says something")),
        1..=LONGEST_NOTE => None,
        _ => Some(FieldError::new("body", "too_long", "4000 characters at most")),
    };
    StoreError::invalid(fault.into_iter().collect())?;
    let mut ids = author.stamp.ids();
    let note = Note {
        id: NoteId::new(ids.now, ids.random()),
        author: author.actor.staff,
        author_name: author.actor.name.clone(),
        body: body.to_owned(),
        at: ids.now,
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

fn read(row: Row) -> Result<Note, StoreError> {
    Ok(Note {
        id: id(&row.id)?,
        author: maybe_id(&row.author_id)?,
        author_name: row.author_name,
        body: row.body,
        at: row.at,
    })
}
