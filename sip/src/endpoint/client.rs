//! Client transactions at work: responses find them, timers drive them; those that are not INVITE end here.

use bytes::Bytes;
use rand::RngCore;

use super::login::Known;
use super::outgoing::{NO_HEADERS, Outgoing, name_addr};
use super::{Endpoint, Held};
use crate::Now;
use crate::command::Request;
use crate::dialog::route_set::address;
use crate::event::{EndedBy, Event, SessionId};
use crate::flow::FlowId;
use crate::tx::key::{call_id, read_branch, read_token};
use crate::tx::store::{ClientStage, ClientTx, Purpose};
use crate::tx::timer::{Due, Timer};
use crate::tx::{Reliability, client, client_invite};
use crate::wire::{Message, Method};

/// A request of ours outside a dialog keeps these from the response that it follows.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) call_id: String,
    pub(super) local_tag: u64,
    pub(super) cseq: u32,
}

impl Endpoint {
    /// The transaction of a new request; its branch shows it (RFC 3261 section 17.1.3).
    pub(super) fn new_branch(&mut self) -> u64 {
        self.rng.next_u64() & !1
    }

    pub(super) fn attempt(&mut self, after: Option<&Message>) -> Attempt {
        let fresh = Attempt {
            call_id: String::new(),
            local_tag: self.rng.next_u64(),
            cseq: 1,
        };
        let Some((after, cseq)) = after.and_then(|after| Some((after, after.cseq()?.0))) else {
            return Attempt {
                call_id: call_id(&mut self.rng),
                ..fresh
            };
        };
        Attempt {
            call_id: crate::dialog::text(after.call_id().unwrap_or_default()),
            local_tag: after.from_tag().and_then(read_token).unwrap_or(fresh.local_tag),
            cseq: cseq.saturating_add(1),
        }
    }

    pub(super) fn start_client(&mut self, id: u64, mut transaction: ClientTx, now: Now) {
        self.choose_way(&mut transaction, now);
        let flow = transaction.flow;
        let reliability = Reliability::of(flow.transport);
        let arm = match transaction.stage {
            ClientStage::Invite(_) => client_invite::start(reliability),
            ClientStage::Other(_) => client::start(reliability),
        };
        if reliability == Reliability::Reliable {
            self.held.insert((flow, Held::Client(id)));
        }
        self.send(flow, transaction.request.clone());
        self.clients.insert(id, Box::new(transaction));
        self.arm_client(id, arm, now);
    }

    /// Sends a request other than INVITE and ACK.
    pub(super) fn start_other(&mut self, id: u64, flow: FlowId, (bytes, purpose): (Bytes, Purpose), now: Now) {
        let known = match &purpose {
            Purpose::InDialog { session, .. } | Purpose::Refresh { session } | Purpose::EarlyOffer { session } => {
                self.credentials_of(*session).map(Known::new)
            }
            Purpose::Invite(_)
            | Purpose::Outside { .. }
            | Purpose::Notify { .. }
            | Purpose::Parting
            | Purpose::Farewell { .. } => None,
        };
        let transaction = ClientTx {
            flow,
            request: bytes,
            interval: self.config.timers.t1,
            stage: ClientStage::Other(client::State::Trying),
            purpose,
            known,
            again: None,
        };
        self.start_client(id, transaction, now);
    }

    pub(super) fn start_outside(&mut self, request: Request, now: Now) {
        let attempt = self.attempt(request.after.as_ref());
        let branch = self.new_branch();
        let outgoing = Outgoing {
            method: &request.method,
            address: address(&request.route, &request.request_uri),
            from: &name_addr(&request.from.display, &request.from.uri, Some(attempt.local_tag)),
            to: &name_addr(&request.to.display, &request.to.uri, None),
            call_id: &attempt.call_id,
            cseq: attempt.cseq,
            flow: &request.flow,
            branch,
            max_forwards: request.max_forwards,
            contact: false,
            abilities: false,
            session_ids: None,
            more: NO_HEADERS,
            headers: &request.headers,
            body: request.body.as_ref(),
        };
        let bytes = self.request(&outgoing);
        self.start_other(
            branch,
            request.flow,
            (bytes, Purpose::Outside { token: request.token }),
            now,
        );
        self.log_in(branch, request.credentials);
    }

    pub(super) fn on_response(&mut self, response: Message, now: Now) {
        let found = self.response_client(&response);
        let invite = response.method() == Method::Invite;
        match found.and_then(|id| Some((id, self.clients.get(&id)?.stage))) {
            Some((id, ClientStage::Invite(_))) if invite => self.on_invite_response(id, response, now),
            Some((id, ClientStage::Other(_))) if !invite => self.on_other_response(id, response, now),
            Some(_) | None => self.totals.stray += 1,
        }
    }

    fn response_client(&self, response: &Message) -> Option<u64> {
        let id = read_branch(response.via().ok()?.branch()?)?;
        let (_, method) = response.cseq()?;
        Some(if method == Method::Cancel { id | 1 } else { id })
    }

    fn on_other_response(&mut self, id: u64, response: Message, now: Now) {
        let status = response.status().unwrap_or(0);
        let input = if status < 200 {
            client::Input::Provisional
        } else {
            client::Input::Final
        };
        self.step_client(id, input, Some(response), now);
    }

    pub(super) fn on_client_timer(&mut self, due: Due, now: Now) {
        self.step_client(due.owner, client::Input::Timer(due.timer), None, now);
    }

