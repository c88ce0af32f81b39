//! Our INVITEs: how they start, what their responses make of them, ACK, CANCEL and the branches nobody wants.

use bytes::Bytes;

use super::Endpoint;
use super::login::Known;
use super::outgoing::{NO_HEADERS, Outgoing, name_addr};
use crate::Now;
use crate::command::Invite;
use crate::dialog::route_set::{Address, address};
use crate::dialog::session::{Phase, Reinvite, Session};
use crate::dialog::session_timer::SessionTimer;
use crate::dialog::{Dialog, text};
use crate::event::{Event, SessionId};
use crate::flow::FlowId;
use crate::tx::Reliability;
use crate::tx::client_invite::{Act, Input, State, step};
use crate::tx::store::{CancelStage, ClientStage, ClientTx, InviteWork, Purpose};
use crate::tx::timer::{Due, Timer};
use crate::wire::{Framing, HeaderName, Message};

/// A first INVITE's.
pub(super) fn work(session: SessionId, cseq: u32, offered: bool) -> InviteWork {
    InviteWork {
        session: Some(session),
        follows: false,
        again: false,
        offered,
        cseq,
        cancel: CancelStage::No,
        acks: Vec::new(),
    }
}

impl Endpoint {
    pub(super) fn start_invite(&mut self, invite: Invite, now: Now) {
        if self.sessions.contains_key(&invite.session.0) {
            return;
        }
        let attempt = self.attempt(invite.after.as_ref());
        let branch = self.new_branch();
        let local = name_addr(&invite.from.display, &invite.from.uri, Some(attempt.local_tag));
        let ids = self.ids_of_called(invite.session_id);
        let outgoing = Outgoing {
            method: "INVITE",
            address: address(&invite.route, &invite.request_uri),
            from: &local,
            to: &name_addr(&invite.to.display, &invite.to.uri, None),
            call_id: &attempt.call_id,
            cseq: attempt.cseq,
            flow: &invite.flow,
            branch,
            max_forwards: invite.max_forwards,
            contact: true,
            abilities: true,
            session_ids: Some(ids),
            more: if invite.body.is_some() {
                &self.fields.invite
            } else {
                &self.fields.late_invite
            },
            headers: &invite.headers,
            body: invite.body.as_ref(),
        };
        let bytes = self.request(&outgoing);
        let work = work(invite.session, attempt.cseq, invite.body.is_some());
        self.add_session(Session {
            id: invite.session,
            flow: invite.flow,
            follows: invite.follow_routes,
            call_id: attempt.call_id,
            local_tag: attempt.local_tag,
            local,
            local_cseq: attempt.cseq,
            caller: true,
            phase: Phase::Calling { tx: branch },
            ids,
            dialog: None,
            early: Vec::new(),
            unacked: None,
            offer: None,
            reinvite: Reinvite::default(),
            reliable: None,
            described: invite.body,
            second: invite.second,
            timer: SessionTimer::default(),
            credentials: invite.credentials,
            aor: None,
        });
        self.start_invite_client(branch, invite.flow, (bytes, work), now);
    }

    pub(super) fn start_invite_client(
        &mut self,
        id: u64,
        flow: FlowId,
        (request, mut work): (Bytes, InviteWork),
        now: Now,
    ) {
        let session = work.session.and_then(|session| self.sessions.get(&session.0));
        work.follows = session.is_some_and(|session| session.follows);
        let transaction = ClientTx {
            flow,
            request,
            interval: self.config.timers.t1,
            stage: ClientStage::Invite(State::Calling),
            known: work
                .session
                .and_then(|session| self.credentials_of(session))
                .map(Known::new),
            purpose: Purpose::Invite(Box::new(work)),
            again: None,
        };
        self.start_client(id, transaction, now);
    }

    pub(super) fn on_client_invite_timer(&mut self, due: Due, now: Now) {
        self.step_invite(due.owner, Input::Timer(due.timer), None, now);
    }

    pub(super) fn on_invite_response(&mut self, id: u64, response: Message, now: Now) {
        let input = match response.status().unwrap_or(0) {
            0..200 => Input::Provisional,
            200..300 => Input::Success,
            _ => Input::Failure,
        };
        self.step_invite(id, input, Some(response), now);
    }

    fn step_invite(&mut self, id: u64, input: Input, response: Option<Message>, now: Now) {
        let Some(transaction) = self.clients.get_mut(&id) else {
            return;
        };
        let ClientStage::Invite(state) = transaction.stage else {
            return;
        };
        let step = step(state, input, Reliability::of(transaction.flow.transport));
        transaction.stage = ClientStage::Invite(step.next);
        let (flow, request) = (transaction.flow, transaction.request.clone());
        self.arm_client(id, step.arm, now);
        match (step.act, response) {
            (Act::Resend, _) => self.resend_client(flow, request),
            (Act::Ack, Some(response)) => self.ack_failure(flow, &request, &response),
            (Act::AckAndDeliver, Some(response)) => {
                self.ack_failure(flow, &request, &response);
                self.on_invite_failure(id, response, now);
            }
            (Act::Deliver, Some(response)) => match input {
                Input::Success => self.on_invite_success(id, response, now),
                Input::Provisional | Input::Failure | Input::Timer(_) => self.on_invite_progress(id, response, now),
            },
            (Act::GiveUp, _) => {
                if let Some(Purpose::Invite(work)) = self.forget_client(id).map(|transaction| transaction.purpose) {
                    self.on_invite_unanswered(*work, 408, now);
                }
            }
            (Act::Nothing | Act::Ack | Act::AckAndDeliver | Act::Deliver, _) => {}
        }
        if step.next == State::Terminated {
            self.forget_client(id);
        }
    }

