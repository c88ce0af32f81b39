//! Server transactions at work: their responses, retransmissions and timers; ACK and CANCEL that find them.

use bytes::Bytes;

use super::Endpoint;
use super::incoming::Incoming;
use super::outgoing::{Answer, NO_HEADERS};
use crate::Now;
use crate::command::Reply;
use crate::event::{EndedBy, Event, SessionId, TransactionId};
use crate::flow::FlowId;
use crate::tx::store::{Pending, ServerStage, ServerTx};
use crate::tx::timer::{Due, Timer};
use crate::tx::{Reliability, server, server_invite};
use crate::wire::{HeaderName, Message, Method};

impl Endpoint {
    /// Keeps a new request; `None` when too many are kept already or the key is taken.
    pub(super) fn open_server(&mut self, incoming: &Incoming, session: Option<SessionId>, now: Now) -> Option<u64> {
        if self.servers.len() >= self.config.limits.server_transactions {
            self.totals.overload += 1;
            return None;
        }
        let id = incoming.key.id;
        let (stage, arm) = if incoming.message.method() == Method::Invite {
            (
                ServerStage::Invite(server_invite::State::Proceeding),
                server_invite::start(),
            )
        } else {
            (ServerStage::Other(server::State::Trying), server::start())
        };
        let merge = if incoming.merge != 0 && !self.merged.contains_key(&incoming.merge) {
            self.merged.insert(incoming.merge, id);
            incoming.merge
        } else {
            0
        };
        let pending = Pending {
            request: incoming.message.clone(),
            session,
            interval: self.config.timers.t1,
            ringing: false,
        };
        let transaction = ServerTx {
            check: incoming.key.check,
            merge,
            tag: self.secret.tag(incoming.key),
            flow: incoming.back,
            last: Bytes::new(),
            stage,
            pending: Some(Box::new(pending)),
        };
        // In a box: there are very many, and a table's places lie far apart.
        self.servers.insert(id, Box::new(transaction));
        self.arm_server(id, arm, now);
        Some(id)
    }

    /// Takes retransmissions of requests that are known.
    pub(super) fn absorb(&mut self, incoming: &Incoming, now: Now) -> bool {
        let Some(transaction) = self.servers.get_mut(&incoming.key.id) else {
            return false;
        };
        self.totals.absorbed += 1;
        if transaction.check != incoming.key.check {
            return true;
        }
        // It comes again by another connection because the first one is lost, and so may be what was answered.
        let mut elsewhere = false;
        if Reliability::of(incoming.back.transport) == Reliability::Reliable {
            elsewhere = std::mem::replace(&mut transaction.flow, incoming.back) != incoming.back;
        }
        match transaction.stage {
            ServerStage::Invite(server_invite::State::Accepted) if elsewhere && !transaction.last.is_empty() => {
                let (flow, last) = (transaction.flow, transaction.last.clone());
                self.send(flow, last);
            }
            ServerStage::Invite(_) => self.step_server_invite(incoming.key.id, server_invite::Input::Request, now),
            ServerStage::Other(state) => {
                let step = server::step(state, server::Input::Request, reliability(transaction));
                let (flow, last) = (transaction.flow, transaction.last.clone());
                if step.act == server::Act::Resend {
                    self.send(flow, last);
                }
            }
        }
        true
    }

    /// Sends the owner's response, or ours in its place.
    pub(super) fn answer(&mut self, id: u64, answer: &Answer<'_>, now: Now) {
        let Some(transaction) = self.servers.get(&id) else {
            return;
        };
        let Some(pending) = &transaction.pending else { return };
        match transaction.stage {
            ServerStage::Invite(server_invite::State::Proceeding)
            | ServerStage::Other(server::State::Trying | server::State::Proceeding) => {}
            ServerStage::Invite(_) | ServerStage::Other(_) => return,
        }
        let bytes = self.response(&pending.request, &transaction.flow, transaction.tag, answer);
        let challenge = matches!(answer.status, 401 | 407);
        let Some(transaction) = self.servers.get_mut(&id) else {
            return;
        };
        match transaction.stage {
            ServerStage::Invite(_) => {
                let input = match answer.status {
                    0..200 => server_invite::Input::Provisional,
                    200..300 => server_invite::Input::Success,
                    _ if challenge && transaction.last.is_empty() => server_invite::Input::Challenge,
                    _ => server_invite::Input::Failure,
                };
                transaction.last = bytes;
                self.step_server_invite(id, input, now);
            }
            ServerStage::Other(_) => {
                let input = match answer.status {
                    0..200 => server::Input::Provisional,
                    408 => server::Input::TooLate,
                    _ if challenge => server::Input::Challenge,
                    _ => server::Input::Final,
                };
                transaction.last = bytes;
                self.step_server(id, input);
            }
        }
    }

