//! Connections that are lost, and what goes on without them. A dialog is bound to no connection (RFC 3261 section 12): one
//! that is established goes on, and our requests inside it wait until their time is over for whatever the peer speaks over
//! next. That is known from its next request, from its owner, who sees its phone register anew (RFC 5626), or because
//! the connection is ours to open.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{Endpoint, Held};
use crate::Now;
use crate::command::Headers;
use crate::dialog::session::Phase;
use crate::event::{Event, SessionId, SubscriptionId};
use crate::flow::FlowId;
use crate::registrar::Aor;
use crate::tx::store::{ClientStage, Purpose};
use crate::tx::timer::{Due, Timer};
use crate::tx::{Reliability, client, client_invite};
use crate::wire::{Framing, HeaderName, Message};

/// Lost connections for whose successor something waits.
#[derive(Debug, Default)]
pub(super) struct Lost {
    flows: BTreeSet<FlowId>,
    /// Those that something has left since they were looked at.
    left: Vec<FlowId>,
}

impl Lost {
    pub(super) fn has(&self, flow: &FlowId) -> bool {
        !self.flows.is_empty() && self.flows.contains(flow)
    }

    pub(super) fn add(&mut self, flow: FlowId) {
        self.flows.insert(flow);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.flows.len() + self.left.len()
    }
}

/// What a client transaction ends with.
enum BoundTo {
    Connection,
    /// Of whose phone.
    Dialog(Option<Aor>),
}

impl Endpoint {
    /// Whose phone a session is with: what waits for a connection goes over another one of the same only.
    pub fn set_aor(&mut self, session: SessionId, aor: Aor) {
        if let Some(session) = self.sessions.get_mut(&session.0) {
            session.aor = Some(aor);
        }
    }

    /// A connection is gone. What is not established over it yet ends; dialogs go on, and wait for another one.
    pub fn flow_closed(&mut self, flow: &FlowId, now: Now) {
        self.large.closed(flow);
        self.lost.add(*flow);
        for held in self.held_by(flow) {
            match held {
                Held::Session(session) => self.on_session_flow_closed(session, now),
                Held::Client(id) => self.on_client_flow_closed(id, now),
                Held::Subscription(id) => self.on_subscription_flow_closed(id),
            }
        }
        if self.held_by(flow).is_empty() {
            self.lost.flows.remove(flow);
        }
        self.review_lost();
    }

    /// Whether something waits for what may come in place of this connection.
    pub fn is_lost(&self, flow: &FlowId) -> bool {
        self.lost.has(flow)
    }

    /// A connection that something comes by is there: one of the last process had the same name.
    pub(super) fn hear(&mut self, flow: &FlowId) {
        if self.lost.has(flow) && self.lost.flows.remove(flow) {
            self.events.push_back(Event::FlowLeft { flow: *flow });
        }
    }

    /// What went over `old`, be it lost or known to be soon, goes over `new`: dialogs of this phone, or with `None` all of
    /// them. Requests that nobody has answered are sent again. Subscriptions stay for their owner to move.
    pub fn succeed(&mut self, old: &FlowId, new: FlowId, whose: Option<Aor>, now: Now) {
        if *old == new {
            return;
        }
        let theirs = |aor: Option<Aor>| whose.is_none() || whose == aor;
        for held in self.held_by(old) {
            match held {
                Held::Session(id) => {
                    let found = self.sessions.get(&id.0);
                    if found.is_some_and(|session| theirs(session.aor) && goes_on(&session.phase)) {
                        self.move_session(id, new, now);
                        self.repeat_success(id, new);
                    }
                }
                Held::Client(id) => match self.bound_to(id) {
                    BoundTo::Dialog(aor) if theirs(aor) => self.move_client(id, (old, new), now),
                    BoundTo::Dialog(_) | BoundTo::Connection => {}
                },
                Held::Subscription(_) => {}
            }
        }
        self.review_lost();
    }

    fn held_by(&self, flow: &FlowId) -> Vec<Held> {
        let first = (*flow, Held::Session(SessionId(0)));
        let last = (*flow, Held::Subscription(SubscriptionId(u64::MAX)));
        self.held.range(first..=last).map(|(_, held)| *held).collect()
    }

    pub(super) fn release(&mut self, flow: FlowId, held: Held) {
        if self.held.remove(&(flow, held)) && self.lost.has(&flow) {
            self.lost.left.push(flow);
        }
    }

