//! Session-ID (RFC 7989): by what both sides of a session are known in everybody's logs.
//!
//! The owner has two sessions for one call and stands between their peers. In each of them it is known by the other's UUID,
//! as section 7 wants it of who passes a call on; before there is another, by one of chance.

use rand::Rng;

use super::Endpoint;
use super::incoming::Incoming;
use crate::event::SessionId;
use crate::tx::key::read_token;
use crate::wire::{Message, SessionIds, SessionUuid};

impl Endpoint {
    /// Ours is `local`: the party that we stand for. A peer that has not named itself is nil, or, when it has begun the
    /// session, known by a UUID that we have made for it. `None` once the session is over.
    pub fn session_ids(&self, session: SessionId) -> Option<SessionIds> {
        self.sessions.get(&session.0).map(|session| session.ids)
    }

    /// For whom we stand in a session from its next message on; nil changes nothing.
    pub fn stand_for(&mut self, session: SessionId, party: SessionUuid) {
        if let Some(session) = self.sessions.get_mut(&session.0)
            && !party.is_nil()
        {
            session.ids.local = party;
        }
    }

    /// Of a session that a peer begins; a retransmission that is refused once more is refused in the same words.
    pub(super) fn ids_of_caller(&self, incoming: &Incoming) -> SessionIds {
        let made = |number| SessionUuid::of_chance(self.secret.chance(incoming.key, number));
        let named = incoming.message.session_ids().map(|ids| ids.local);
        let named = named.filter(|uuid| !uuid.is_nil());
        SessionIds {
            local: made(0),
            remote: named.unwrap_or_else(|| made(1)),
        }
    }

    /// Of a session that we begin for somebody, or for ourselves.
    pub(super) fn ids_of_called(&mut self, party: Option<SessionUuid>) -> SessionIds {
        let party = party.filter(|uuid| !uuid.is_nil());
        SessionIds {
            local: party.unwrap_or_else(|| SessionUuid::of_chance(self.uuids.random())),
            remote: SessionUuid::NIL,
        }
    }

    /// The peer has said how it is called now.
    pub(super) fn hear_ids(&mut self, session: SessionId, message: &Message) {
        let named = message.session_ids().map(|ids| ids.local);
        if let (Some(session), Some(named)) = (self.sessions.get_mut(&session.0), named)
            && !named.is_nil()
        {
            session.ids.remote = named;
        }
    }

    /// What the response to a request carries: `tag` is ours in it. Outside sessions we have no UUID, and say the peer's.
    pub(super) fn ids_of_response(&self, request: &Message, tag: u64) -> Option<SessionIds> {
        let tag = request.to_tag().map_or(Some(tag), read_token);
        let session = tag.and_then(|tag| self.tags.get(&tag));
        let ids = session.and_then(|session| self.session_ids(*session));
        ids.or_else(|| request.session_ids().map(SessionIds::mirrored))
    }
}