    pub(super) fn invite_work(&mut self, id: u64) -> Option<&mut InviteWork> {
        match &mut self.clients.get_mut(&id)?.purpose {
            Purpose::Invite(work) => Some(work),
            Purpose::InDialog { .. }
            | Purpose::Outside { .. }
            | Purpose::Refresh { .. }
            | Purpose::EarlyOffer { .. }
            | Purpose::Notify { .. }
            | Purpose::Parting
            | Purpose::Farewell { .. } => None,
        }
    }

    fn on_invite_progress(&mut self, id: u64, response: Message, now: Now) {
        let limit = self.config.limits.early_dialogs;
        let Some(work) = self.invite_work(id) else { return };
        let session = work.session;
        if let CancelStage::Wanted(reason) = &mut work.cancel {
            let reason = reason.take();
            work.cancel = CancelStage::Sent;
            self.send_cancel(id, reason, now);
        }
        if response.status() == Some(100) {
            return;
        }
        let Some(session) = session.and_then(|session| self.sessions.get_mut(&session.0)) else {
            return;
        };
        if session.phase != (Phase::Calling { tx: id }) {
            return;
        }
        if let Some(tag) = response.to_tag() {
            let room = session.early.len() < limit;
            match session.early.iter_mut().find(|dialog| dialog.remote_tag == tag) {
                Some(dialog) => dialog.refresh(&response),
                None if room => session.early.push(Dialog::of_response(&response)),
                None => {}
            }
        }
        let owner = session.id;
        self.hear_ids(owner, &response);
        self.look_ahead(owner);
        if self.acknowledge(owner, &response, now) {
            self.events.push_back(Event::Progress {
                session: owner,
                response,
            });
            self.kick_reinvite(owner, now);
        }
    }

    fn on_invite_success(&mut self, id: u64, response: Message, now: Now) {
        let limit = self.config.limits.early_dialogs;
        let tag = response.to_tag().unwrap_or_default();
        let Some(work) = self.invite_work(id) else { return };
        if let Some((_, ack)) = work.acks.iter().find(|(known, _)| known == tag) {
            let (ack, owner) = (ack.clone(), work.session);
            if let Some((flow, bytes)) = ack {
                // The next hop may have been found, or the connection lost.
                let found = self.destination_by_now(owner, tag);
                let next = || self.flow_within(owner).filter(|_| self.is_lost(&flow));
                self.send(found.or_else(next).unwrap_or(flow), bytes);
            }
            return;
        }
        if work.acks.len() >= limit {
            return;
        }
        let (again, offered, owner) = (work.again, work.offered, work.session);
        let session = owner.and_then(|owner| self.sessions.get_mut(&owner.0));
        match session {
            Some(session) if again => {
                let owner = session.id;
                if let Some(dialog) = &mut session.dialog {
                    dialog.refresh(&response);
                }
                self.hear_ids(owner, &response);
                self.ack_success(id, owner, &response, None);
                self.agree_as_uac(owner, &response, now);
                self.on_reinvite_result(owner, response, now);
            }
            Some(session) if session.phase == (Phase::Calling { tx: id }) => {
                let owner = session.id;
                self.hear_ids(owner, &response);
                let mut dialog = self.dialog_of(id, &response);
                let Some(session) = self.sessions.get_mut(&owner.0) else {
                    return;
                };
                let early = std::mem::take(&mut session.early);
                let same = early.into_iter().find(|early| early.remote_tag == dialog.remote_tag);
                (dialog.answer, dialog.remote_cseq) =
                    same.map(|early| (early.answer, early.remote_cseq)).unwrap_or_default();
                session.dialog = Some(dialog);
                if offered {
                    session.phase = Phase::Established;
                    self.ack_success(id, owner, &response, None);
                } else {
                    session.phase = Phase::Answering { tx: id };
                    let tag = Bytes::copy_from_slice(tag);
                    if let Some(work) = self.invite_work(id) {
                        work.acks.push((tag, None));
                    }
                }
                self.agree_as_uac(owner, &response, now);
                self.events.push_back(Event::Answered {
                    session: owner,
                    response,
                });
                self.kick_reinvite(owner, now);
            }
            Some(session) if session.phase == (Phase::Cancelling { tx: id }) => {
                let owner = session.id;
                self.ack_unwanted(id, &response, now);
                self.end_session(owner);
                self.detach(id, now);
                self.events.push_back(Event::Refused {
                    session: owner,
                    status: 487,
                    response: None,
                });
            }
            Some(_) | None => self.ack_unwanted(id, &response, now),
        }
    }

