//! A call as the engine holds it: its legs, its machine, its record.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use frontdesk_media::io::command::MediaLegId;
use frontdesk_routing::because::Ordered;
use frontdesk_routing::call::CallMachine;
pub(super) use frontdesk_routing::call::Side;
use frontdesk_routing::identity::CallerIdentity;
use frontdesk_routing::ids::{AccountId, CallId, ClientId, DepartmentId, LegId, RecordingId, StaffId, TrunkId};
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::Now;
use frontdesk_sip::event::{SessionId, TransactionId};
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::wire::{SessionIds, SessionUuid};

use super::early::Early;
use super::feature::Service;
use super::greeting::Greeting;
use super::media::MediaSide;
use super::menu::MenuStay;
use super::output::{CallDirection, CdrParty};
use super::queue::Stay;
use super::referral::Referral;
use super::sent_on::Way;

/// Our side of one party.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) id: LegId,
    pub(super) session: SessionId,
    pub(super) sip_call_id: String,
    pub(super) flow: FlowId,
    pub(super) staff: Option<StaffId>,
    pub(super) trunk: Option<TrunkId>,
    pub(super) party: CdrParty,
    /// Who this party is; each phone is shown of it what its person may see.
    pub(super) shown: CallerIdentity,
    /// With whom its phone shows that it talks.
    pub(super) sees: Option<Side>,
    /// The phone takes UPDATE (RFC 3311).
    pub(super) updates: bool,
    /// The phone takes another From within a call (RFC 4916).
    pub(super) renames: bool,
    /// The token of what we say to it before it is let go.
    pub(super) hears: Option<u64>,
    /// Its audio port is in use.
    pub(super) open: bool,
    /// It has no place in the call any more, and is hung up when it has been told what it waits for.
    pub(super) leaving: bool,
    /// It has been picked up, and a key is asked for.
    pub(super) confirms: bool,
    /// It has been picked up, and is told something by this token before it counts as answered.
    pub(super) whispers: Option<u64>,
    pub(super) media: MediaSide,
    pub(super) started_at: i64,
    pub(super) answered_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) status: u16,
}

/// The whole story of one conversation while it goes on.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) account: AccountId,
    /// The plan that it was decided with.
    pub(super) plan: Arc<DialPlan>,
    pub(super) machine: CallMachine,
    pub(super) direction: CallDirection,
    pub(super) caller: Leg,
    pub(super) called: Vec<Leg>,
    /// As dialled.
    pub(super) dialled: String,
    pub(super) callee: CdrParty,
    pub(super) client: Option<ClientId>,
    pub(super) because: String,
    pub(super) started_at: i64,
    pub(super) answered_at: Option<i64>,
    pub(super) recording: Option<RecordingId>,
    /// Whom the media threads have joined.
    pub(super) joined: Option<(Side, Side)>,
    /// As the board was last told.
    pub(super) held: bool,
    /// The caller's offer, until it is answered; `None`: the INVITE had none.
    pub(super) offer: Option<Bytes>,
    /// What the caller hears before somebody has answered.
    pub(super) early: Early,
    /// Max-Forwards of the INVITEs that come next (RFC 7332).
    pub(super) max_forwards: u8,
    /// What a provider gave as the reason of what the machine is told at this moment (RFC 3326).
    pub(super) reason: Option<String>,
    /// How often a phone has sent the call on.
    pub(super) forwarded: u8,
    pub(super) way: Way,
    /// Who has sent the call on from a phone: by a transfer, or by a redirection.
    pub(super) sender: Option<StaffId>,
    /// What we do for the caller, whom we have answered ourselves.
    pub(super) service: Option<Service>,
    /// Where one of its parties waits.
    pub(super) place: Option<u16>,
    /// The department's line that it is in, or was taken from.
    pub(super) line: Option<Stay>,
    /// Departments whose lines have not taken it or have let it go on, since somebody has sent it there.
    pub(super) overflowed: Vec<DepartmentId>,
    /// What the caller hears before the call goes on.
    pub(super) greeting: Option<Greeting>,
    /// The menu that asks one of its parties.
    pub(super) menu: Option<MenuStay>,
    /// Menus that it has been in.
    pub(super) menus: u8,
    /// Forks that it may have at a time (RFC 5393 section 5.3.3).
    pub(super) breadth: u32,
    /// The system has begun it: in the caller's place is no phone.
    pub(super) ordered: Option<Ordered>,
    /// The transfer that is under way, or the last one.
    pub(super) referral: Option<Referral>,
    pub(super) rings_until: Instant,
    /// Requests of one party that were sent on to the other and wait for its answer, by our token.
    pub(super) relayed: Vec<(u64, TransactionId)>,
    /// Our own INFOs with a key that wait for an answer, by our token.
    pub(super) pressed: Vec<u64>,
    /// What the caller is called in logs, and whoever had to do with them last.
    pub(super) session_ids: SessionIds,
    /// What the caller's application tells whoever is rung (RFC 7433).
    pub(super) user_to_user: Vec<String>,
}

