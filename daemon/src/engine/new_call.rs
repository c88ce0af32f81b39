//! A call at its beginning: what is known of it before anybody is rung.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallMachine;
use frontdesk_routing::emergency;
use frontdesk_routing::facts::Caller;
use frontdesk_routing::ids::{CallId, ClientId, LegId};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::Now;
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::{Message, SessionIds, SessionUuid};

use super::Engine;
use super::call::{Call, Leg};
use super::caller::Known;
use super::cdr::RefusedCall;
use super::connected::{takes_another_from, takes_update};
use super::media::MediaSide;
use super::output::{BoardChange, CdrParty, LiveCall, Output};
use super::turned::Turned;

/// When a request says nothing (RFC 3261 section 8.1.1.6).
const MAX_FORWARDS: u8 = 70;
/// An emergency call rings as long as somebody might come to the telephone.
pub(super) const EMERGENCY_RING: Duration = Duration::from_secs(1_800);

/// A new call on its way in.
pub(super) struct NewCall<'a> {
    pub(super) id: CallId,
    pub(super) session: SessionId,
    pub(super) request: &'a Message,
    pub(super) flow: &'a FlowId,
    pub(super) plan: &'a Arc<DialPlan>,
    pub(super) known: Known,
    pub(super) dialled: String,
}

impl Engine {
    /// A call of which nobody but the caller is known yet.
    pub(super) fn new_call(
        &self,
        new: &NewCall<'_>,
        (machine, caller): (CallMachine, Leg),
        because: &Because,
        now: Now,
    ) -> Call {
        Call {
            direction: new.known.direction,
            dialled: new.dialled.clone(),
            client: new.known.shown.client,
            because: because.to_string(),
            max_forwards: max_forwards(new.request),
            breadth: new.request.max_breadth(),
            rings_until: now.instant + self.config.ring_timeout,
            session_ids: SessionIds {
                local: self.uuid_of(new.session),
                remote: SessionUuid::NIL,
            },
            user_to_user: new.request.user_to_user(),
            ..Call::new((new.id, new.known.account), new.plan, (machine, caller), now)
        }
    }

    pub(super) fn caller_leg(&mut self, new: &NewCall<'_>, media: MediaSide, now: Now) -> Leg {
        let party = new.known.party.clone();
        Leg {
            id: LegId::new(now.unix_ms, self.random()),
            session: new.session,
            sip_call_id: sip_call_id(new.request),
            flow: *new.flow,
            staff: party.staff,
            trunk: party.trunk,
            party,
            shown: new.known.shown.clone(),
            sees: None,
            updates: takes_update(new.request),
            renames: takes_another_from(new.request),
            hears: None,
            open: true,
            leaving: false,
            confirms: false,
            whispers: None,
            media,
            started_at: now.unix_ms,
            answered_at: None,
            ended_at: None,
            status: 0,
        }
    }

    /// The call is one of those that go on, without anybody who is rung.
    pub(super) fn admit_call(&mut self, call: Call) {
        self.announce(&call);
        self.keep(call);
    }

    pub(super) fn announce(&mut self, call: &Call) {
        self.put_on_board(call);
        self.open_media(&call.caller);
    }

    pub(super) fn put_on_board(&mut self, call: &Call) {
        let live = LiveCall {
            id: call.id,
            account: call.account,
            direction: call.direction,
            caller: call.caller.party.clone(),
            called: call.dialled.clone(),
            callee: call.callee.clone(),
            client: call.client,
            started_at: call.started_at,
            answered_at: None,
            held: false,
            waits: None,
            line: None,
            rung: Vec::new(),
            recording: None,
        };
        self.outputs
            .push_back(Output::Board(BoardChange::CallCreated(Box::new(live))));
    }

    pub(super) fn keep(&mut self, call: Call) {
        self.note_whose(call.caller.session, call.caller.staff, call.caller.trunk);
        self.sessions.insert(call.caller.session, call.id);
        self.media_legs.insert(call.caller.media.leg, call.id);
        self.ringing.insert((call.rings_until, call.id));
        let id = call.id;
        self.calls.insert(id, Box::new(call));
        self.touch(id);
    }
}

/// The client who calls, or is called outside.
pub(super) fn client_called(new: &NewCall<'_>, callee: &CdrParty) -> Option<ClientId> {
    let called = || {
        let number = callee.number.as_deref().filter(|_| callee.staff.is_none())?;
        let number = PhoneNumber::from_e164(number).ok()?;
        Some(new.plan.clients.by_number(new.known.account, number)?.id)
    };
    new.known.shown.client.or_else(called)
}

pub(super) fn sip_call_id(request: &Message) -> String {
    String::from_utf8_lossy(request.call_id().unwrap_or_default()).into_owned()
}

/// Each phone's share of the forks that the call may still have (RFC 5393 section 5.3.3); `None`: there are more phones.
pub(super) fn breadth(request: &Message, phones: usize) -> Option<u32> {
    let share = request.max_breadth().checked_div(u32::try_from(phones).ok()?)?;
    (share > 0).then_some(share)
}

fn max_forwards(request: &Message) -> u8 {
    request.max_forwards().unwrap_or(MAX_FORWARDS).saturating_sub(1)
}

impl NewCall<'_> {
    /// Somebody of the staff has dialled an emergency number.
    pub(super) fn is_emergency(&self) -> bool {
        let ours = matches!(self.known.caller, Caller::Staff(_));
        ours && emergency::meant(self.plan, self.known.account, &self.dialled).is_some()
    }

    pub(super) fn refused(&self, turned: Turned) -> RefusedCall {
        RefusedCall {
            id: self.id,
            callee: turned.callee,
            department: turned.department,
            status: turned.reply.status,
            because: turned.because,
            session_ids: self.request.session_ids(),
            sip_call_id: sip_call_id(self.request),
            peer: self.flow.peer,
            account: self.known.account,
            direction: self.known.direction,
            caller: self.known.party.clone(),
            client: self.known.shown.client,
            dialled: self.dialled.clone(),
        }
    }
}