    /// Forgets lost connections that nothing waits for any more; after each step, because what a session leaves may wait
    /// in its place.
    pub(super) fn review_lost(&mut self) {
        for flow in std::mem::take(&mut self.lost.left) {
            if self.held_by(&flow).is_empty() && self.lost.flows.remove(&flow) {
                self.events.push_back(Event::FlowLeft { flow });
            }
        }
    }

    /// Where our requests in this session go now.
    pub(super) fn flow_within(&self, id: Option<SessionId>) -> Option<FlowId> {
        let session = self.sessions.get(&id?.0)?;
        Some(session.dialog.as_ref()?.destination(&session.flow))
    }

    fn on_session_flow_closed(&mut self, id: SessionId, now: Now) {
        let interval = self.config.session_timer.unwrap_or_default().interval;
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        match session.phase {
            Phase::Incoming { tx } => {
                self.drop_server(tx);
                self.end_session(id);
                self.events.push_back(Event::Cancelled {
                    session: id,
                    reason: None,
                });
            }
            // Their client transaction is held by the connection too and reports the end.
            Phase::Calling { .. } | Phase::Cancelling { .. } => {}
            Phase::Answering { tx } => self.leave_flowless(id, tx, now),
            // Whoever has agreed on no session timer and never comes back would stay for ever.
            Phase::Established if session.timer.ends_at.is_none() => {
                let ends_at = now.instant + interval;
                session.timer.ends_at = Some(ends_at);
                self.set_clock(id, Some(ends_at));
            }
            Phase::Established | Phase::Leaving { .. } => {}
        }
    }

    /// The peer of a session whose connection was lost speaks over another one.
    pub(super) fn come_back(&mut self, id: SessionId, (old, new): (&FlowId, FlowId), now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let without = session.timer.agreed.is_none();
        if without {
            session.timer.ends_at = None;
        }
        let unanswered = [
            session.unacked.map(|unacked| unacked.tx),
            session.offer.map(|offer| offer.tx),
        ];
        if without {
            self.set_clock(id, None);
        }
        for tx in unanswered.into_iter().flatten() {
            if let Some(transaction) = self.servers.get_mut(&tx) {
                transaction.flow = new;
            }
        }
        for held in self.held_by(old) {
            let Held::Client(client) = held else { continue };
            if self.session_of(client) == Some(id) {
                self.move_client(client, (old, new), now);
            }
            self.repeat_ack(client, id, new);
        }
    }

    /// The ACK of a 2xx that came lately may have been lost with the connection.
    fn repeat_ack(&mut self, client: u64, id: SessionId, flow: FlowId) {
        let Some(transaction) = self.clients.get(&client) else {
            return;
        };
        let Purpose::Invite(work) = &transaction.purpose else {
            return;
        };
        let accepted = transaction.stage == ClientStage::Invite(client_invite::State::Accepted);
        if !accepted || work.session != Some(id) || flow.is_opened_here() {
            return;
        }
        let acks: Vec<Bytes> = work.acks.iter().filter_map(|(_, ack)| Some(ack.clone()?.1)).collect();
        for ack in acks {
            self.send(flow, ack);
        }
    }

    /// The 2xx that has no ACK may have been lost with the connection.
    fn repeat_success(&mut self, id: SessionId, flow: FlowId) {
        let session = self.sessions.get(&id.0);
        let unacked = session.and_then(|session| session.unacked).map(|unacked| unacked.tx);
        if let Some(tx) = unacked.filter(|_| !flow.is_opened_here()) {
            let bytes = self.last_response(tx);
            self.send(flow, bytes);
        }
    }

    /// The session that a client transaction is inside of.
    fn session_of(&self, id: u64) -> Option<SessionId> {
        match &self.clients.get(&id)?.purpose {
            Purpose::InDialog { session, .. } | Purpose::Refresh { session } | Purpose::EarlyOffer { session } => {
                Some(*session)
            }
            Purpose::Invite(work) => work.session.filter(|_| work.again),
            Purpose::Outside { .. } | Purpose::Notify { .. } | Purpose::Parting | Purpose::Farewell { .. } => None,
        }
    }

    fn bound_to(&self, id: u64) -> BoundTo {
        if let Some(Purpose::Farewell { aor }) = self.clients.get(&id).map(|transaction| &transaction.purpose) {
            return BoundTo::Dialog(aor.as_deref().copied());
        }
        let session = self.session_of(id).and_then(|session| self.sessions.get(&session.0));
        match session.filter(|session| goes_on(&session.phase)) {
            Some(session) => BoundTo::Dialog(session.aor),
            None => BoundTo::Connection,
        }
    }

