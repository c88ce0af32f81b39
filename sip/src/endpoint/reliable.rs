//! Our reliable provisional responses (RFC 3262 sections 3 and 5): sent one at a time, repeated until the PRACK comes.

use rand::Rng;

use super::Endpoint;
use super::incoming::Incoming;
use super::outgoing::Answer;
use super::server::repeats_success;
use crate::Now;
use crate::command::{Body, Headers};
use crate::dialog::reliable::{Exchange, Outstanding, Provisional, RELIABLE, Reliable};
use crate::dialog::session::Phase;
use crate::dialog::session_timer::lists;
use crate::event::{EndedBy, Event, SessionId};
use crate::tx::timer::{Due, Timer};
use crate::wire::HeaderName;

/// The largest first RSeq (RFC 3262 section 3).
const LARGEST_FIRST: u32 = 0x7fff_ffff;

/// How a provisional response goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Reliable,
    /// The first reliable response to an INVITE without an offer has to make one (RFC 3262 section 5), and there is none.
    Unsaid,
}

impl Endpoint {
    pub(super) fn ring(&mut self, id: SessionId, mut ring: Provisional, now: Now) {
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let Phase::Incoming { tx } = session.phase else { return };
        let waits = session
            .reliable
            .as_ref()
            .is_some_and(|reliable| reliable.outstanding.is_some());
        if session.exchange() == Exchange::Settled && !waits {
            // A description now would be an offer (RFC 6337 section 2.2).
            ring.body = None;
        }
        match self.way(id, tx, &ring) {
            Way::Unsaid => {}
            Way::Plain => {
                let answer = Answer {
                    headers: &ring.headers,
                    body: ring.body.as_ref(),
                    contact: ring.status > 100,
                    ..Answer::of(ring.status)
                };
                self.answer(tx, &answer, now);
            }
            Way::Reliable => {
                let Some(session) = self.sessions.get_mut(&id.0) else {
                    return;
                };
                match &mut session.reliable {
                    Some(reliable) if reliable.accept.is_some() => {}
                    Some(reliable) if reliable.outstanding.is_some() => reliable.wait(ring),
                    _ => self.send_reliable(id, tx, ring, now),
                }
            }
        }
    }

    fn way(&self, id: SessionId, tx: u64, ring: &Provisional) -> Way {
        let Some(request) = self.server_request(tx).filter(|_| ring.status > 100) else {
            return Way::Plain;
        };
        let required = lists(request, HeaderName::Require, RELIABLE);
        let described = ring.body.is_some();
        let wanted = required || (described && lists(request, HeaderName::Supported, RELIABLE));
        let open = self
            .sessions
            .get(&id.0)
            .is_some_and(|session| session.exchange() == Exchange::Open);
        match wanted {
            false => Way::Plain,
            true if open && !described && request.body().is_empty() => Way::Unsaid,
            true => Way::Reliable,
        }
    }

    fn send_reliable(&mut self, id: SessionId, tx: u64, mut ring: Provisional, now: Now) {
        let first = self.rng.random_range(1..=LARGEST_FIRST);
        let late = self.server_request(tx).is_some_and(|request| request.body().is_empty());
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let cseq = session.dialog.as_ref().and_then(|dialog| dialog.remote_cseq);
        let reliable = session
            .reliable
            .get_or_insert_with(|| Box::new(Reliable::of(cseq.unwrap_or(0))));
        reliable.rseq = if reliable.rseq == 0 { first } else { reliable.rseq + 1 };
        if reliable.exchange == Exchange::Settled {
            ring.body = None;
        }
        let described = ring.body.is_some();
        if described && reliable.exchange == Exchange::Open {
            reliable.exchange = if late { Exchange::Offered } else { Exchange::Settled };
            session.described.clone_from(&ring.body);
        }
        let mut headers = ring.headers;
        headers.push(("Require".into(), RELIABLE.to_owned()));
        headers.push(("RSeq".into(), reliable.rseq.to_string()));
        let answer = Answer {
            headers: &headers,
            body: ring.body.as_ref(),
            contact: true,
            abilities: true,
            ..Answer::of(ring.status)
        };
        self.answer(tx, &answer, now);
        let t1 = self.config.timers.t1;
        let bytes = self.last_response(tx);
        let outstanding = Outstanding {
            bytes,
            interval: t1,
            due: now.instant + t1,
            gives_up_at: now.instant + self.config.timers.give_up(),
            described,
        };
        if let Some(reliable) = self
            .sessions
            .get_mut(&id.0)
            .and_then(|session| session.reliable.as_mut())
        {
            reliable.outstanding = Some(outstanding);
        }
        self.timers.arm(Timer::Reliable, id.0, now.instant + t1);
    }

