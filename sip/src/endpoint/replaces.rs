//! INVITEs that have to do with a call that we have: with Replaces (RFC 3891), or our own that came back.

use super::Endpoint;
use super::incoming::Incoming;
use crate::dialog::replaces::Replaces;
use crate::dialog::session::{Phase, Session};
use crate::event::{Replaced, SessionId};
use crate::tx::key::read_token;

impl Endpoint {
    /// The session of a dialog, confirmed or early, by what its peer calls it: `to_tag` is ours, `from_tag` the peer's.
    /// A `from_tag` of `0` stands for a peer without tag (RFC 3891 section 6.1).
    pub fn find_dialog(&self, call_id: &[u8], to_tag: &[u8], from_tag: &[u8]) -> Option<SessionId> {
        let id = *self.tags.get(&read_token(to_tag)?)?;
        let session = self.sessions.get(&id.0)?;
        let known = session.call_id.as_bytes() == call_id
            && (session.has_peer(from_tag) || (from_tag == b"0" && session.has_peer(b"")));
        known.then_some(id)
    }

    /// Whom a new INVITE takes the place of; the error is the status that it gets (RFC 3891 section 3).
    pub(super) fn replaced(&self, incoming: &Incoming) -> Result<Option<Replaced>, u16> {
        let Some(replaces) = Replaces::of(&incoming.message).map_err(|_| 400_u16)? else {
            return Ok(None);
        };
        let session = self
            .find_dialog(&replaces.call_id, &replaces.to_tag, &replaces.from_tag)
            .ok_or(481_u16)?;
        let early = match self.sessions.get(&session.0).map(|session| &session.phase) {
            Some(Phase::Calling { .. }) => true,
            Some(Phase::Established | Phase::Answering { .. }) if replaces.early_only => return Err(486),
            Some(Phase::Established | Phase::Answering { .. }) => false,
            Some(Phase::Cancelling { .. } | Phase::Leaving { .. }) => return Err(603),
            // Only who began an early dialog may have it replaced.
            Some(Phase::Incoming { .. }) | None => return Err(481),
        };
        Ok(Some(Replaced { session, early }))
    }

    /// Whether an INVITE of ours has come back as it went (RFC 3261 section 16.3, loop). With another Request-URI it has
    /// spiralled and is a call like any other: Max-Forwards bounds it.
    pub(super) fn is_loop(&self, incoming: &Incoming) -> bool {
        let request = &incoming.message;
        let id = request
            .from_tag()
            .and_then(read_token)
            .and_then(|tag| self.tags.get(&tag));
        let Some(session) = id.and_then(|id| self.sessions.get(&id.0)) else {
            return false;
        };
        let (Phase::Calling { tx } | Phase::Cancelling { tx }) = session.phase else {
            return false;
        };
        request.call_id() == Some(session.call_id.as_bytes())
            && self
                .sent_request(tx)
                .is_some_and(|(_, sent)| sent.request_uri() == request.request_uri())
    }
}

impl Session {
    fn has_peer(&self, remote_tag: &[u8]) -> bool {
        match &self.dialog {
            Some(dialog) => dialog.remote_tag == remote_tag,
            None => self.early.iter().any(|dialog| dialog.remote_tag == remote_tag),
        }
    }
}