    pub(super) fn respond(&mut self, TransactionId(id): TransactionId, reply: &Reply, now: Now) {
        if self
            .servers
            .get(&id)
            .is_some_and(|transaction| matches!(transaction.stage, ServerStage::Other(_)))
        {
            self.answer(id, &Answer::from_reply(reply), now);
        }
    }

    /// Forgets a transaction whose client cannot be reached any more.
    pub(super) fn drop_server(&mut self, id: u64) {
        if let Some(transaction) = self.servers.remove(&id) {
            self.forget_merge(transaction.merge);
        }
    }

    /// Who waits for the answer of this INVITE.
    pub(super) fn server_request(&self, id: u64) -> Option<&Message> {
        self.servers.get(&id)?.pending.as_ref().map(|pending| &pending.request)
    }

    /// The bytes of the last response.
    pub(super) fn last_response(&self, id: u64) -> Bytes {
        self.servers
            .get(&id)
            .map(|transaction| transaction.last.clone())
            .unwrap_or_default()
    }

    /// The ACK of a 2xx came, or will not be waited for.
    pub(super) fn stop_success(&mut self, id: u64) {
        if let Some(transaction) = self.servers.get_mut(&id) {
            transaction.pending = None;
            transaction.last = Bytes::new();
        }
    }

    pub(super) fn on_ack(&mut self, incoming: &Incoming, now: Now) {
        let known = self
            .servers
            .get(&incoming.key.id)
            .filter(|known| known.check == incoming.key.check);
        match known.map(|known| known.stage) {
            Some(ServerStage::Invite(server_invite::State::Completed | server_invite::State::Confirmed)) => {
                self.step_server_invite(incoming.key.id, server_invite::Input::Ack, now);
            }
            Some(_) | None => self.on_success_ack(incoming, now),
        }
    }

    /// RFC 3261 section 9.2.
    pub(super) fn on_cancel(&mut self, incoming: &Incoming, now: Now) {
        let known = self
            .servers
            .get(&incoming.key.id)
            .filter(|known| known.check == incoming.key.check);
        let Some(known) = known.filter(|known| matches!(known.stage, ServerStage::Invite(_))) else {
            self.refuse_stateless(incoming, 481, NO_HEADERS);
            return;
        };
        let waiting = known.stage == ServerStage::Invite(server_invite::State::Proceeding);
        let session = known.pending.as_ref().and_then(|pending| pending.session);
        self.answer_stateless(incoming, &Answer::of(200));
        if waiting {
            self.answer(incoming.key.id, &Answer::of(487), now);
            let reason = incoming.message.listed(HeaderName::Reason);
            self.on_invite_cancelled(session, incoming.key.id, reason, now);
        }
    }

    pub(super) fn on_server_invite_timer(&mut self, due: Due, now: Now) {
        self.step_server_invite(due.owner, server_invite::Input::Timer(due.timer), now);
    }

    pub(super) fn on_server_timer(&mut self, due: Due, _: Now) {
        self.step_server(due.owner, server::Input::Timer(due.timer));
    }

    fn step_server(&mut self, id: u64, input: server::Input) {
        let Some(transaction) = self.servers.get_mut(&id) else {
            return;
        };
        let ServerStage::Other(state) = transaction.stage else {
            return;
        };
        let step = server::step(state, input, reliability(transaction));
        transaction.stage = ServerStage::Other(step.next);
        let (flow, bytes, merge) = (transaction.flow, transaction.last.clone(), transaction.merge);
        match step.next {
            server::State::Trying | server::State::Proceeding => {}
            server::State::Completed => {
                transaction.pending = None;
                // Kept for half a minute by the thousand: without the room that writing took.
                transaction.last = Bytes::copy_from_slice(&bytes);
            }
            server::State::Terminated => {
                self.servers.remove(&id);
                self.forget_merge(merge);
            }
        }
        match step.act {
            server::Act::Send | server::Act::Resend => self.send(flow, bytes),
            server::Act::Nothing => {}
        }
    }

