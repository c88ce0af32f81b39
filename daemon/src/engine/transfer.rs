//! Transfers (RFC 3515, RFC 5589): whoever talks sends the other one to somebody else, and the call stays one call.

use std::borrow::Cow;

use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::features::{self, Feature, FeatureCall};
use frontdesk_routing::forwarding::Trail;
use frontdesk_routing::ids::{CallId, DepartmentId, LegId, MailboxId, MenuId};
use frontdesk_sip::Now;
use frontdesk_sip::command::{Command, Headers, Reply};
use frontdesk_sip::dialog::refer::{ReferTo, referred_by, wants_no_subscription};
use frontdesk_sip::event::{SessionId, TransactionId};
use frontdesk_sip::wire::{Message, SessionUuid};

use super::Engine;
use super::call::{Leg, Side};
use super::caller::dialled_in;
use super::media::Wanted;
use super::referral::Referral;
use super::requests::{reply, reply_with};
use super::sent_on::Way;
use super::setup::{Asked, Shown, Target, one_person};

/// Legs that one call may have had in all.
pub(super) const MOST_LEGS: usize = 64;

/// A REFER that may be served.
struct Refer {
    call: CallId,
    by: Side,
    to: ReferTo,
    headers: Headers,
}

/// Where a party has to do with us.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ours {
    Line(DepartmentId),
    Menu(MenuId),
    Mailbox(MailboxId),
}

/// The same with why, and by which forwardings.
pub(super) struct Onwards {
    pub(super) to: Ours,
    pub(super) because: Because,
    pub(super) trail: Trail,
}

/// Phones that are to be rung for somebody who is in a call already.
pub(super) struct More {
    pub(super) targets: Vec<Target>,
    pub(super) legs: Vec<Leg>,
    pub(super) one_person: bool,
    pub(super) way: Way,
}

impl Onwards {
    /// `None`: the decision is for somebody's phones, or for nobody.
    pub(super) fn of(decision: &Decision, trail: &Trail) -> Option<Onwards> {
        let (to, because) = match decision {
            Decision::Queue { department, because } => (Ours::Line(*department), because),
            Decision::Menu { menu, because } => (Ours::Menu(*menu), because),
            Decision::Message { mailbox, because } => (Ours::Mailbox(*mailbox), because),
            Decision::Ring { .. }
            | Decision::Outside { .. }
            | Decision::Emergency { .. }
            | Decision::Feature(_)
            | Decision::Refuse { .. } => return None,
        };
        Some(Onwards {
            to,
            because: because.clone(),
            trail: trail.clone(),
        })
    }
}

impl Engine {
    pub(super) fn on_refer(&mut self, session: SessionId, transaction: TransactionId, request: &Message, now: Now) {
        let (answer, served) = match self.read_refer(session, request) {
            Ok(refer) => (accepted(request), Some(refer)),
            Err(status) => (reply(status), None),
        };
        self.endpoint.command(
            Command::Respond {
                transaction,
                reply: answer,
            },
            now,
        );
        let Some(refer) = served else { return };
        let silent = wants_no_subscription(request);
        let first = self.calls.get(&refer.call).is_some_and(|call| call.referral.is_none());
        let event = event_of(request, first);
        self.begin_referral(refer.call, Referral::new(refer.by, event, silent));
        match self.replaced_by(&refer) {
            Ok(Some(other)) => self.attend(refer.call, refer.by, other, now),
            Ok(None) => self.send_on(refer, now),
            Err(status) => self.tell_transferor(refer.call, (refer.by, status), now),
        }
    }

    /// The error is the status that the REFER gets.
    fn read_refer(&self, session: SessionId, request: &Message) -> Result<Refer, u16> {
        let (id, by) = self.find(session).ok_or(481_u16)?;
        let call = self.calls.get(&id).ok_or(481_u16)?;
        let to = ReferTo::read(request).map_err(|_| 400_u16)?;
        if call.machine.waiting().is_some() {
            return Err(491);
        }
        // Who is connected by a provider has no rights here, and before somebody has answered there is nobody to send.
        let ours = call
            .leg(by)
            .is_some_and(|leg| leg.staff.is_some() && leg.trunk.is_none());
        if !ours || call.other(by).is_none() || !to.method.eq_ignore_ascii_case("INVITE") {
            return Err(603);
        }
        if call.called.len() >= MOST_LEGS || call.max_forwards == 0 {
            return Err(503);
        }
        let referred = referred_by(request).map(|value| (Cow::Borrowed("Referred-By"), value));
        Ok(Refer {
            call: id,
            by,
            to,
            headers: referred.into_iter().collect(),
        })
    }

    /// The dialog that the target has with the transferor, as one of its calls with us (RFC 5589 section 7).
    fn replaced_by(&self, refer: &Refer) -> Result<Option<SessionId>, u16> {
        let Some(replaces) = refer.to.replaces().map_err(|_| 400_u16)? else {
            return Ok(None);
        };
        let (ours, theirs) = (&replaces.to_tag, &replaces.from_tag);
        let find = |ours: &[u8], theirs: &[u8]| self.endpoint.find_dialog(&replaces.call_id, ours, theirs);
        // Some phones name the tags as they see them themselves.
        find(ours, theirs).or_else(|| find(theirs, ours)).map(Some).ok_or(481)
    }

