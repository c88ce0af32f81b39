//! Session timers at work (RFC 4028): what is agreed in which message, refreshes, and the end when none came.

use std::time::{Duration, Instant};

use rand::Rng;

use super::Endpoint;
use super::incoming::Incoming;
use super::outgoing::{Answer, Outgoing};
use crate::Now;
use crate::command::Headers;
use crate::dialog::session::Phase;
use crate::dialog::session_timer::{Agreed, SessionExpires, TIMER, lists, min_se};
use crate::event::{EndedBy, Event, SessionId};
use crate::tx::store::Purpose;
use crate::wire::{HeaderName, Message, number};

const EXPIRED: &str = "SIP;cause=408;text=\"Session Expired\"";
/// How long a refresh waits for an INVITE that is under way, or for a peer that refused it.
const LATER: Duration = Duration::from_secs(5);
/// A peer that wants us to come back later than this is not waited for.
const LONGEST_WAIT: u32 = 300;
/// Refusals of one refresh that lead to another.
const MOST_REFUSALS: u8 = 10;

impl Endpoint {
    /// Refuses a request whose interval is too small for us (RFC 4028 section 9); whether it was.
    pub(super) fn refuse_interval(&mut self, incoming: &Incoming, now: Now) -> bool {
        let Some(ours) = self.config.session_timer else {
            return false;
        };
        let request = &incoming.message;
        let small = SessionExpires::of(request).is_some_and(|asked| asked.seconds < ours.min_se_seconds());
        // Who does not know session timers would not know 422; a proxy on its way asked.
        if !small || !lists(request, HeaderName::Supported, TIMER) {
            return false;
        }
        let headers: Headers = vec![("Min-SE".into(), ours.min_se_seconds().to_string())];
        let answer = Answer {
            headers: &headers,
            ..Answer::of(422)
        };
        self.refuse_for_good(incoming, answer, now);
        true
    }

    /// Our 2xx to this request: starts the session's timer and adds what it has to say.
    pub(super) fn agree_as_uas(&mut self, id: SessionId, request: &Message, headers: &mut Headers, now: Now) {
        let Some(ours) = self.config.session_timer else { return };
        let agreed = Agreed::as_uas(request, &ours);
        if let Some(session) = self.sessions.get_mut(&id.0) {
            session.timer.hear(request);
        }
        if let Some(agreed) = agreed {
            agreed.response_fields(request, headers);
        }
        self.restart_session_timer(id, agreed, now);
    }

    /// The 2xx to our INVITE or UPDATE.
    pub(super) fn agree_as_uac(&mut self, id: SessionId, response: &Message, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.timer.hear(response);
        if let Some(ours) = self.config.session_timer {
            self.restart_session_timer(id, Agreed::as_uac(response, &ours), now);
        }
    }

    fn restart_session_timer(&mut self, id: SessionId, agreed: Option<Agreed>, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let due = session.timer.restart(agreed, now.instant);
        self.set_clock(id, due);
    }

