//! What a 2xx to an INVITE of ours gets: its ACK, and BYE when nobody waits for it (RFC 3261 section 13.2.2.4).

use bytes::Bytes;

use super::Endpoint;
use super::outgoing::{NO_HEADERS, Outgoing};
use crate::Now;
use crate::command::Body;
use crate::dialog::route_set::address;
use crate::dialog::{Dialog, text};
use crate::event::SessionId;
use crate::flow::FlowId;
use crate::tx::store::Purpose;
use crate::wire::{HeaderName, Message};

impl Endpoint {
    /// A response without Contact leaves the request's own target.
    pub(super) fn dialog_of(&self, id: u64, response: &Message) -> Dialog {
        let mut dialog = Dialog::of_response(response);
        if dialog.target.is_empty()
            && let Some((_, request)) = self.sent_request(id)
        {
            dialog.target = text(request.request_uri());
        }
        dialog
    }

    /// The ACK of a 2xx that the session wants, kept for the 2xx's retransmissions.
    pub(super) fn ack_success(&mut self, id: u64, owner: SessionId, response: &Message, body: Option<&Body>) {
        let tag = Bytes::copy_from_slice(response.to_tag().unwrap_or_default());
        self.ack_tag(id, owner, tag, body);
    }

    pub(super) fn ack_tag(&mut self, id: u64, owner: SessionId, tag: Bytes, body: Option<&Body>) {
        let branch = self.new_branch();
        let Some(Purpose::Invite(work)) = self.clients.get(&id).map(|transaction| &transaction.purpose) else {
            return;
        };
        let cseq = work.cseq;
        let Some(session) = self.sessions.get(&owner.0) else {
            return;
        };
        let Some(dialog) = &session.dialog else { return };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let ack = Outgoing::within(session, dialog, "ACK", (&flow, branch, cseq));
        let headers = &self.credentials_sent(id);
        let bytes = self.request(&Outgoing { body, headers, ..ack });
        if let Some(work) = self.invite_work(id) {
            work.acks.retain(|(known, _)| *known != tag);
            work.acks.push((tag, Some((flow, bytes.clone()))));
        }
        self.send(flow, bytes);
    }

    /// RFC 3261 section 13.2.2.4: a 2xx that nobody waits for is acknowledged and hung up.
    pub(super) fn ack_unwanted(&mut self, id: u64, response: &Message, now: Now) {
        let (ack_branch, bye_branch) = (self.new_branch(), self.new_branch());
        let Some((flow, request)) = self.sent_request(id) else {
            return;
        };
        let Some(work) = self.invite_work(id) else { return };
        let (again, cseq, follows) = (work.again, work.cseq, work.follows);
        let dialog = self.dialog_of(id, response);
        let flow = self.hops.destination(&dialog, &flow, follows);
        let ack = Outgoing {
            method: "ACK",
            address: address(&dialog.routes, &dialog.target),
            from: &text(request.header(HeaderName::From).unwrap_or_default()),
            to: &dialog.remote,
            call_id: &text(request.call_id().unwrap_or_default()),
            cseq,
            flow: &flow,
            branch: ack_branch,
            max_forwards: 70,
            contact: false,
            abilities: false,
            session_ids: request.session_ids(),
            more: NO_HEADERS,
            headers: NO_HEADERS,
            body: None,
        };
        let bytes = self.request(&ack);
        let bye = Outgoing {
            method: "BYE",
            cseq: cseq.saturating_add(1),
            branch: bye_branch,
            ..ack
        };
        let bye = self.request(&bye);
        if let Some(work) = self.invite_work(id) {
            work.acks.push((dialog.remote_tag.clone(), Some((flow, bytes.clone()))));
        }
        self.send(flow, bytes);
        // A re-INVITE's session has been hung up already.
        if !again {
            self.start_other(bye_branch, flow, (bye, Purpose::Parting), now);
        }
    }
    /// Where the ACK of a 2xx that comes again goes: the next hop may have been found meanwhile. `None`: the session is
    /// over or has another dialog.
    pub(super) fn destination_by_now(&mut self, owner: Option<SessionId>, tag: &[u8]) -> Option<FlowId> {
        let session = self.sessions.get(&owner?.0).filter(|session| session.follows)?;
        let dialog = session.dialog.as_ref().filter(|dialog| dialog.remote_tag == tag)?;
        Some(self.hops.destination(dialog, &session.flow, true))
    }
}