    /// Sends the outstanding response again, or refuses the INVITE after 64*T1 (RFC 3262 section 3).
    pub(super) fn on_reliable_timer(&mut self, due: Due, now: Now) {
        let id = SessionId(due.owner);
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let Phase::Incoming { tx } = session.phase else { return };
        let reliable = session.reliable.as_mut();
        let Some(outstanding) = reliable.and_then(|reliable| reliable.outstanding.as_mut()) else {
            return;
        };
        if outstanding.due != due.at {
            return;
        }
        if outstanding.gives_up_at <= now.instant {
            return self.give_up_reliable(id, tx, now);
        }
        outstanding.interval = outstanding.interval.saturating_mul(2);
        outstanding.due = (now.instant + outstanding.interval).min(outstanding.gives_up_at);
        let (next, bytes) = (outstanding.due, outstanding.bytes.clone());
        self.timers.arm(Timer::Reliable, id.0, next);
        let flow = self.servers.get(&tx).filter(|transaction| {
            transaction
                .pending
                .as_ref()
                .is_some_and(|pending| repeats_success(&transaction.flow, &pending.request))
        });
        if let Some(flow) = flow.map(|transaction| transaction.flow) {
            self.totals.retransmitted += 1;
            self.send(flow, bytes);
        }
    }

    fn give_up_reliable(&mut self, id: SessionId, tx: u64, now: Now) {
        self.answer(tx, &Answer::of(504), now);
        self.gone_unanswered(id, (EndedBy::AckLost, None), now);
    }

    /// The caller is gone before our final response, or so we think; what it waits for has been sent.
    pub(super) fn gone_unanswered(&mut self, id: SessionId, (by, reason): (EndedBy, Option<String>), now: Now) {
        let Some(session) = self.end_established(id, now) else {
            return;
        };
        let accepted = session.reliable.is_some_and(|reliable| reliable.accept.is_some());
        let (session, ended) = (id, accepted);
        self.events.push_back(match ended {
            true => Event::Ended { session, by, reason },
            false => Event::Cancelled { session, reason },
        });
    }

    pub(super) fn on_prack(&mut self, id: SessionId, incoming: Incoming, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let described = !incoming.message.body().is_empty();
        let busy = session.offer.is_some();
        let reliable = session.reliable.as_mut();
        let acknowledged = reliable.and_then(|reliable| {
            let outstanding = reliable.acknowledge(&incoming.message)?;
            let before = reliable.exchange;
            if outstanding.described && before == Exchange::Offered {
                reliable.exchange = Exchange::Settled;
            }
            Some((outstanding, before))
        });
        let Some((outstanding, exchange)) = acknowledged else {
            return self.refuse_for_good(&incoming, Answer::of(481), now);
        };
        match exchange {
            Exchange::Offered if outstanding.described => {
                self.refuse_for_good(&incoming, Answer::of(200), now);
                let body = incoming.message.body_bytes();
                self.events.push_back(Event::Acked { session: id, body });
            }
            Exchange::Settled if described && !busy => self.take_offer(id, incoming, false, now),
            Exchange::Open | Exchange::Offered | Exchange::Settled if described => {
                self.refuse_for_good(&incoming, Answer::of(488), now);
            }
            Exchange::Open | Exchange::Offered | Exchange::Settled => {
                self.refuse_for_good(&incoming, Answer::of(200), now);
            }
        }
        self.after_prack(id, now);
    }

    /// What waited for the PRACK.
    fn after_prack(&mut self, id: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let (Phase::Incoming { tx }, Some(reliable)) = (&session.phase, &mut session.reliable) else {
            return;
        };
        let tx = *tx;
        if let Some((headers, body)) = reliable.accept.take() {
            self.accept(id, headers, body, now);
        } else if let Some(ring) = reliable.next() {
            self.send_reliable(id, tx, ring, now);
        } else {
            self.kick_reinvite(id, now);
        }
    }

    /// Whether the owner's 2xx has to wait; it is kept then.
    pub(super) fn hold_accept(&mut self, id: SessionId, accept: (Headers, Body)) -> Option<(Headers, Body)> {
        let session = self.sessions.get_mut(&id.0);
        let Some(reliable) = session.and_then(|session| session.reliable.as_mut()) else {
            return Some(accept);
        };
        if !reliable.holds_accept() {
            return Some(accept);
        }
        reliable.accept = Some(accept);
        None
    }
}
