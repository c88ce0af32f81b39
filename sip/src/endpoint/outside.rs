//! New requests: what every request has to pass, then those outside dialogs.

use std::borrow::Cow;

use super::Endpoint;
use super::incoming::Incoming;
use super::outgoing::{ALLOW, Answer, NO_HEADERS};
use crate::Now;
use crate::dialog::Dialog;
use crate::dialog::reliable::RELIABLE;
use crate::dialog::session::{Phase, Reinvite, Session};
use crate::dialog::session_timer::{SessionTimer, TIMER};
use crate::event::{Event, SessionId, TransactionId};
use crate::wire::{HeaderName, Method};

impl Endpoint {
    pub(super) fn on_new_request(&mut self, incoming: Incoming, now: Now) {
        let method = incoming.message.method();
        if matches!(method, Method::Other(_)) {
            let allow = vec![(Cow::Borrowed("Allow"), ALLOW.to_owned())];
            self.refuse_stateless(&incoming, 405, &allow);
            return;
        }
        if let Some(unsupported) = self.unsupported(&incoming) {
            let headers = vec![(Cow::Borrowed("Unsupported"), unsupported)];
            self.refuse_stateless(&incoming, 420, &headers);
            return;
        }
        if incoming.message.to_tag().is_some() && method != Method::Register {
            self.on_in_dialog(incoming, now);
        } else {
            self.on_outside(incoming, now);
        }
    }

    fn unsupported(&self, incoming: &Incoming) -> Option<String> {
        let mut missing = String::new();
        for value in incoming.message.values(HeaderName::Require) {
            let known = |name: &Cow<'_, str>| name.as_bytes().eq_ignore_ascii_case(value);
            let inside = value.eq_ignore_ascii_case(RELIABLE.as_bytes())
                || (value.eq_ignore_ascii_case(TIMER.as_bytes()) && self.config.session_timer.is_some());
            if value.is_empty() || inside || self.config.supported.iter().any(known) {
                continue;
            }
            if !missing.is_empty() {
                missing.push_str(", ");
            }
            missing.push_str(&String::from_utf8_lossy(value));
        }
        (!missing.is_empty()).then_some(missing)
    }

    fn on_outside(&mut self, incoming: Incoming, now: Now) {
        let method = incoming.message.method();
        let for_us = matches!(method, Method::Register | Method::Options | Method::Publish);
        if matches!(method, Method::Bye | Method::Update | Method::Info | Method::Prack) {
            self.refuse_stateless(&incoming, 481, NO_HEADERS);
        } else if incoming.message.max_forwards() == Some(0) && !for_us {
            self.refuse_stateless(&incoming, 483, NO_HEADERS);
        } else if self.merged.contains_key(&incoming.merge) {
            self.refuse_merged(&incoming, now);
        } else if method == Method::Invite && self.is_loop(&incoming) {
            self.refuse_for_good(&incoming, Answer::of(482), now);
        } else if method == Method::Invite {
            self.on_invite(incoming, now);
        } else if method == Method::Subscribe {
            self.on_subscribe(incoming, now);
        } else if let Some(id) = self.open_server(&incoming, None, now) {
            let Incoming {
                message: request, flow, ..
            } = incoming;
            self.events.push_back(Event::Request {
                transaction: TransactionId(id),
                request,
                flow,
            });
        } else {
            self.refuse_busy(&incoming);
        }
    }

    /// RFC 3261 section 8.2.2.2. Kept, because the other copy's end would make this one a new request.
    fn refuse_merged(&mut self, incoming: &Incoming, now: Now) {
        match self.open_server(incoming, None, now) {
            Some(id) => self.answer(id, &Answer::of(482), now),
            None => self.refuse_stateless(incoming, 482, NO_HEADERS),
        }
    }

    pub(super) fn refuse_busy(&mut self, incoming: &Incoming) {
        let headers = vec![(Cow::Borrowed("Retry-After"), "10".to_owned())];
        self.refuse_stateless(incoming, 503, &headers);
    }

    fn on_invite(&mut self, incoming: Incoming, now: Now) {
        if self.sessions.len() >= self.config.limits.sessions {
            self.totals.overload += 1;
            self.refuse_busy(&incoming);
            return;
        }
        if self.refuse_interval(&incoming, now) {
            return;
        }
        let replaces = match self.replaced(&incoming) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse_for_good(&incoming, Answer::of(status), now),
        };
        let id = self.new_session();
        let Some(tx) = self.open_server(&incoming, Some(id), now) else {
            self.refuse_busy(&incoming);
            return;
        };
        let session = self.incoming_session(id, tx, &incoming);
        self.add_session(session);
        let Incoming {
            message: request, flow, ..
        } = incoming;
        self.events.push_back(Event::Invite {
            session: id,
            request,
            flow,
            replaces,
        });
    }

    fn incoming_session(&self, id: SessionId, tx: u64, incoming: &Incoming) -> Session {
        let local_tag = self.secret.tag(incoming.key);
        let mut local = crate::dialog::text(incoming.message.header(HeaderName::To).unwrap_or_default());
        local.push_str(";tag=");
        crate::tx::key::push_token(&mut local, local_tag);
        let mut timer = SessionTimer::default();
        timer.hear(&incoming.message);
        Session {
            id,
            flow: incoming.flow,
            follows: false,
            call_id: crate::dialog::text(incoming.message.call_id().unwrap_or_default()),
            local_tag,
            local,
            local_cseq: 0,
            caller: false,
            phase: Phase::Incoming { tx },
            ids: self.ids_of_caller(incoming),
            dialog: Some(Dialog::of_request(&incoming.message)),
            early: Vec::new(),
            unacked: None,
            offer: None,
            reinvite: Reinvite::default(),
            reliable: None,
            described: None,
            second: None,
            timer,
            credentials: None,
            aor: None,
        }
    }
}
