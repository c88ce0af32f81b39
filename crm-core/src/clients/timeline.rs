//! All that has happened with a client: calls, messages left, requests of a site's visitor, notes, and what has become of
//! leads and deals; the newest first.

use frontdesk_routing::ids::ClientId;

use super::notes::{self, Note};
use super::store::get;
use crate::access::Scope;
use crate::calls::{self, Call};
use crate::deals::{self, Change, Looker};
use crate::requests::{self, Request};
use crate::store::page::Place;
use crate::store::{Db, Listing, Page, StoreError};
use crate::voicemails::{self, Reader, Voicemail};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    Call(Box<Call>),
    Note(Note),
    Deal(Box<Change>),
    Voicemail(Box<Voicemail>),
    Request(Box<Request>),
}

/// What is shown beside the notes and the requests.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// The calls on which the right to read them reaches; `None`: no calls.
    pub calls: Option<Scope>,
    /// Who looks at leads and deals; `None`: nobody.
    pub deals: Option<Looker>,
    /// Who reads messages in mailboxes; `None`: nobody.
    pub voicemails: Option<Reader>,
}

impl Happening {
    fn place(&self) -> Place {
        let (at, id) = match self {
            Happening::Call(call) => (call.started_at, call.id.to_string()),
            Happening::Note(note) => (note.at, note.id.to_string()),
            Happening::Deal(change) => (change.at, change.id.to_string()),
            Happening::Voicemail(message) => (message.left_at, message.recording.to_string()),
            Happening::Request(request) => (request.created_at, request.id.to_string()),
        };
        Place { at, id }
    }
}

/// A page of it, by cursor. Of a client with very many calls a page looks at so many and no more: it may hold less than it
/// could, and goes on all the same.
///
/// # Errors
/// `NotFound`: no such client within the reach; `Invalid`: a cursor that is none of ours.
pub async fn timeline(
    db: &Db,
    (within, client): (Scope, ClientId),
    beside: Beside,
    page: &Page,
) -> Result<Listing<Happening>, StoreError> {
    get(db, within, client).await?;
    let place = Place::of(page)?;
    let shown = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let part = (&place, page.limit.saturating_add(1));
    let floor = calls::floor_of_client(db, (within, client), &place).await?;
    let lowest = floor.clone().unwrap_or_else(Place::oldest);
    let mut all = Vec::new();
    all.extend(
        notes::of_client(db, client, part)
            .await?
            .into_iter()
            .map(Happening::Note),
    );
    let requests = requests::of_client(db, (within, client), part).await?;
    all.extend(
        requests
            .into_iter()
            .map(|request| Happening::Request(Box::new(request))),
    );
    if let Some(looker) = beside.deals {
        let changes = deals::of_client(db, (client, looker), part).await?;
        all.extend(changes.into_iter().map(|change| Happening::Deal(Box::new(change))));
    }
    if let Some(within) = beside.calls {
        let calls = calls::of_client(db, (within, client), &lowest, part).await?;
        all.extend(calls.into_iter().map(|call| Happening::Call(Box::new(call))));
    }
    if let Some(reader) = beside.voicemails {
        let messages = voicemails::of_client(db, (reader, client), &lowest, part).await?;
        all.extend(
            messages
                .into_iter()
                .map(|message| Happening::Voicemail(Box::new(message))),
        );
    }
    let mut placed: Vec<(Place, Happening)> = all.into_iter().map(|one| (one.place(), one)).collect();
    placed.retain(|(place, _)| *place >= lowest);
    placed.sort_by(|(one, _), (other, _)| other.cmp(one));
    let more = placed.len() > shown;
    placed.truncate(shown);
    let next = match more {
        true => placed.last().map(|(place, _)| place.write()),
        false => floor.map(|floor| floor.write()),
    };
    Ok(Listing {
        items: placed.into_iter().map(|(_, one)| one).collect(),
        total: 0,
        filtered: 0,
        next_cursor: next,
    })
}
