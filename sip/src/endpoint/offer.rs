//! Offers inside a session: re-INVITE and UPDATE from either side, and what happens when they meet
//! (RFC 3261 section 14, RFC 3311).

use std::time::Duration;

use bytes::Bytes;
use rand::Rng;

use super::Endpoint;
use super::incoming::Incoming;
use super::outgoing::{Answer, Outgoing};
use crate::Now;
use crate::command::{Body, Headers, Reply};
use crate::dialog::reliable::Exchange;
use crate::dialog::session::{PendingOffer, Phase, Unacked};
use crate::event::{Event, SessionId};
use crate::tx::store::{CancelStage, InviteWork};
use crate::tx::timer::{Due, Timer};
use crate::wire::{Message, Method};

/// How often 491 is tried again before the owner hears of it.
const REFUSALS: u8 = 5;

/// What stands against a request with an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clash {
    /// Ours is under way: 491.
    Glare,
    /// Theirs is: 500 with Retry-After.
    Overlap,
}

impl Endpoint {
    pub(super) fn on_reinvite(&mut self, id: SessionId, incoming: Incoming, now: Now) {
        if self.refuse_interval(&incoming, now) {
            return;
        }
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let ours = session.reinvite.tx.is_some();
        let clash = match session.phase {
            Phase::Incoming { .. } => Some(Clash::Overlap),
            Phase::Calling { .. } | Phase::Cancelling { .. } | Phase::Answering { .. } | Phase::Leaving { .. } => {
                Some(Clash::Glare)
            }
            Phase::Established if ours => Some(Clash::Glare),
            Phase::Established => {
                let waits = session.offer.is_some() || session.unacked.is_some_and(|unacked| unacked.offered);
                waits.then_some(Clash::Overlap)
            }
        };
        if let Some(clash) = clash {
            self.refuse_clash(&incoming, clash, now);
            return;
        }
        // A new INVITE shows that our 2xx arrived; its ACK was lost or comes later.
        self.on_acked(id, Bytes::new(), now);
        self.take_offer(id, incoming, true, now);
    }

    pub(super) fn on_update(&mut self, id: SessionId, incoming: Incoming, now: Now) {
        if self.refuse_interval(&incoming, now) {
            return;
        }
        if incoming.message.body().is_empty() {
            self.on_bare_update(id, &incoming, now);
            return;
        }
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let early = session.may_update(incoming.message.from_tag().unwrap_or_default());
        let ours = session.reinvite.tx.is_some() || session.unacked.is_some_and(|unacked| unacked.offered);
        let clash = match session.phase {
            _ if session.offer.is_some() => Some(Clash::Overlap),
            Phase::Established | Phase::Incoming { .. } | Phase::Calling { .. } if ours => Some(Clash::Glare),
            Phase::Established => None,
            Phase::Incoming { .. } | Phase::Calling { .. } if early => None,
            Phase::Incoming { .. } if session.exchange() == Exchange::Offered => Some(Clash::Glare),
            Phase::Incoming { .. } => Some(Clash::Overlap),
            Phase::Calling { .. } | Phase::Cancelling { .. } | Phase::Answering { .. } | Phase::Leaving { .. } => {
                Some(Clash::Glare)
            }
        };
        match clash {
            Some(clash) => self.refuse_clash(&incoming, clash, now),
            None => self.take_offer(id, incoming, false, now),
        }
    }

    /// A new target, or a refresh of the session (RFC 4028 section 7.4): answered here.
    fn on_bare_update(&mut self, id: SessionId, incoming: &Incoming, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let tag = incoming.message.from_tag().unwrap_or_default();
        if let Some(dialog) = session.dialog_mut(tag) {
            dialog.refresh(&incoming.message);
        }
        let mut headers = Headers::new();
        if session.is_established() {
            self.agree_as_uas(id, &incoming.message, &mut headers, now);
        }
        let answer = Answer {
            headers: &headers,
            contact: true,
            abilities: true,
            ..Answer::of(200)
        };
        self.answer_stateless(incoming, &answer);
    }

    fn refuse_clash(&mut self, incoming: &Incoming, clash: Clash, now: Now) {
        match clash {
            Clash::Glare => self.refuse_for_good(incoming, Answer::of(491), now),
            Clash::Overlap => {
                let seconds = self.rng.random_range(0..=10_u8);
                let headers: Headers = vec![("Retry-After".into(), seconds.to_string())];
                self.refuse_for_good(
                    incoming,
                    Answer {
                        headers: &headers,
                        ..Answer::of(500)
                    },
                    now,
                );
            }
        }
    }

    pub(super) fn take_offer(&mut self, id: SessionId, incoming: Incoming, invite: bool, now: Now) {
        let Some(tx) = self.open_server(&incoming, Some(id), now) else {
            self.answer_stateless(&incoming, &Answer::of(503));
            return;
        };
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let offered = !incoming.message.body().is_empty();
        session.offer = Some(PendingOffer {
            tx,
            invite,
            cseq: incoming.cseq,
            offered,
        });
        self.events.push_back(Event::Offer {
            session: id,
            request: incoming.message,
        });
    }