    /// Blind transfer: whatever is said of the target, it is reached with the transferor's rights.
    fn send_on(&mut self, refer: Refer, now: Now) {
        let Refer {
            call: id,
            by,
            to,
            headers,
        } = refer;
        let dialled = dialled_in(to.uri.as_bytes());
        match self.parks(id, by, &dialled) {
            Some(Ok(place)) => return self.park(id, (by, place), now),
            Some(Err(status)) => return self.tell_transferor(id, (by, status), now),
            None => {}
        }
        if let Some(to) = self.ours_for((id, by), &dialled, now) {
            return self.send_to_us(id, (by, &dialled), to, now);
        }
        let found = self.more_for(id, by, &dialled, now);
        let more = match found {
            Ok(more) => more,
            Err(status) => {
                self.note(
                    id,
                    &format!("{} could not transfer to {dialled}: {status}", self.name_of(id, by)),
                );
                return self.tell_transferor(id, (by, status), now);
            }
        };
        self.note(id, &format!("transferred by {} to {dialled}", self.name_of(id, by)));
        if let Some(call) = self.calls.get_mut(&id) {
            call.sender = call.leg(by).and_then(|leg| leg.staff);
        }
        self.tell_transferor(id, (by, 100), now);
        self.step(id, CallEvent::Transfer { by }, now);
        self.call_more(id, more, headers, now);
        self.wait_at_most(id, self.ring_limit(id, now), now);
    }

    /// What of ours a transfer is meant for; `None`: for somebody's phones, or for nobody.
    pub(super) fn ours_for(&self, (id, by): (CallId, Side), dialled: &str, now: Now) -> Option<Onwards> {
        let call = self.calls.get(&id)?;
        let facts = CallFacts {
            account: call.account,
            caller: Caller::Staff(call.leg(by)?.staff?),
            dialled,
            at: now.unix_ms,
        };
        if let Some(Decision::Feature(FeatureCall::LeaveMessage(mailbox))) = features::decide(&self.plan, &facts) {
            let (to, because) = (Ours::Mailbox(mailbox), Because::FeatureCode(Feature::LeaveMessage));
            let trail = Trail::default();
            return Some(Onwards { to, because, trail });
        }
        let (decision, trail) = self.decide(&self.plan, &facts);
        Onwards::of(&decision, &trail)
    }

    /// Whoever `by` talks with has to do with us from now on; `by` is told how that went, and let go, or gets the call
    /// back.
    pub(super) fn send_to_us(&mut self, id: CallId, (by, dialled): (Side, &str), to: Onwards, now: Now) {
        let Onwards { to, because, trail } = to;
        if let Ours::Line(department) = to {
            return self.send_to_line(id, by, (department, None), now);
        }
        self.note(id, &format!("transferred by {} to {dialled}", self.name_of(id, by)));
        self.note(id, &format!("then {because}"));
        if let Some(call) = self.calls.get_mut(&id) {
            call.sender = call.leg(by).and_then(|leg| leg.staff);
            call.way = Way { person: None, trail };
            call.overflowed.clear();
        }
        self.tell_transferor(id, (by, 100), now);
        self.step(id, CallEvent::Transfer { by }, now);
        match to {
            Ours::Menu(menu) => self.enter_menu(id, menu, now),
            Ours::Mailbox(mailbox) => self.take_message(id, mailbox, 480, now),
            Ours::Line(_) => {}
        }
    }

    /// `since`: when somebody came into the line in whose place the party is now, as the queues count.
    pub(super) fn send_to_line(
        &mut self,
        id: CallId,
        by: Side,
        (department, since): (DepartmentId, Option<u64>),
        now: Now,
    ) {
        let name = self
            .plan
            .departments
            .get(department)
            .map(|department| department.name.to_string());
        let name = name.unwrap_or_default();
        let by_name = self.name_of(id, by);
        if let Err(status) = self.transfer_to_line(id, by, (department, since), now) {
            self.note(
                id,
                &format!("{by_name} could not transfer to the department {name}: {status}"),
            );
            self.tell_transferor(id, (by, status), now);
        }
    }

    /// Whether a transfer is meant for a place where calls are parked.
    fn parks(&self, id: CallId, by: Side, dialled: &str) -> Option<Result<u16, u16>> {
        let call = self.calls.get(&id)?;
        let transferor = call.leg(by)?.staff?;
        self.place_for(&self.plan, (call.account, transferor), dialled)
    }

