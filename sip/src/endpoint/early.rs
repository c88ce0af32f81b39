//! Before the final response to our INVITE: reliable provisional responses get their PRACK (RFC 3262 section 4), and
//! either side may offer anew by UPDATE (RFC 3311).

use bytes::Bytes;

use super::Endpoint;
use super::outgoing::Outgoing;
use crate::Now;
use crate::command::Headers;
use crate::dialog::reliable::{Exchange, Heard, rseq};
use crate::dialog::session::{Phase, Session};
use crate::event::SessionId;
use crate::tx::client_invite;
use crate::tx::store::{ClientStage, Purpose};
use crate::wire::Message;

impl Endpoint {
    /// The answer that a reliable provisional response of the branch that answered brought; its 2xx may have no body then.
    pub fn early_answer(&self, session: SessionId) -> Option<Bytes> {
        self.sessions.get(&session.0)?.dialog.as_ref()?.answer.clone()
    }

    /// Acknowledges a provisional response that wants it; false when it is a repetition or out of order.
    pub(super) fn acknowledge(&mut self, id: SessionId, response: &Message, now: Now) -> bool {
        let Some(rseq) = rseq(response) else { return true };
        let branch = self.new_branch();
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return true;
        };
        session.timer.hear(response);
        let tag = response.to_tag().unwrap_or_default();
        // Of an INVITE without an offer we did not ask for this, and could not answer in the PRACK; without a tag there is no
        // dialog to send one in.
        if session.described.is_none() || tag.is_empty() {
            return true;
        }
        let Some(dialog) = session.early.iter_mut().find(|dialog| dialog.remote_tag == tag) else {
            return false;
        };
        if !Heard::take(&mut dialog.heard, rseq) {
            return false;
        }
        if dialog.answer.is_none() && !response.body().is_empty() {
            dialog.answer = Some(response.body_bytes());
        }
        let number = response.cseq().map_or(1, |(number, _)| number);
        let headers: Headers = vec![("RAck".into(), format!("{rseq} {number} INVITE"))];
        let cseq = session.next_cseq();
        let Some(session) = self.sessions.get(&id.0) else {
            return false;
        };
        let Some(dialog) = session.early.iter().find(|dialog| dialog.remote_tag == tag) else {
            return false;
        };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let prack = Outgoing {
            headers: &headers,
            ..Outgoing::within(session, dialog, "PRACK", (&flow, branch, cseq))
        };
        let bytes = self.request(&prack);
        self.start_other(branch, flow, (bytes, Purpose::Parting), now);
        self.log_in(branch, self.credentials_of(id));
        true
    }

    /// The owner's new offer before the final response: by UPDATE, when offer and answer of the INVITE are settled and the
    /// peer knows it; false: it has to wait.
    pub(super) fn offer_early(&mut self, id: SessionId, now: Now) -> bool {
        let branch = self.new_branch();
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return false;
        };
        let free = session.reinvite.tx.is_none() && session.reinvite.retry_at.is_none() && session.offer.is_none();
        if !free || !session.timer.peer_updates || session.settled_early().is_none() {
            return false;
        }
        if session.reinvite.current.is_none() {
            session.reinvite.refusals = 0;
            session.reinvite.current = session.reinvite.next.take();
        }
        if session.reinvite.current.is_none() {
            return false;
        }
        let cseq = session.next_cseq();
        session.reinvite.tx = Some(branch);
        let Some(session) = self.sessions.get(&id.0) else {
            return false;
        };
        let (Some((headers, body)), Some(dialog)) = (&session.reinvite.current, session.settled_early()) else {
            return false;
        };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let update = Outgoing {
            headers,
            more: &self.fields.dialog,
            body: Some(body),
            contact: true,
            abilities: true,
            ..Outgoing::within(session, dialog, "UPDATE", (&flow, branch, cseq))
        };
        let bytes = self.request(&update);
        self.start_other(branch, flow, (bytes, Purpose::EarlyOffer { session: id }), now);
        true
    }
}

impl Endpoint {
    /// Our INVITE is under way, and nothing at all has been heard of it.
    pub fn is_unheard(&self, session: SessionId) -> bool {
        let phase = self.sessions.get(&session.0).map(|session| &session.phase);
        matches!(phase, Some(Phase::Calling { tx }) if self.is_calling(*tx))
    }

    /// Something has been heard of our INVITE, whether it has been given up or not.
    pub fn is_heard(&self, session: SessionId) -> bool {
        match self.sessions.get(&session.0).map(|session| &session.phase) {
            Some(Phase::Calling { tx } | Phase::Cancelling { tx }) => !self.is_calling(*tx),
            Some(Phase::Incoming { .. }) | None => false,
            Some(Phase::Answering { .. } | Phase::Established | Phase::Leaving { .. }) => true,
        }
    }

    fn is_calling(&self, tx: u64) -> bool {
        let stage = self.clients.get(&tx).map(|transaction| transaction.stage);
        stage == Some(ClientStage::Invite(client_invite::State::Calling))
    }
}

impl Session {
    /// The early dialog in which a new offer may be made: offer and answer have gone reliably, and no other branch could
    /// still win.
    fn settled_early(&self) -> Option<&crate::dialog::Dialog> {
        match self.phase {
            Phase::Incoming { .. } => {
                let reliable = self.reliable.as_ref()?;
                let settled = reliable.exchange == Exchange::Settled
                    && reliable.outstanding.is_none()
                    && reliable.accept.is_none();
                self.dialog.as_ref().filter(|_| settled)
            }
            Phase::Calling { .. } => match self.early.as_slice() {
                [only] if only.answer.is_some() => Some(only),
                _ => None,
            },
            Phase::Cancelling { .. } | Phase::Answering { .. } | Phase::Established | Phase::Leaving { .. } => None,
        }
    }

    /// Whether the peer may offer anew in its early dialog with this tag (RFC 3311 section 5.1).
    pub(super) fn may_update(&self, remote_tag: &[u8]) -> bool {
        match self.phase {
            Phase::Incoming { .. } => self.exchange() == Exchange::Settled,
            Phase::Calling { .. } => self
                .early
                .iter()
                .any(|dialog| dialog.remote_tag == remote_tag && dialog.answer.is_some()),
            Phase::Cancelling { .. } | Phase::Answering { .. } | Phase::Established | Phase::Leaving { .. } => false,
        }
    }
}