    fn step_server_invite(&mut self, id: u64, input: server_invite::Input, now: Now) {
        let Some(transaction) = self.servers.get_mut(&id) else {
            return;
        };
        let ServerStage::Invite(state) = transaction.stage else {
            return;
        };
        let starts_ringing = input == server_invite::Input::Provisional
            && transaction
                .pending
                .as_mut()
                .is_some_and(|pending| !std::mem::replace(&mut pending.ringing, true));
        let step = server_invite::step(state, input, reliability(transaction));
        transaction.stage = ServerStage::Invite(step.next);
        let flow = transaction.flow;
        match step.act {
            server_invite::Act::Nothing | server_invite::Act::Expire => {}
            server_invite::Act::Send => {
                let bytes = transaction.last.clone();
                self.send(flow, bytes);
                if starts_ringing {
                    self.arm_server(id, &[Timer::RingRefresh], now);
                }
            }
            server_invite::Act::Resend => self.resend_server(id, input),
            server_invite::Act::Trying => self.send_trying(id),
        }
        self.arm_server(id, step.arm, now);
        let Some(transaction) = self.servers.get_mut(&id) else {
            return;
        };
        match step.next {
            server_invite::State::Proceeding | server_invite::State::Accepted | server_invite::State::Completed => {}
            server_invite::State::Confirmed => {
                transaction.pending = None;
                transaction.last = Bytes::new();
            }
            server_invite::State::Terminated => {
                let merge = transaction.merge;
                let pending = self.servers.remove(&id).and_then(|transaction| transaction.pending);
                self.forget_merge(merge);
                if step.act == server_invite::Act::Expire
                    && let Some(session) = pending.and_then(|pending| pending.session)
                {
                    self.on_ack_lost(session, id, now);
                }
            }
        }
    }

    fn resend_server(&mut self, id: u64, input: server_invite::Input) {
        let Some(transaction) = self.servers.get(&id) else {
            return;
        };
        let (flow, bytes) = (transaction.flow, transaction.last.clone());
        if !bytes.is_empty() {
            if input != server_invite::Input::Request {
                self.totals.retransmitted += 1;
            }
            self.send(flow, bytes);
        } else if transaction.pending.is_some() {
            self.send_trying(id);
        }
    }

    fn send_trying(&mut self, id: u64) {
        let Some(transaction) = self.servers.get(&id) else {
            return;
        };
        let Some(pending) = transaction.pending.as_ref().filter(|_| transaction.last.is_empty()) else {
            return;
        };
        let bytes = self.response(&pending.request, &transaction.flow, transaction.tag, &Answer::of(100));
        let flow = transaction.flow;
        if let Some(transaction) = self.servers.get_mut(&id) {
            transaction.last = bytes.clone();
        }
        self.send(flow, bytes);
    }

    fn arm_server(&mut self, id: u64, timers: &[Timer], now: Now) {
        let Some(transaction) = self.servers.get_mut(&id) else {
            return;
        };
        let config = &self.config.timers;
        for timer in timers {
            let delay = match timer {
                Timer::Trying => config.trying,
                Timer::RingRefresh => config.ring_refresh,
                Timer::I => config.t4,
                Timer::G | Timer::Success => {
                    let Some(pending) = &mut transaction.pending else {
                        continue;
                    };
                    if *timer == Timer::Success && !repeats_success(&transaction.flow, &pending.request) {
                        continue;
                    }
                    let interval = pending.interval;
                    pending.interval = config.next(interval);
                    interval
                }
                Timer::A
                | Timer::B
                | Timer::D
                | Timer::E
                | Timer::F
                | Timer::H
                | Timer::J
                | Timer::K
                | Timer::L
                | Timer::M
                | Timer::CancelGiveUp
                | Timer::Glare
                | Timer::Again
                | Timer::Reliable => config.give_up(),
            };
            self.timers.arm(*timer, id, now.instant + delay);
        }
    }

    fn forget_merge(&mut self, merge: u64) {
        if merge != 0 {
            self.merged.remove(&merge);
        }
    }

    /// RFC 3261 section 13.3.1.4: 64*T1 without an ACK.
    fn on_ack_lost(&mut self, id: SessionId, tx: u64, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if session.unacked.is_none_or(|unacked| unacked.tx != tx) {
            return;
        }
        let heard = session.is_heard();
        self.hang_up(id, None, now);
        if heard {
            self.events.push_back(Event::Ended {
                session: id,
                by: EndedBy::AckLost,
                reason: None,
            });
        }
    }
}

fn reliability(transaction: &ServerTx) -> Reliability {
    Reliability::of(transaction.flow.transport)
}

/// A 2xx is repeated end to end (RFC 3261 section 13.3.1.4): over a connection only when there are hops behind it.
pub(super) fn repeats_success(flow: &FlowId, request: &Message) -> bool {
    Reliability::of(flow.transport) == Reliability::Unreliable || request.vias().nth(1).is_some()
}