    fn step_client(&mut self, id: u64, input: client::Input, response: Option<Message>, now: Now) {
        let Some(transaction) = self.clients.get_mut(&id) else {
            return;
        };
        let ClientStage::Other(state) = transaction.stage else {
            return;
        };
        let step = client::step(state, input, Reliability::of(transaction.flow.transport));
        transaction.stage = ClientStage::Other(step.next);
        let (flow, request) = (transaction.flow, transaction.request.clone());
        let known = transaction.known.clone();
        let mut purpose = None;
        match step.act {
            client::Act::Nothing => {}
            client::Act::Resend => self.resend_client(flow, request.clone()),
            client::Act::ResendSlowly => {
                transaction.interval = self.config.timers.t2;
                self.resend_client(flow, request.clone());
            }
            client::Act::Deliver | client::Act::GiveUp => {
                transaction.request = Bytes::new();
                purpose = Some(std::mem::replace(&mut transaction.purpose, Purpose::Parting));
            }
        }
        self.arm_client(id, step.arm, now);
        if step.next == client::State::Terminated {
            self.forget_client(id);
        }
        if let (Some(known), Some(response)) = (known, &response) {
            purpose =
                purpose.and_then(|purpose| self.unless_again((id, flow, request), known, (purpose, response), now));
        }
        if let Some(purpose) = purpose {
            let status = response.as_ref().and_then(Message::status).unwrap_or(408);
            self.conclude(purpose, status, response, now);
        }
    }

    /// Tells who asked.
    fn conclude(&mut self, purpose: Purpose, status: u16, response: Option<Message>, now: Now) {
        match purpose {
            Purpose::Outside { token } => self.events.push_back(Event::Response {
                token,
                status,
                response,
            }),
            Purpose::InDialog { session, token } => {
                if let Some(response) = response.as_ref().filter(|_| (200..300).contains(&status))
                    && response.method() == Method::Update
                {
                    self.agree_as_uac(session, response, now);
                }
                if self.sessions.get(&session.0).is_some_and(|session| session.is_heard()) {
                    self.events.push_back(Event::InDialogResult { session, token, status });
                }
                self.on_in_dialog_status(session, status, response.is_none(), now);
            }
            Purpose::Refresh { session } => self.on_refreshed(session, status, response.as_ref(), now),
            Purpose::EarlyOffer { session } => match response {
                Some(response) => self.on_reinvite_result(session, response, now),
                None => self.on_reinvite_silence(session, status, now),
            },
            Purpose::Notify { subscription } => self.on_notify_result(subscription, status, response.as_ref(), now),
            Purpose::Invite(_) | Purpose::Parting | Purpose::Farewell { .. } => {}
        }
    }

    /// RFC 3261 section 12.2.1.2, RFC 5057 section 5.1: 408, 481 and silence end the session.
    pub(super) fn on_in_dialog_status(&mut self, id: SessionId, status: u16, silent: bool, now: Now) {
        if !matches!(status, 408 | 481) && !silent {
            return;
        }
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        if !session.is_established() {
            return;
        }
        if status == 481 {
            self.end_established(id, now);
        } else {
            self.hang_up(id, None, now);
        }
        self.events.push_back(Event::Ended {
            session: id,
            by: EndedBy::PeerGone,
            reason: None,
        });
    }

    pub(super) fn on_client_flow_closed(&mut self, id: u64, now: Now) {
        if self.go_by_datagram(id, now) || self.outlives(id, now) {
            return;
        }
        let Some(transaction) = self.forget_client(id) else {
            return;
        };
        match transaction.purpose {
            Purpose::Invite(work) => self.on_invite_unanswered(*work, 503, now),
            Purpose::Outside { token } => {
                self.events.push_back(Event::Response {
                    token,
                    status: 503,
                    response: None,
                });
            }
            Purpose::InDialog { session, token } => {
                if self.sessions.contains_key(&session.0) {
                    self.events.push_back(Event::InDialogResult {
                        session,
                        token,
                        status: 503,
                    });
                }
            }
            // Their sessions are held by the connection too.
            Purpose::Refresh { .. } | Purpose::EarlyOffer { .. } | Purpose::Parting | Purpose::Farewell { .. } => {}
            Purpose::Notify { subscription } => self.on_notify_unheard(subscription, now),
        }
    }

    pub(super) fn forget_client(&mut self, id: u64) -> Option<Box<ClientTx>> {
        let transaction = self.clients.remove(&id)?;
        self.release(transaction.flow, Held::Client(id));
        Some(transaction)
    }

    pub(super) fn resend_client(&mut self, flow: FlowId, request: Bytes) {
        self.totals.retransmitted += 1;
        self.send(flow, request);
    }

    pub(super) fn arm_client(&mut self, id: u64, timers: &[Timer], now: Now) {
        let Some(transaction) = self.clients.get_mut(&id) else {
            return;
        };
        let config = &self.config.timers;
        for timer in timers {
            let delay = match timer {
                Timer::A => {
                    let interval = transaction.interval;
                    transaction.interval = interval.saturating_mul(2);
                    interval
                }
                Timer::E | Timer::Again => {
                    let interval = transaction.interval;
                    transaction.interval = config.next(interval);
                    interval
                }
                Timer::K => config.t4,
                Timer::B
                | Timer::D
                | Timer::F
                | Timer::G
                | Timer::H
                | Timer::I
                | Timer::J
                | Timer::L
                | Timer::M
                | Timer::Trying
                | Timer::RingRefresh
                | Timer::Success
                | Timer::CancelGiveUp
                | Timer::Glare
                | Timer::Reliable => config.give_up(),
            };
            self.timers.arm(*timer, id, now.instant + delay);
        }
    }
}
