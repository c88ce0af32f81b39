//! Requests inside dialogs, and the ways in which a session ends.

use bytes::Bytes;

use super::Endpoint;
use super::incoming::Incoming;
use super::outgoing::{Answer, NO_HEADERS, Outgoing, name_addr};
use crate::Now;
use crate::command::{Body, Headers, Party};
use crate::dialog::OutOfOrder;
use crate::dialog::session::{Phase, Session};
use crate::event::{EndedBy, Event, SessionId, TransactionId};
use crate::tx::key::read_token;
use crate::tx::store::Purpose;
use crate::wire::{ACCEPT, HeaderName, Message, Method};

/// A request of the owner inside a dialog.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) token: u64,
    pub(super) method: std::borrow::Cow<'static, str>,
    pub(super) headers: Headers,
    pub(super) body: Option<Body>,
}

impl Endpoint {
    /// RFC 3261 section 12.2.2.
    pub(super) fn on_in_dialog(&mut self, incoming: Incoming, now: Now) {
        if let Some(id) = self.find_subscription(&incoming.message) {
            return self.on_in_subscription(id, incoming, now);
        }
        let Some(id) = self.find_session(&incoming.message) else {
            self.refuse_stateless(&incoming, 481, NO_HEADERS);
            return;
        };
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let tag = incoming.message.from_tag().unwrap_or_default();
        let Some(dialog) = session.dialog_mut(tag) else { return };
        if dialog.advance(incoming.cseq) == Err(OutOfOrder) {
            self.refuse_for_good(&incoming, Answer::of(500), now);
            return;
        }
        self.move_session(id, incoming.flow, now);
        self.hear_ids(id, &incoming.message);
        let method = incoming.message.method();
        if method == Method::Invite {
            self.on_reinvite(id, incoming, now);
        } else if method == Method::Update {
            self.on_update(id, incoming, now);
        } else if method == Method::Prack {
            self.on_prack(id, incoming, now);
        } else if method == Method::Bye {
            self.on_bye(id, &incoming, now);
        } else if method == Method::Options {
            let accept: Headers = vec![("Accept".into(), ACCEPT.to_owned())];
            let answer = Answer {
                headers: &accept,
                abilities: true,
                contact: true,
                ..Answer::of(200)
            };
            self.answer_stateless(&incoming, &answer);
        } else {
            self.on_foreign(id, incoming, now);
        }
        self.look_ahead(id);
    }

    /// Our tag names the session; Call-ID and the peer's tag have to agree.
    fn find_session(&mut self, request: &Message) -> Option<SessionId> {
        let id = *self.tags.get(&read_token(request.to_tag()?)?)?;
        let session = self.sessions.get_mut(&id.0)?;
        if request.call_id() != Some(session.call_id.as_bytes()) {
            return None;
        }
        session.dialog_mut(request.from_tag().unwrap_or_default())?;
        Some(id)
    }

    /// Refuses and remembers it: the request again, later, must not be taken for a new one.
    pub(super) fn refuse_for_good(&mut self, incoming: &Incoming, answer: Answer<'_>, now: Now) {
        match self.open_server(incoming, None, now) {
            Some(tx) => self.answer(tx, &answer, now),
            None => self.answer_stateless(incoming, &answer),
        }
    }

    /// INFO, MESSAGE, REFER, NOTIFY, SUBSCRIBE: the owner's.
    fn on_foreign(&mut self, id: SessionId, incoming: Incoming, now: Now) {
        if !self.sessions.get(&id.0).is_some_and(|session| session.is_heard()) {
            self.refuse_stateless(&incoming, 481, NO_HEADERS);
            return;
        }
        match self.open_server(&incoming, Some(id), now) {
            Some(tx) => self.events.push_back(Event::InDialog {
                session: id,
                transaction: TransactionId(tx),
                request: incoming.message,
            }),
            None => self.refuse_stateless(&incoming, 503, NO_HEADERS),
        }
    }

    /// RFC 3261 section 15.1.2.
    fn on_bye(&mut self, id: SessionId, incoming: &Incoming, now: Now) {
        self.refuse_for_good(incoming, Answer::of(200), now);
        let reason = incoming.message.listed(HeaderName::Reason);
        let Some(phase) = self.sessions.get(&id.0).map(|session| session.phase.clone()) else {
            return;
        };
        match phase {
            Phase::Incoming { tx } => {
                self.answer(tx, &Answer::of(487), now);
                self.gone_unanswered(id, (EndedBy::Bye, reason), now);
            }
            // A callee must not hang up before it answered; its final response is still to come.
            Phase::Calling { .. } | Phase::Cancelling { .. } => {}
            Phase::Answering { tx } => {
                self.ack_without_answer(id, tx, now);
                self.end_established(id, now);
                self.events.push_back(Event::Ended {
                    session: id,
                    by: EndedBy::Bye,
                    reason,
                });
            }
            Phase::Established => {
                self.end_established(id, now);
                self.events.push_back(Event::Ended {
                    session: id,
                    by: EndedBy::Bye,
                    reason,
                });
            }
            Phase::Leaving { .. } => {
                self.end_established(id, now);
            }
        }
    }

    /// The session goes; what the peer still waits for is answered.
    pub(super) fn end_established(&mut self, id: SessionId, now: Now) -> Option<Box<Session>> {
        let session = self.end_session(id)?;
        if let Some(offer) = session.offer {
            self.answer(offer.tx, &Answer::of(487), now);
        }
        if let Some(tx) = session.reinvite.tx {
            self.detach(tx, now);
        }
        Some(session)
    }