    /// The connection of a client transaction is gone; whether it goes on all the same.
    pub(super) fn outlives(&mut self, id: u64, now: Now) -> bool {
        let inside = matches!(self.bound_to(id), BoundTo::Dialog(_));
        let Some(transaction) = self.clients.get_mut(&id) else {
            return false;
        };
        if !is_under_way(transaction.stage) {
            // It has its answer, and runs out by itself.
            return true;
        }
        if !inside {
            return false;
        }
        let old = transaction.flow;
        if transaction.stage == ClientStage::Invite(client_invite::State::Proceeding) {
            // What it was told so far, it has to be told again within the time of a request.
            transaction.stage = ClientStage::Invite(client_invite::State::Calling);
            self.arm_client(id, &[Timer::B], now);
        }
        if let Some(new) = self.flow_within(self.session_of(id)).filter(|new| *new != old) {
            self.move_client(id, (&old, new), now);
        }
        true
    }

    fn move_client(&mut self, id: u64, (old, new): (&FlowId, FlowId), now: Now) {
        let new = self.flow_within(self.session_of(id)).unwrap_or(new);
        let request = self.clients.get(&id).map(|transaction| transaction.request.clone());
        let Some(request) = request.filter(|request| !request.is_empty()) else {
            return;
        };
        let request = self.by_way_of(&new, id, request);
        let t1 = self.config.timers.t1;
        let Some(transaction) = self.clients.get_mut(&id).filter(|transaction| transaction.flow == *old) else {
            return;
        };
        (transaction.flow, transaction.request) = (new, request.clone());
        if !new.is_opened_here() {
            transaction.interval = t1;
        }
        let timer = match transaction.stage {
            ClientStage::Invite(_) => Timer::A,
            ClientStage::Other(_) => Timer::E,
        };
        let reliability = Reliability::of(new.transport);
        self.release(*old, Held::Client(id));
        if reliability == Reliability::Reliable {
            self.held.insert((new, Held::Client(id)));
        }
        if new.is_opened_here() {
            self.try_again(id, now);
            return;
        }
        self.resend_client(new, request);
        if reliability == Reliability::Unreliable {
            self.arm_client(id, &[timer], now);
        }
    }

    /// A connection that the peer refuses is not asked for again at once.
    fn try_again(&mut self, id: u64, now: Now) {
        let longest = &self.config.timers;
        let Some(transaction) = self
            .clients
            .get_mut(&id)
            .filter(|transaction| transaction.again.is_none())
        else {
            return;
        };
        let at = now.instant + transaction.interval;
        transaction.interval = longest.next(transaction.interval);
        transaction.again = Some(at);
        self.timers.arm(Timer::Again, id, at);
    }

    pub(super) fn on_again_timer(&mut self, due: Due) {
        let Some(transaction) = self.clients.get_mut(&due.owner) else {
            return;
        };
        let is_due = transaction.again.take_if(|at| *at == due.at).is_some();
        let waits = is_due && is_under_way(transaction.stage);
        let (flow, request) = (transaction.flow, transaction.request.clone());
        if waits {
            self.resend_client(flow, request);
        }
    }

    /// A request of ours with the Via and Contact that another connection wants. The branch stays: who has seen it takes
    /// it for the same.
    fn by_way_of(&self, flow: &FlowId, id: u64, bytes: Bytes) -> Bytes {
        let Ok(request) = Message::parse(bytes.clone(), Framing::Datagram) else {
            return bytes;
        };
        let Some((cseq, _)) = request.cseq() else { return bytes };
        let contact = request.header(HeaderName::Contact).map(|_| self.contact(flow));
        let fields: Headers = contact.map(|contact| ("Contact".into(), contact)).into_iter().collect();
        self.request_again(&request, (flow, id, cseq), &fields)
    }
}

/// Whether a client transaction waits for its final response.
fn is_under_way(stage: ClientStage) -> bool {
    matches!(
        stage,
        ClientStage::Invite(client_invite::State::Calling | client_invite::State::Proceeding)
            | ClientStage::Other(client::State::Trying | client::State::Proceeding)
    )
}

/// Whether a session outlives its connection.
fn goes_on(phase: &Phase) -> bool {
    match phase {
        Phase::Established | Phase::Leaving { .. } => true,
        Phase::Incoming { .. } | Phase::Calling { .. } | Phase::Cancelling { .. } | Phase::Answering { .. } => false,
    }
}
