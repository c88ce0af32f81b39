//! An INVITE whose offer the peer does not want goes once more with another one (RFC 3261 sections 8.1.3.5 and 13.3.1.3).

use super::Endpoint;
use super::client_invite::work;
use super::outgoing::NO_HEADERS;
use crate::Now;
use crate::dialog::session::Phase;
use crate::event::{Event, SessionId};

impl Endpoint {
    /// False: the status says nothing of the offer, or there is no other one.
    pub(super) fn retry_with_offer(&mut self, id: u64, owner: SessionId, status: u16, now: Now) -> bool {
        if !matches!(status, 415 | 488 | 606) {
            return false;
        }
        let Some((flow, request)) = self.sent_request(id) else {
            return false;
        };
        let branch = self.new_branch();
        let Some(session) = self.sessions.get_mut(&owner.0) else {
            return false;
        };
        if !matches!(session.phase, Phase::Calling { .. }) {
            return false;
        }
        let Some(second) = session.second.take() else {
            return false;
        };
        session.phase = Phase::Calling { tx: branch };
        session.early = Vec::new();
        session.described = Some(second.clone());
        let cseq = session.next_cseq();
        let bytes = self.request_with(&request, (&flow, branch, cseq), NO_HEADERS, Some(&second));
        self.start_invite_client(branch, flow, (bytes, work(owner, cseq, true)), now);
        self.events.push_back(Event::SecondOffer { session: owner });
        true
    }
}