    /// Ends a session with BYE. Events are the caller's.
    pub(super) fn hang_up(&mut self, id: SessionId, reason: Option<String>, now: Now) {
        let branch = self.new_branch();
        let Some(mut session) = self.end_established(id, now) else {
            return;
        };
        let cseq = session.next_cseq();
        let Some(dialog) = &session.dialog else { return };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let headers: Headers = reason.map(|reason| ("Reason".into(), reason)).into_iter().collect();
        let bye = Outgoing::within(&session, dialog, "BYE", (&flow, branch, cseq));
        let bytes = self.request(&Outgoing {
            headers: &headers,
            ..bye
        });
        let (credentials, aor) = (session.credentials.take(), session.aor.map(Box::new));
        self.start_other(branch, flow, (bytes, Purpose::Farewell { aor }), now);
        self.log_in(branch, credentials);
    }

    /// Who our side of a session is from now on, as From of our requests says; the tag stays. Only a peer whose Supported
    /// lists `from-change` understands that (RFC 4916).
    pub fn rename(&mut self, session: SessionId, from: &Party) {
        if let Some(session) = self.sessions.get_mut(&session.0) {
            session.local = name_addr(&from.display, &from.uri, Some(session.local_tag));
        }
    }

    /// The ACK that a 2xx with an offer still needs when the answer will never come.
    pub(super) fn ack_without_answer(&mut self, id: SessionId, tx: u64, now: Now) {
        let tag = self
            .sessions
            .get(&id.0)
            .and_then(|session| session.dialog.as_ref())
            .map(|dialog| dialog.remote_tag.clone());
        if let Some(tag) = tag {
            self.ack_tag(tx, id, tag, None);
        }
        self.detach(tx, now);
    }

    /// The connection is gone before the session stood, so there is nothing to say goodbye on.
    pub(super) fn leave_flowless(&mut self, id: SessionId, invite: u64, now: Now) {
        self.detach(invite, now);
        let Some(session) = self.end_session(id) else { return };
        if let Some(offer) = session.offer {
            self.drop_server(offer.tx);
        }
        if let Some(tx) = session.reinvite.tx {
            self.detach(tx, now);
        }
        self.events.push_back(Event::Ended {
            session: id,
            by: EndedBy::FlowGone,
            reason: None,
        });
    }

    /// The ACK of a 2xx: a request of its own inside the dialog.
    pub(super) fn on_success_ack(&mut self, incoming: &Incoming, now: Now) {
        let found = self.find_session(&incoming.message);
        let Some(id) = found else {
            self.totals.stray += 1;
            return;
        };
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        if session.unacked.is_some_and(|unacked| unacked.cseq == incoming.cseq) {
            self.move_session(id, incoming.flow, now);
            self.on_acked(id, incoming.message.body_bytes(), now);
        }
    }

    pub(super) fn on_acked(&mut self, id: SessionId, body: Bytes, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let Some(unacked) = session.unacked.take() else { return };
        let phase = session.phase.clone();
        self.stop_success(unacked.tx);
        if let Phase::Leaving { reason } = phase {
            self.hang_up(id, reason, now);
            return;
        }
        if unacked.first || unacked.offered {
            self.events.push_back(Event::Acked { session: id, body });
        }
        self.kick_reinvite(id, now);
    }

    /// CANCEL took an INVITE that had no final response; 487 has been sent.
    pub(super) fn on_invite_cancelled(&mut self, id: Option<SessionId>, tx: u64, reason: Option<String>, now: Now) {
        let Some(id) = id else { return };
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if session.phase == (Phase::Incoming { tx }) {
            self.gone_unanswered(id, (EndedBy::Bye, reason), now);
        } else if session.offer.is_some_and(|offer| offer.tx == tx) {
            session.offer = None;
        }
    }

    pub(super) fn send_in_dialog(&mut self, id: SessionId, inside: Inside, now: Now) {
        let branch = self.new_branch();
        let session = self.sessions.get_mut(&id.0);
        let ready = session.filter(|session| matches!(session.phase, Phase::Established | Phase::Incoming { .. }));
        let Some(session) = ready else {
            self.events.push_back(Event::InDialogResult {
                session: id,
                token: inside.token,
                status: 481,
            });
            return;
        };
        let cseq = session.next_cseq();
        // An UPDATE refreshes the target and the session (RFC 3311 section 5.1, RFC 4028 section 7.4).
        let refreshes = inside.method == "UPDATE";
        let fields = if refreshes {
            self.refresh_fields(id)
        } else {
            Headers::new()
        };
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let Some(dialog) = &session.dialog else { return };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let request = Outgoing::within(session, dialog, &inside.method, (&flow, branch, cseq));
        let contact = refreshes || matches!(inside.method.as_ref(), "REFER" | "SUBSCRIBE" | "NOTIFY");
        let request = Outgoing {
            more: &fields,
            abilities: refreshes,
            headers: &inside.headers,
            body: inside.body.as_ref(),
            contact,
            ..request
        };
        let bytes = self.request(&request);
        self.start_other(
            branch,
            flow,
            (
                bytes,
                Purpose::InDialog {
                    session: id,
                    token: inside.token,
                },
            ),
            now,
        );
    }
}
