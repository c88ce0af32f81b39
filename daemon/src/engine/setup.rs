//! A new INVITE: from credentials to ringing phones, or to a refusal that stands in the history.

use std::sync::Arc;

use bytes::Bytes;
use frontdesk_media::io::command::{Direction, MediaCommand};
use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallMachine;
use frontdesk_routing::caller_id::OutgoingCall;
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::forwarding::{Situation, Trail};
use frontdesk_routing::identity::CallerIdentity;
use frontdesk_routing::ids::{AccountId, CallId, LegId, StaffId};
use frontdesk_routing::outbound::OutsideNumber;
use frontdesk_routing::plan::{DialPlan, Method, Owner};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Headers, Reply};
use frontdesk_sip::event::SessionId;
use frontdesk_sip::flow::FlowId;
use frontdesk_sip::registrar::Binding;
use frontdesk_sip::trunk::cause;
use frontdesk_sip::wire::{Message, SessionUuid};

use super::Engine;
use super::alert::Alert;
use super::call::{Call, Leg, Side};
use super::caller::{dialled_in, know, party_of_staff};
use super::flows::Flows;
use super::media::{MediaSide, Wanted, status_of};
use super::new_call::{EMERGENCY_RING, NewCall, breadth, client_called};
use super::offered::offer_of;
use super::output::{CallDirection, CdrParty, Output};
use super::queue::Queueing;
use super::requests::{reply, reply_with};
use super::sent_on::Way;
use super::trunks::{Outside, dialled_by};
use super::turned::{Turned, turned};

/// Seconds after which a caller may try again when we cannot take calls at present.
const RETRY_AFTER: &str = "5";

/// A phone to ring, or a number outside to call.
pub(super) struct Target {
    /// `None`: nobody of ours.
    pub(super) staff: Option<StaffId>,
    pub(super) party: CdrParty,
    pub(super) reach: Reach,
}

/// How a target is reached.
pub(super) enum Reach {
    Phone(Box<Flows>),
    Outside(Outside),
}

impl Target {
    pub(super) fn binding(&self) -> Option<&Binding> {
        match &self.reach {
            Reach::Phone(flows) => Some(&flows.now),
            Reach::Outside(_) => None,
        }
    }

    /// The phone speaks with us by this flow.
    pub(super) fn is_at(&self, flow: &FlowId) -> bool {
        match &self.reach {
            Reach::Phone(flows) => flows.has(flow),
            Reach::Outside(_) => false,
        }
    }
}

/// What somebody wants to be connected with.
pub(super) struct Asked<'a> {
    pub(super) plan: &'a DialPlan,
    pub(super) account: AccountId,
    /// With whose rights.
    pub(super) caller: Caller,
    pub(super) dialled: &'a str,
    /// The phone of the one who would be connected, which is not rung.
    pub(super) own: (&'a FlowId, Option<StaffId>),
    /// Unix milliseconds.
    pub(super) at: i64,
}

/// How the phones that are rung see it.
pub(super) struct Shown<'a> {
    pub(super) caller: &'a CallerIdentity,
    pub(super) outgoing: OutgoingCall,
    pub(super) alert: Alert,
    pub(super) max_forwards: u8,
    /// What whoever waits is called (RFC 7989).
    pub(super) session_id: SessionUuid,
    /// What their application tells that of the other side (RFC 7433).
    pub(super) user_to_user: &'a [String],
    pub(super) headers: Headers,
}

/// Whose phones ring, by which rule, and who is called.
pub(super) type Rung = (Vec<Target>, Because, CdrParty);

impl Engine {
    pub(super) fn on_invite(&mut self, session: SessionId, request: &Message, flow: &FlowId, now: Now) {
        let plan = Arc::clone(&self.plan);
        let owner = match self.owner_of(&plan, (session, request, flow), now) {
            Ok(owner) => owner,
            Err(reply) => return self.endpoint.command(Command::Refuse { session, reply }, now),
        };
        self.counters.calls += 1;
        let new = NewCall {
            id: CallId::new(now.unix_ms, self.random()),
            session,
            request,
            flow,
            plan: &plan,
            known: know(&plan, owner, request),
            dialled: match owner {
                Owner::Staff(_) => dialled_in(request.request_uri()),
                Owner::Trunk(trunk) => dialled_by(&plan, trunk, request),
            },
        };
        if let Err(mut turned) = self.set_up(&new, now) {
            let status = turned.reply.status;
            if new.known.party.trunk.is_some() {
                turned.reply.headers.push(("Reason".into(), cause::reason(status)));
            }
            let (reply, call) = (turned.reply.clone(), new.refused(*turned));
            self.endpoint.command(Command::Refuse { session, reply }, now);
            self.record_refusal(call, now);
        }
    }