    /// The phones of a number that is called in place of `by`.
    fn more_for(&mut self, id: CallId, by: Side, dialled: &str, now: Now) -> Result<More, u16> {
        let plan = std::sync::Arc::clone(&self.plan);
        let call = self.calls.get(&id).ok_or(481_u16)?;
        let party = call.other(by).and_then(|other| call.leg(other)).ok_or(481_u16)?;
        let transferor = call.leg(by).and_then(|leg| leg.staff).ok_or(403_u16)?;
        let (near, codec) = (party.media.port, party.media.codec());
        let asked = Asked {
            plan: &plan,
            account: call.account,
            caller: Caller::Staff(transferor),
            dialled,
            own: (&party.flow, party.staff),
            at: now.unix_ms,
        };
        let (mut targets, _, _, way) = self.targets(&asked).map_err(|turned| turned.reply.status)?;
        let legs = self.called_legs(&mut targets, near, codec.map(Wanted::from).as_ref(), now);
        let legs = legs.map_err(|turned| turned.reply.status)?;
        let one_person = one_person(&targets);
        Ok(More {
            targets,
            legs,
            one_person,
            way,
        })
    }

    /// Rings more phones for whoever waits.
    pub(super) fn call_more(&mut self, id: CallId, more: More, headers: Headers, now: Now) {
        let Some(call) = self.calls.get_mut(&id) else {
            return more.legs.iter().for_each(|leg| self.put_back(leg.media.port));
        };
        call.max_forwards = call.max_forwards.saturating_sub(1);
        let waiting = call.machine.waiting().unwrap_or(Side::Caller);
        let caller = call.leg(waiting).unwrap_or(&call.caller).shown.clone();
        let ids: Vec<LegId> = more.legs.iter().map(|leg| leg.id).collect();
        call.machine.call(&ids, more.one_person);
        call.way = more.way;
        let max_forwards = call.max_forwards;
        let user_to_user = call.user_to_user_of(waiting).to_vec();
        let Some(call) = self.calls.get(&id) else { return };
        let shown = Shown {
            caller: &caller,
            outgoing: self.outgoing(call, waiting),
            alert: self.alert(call, waiting),
            max_forwards,
            session_id: call
                .leg(waiting)
                .map_or(SessionUuid::NIL, |leg| self.uuid_of(leg.session)),
            user_to_user: &user_to_user,
            headers,
        };
        for (mut leg, target) in more.legs.into_iter().zip(&more.targets) {
            leg.sees = Some(waiting);
            let because = self.ring(id, &mut leg, (target, &shown), now);
            if let Some(call) = self.calls.get_mut(&id) {
                call.called.push(leg);
                because.into_iter().for_each(|because| call.note(&because.to_string()));
            }
        }
        self.raise_cards(id, more.targets.iter().filter_map(|target| target.staff), waiting);
        self.touch(id);
    }

    /// Nobody took the party that was transferred and its transferor has left: that one's phones ring again.
    pub(super) fn recall(&mut self, id: CallId, party: Side, now: Now) {
        let more = self.phones_of_transferor(id, party, now);
        self.wait_at_most(id, self.config.ring_timeout, now);
        match more {
            Ok(more) => {
                self.note(id, "nobody took the call, so it went back");
                self.call_more(id, more, Headers::new(), now);
            }
            Err(status) => {
                self.note(id, &format!("nobody took the call, and it could not go back: {status}"));
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
        }
    }

    fn phones_of_transferor(&mut self, id: CallId, party: Side, now: Now) -> Result<More, u16> {
        let plan = std::sync::Arc::clone(&self.plan);
        let call = self.calls.get(&id).ok_or(481_u16)?;
        let party = call.leg(party).ok_or(481_u16)?;
        let transferor = call.referral.as_ref().and_then(|referral| call.leg(referral.by));
        let staff = transferor.and_then(|leg| leg.staff).ok_or(480_u16)?;
        let (near, codec) = (party.media.port, party.media.codec());
        let mut targets = self.phones_of(&plan, staff);
        if targets.is_empty() || call.called.len() >= MOST_LEGS {
            return Err(480);
        }
        let legs = self.called_legs(&mut targets, near, codec.map(Wanted::from).as_ref(), now);
        Ok(More {
            legs: legs.map_err(|turned| turned.reply.status)?,
            targets,
            one_person: true,
            way: Way::default(),
        })
    }

    pub(super) fn note(&mut self, id: CallId, text: &str) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.note(text);
        }
    }

    /// How the record names a party.
    pub(super) fn name_of(&self, id: CallId, side: Side) -> String {
        let party = self
            .calls
            .get(&id)
            .and_then(|call| call.leg(side))
            .map(|leg| &leg.party);
        let named = party.and_then(|party| party.number.clone().or_else(|| party.name.clone()));
        named.unwrap_or_else(|| "an unknown party".to_owned())
    }
}

fn accepted(request: &Message) -> Reply {
    match wants_no_subscription(request) {
        true => reply_with(202, "Refer-Sub", "false"),
        false => reply(202),
    }
}

/// RFC 3515 section 2.4.6: from the second REFER of a dialog on, its CSeq tells the subscriptions apart.
fn event_of(request: &Message, first: bool) -> String {
    let cseq = request.cseq().map_or(0, |(number, _)| number);
    match first {
        true => "refer".to_owned(),
        false => format!("refer;id={cseq}"),
    }
}