    pub(super) fn set_clock(&mut self, id: SessionId, due: Option<Instant>) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let due = due.map(|due| session.timer.ends_at.map_or(due, |end| due.min(end)));
        if let Some(old) = std::mem::replace(&mut session.timer.due, due) {
            self.clock.remove(&(old, id));
        }
        if let Some(due) = due {
            self.clock.insert((due, id));
        }
    }

    /// What a request of ours inside the dialog says of the session's timer, beside what we support.
    pub(super) fn refresh_fields(&self, id: SessionId) -> Headers {
        let mut fields = self.fields.dialog.clone();
        if let Some(session) = self.sessions.get(&id.0)
            && let Some(agreed) = session.timer.agreed
        {
            agreed.request_fields(session.timer.min_se, &mut fields);
        }
        fields
    }

    /// The clock has come to this session.
    pub(super) fn on_session_clock(&mut self, id: SessionId, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.timer.due = None;
        let Some(ends_at) = session.timer.ends_at else { return };
        if now.instant >= ends_at {
            self.expire(id, now);
            return;
        }
        let ours = session.timer.agreed.is_some_and(|agreed| agreed.we_refresh);
        let waits = ours && !session.timer.refreshing && !self.refresh(id, now);
        self.set_clock(id, Some(if waits { now.instant + LATER } else { ends_at }));
    }

    fn expire(&mut self, id: SessionId, now: Now) {
        if !self.sessions.get(&id.0).is_some_and(|session| session.is_established()) {
            return;
        }
        self.hang_up(id, Some(EXPIRED.to_owned()), now);
        self.events.push_back(Event::Ended {
            session: id,
            by: EndedBy::SessionExpired,
            reason: None,
        });
    }

    /// Sends a refresh, UPDATE when the peer knows it, else our last description again; false when it is not the moment.
    fn refresh(&mut self, id: SessionId, now: Now) -> bool {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return true;
        };
        let reinvites = session.reinvite.current.is_some() || session.reinvite.next.is_some();
        let (busy, flow) = (session.is_busy() || session.offer.is_some() || reinvites, session.flow);
        if busy || self.is_lost(&flow) {
            return false;
        }
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return true;
        };
        session.timer.refreshing = true;
        if session.timer.peer_updates {
            self.send_refresh(id, now);
            return true;
        }
        let Some(body) = session.described.clone() else {
            return true;
        };
        session.reinvite.refresh = true;
        session.reinvite.next = Some((Vec::new(), body));
        self.kick_reinvite(id, now);
        true
    }

    fn send_refresh(&mut self, id: SessionId, now: Now) {
        let branch = self.new_branch();
        let fields = self.refresh_fields(id);
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        let cseq = session.next_cseq();
        let Some(session) = self.sessions.get(&id.0) else {
            return;
        };
        let Some(dialog) = &session.dialog else { return };
        let flow = self.hops.destination(dialog, &session.flow, session.follows);
        let request = Outgoing {
            headers: &fields,
            contact: true,
            abilities: true,
            ..Outgoing::within(session, dialog, "UPDATE", (&flow, branch, cseq))
        };
        let bytes = self.request(&request);
        self.start_other(branch, flow, (bytes, Purpose::Refresh { session: id }), now);
    }

    /// The final answer to our refresh; `None`: there was none.
    pub(super) fn on_refreshed(&mut self, id: SessionId, status: u16, response: Option<&Message>, now: Now) {
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.timer.refreshing = false;
        let Some(response) = response else {
            return self.on_in_dialog_status(id, status, true, now);
        };
        match status {
            200..300 => {
                if let Some(dialog) = &mut session.dialog {
                    dialog.refresh(response);
                }
                self.agree_as_uac(id, response, now);
            }
            408 | 481 => self.on_in_dialog_status(id, status, false, now),
            // Whoever asks for credentials is there.
            401 | 407 => {
                let agreed = session.timer.agreed;
                self.restart_session_timer(id, agreed, now);
            }
            _ => self.on_refresh_refused(id, status, response, now),
        }
    }

    fn on_refresh_refused(&mut self, id: SessionId, status: u16, response: &Message, now: Now) {
        let glare = Duration::from_millis(self.rng.random_range(2100..=4000));
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return;
        };
        session.timer.refusals = session.timer.refusals.saturating_add(1);
        if session.timer.refusals > MOST_REFUSALS {
            let ends_at = session.timer.ends_at;
            return self.set_clock(id, ends_at);
        }
        let wait = match status {
            422 => {
                session.timer.raise(response);
                Duration::ZERO
            }
            405 | 501 => {
                session.timer.peer_updates = false;
                Duration::ZERO
            }
            491 => glare,
            _ => retry_after(response).unwrap_or(LATER * (1 << session.timer.refusals.min(6))),
        };
        self.set_clock(id, Some(now.instant + wait));
    }

    /// 422 to our INVITE: it goes again with the interval that the peer wants (RFC 4028 section 7.3); false when it
    /// cannot.
    pub(super) fn retry_with_interval(&mut self, id: u64, owner: SessionId, response: &Message, now: Now) -> bool {
        let Some((flow, request)) = self.sent_request(id) else {
            return false;
        };
        let before = SessionExpires::of(&request).map_or(0, |asked| asked.seconds);
        let wanted = min_se(response).filter(|least| *least > before);
        let branch = self.new_branch();
        let Some(session) = self.sessions.get_mut(&owner.0) else {
            return false;
        };
        let (Some(least), Phase::Calling { .. }) = (wanted, &session.phase) else {
            return false;
        };
        session.timer.min_se = least;
        session.phase = Phase::Calling { tx: branch };
        session.early = Vec::new();
        let cseq = session.next_cseq();
        let fields: Headers = vec![
            ("Session-Expires".into(), least.to_string()),
            ("Min-SE".into(), least.to_string()),
        ];
        let bytes = self.request_again(&request, (&flow, branch, cseq), &fields);
        let offered = !request.body().is_empty();
        self.start_invite_client(
            branch,
            flow,
            (bytes, super::client_invite::work(owner, cseq, offered)),
            now,
        );
        true
    }
}

/// Seconds of a Retry-After that is worth waiting for.
fn retry_after(response: &Message) -> Option<Duration> {
    let value = response.header(HeaderName::RetryAfter)?;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let seconds: u32 = number(value.get(..digits)?)?;
    Some(Duration::from_secs(seconds.min(LONGEST_WAIT).into()))
}