impl Call {
    /// One of which nothing more is known.
    pub(super) fn new(
        (id, account): (CallId, AccountId),
        plan: &Arc<DialPlan>,
        (machine, caller): (CallMachine, Leg),
        now: Now,
    ) -> Call {
        Call {
            id,
            account,
            plan: Arc::clone(plan),
            machine,
            direction: CallDirection::Internal,
            caller,
            called: Vec::new(),
            dialled: String::new(),
            callee: CdrParty::default(),
            client: None,
            because: String::new(),
            started_at: now.unix_ms,
            answered_at: None,
            recording: None,
            joined: None,
            held: false,
            offer: None,
            early: Early::default(),
            max_forwards: 0,
            reason: None,
            forwarded: 0,
            way: Way::default(),
            sender: None,
            service: None,
            place: None,
            line: None,
            overflowed: Vec::new(),
            greeting: None,
            menu: None,
            menus: 0,
            breadth: 0,
            ordered: None,
            referral: None,
            rings_until: now.instant,
            relayed: Vec::new(),
            pressed: Vec::new(),
            session_ids: SessionIds {
                local: SessionUuid::NIL,
                remote: SessionUuid::NIL,
            },
            user_to_user: Vec::new(),
        }
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = &Leg> {
        std::iter::once(&self.caller).chain(&self.called)
    }

    pub(super) fn legs_mut(&mut self) -> impl Iterator<Item = &mut Leg> {
        std::iter::once(&mut self.caller).chain(&mut self.called)
    }

    pub(super) fn side_of(&self, session: SessionId) -> Option<Side> {
        if self.caller.session == session {
            return Some(Side::Caller);
        }
        self.called
            .iter()
            .find(|leg| leg.session == session)
            .map(|leg| Side::Called(leg.id))
    }

    pub(super) fn leg(&self, side: Side) -> Option<&Leg> {
        match side {
            Side::Caller => Some(&self.caller),
            Side::Called(id) => self.called.iter().find(|leg| leg.id == id),
        }
    }

    pub(super) fn leg_mut(&mut self, side: Side) -> Option<&mut Leg> {
        match side {
            Side::Caller => Some(&mut self.caller),
            Side::Called(id) => self.called.iter_mut().find(|leg| leg.id == id),
        }
    }

    pub(super) fn side_of_media(&self, media: MediaLegId) -> Option<Side> {
        if self.caller.media.leg == media {
            return Some(Side::Caller);
        }
        self.called
            .iter()
            .find(|leg| leg.media.leg == media)
            .map(|leg| Side::Called(leg.id))
    }

    /// The two who talk with each other; first whoever has the caller's place.
    pub(super) fn pair(&self) -> Option<(Side, Side)> {
        self.machine.pair()
    }

    /// Whose audio has to arrive while the call goes on: whoever talks, with somebody, with us, or in a line.
    pub(super) fn must_sound(&self, side: Side) -> bool {
        let waits = (self.machine.is_queued() || self.machine.is_attended()) && self.machine.waiting() == Some(side);
        !self.held && (self.other(side).is_some() || self.machine.served_party() == Some(side) || waits)
    }

    /// The side that this one talks with, once somebody has answered.
    pub(super) fn other(&self, side: Side) -> Option<Side> {
        self.machine.other(side)
    }
}