    pub(super) fn answer_offer(&mut self, id: SessionId, body: Body, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if let Phase::Answering { tx } = session.phase {
            session.phase = Phase::Established;
            let tag = session.dialog.as_ref().map(|dialog| dialog.remote_tag.clone());
            if let Some(tag) = tag {
                self.ack_tag(tx, id, tag, Some(&body));
            }
            if let Some(session) = self.sessions.get_mut(&id.0) {
                session.described = Some(body);
            }
            self.kick_reinvite(id, now);
            return;
        }
        let Some(offer) = session.offer.take() else { return };
        // Only a request that succeeds moves the target (RFC 3261 section 12.2.1.2).
        let request = self.server_request(offer.tx).cloned();
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let mut headers = Headers::new();
        let established = session.is_established();
        if let Some(request) = request {
            if let Some(dialog) = session.dialog_mut(request.from_tag().unwrap_or_default()) {
                dialog.refresh(&request);
            }
            if established && request.method() != Method::Prack {
                self.agree_as_uas(id, &request, &mut headers, now);
            }
        }
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if offer.invite {
            let unacked = Unacked {
                tx: offer.tx,
                cseq: offer.cseq,
                first: false,
                offered: !offer.offered,
            };
            session.unacked = Some(unacked);
        }
        let answer = Answer {
            headers: &headers,
            body: Some(&body),
            contact: true,
            abilities: true,
            ..Answer::of(200)
        };
        self.answer(offer.tx, &answer, now);
        if let Some(session) = self.sessions.get_mut(&id.0) {
            session.described = Some(body);
        }
        self.kick_reinvite(id, now);
    }

    pub(super) fn refuse_offer(&mut self, id: SessionId, reply: &Reply, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if let Phase::Answering { tx } = session.phase {
            self.ack_without_answer(id, tx, now);
            self.purge_events(id);
            self.hang_up(id, None, now);
            return;
        }
        let Some(offer) = session.offer.take() else { return };
        self.answer(offer.tx, &Answer::from_reply(reply), now);
        self.kick_reinvite(id, now);
    }

    pub(super) fn want_reinvite(&mut self, id: SessionId, headers: Headers, body: Body, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if session.reinvite.next.replace((headers, body)).is_some() {
            self.events.push_back(Event::OfferResult {
                session: id,
                status: 491,
                response: None,
            });
        }
        self.kick_reinvite(id, now);
    }

    /// Sends our re-INVITE if it is its turn.
    pub(super) fn kick_reinvite(&mut self, id: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if matches!(session.phase, Phase::Incoming { .. } | Phase::Calling { .. }) {
            if session.reinvite.current.is_some() || session.reinvite.next.is_some() {
                self.offer_early(id, now);
            }
            return;
        }
        if session.is_busy() || session.reinvite.retry_at.is_some() {
            return;
        }
        if session.reinvite.current.is_none() {
            session.reinvite.refusals = 0;
            session.reinvite.current = session.reinvite.next.take();
        }
        if session.reinvite.current.is_none() {
            return;
        }
        let cseq = session.next_cseq();
        let branch = self.new_branch();
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.reinvite.tx = Some(branch);
        let fields = self.refresh_fields(id);
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let (Some((headers, body)), Some(dialog)) = (&session.reinvite.current, &session.dialog) else {
            return;
        };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let request = Outgoing::within(session, dialog, "INVITE", (&flow, branch, cseq));
        let request = Outgoing {
            headers,
            more: &fields,
            body: Some(body),
            contact: true,
            abilities: true,
            ..request
        };
        let bytes = self.request(&request);
        let work = InviteWork {
            session: Some(id),
            follows: session.follows,
            again: true,
            offered: true,
            cseq,
            cancel: CancelStage::No,
            acks: Vec::new(),
        };
        self.start_invite_client(branch, flow, (bytes, work), now);
    }

    /// The final response to our re-INVITE; a 2xx has been acknowledged.
    pub(super) fn on_reinvite_result(&mut self, id: SessionId, response: Message, now: Now) {
        let status = response.status().unwrap_or(500);
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.reinvite.tx = None;
        if status == 422 && session.reinvite.refusals < REFUSALS {
            session.reinvite.refusals += 1;
            session.timer.raise(&response);
            return self.kick_reinvite(id, now);
        }
        if status == 491 && session.reinvite.refusals < REFUSALS {
            session.reinvite.refusals += 1;
            let caller = session.caller;
            let at = now.instant + self.glare_delay(caller);
            if let Some(session) = self.sessions.get_mut(&id.0) {
                session.reinvite.retry_at = Some(at);
            }
            self.timers.arm(Timer::Glare, id.0, at);
            return;
        }
        let sent = session.reinvite.current.take();
        if (200..300).contains(&status)
            && let Some((_, body)) = sent
        {
            session.described = Some(body);
        }
        if std::mem::take(&mut session.reinvite.refresh) {
            if !(200..300).contains(&status) {
                self.on_refreshed(id, status, Some(&response), now);
            }
            return self.kick_reinvite(id, now);
        }
        self.events.push_back(Event::OfferResult {
            session: id,
            status,
            response: Some(response),
        });
        if matches!(status, 408 | 481) {
            self.on_in_dialog_status(id, status, false, now);
        } else {
            self.kick_reinvite(id, now);
        }
    }

    pub(super) fn on_reinvite_silence(&mut self, id: SessionId, status: u16, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.reinvite.tx = None;
        session.reinvite.current = None;
        if !std::mem::take(&mut session.reinvite.refresh) {
            self.events.push_back(Event::OfferResult {
                session: id,
                status,
                response: None,
            });
        }
        self.on_in_dialog_status(id, status, true, now);
    }

    pub(super) fn on_glare_timer(&mut self, due: Due, now: Now) {
        let id = SessionId(due.owner);
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        if session.reinvite.retry_at == Some(due.at) {
            session.reinvite.retry_at = None;
            self.kick_reinvite(id, now);
        }
    }

    /// RFC 3261 section 14.1: the owner of the Call-ID waits longer, so that the other side gets its turn.
    fn glare_delay(&mut self, caller: bool) -> Duration {
        let steps: u64 = if caller {
            self.rng.random_range(210..=400)
        } else {
            self.rng.random_range(0..=200)
        };
        Duration::from_millis(steps.saturating_mul(10))
    }
}
