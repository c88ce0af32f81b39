//! Phones that say nothing to an INVITE. One that is there answers at once, be it by 100: of one that does not a sign of
//! life is wanted by OPTIONS too, and when none comes either it counts as not reachable, so that the call goes where calls
//! go then. An INVITE that nothing at all has followed until its Timer B makes the phone offline, as OPTIONS in vain do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use frontdesk_routing::call::CallEvent;
use frontdesk_routing::forwarding::Condition;
use frontdesk_routing::ids::{CallId, LegId, StaffId};
use frontdesk_sip::Now;
use frontdesk_sip::command::Command;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::{FlowId, Transport};
use frontdesk_sip::registrar::{Aor, Binding};

use super::Engine;
use super::alive::Phone;
use super::call::Side;

/// The INVITE has gone three times by then (RFC 3261 section 17.1.1.2).
const ASKED_AFTER: Duration = Duration::from_millis(1_600);
/// The INVITE has gone four times by then and OPTIONS three times: of a hundred datagrams twenty may be lost.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(4);
/// What the caller of a phone that is not reachable is told.
const NOT_REACHABLE: u16 = 480;
/// The same for an agent's phone: it does not count as a call that the agent has missed.
const AGENT_NOT_REACHABLE: u16 = 503;

/// INVITEs to phones from which nothing has come since.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    open: BTreeMap<SessionId, Doubt>,
    /// By the flows that the phone may be heard by.
    flows: BTreeSet<(FlowId, SessionId)>,
    due: BTreeSet<(Instant, SessionId)>,
    /// Our OPTIONS under way, by token.
    asked: HashMap<u64, SessionId>,
}

#[derive(Debug)]
struct Doubt {
    phone: Phone,
    /// Where it registered from, and where it is sent requests.
    flows: [FlowId; 2],
    request_uri: String,
    /// When the INVITE was sent.
    since: Instant,
    /// When it is looked at again.
    at: Instant,
    token: Option<u64>,
    given_up: bool,
}

impl Doubts {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Something has come by this flow.
    pub(super) fn hear(&mut self, flow: &FlowId) {
        let here = (*flow, SessionId(0))..=(*flow, SessionId(u64::MAX));
        let heard: Vec<SessionId> = self.flows.range(here).map(|(_, session)| *session).collect();
        for session in heard {
            self.forget(session);
        }
    }

    /// The phone that this INVITE is for has been heard.
    pub(super) fn forget(&mut self, session: SessionId) {
        let Some(doubt) = self.open.remove(&session) else {
            return;
        };
        for flow in doubt.flows {
            self.flows.remove(&(flow, session));
        }
        self.due.remove(&(doubt.at, session));
        if let Some(token) = doubt.token {
            self.asked.remove(&token);
        }
    }

    /// Our OPTIONS has come to an end; false: the token is somebody else's.
    pub(super) fn answered(&mut self, token: u64, is_there: bool) -> bool {
        let Some(session) = self.asked.remove(&token) else {
            return false;
        };
        if is_there {
            self.forget(session);
        }
        true
    }

    fn open(&mut self, session: SessionId, doubt: Doubt) {
        self.forget(session);
        self.flows.extend(doubt.flows.map(|flow| (flow, session)));
        self.due.insert((doubt.at, session));
        self.open.insert(session, doubt);
    }

    fn look_again(&mut self, session: SessionId, at: Instant) {
        if let Some(doubt) = self.open.get_mut(&session) {
            self.due.remove(&(doubt.at, session));
            doubt.at = at;
            self.due.insert((at, session));
        }
    }

    fn is_given_up(&self, session: SessionId) -> bool {
        self.open.get(&session).is_some_and(|doubt| doubt.given_up)
    }
}

impl Engine {
    /// A phone is about to be sent an INVITE.
    pub(super) fn doubt(&mut self, session: SessionId, (staff, binding): (Option<StaffId>, &Binding), now: Now) {
        let sip = staff.and_then(|staff| self.plan.staff.get(staff)?.sip.as_ref());
        let hears = binding.flow.transport == Transport::Udp && binding.path.is_empty();
        let Some(sip) = sip.filter(|_| hears) else { return };
        let doubt = Doubt {
            phone: (sip.id, binding.name().into_owned()),
            flows: [binding.flow, binding.target()],
            request_uri: binding.request_uri().to_owned(),
            since: now.instant,
            at: now.instant + ASKED_AFTER,
            token: None,
            given_up: false,
        };
        self.doubts.open(session, doubt);
    }

    /// Looks at those whose time has come.
    pub(super) fn review_doubts(&mut self, now: Now) {
        while let Some((at, session)) = self.doubts.due.first().copied()
            && at <= now.instant
        {
            self.doubts.due.remove(&(at, session));
            if self.endpoint.is_heard(session) {
                self.doubts.forget(session);
                continue;
            }
            self.review_doubt(session, now);
        }
    }

    fn review_doubt(&mut self, session: SessionId, now: Now) {
        let Some(doubt) = self.doubts.open.get(&session) else {
            return;
        };
        let (since, [_, target], uri) = (doubt.since, doubt.flows, doubt.request_uri.clone());
        let end = since + self.config.endpoint.timers.give_up();
        if doubt.at < since + GIVEN_UP_AFTER {
            let token = self.ask_for_life((target, uri), now);
            if let Some(doubt) = self.doubts.open.get_mut(&session) {
                doubt.token = Some(token);
                self.doubts.asked.insert(token, session);
            }
            self.doubts.look_again(session, since + GIVEN_UP_AFTER);
        } else if doubt.at < end {
            if let Some(doubt) = self.doubts.open.get_mut(&session) {
                doubt.given_up = true;
            }
            self.doubts.look_again(session, end);
            if let Some((call, _)) = self.find(session) {
                self.leave_unreached(call, now);
            }
        } else {
            let (phone, [flow, _]) = (doubt.phone.clone(), doubt.flows);
            self.doubts.forget(session);
            self.fall_silent(phone, flow, now);
        }
    }

    /// When no phone that a call rings is reachable it goes on as if they were offline. What rings after all is given up.
    pub(super) fn leave_unreached(&mut self, id: CallId, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        let session = |leg: LegId| call.leg(Side::Called(leg)).map(|side| (leg, side.session));
        let calling: Vec<(LegId, SessionId)> = call.machine.calling().filter_map(session).collect();
        let given_up = |(_, session): &(LegId, SessionId)| self.doubts.is_given_up(*session);
        if calling.is_empty() || !calling.iter().all(given_up) {
            return;
        }
        let busy = call.why(NOT_REACHABLE) == Some(Condition::Busy);
        let status = match call.machine.is_queued() {
            true => AGENT_NOT_REACHABLE,
            false => NOT_REACHABLE,
        };
        self.note(id, "no phone that was called gave a sign of life");
        let sent_on = match busy {
            true => self.send_call_on(id, Condition::Busy, now),
            false => self.send_call_on(id, Condition::Offline, now) || self.send_call_on(id, Condition::NoAnswer, now),
        };
        if sent_on {
            return;
        }
        for (leg, session) in calling {
            let reason = None;
            self.endpoint.command(Command::Cancel { session, reason }, now);
            self.step(id, CallEvent::Refused(leg, status), now);
        }
    }

    /// The registration of a phone that a doubt is about, if it is still there.
    pub(super) fn is_registered_at(&self, (account, name): &Phone, flow: &FlowId) -> bool {
        let bindings = self.registrar.bindings(Aor(account.as_u128()));
        bindings
            .iter()
            .any(|binding| binding.name() == *name && binding.flow == *flow)
    }
}