    /// Whoever waits for this INVITE waits no more; further 2xx are hung up, and its end is not awaited for ever.
    pub(super) fn detach(&mut self, id: u64, now: Now) {
        if let Some(work) = self.invite_work(id) {
            work.session = None;
            self.arm_client(id, &[Timer::CancelGiveUp], now);
        }
    }

    fn on_invite_failure(&mut self, id: u64, response: Message, now: Now) {
        let status = response.status().unwrap_or(500);
        let Some(work) = self.invite_work(id) else { return };
        let (again, Some(owner)) = (work.again, work.session.take()) else {
            return;
        };
        if matches!(status, 401 | 407) && self.invite_again(id, owner, &response, now) {
            return;
        }
        if again {
            self.on_reinvite_result(owner, response, now);
        } else if status == 422 && self.retry_with_interval(id, owner, &response, now)
            || self.retry_with_offer(id, owner, status, now)
        {
        } else if let Some(session) = self.end_session(owner) {
            self.events.push_back(Event::Refused {
                session: session.id,
                status,
                response: Some(response),
            });
        }
    }

    /// No response, none to the CANCEL, or no connection any more.
    pub(super) fn on_invite_unanswered(&mut self, work: InviteWork, status: u16, now: Now) {
        let Some(owner) = work.session else { return };
        if work.again {
            self.on_reinvite_silence(owner, status, now);
            return;
        }
        let Some(session) = self.sessions.get(&owner.0) else {
            return;
        };
        let status = match session.phase {
            Phase::Calling { .. } => status,
            Phase::Cancelling { .. } => 487,
            Phase::Incoming { .. } | Phase::Answering { .. } | Phase::Established | Phase::Leaving { .. } => return,
        };
        self.end_session(owner);
        self.events.push_back(Event::Refused {
            session: owner,
            status,
            response: None,
        });
    }

    /// The owner gave up an INVITE (RFC 3261 section 9.1).
    pub(super) fn give_up_invite(&mut self, id: u64, reason: Option<String>, now: Now) {
        let Some(transaction) = self.clients.get_mut(&id) else {
            return;
        };
        let ringing = transaction.stage == ClientStage::Invite(State::Proceeding);
        let Purpose::Invite(work) = &mut transaction.purpose else {
            return;
        };
        if work.cancel != CancelStage::No {
            return;
        }
        if ringing {
            work.cancel = CancelStage::Sent;
            self.send_cancel(id, reason, now);
        } else {
            work.cancel = CancelStage::Wanted(reason);
        }
    }

    fn send_cancel(&mut self, id: u64, reason: Option<String>, now: Now) {
        let Some((flow, request)) = self.sent_request(id) else {
            return;
        };
        let mut headers = NO_HEADERS.clone();
        headers.extend(reason.map(|reason| ("Reason".into(), reason)));
        let to = text(request.header(HeaderName::To).unwrap_or_default());
        let bytes = self.same_branch(("CANCEL", &to), &request, (&flow, id), &headers);
        self.start_other(id | 1, flow, (bytes, Purpose::Parting), now);
        self.arm_client(id, &[Timer::CancelGiveUp], now);
    }

    /// RFC 3261 section 17.1.1.3.
    fn ack_failure(&mut self, flow: FlowId, request: &Bytes, response: &Message) {
        let Ok(request) = Message::parse(request.clone(), Framing::Datagram) else {
            return;
        };
        let Some(id) = request
            .via()
            .ok()
            .and_then(|via| crate::tx::key::read_branch(via.branch()?))
        else {
            return;
        };
        let to = text(response.header(HeaderName::To).unwrap_or_default());
        let bytes = self.same_branch(("ACK", &to), &request, (&flow, id), NO_HEADERS);
        self.send(flow, bytes);
    }

    pub(super) fn sent_request(&self, id: u64) -> Option<(FlowId, Message)> {
        let transaction = self.clients.get(&id)?;
        Some((
            transaction.flow,
            Message::parse(transaction.request.clone(), Framing::Datagram).ok()?,
        ))
    }

    /// ACK or CANCEL of a request: its first line, Route, From, Call-ID, CSeq number and top Via.
    fn same_branch(
        &self,
        (method, to): (&str, &str),
        request: &Message,
        (flow, branch): (&FlowId, u64),
        headers: &crate::command::Headers,
    ) -> Bytes {
        let routes: Vec<String> = request.values(HeaderName::Route).map(text).collect();
        self.request(&Outgoing {
            method,
            address: Address {
                uri: &text(request.request_uri()),
                routes: &routes,
                last: None,
            },
            from: &text(request.header(HeaderName::From).unwrap_or_default()),
            to,
            call_id: &text(request.call_id().unwrap_or_default()),
            cseq: request.cseq().map_or(1, |(number, _)| number),
            flow,
            branch,
            max_forwards: 70,
            contact: false,
            abilities: false,
            session_ids: request.session_ids(),
            more: NO_HEADERS,
            headers,
            body: None,
        })
    }
}