    /// Whose call it is: a provider's that is known by its registration or its address, or that of the credentials.
    fn owner_of<'a>(
        &mut self,
        plan: &'a DialPlan,
        (session, request, flow): (SessionId, &Message, &FlowId),
        now: Now,
    ) -> Result<Owner<'a>, Reply> {
        let trunk = self.trunk_of(request, flow).and_then(|trunk| plan.staff.trunk(trunk));
        if let Some(trunk) = trunk {
            self.endpoint.follow_routes(session);
            return Ok(Owner::Trunk(trunk));
        }
        let account = self.authenticate(request, flow, now)?;
        plan.staff.by_sip(account).ok_or_else(|| reply(403))
    }

    fn set_up(&mut self, new: &NewCall<'_>, now: Now) -> Result<(), Box<Turned>> {
        let urgent = new.is_emergency();
        if !urgent {
            self.open_for_calls()?;
        }
        if let Some(trunk) = new.known.party.trunk {
            self.admit_from(trunk, new.session, now)?;
            self.comes_back(new)?;
        }
        let offer = offer_of(new.request)?;
        if let Some(served) = self.serve(new, offer.as_ref(), now) {
            return served;
        }
        let asked = Asked {
            plan: new.plan,
            account: new.known.account,
            caller: new.known.caller,
            dialled: &new.dialled,
            own: (new.flow, new.known.party.staff),
            at: now.unix_ms,
        };
        let (decision, trail) = self.decided(&asked)?;
        if let Some(said) = self.greeting_of(new, &decision) {
            return self.greet(new, offer, (said, decision, trail), now);
        }
        if let Decision::Queue { department, because } = decision {
            let to = Queueing {
                department,
                because,
                trail,
            };
            return self.queue_up(new, offer, to, now);
        }
        if let Decision::Message { mailbox, because } = decision {
            return self.answer_for_message(new, offer.as_ref(), (mailbox, because), now);
        }
        if let Decision::Menu { menu, because } = decision {
            return self.answer_by_menu(new, offer, (menu, because, trail), now);
        }
        let rung = self.rung(&asked, decision)?;
        let callee = rung.2.clone();
        let begun = self.ring_out(new, (offer, rung, trail), urgent, now);
        begun.map_err(|turned| turned.for_party(&callee))
    }

    /// Rings all phones of whom the call is for.
    fn ring_out(
        &mut self,
        new: &NewCall<'_>,
        (offer, (mut targets, because, callee), trail): (Option<Bytes>, Rung, Trail),
        urgent: bool,
        now: Now,
    ) -> Result<(), Box<Turned>> {
        let way = Way::new(&targets, &because, trail);
        if breadth(new.request, targets.len()).is_none() {
            return Err(turned(reply(440), Because::TooManyPhones));
        }
        let caller_media = self.media_side(new.flow, None)?;
        let wanted = self.trial(&caller_media, offer.as_ref())?;
        let called = self.called_legs(&mut targets, caller_media.port, wanted.as_ref(), now);
        let called = called.inspect_err(|_| self.put_back(caller_media.port))?;
        let legs: Vec<LegId> = called.iter().map(|leg| leg.id).collect();
        let one_person = one_person(&targets);
        let caller = self.caller_leg(new, caller_media, now);
        let direction = direction(new.known.direction, &targets);
        let mut machine = CallMachine::new(&legs, one_person);
        if direction == CallDirection::Outbound {
            machine.go_outside();
        }
        let client = client_called(new, &callee);
        let call = Call {
            direction,
            called,
            client,
            callee,
            offer,
            way,
            ..self.new_call(new, (machine, caller), &because, now)
        };
        let id = call.id;
        self.begin(call, &targets, new, now);
        let limit = match urgent {
            true => EMERGENCY_RING,
            false => self.ring_limit(id, now),
        };
        self.wait_at_most(id, limit, now);
        Ok(())
    }

    fn open_for_calls(&self) -> Result<(), Box<Turned>> {
        let because = match (self.draining, self.journal_full) {
            (true, _) => Because::Draining,
            (false, true) => Because::JournalFull,
            (false, false) => return Ok(()),
        };
        Err(turned(reply_with(503, "Retry-After", RETRY_AFTER), because))
    }

    /// The phones of all who are to be rung; the caller's own phone is not among them.
    pub(super) fn targets(&self, asked: &Asked<'_>) -> Result<(Vec<Target>, Because, CdrParty, Way), Box<Turned>> {
        let (decision, trail) = self.decided(asked)?;
        let (targets, because, callee) = self.rung(asked, decision)?;
        let way = Way::new(&targets, &because, trail);
        Ok((targets, because, callee, way))
    }

    /// The same once it is decided.
    pub(super) fn rung(&self, asked: &Asked<'_>, decision: Decision) -> Result<Rung, Box<Turned>> {
        let plan = asked.plan;
        let (staff, because) = match decision {
            Decision::Ring { targets, because } => (targets, because),
            Decision::Outside {
                number,
                trunks,
                because,
            } => {
                let to = (OutsideNumber::Number(number), trunks.as_slice());
                return Ok(self.rung_outside(plan, to, because));
            }
            Decision::Emergency {
                number,
                trunks,
                because,
            } => {
                let to = (OutsideNumber::Emergency(number), trunks.as_slice());
                return Ok(self.rung_outside(plan, to, because));
            }
            Decision::Queue { because, .. } | Decision::Message { because, .. } | Decision::Menu { because, .. } => {
                return Err(turned(reply(480), because));
            }
            Decision::Feature(_) => return Err(turned(reply(500), Because::Bug("a feature rings no phones"))),
            Decision::Refuse {
                status,
                callee,
                because,
            } => return Err(turned(reply(status), because).meant_for(plan, callee)),
        };
        let mut targets = Vec::new();
        let mut callee = CdrParty::default();
        let (mut own_only, mut in_call) = (false, false);
        for staff in staff.iter().filter_map(|id| plan.staff.get(*id)) {
            if callee.staff.is_none() {
                callee = party_of_staff(staff);
            }
            if self.view(plan).busy(staff.id) {
                in_call = true;
                continue;
            }
            let (own, others): (Vec<Target>, Vec<Target>) = self
                .ways_to(plan, staff)
                .into_iter()
                .partition(|target| target.is_at(asked.own.0) && asked.own.1 == Some(staff.id));
            own_only |= !own.is_empty();
            targets.extend(others);
        }
        if targets.is_empty() {
            let name = callee.name.clone().unwrap_or_default();
            let by_number = callee
                .staff
                .is_some_and(|staff| plan.reception.method(staff) != Method::Sip);
            let mut turned = match (own_only, by_number) {
                _ if in_call => turned(reply(486), Because::InCall { name }),
                (true, _) => turned(reply(486), Because::OwnNumberNoOtherPhone),
                (false, true) => turned(reply(480), Because::NoWayTo { name }),
                (false, false) => turned(reply(480), Because::NobodyOnline { name }),
            };
            turned.callee = callee;
            return Err(turned);
        }
        Ok((targets, because, callee))
    }

    /// A port on the media thread of `near`, if given, and our half of a leg's SDP around it.
    pub(super) fn media_side(&mut self, flow: &FlowId, near: Option<u16>) -> Result<MediaSide, Box<Turned>> {
        let no_port = || turned(reply_with(503, "Retry-After", RETRY_AFTER), Because::NoPort);
        let port = match near {
            Some(near) => self.ports.take_near(near),
            None => self.ports.take(),
        };
        let port = port.ok_or_else(no_port)?;
        self.ports_in_use += 1;
        Ok(self.new_media_side(flow, port))
    }

    /// Tries the caller's offer before anybody's phone rings; gives what it comes to.
    pub(super) fn trial(&mut self, media: &MediaSide, offer: Option<&Bytes>) -> Result<Option<Wanted>, Box<Turned>> {
        let Some(offer) = offer else { return Ok(None) };
        match media.try_offer(offer) {
            Ok(wanted) => Ok(Some(wanted)),
            Err(error) => {
                self.put_back(media.port);
                Err(turned(reply(status_of(&error)), Because::NoCommonCodec))
            }
        }
    }

    /// Legs for these phones; their ports are on the media thread of `near`. Of several, those that cannot be called now
    /// are left out of both; when none is left the last one's reason is the answer.
    pub(super) fn called_legs(
        &mut self,
        targets: &mut Vec<Target>,
        near: u16,
        wanted: Option<&Wanted>,
        now: Now,
    ) -> Result<Vec<Leg>, Box<Turned>> {
        let mut called: Vec<Leg> = Vec::new();
        let mut failed = None;
        targets.retain(|target| match self.called_leg(target, near, now) {
            Ok(mut leg) => {
                leg.media.follow(wanted);
                called.push(leg);
                true
            }
            Err(turned) => {
                failed = Some(turned);
                false
            }
        });
        match failed.filter(|_| called.is_empty()) {
            Some(turned) => Err(turned),
            None => Ok(called),
        }
    }

    fn called_leg(&mut self, target: &Target, near: u16, now: Now) -> Result<Leg, Box<Turned>> {
        let session = self.endpoint.new_session();
        let (flow, outside) = match &target.reach {
            Reach::Phone(flows) => (flows.now.target(), None),
            Reach::Outside(outside) => {
                let taken = self.take_way(outside, session, now)?;
                (taken.flow, Some(taken))
            }
        };
        let media = self.media_side(&flow, Some(near));
        let mut media = media.inspect_err(|_| self.forget_way(session))?;
        let trunk = outside.as_ref().map(|taken| taken.trunk);
        let shown = self.identity_of_target(target);
        outside.into_iter().for_each(|taken| media.speak(taken.codecs));
        Ok(Leg {
            id: LegId::new(now.unix_ms, self.random()),
            session,
            sip_call_id: String::new(),
            flow,
            staff: target.staff,
            trunk,
            party: CdrParty {
                trunk,
                ..target.party.clone()
            },
            shown,
            sees: Some(Side::Caller),
            updates: false,
            renames: false,
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
        })
    }

    /// Puts the call on the board and rings every phone.
    fn begin(&mut self, mut call: Call, targets: &[Target], new: &NewCall<'_>, now: Now) {
        self.announce(&call);
        let diversions = self.diversions(&call.plan, &call.way.trail, targets.first());
        let share = breadth(new.request, targets.len()).unwrap_or_default();
        let shown = Shown {
            caller: &new.known.shown,
            outgoing: self.outgoing(&call, Side::Caller),
            alert: self.alert(&call, Side::Caller),
            max_forwards: call.max_forwards,
            session_id: call.session_ids.local,
            user_to_user: &call.user_to_user,
            headers: std::iter::once(("Max-Breadth".into(), share.to_string()))
                .chain(diversions)
                .collect(),
        };
        let mut shows = None;
        for (leg, target) in call.called.iter_mut().zip(targets) {
            shows = self.ring(call.id, leg, (target, &shown), now).or(shows);
        }
        shows.into_iter().for_each(|because| call.note(&because.to_string()));
        let id = call.id;
        self.keep(call);
        self.raise_cards(id, targets.iter().filter_map(|target| target.staff), Side::Caller);
    }

    pub(super) fn open_media(&mut self, leg: &Leg) {
        let (leg, port) = (leg.media.leg, leg.media.port);
        self.outputs.push_back(Output::Media(MediaCommand::Open { leg, port }));
    }

    /// Sends the INVITE of a leg; of one that goes outside gives why it shows the number that it does.
    pub(super) fn ring(
        &mut self,
        id: CallId,
        leg: &mut Leg,
        (target, shown): (&Target, &Shown<'_>),
        now: Now,
    ) -> Option<Because> {
        self.open_media(leg);
        self.remember(leg.staff, shown.caller);
        let body = leg.media.offer(Direction::SendRecv);
        let (mut invite, because) = match self.invite_outside(leg, shown, &body) {
            Some((invite, because)) => (invite, Some(because)),
            None => (self.invite(leg, target, shown, body), None),
        };
        invite.second = leg.media.second_offer();
        self.sessions.insert(leg.session, id);
        self.media_legs.insert(leg.media.leg, id);
        self.remember_flows(leg.session, target, now);
        self.endpoint.command(Command::Invite(Box::new(invite)), now);
        self.note_whose(leg.session, leg.staff, leg.trunk);
        let info = self.endpoint.session_info(leg.session);
        leg.sip_call_id = info.map(|info| info.call_id).unwrap_or_default();
        because
    }
}

impl<'a> Asked<'a> {
    pub(super) fn facts(&self) -> CallFacts<'a> {
        CallFacts {
            account: self.account,
            caller: self.caller,
            dialled: self.dialled,
            at: self.at,
        }
    }
}

fn direction(known: CallDirection, targets: &[Target]) -> CallDirection {
    let outside = targets.iter().any(|target| target.staff.is_none());
    match known {
        CallDirection::Internal if outside => CallDirection::Outbound,
        CallDirection::Internal | CallDirection::Inbound | CallDirection::Outbound => known,
    }
}

/// Whether all these phones are one person's.
pub(super) fn one_person(targets: &[Target]) -> bool {
    let first = targets.first().map(|target| target.staff);
    targets.iter().all(|target| Some(target.staff) == first)
}
