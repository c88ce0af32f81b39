//! Calls that the system begins: somebody of the staff is rung first, the other party when they have answered.

use std::net::SocketAddr;
use std::sync::Arc;

use frontdesk_routing::because::{Because, Ordered};
use frontdesk_routing::call::{CallEvent, CallMachine};
use frontdesk_routing::decision::Decision;
use frontdesk_routing::emergency;
use frontdesk_routing::facts::Caller;
use frontdesk_routing::forwarding::Situation;
use frontdesk_routing::identity;
use frontdesk_routing::ids::{CallId, LegId, StaffId};
use frontdesk_routing::masking::{self, Dialled};
use frontdesk_routing::number::PhoneNumber;
use frontdesk_routing::plan::{DialPlan, Method};
use frontdesk_routing::reception::{self, Moment};
use frontdesk_sip::Now;
use frontdesk_sip::command::Headers;
use frontdesk_sip::flow::{FlowId, Transport};

use super::Engine;
use super::call::{Call, Leg, Side};
use super::caller::party_of_staff;
use super::input::{First, Originate};
use super::media::Tune;
use super::outgoing::inside;
use super::output::{BoardChange, CallDirection, CdrParty, Output};
use super::sent_on::Way;
use super::setup::{Asked, Target};
use super::transfer::More;

/// Max-Forwards and Max-Breadth of INVITEs that no other request has led to (RFC 3261 section 8.1.1.6, RFC 5393).
const MAX_FORWARDS: u8 = 70;
const MAX_BREADTH: u32 = 60;

impl Engine {
    /// Rings whoever is wanted first. The same call asked for twice is one call.
    pub(super) fn originate(&mut self, order: &Originate, now: Now) {
        if self.calls.contains_key(&order.call) || self.draining {
            return;
        }
        self.counters.calls += 1;
        let plan = Arc::clone(&self.plan);
        let (to, refused) = match self.meant(&plan, order) {
            Dialled::Itself => (order.to.clone(), None),
            Dialled::Client(number) => (number.reveal(), None),
            Dialled::Refused(status, because) => (order.to.clone(), Some((status, because))),
        };
        let order = &Originate { to, ..order.clone() };
        let call = self.ordered_call(order, &plan, now);
        let id = call.id;
        self.put_on_board(&call);
        self.ringing.insert((call.rings_until, id));
        self.calls.insert(id, Box::new(call));
        match (refused, order.first) {
            (Some((status, because)), _) => {
                self.note(id, &because.to_string());
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
            (None, First::Staff(staff)) => self.summon(order, (&plan, staff), now),
            (None, First::Department(department)) => self.join_line(id, department, now),
        }
        self.touch(id);
    }

    /// Who is meant by what somebody has clicked on: the stub and tokens are hidden clients, as they are on a phone (L44).
    fn meant(&self, plan: &DialPlan, order: &Originate) -> Dialled {
        let (First::Staff(staff), Ordered::Crm) = (order.first, order.kind) else {
            return Dialled::Itself;
        };
        let Some(staff) = plan.staff.get(staff) else {
            return Dialled::Itself;
        };
        match self.recent.dialled(plan, staff, &order.to) {
            Dialled::Itself if masking::means_hidden(plan, staff, &order.to).is_some() => {
                Dialled::Refused(404, Because::NoHiddenClient)
            }
            meant @ (Dialled::Itself | Dialled::Client(_) | Dialled::Refused(..)) => meant,
        }
    }

    fn summon(&mut self, order: &Originate, (plan, staff): (&DialPlan, StaffId), now: Now) {
        let id = order.call;
        let legs = self.summoned(order.kind, (plan, staff), now);
        let legs = legs.and_then(|mut targets| Ok((self.first_legs(&mut targets, now)?, targets)));
        match legs {
            Ok((legs, targets)) => {
                let way = Way::default();
                let more = More {
                    targets,
                    legs,
                    one_person: true,
                    way,
                };
                self.call_more(id, more, Headers::new(), now);
                self.wait_at_most(id, self.config.ring_timeout, now);
            }
            Err((status, because)) => {
                self.note(id, &because.to_string());
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
        }
    }

    /// The telephones of whoever is rung first. A visitor of a site is given to those who take clients' calls now, as every
    /// call from outside is; whoever clicks wants to be rung.
    fn summoned(
        &self,
        kind: Ordered,
        (plan, staff): (&DialPlan, StaffId),
        now: Now,
    ) -> Result<Vec<Target>, (u16, Because)> {
        let person = plan.staff.get(staff);
        let name = person.map(|person| person.name.to_string()).unwrap_or_default();
        if self.view(plan).busy(staff) {
            return Err((486, Because::InCall { name }));
        }
        if kind == Ordered::Widget {
            let moment = Moment {
                dnd: self.view(plan).settings(staff).dnd,
                ..Moment::default()
            };
            if let Err(why) = reception::may_take(plan, (staff, None), now.unix_ms, moment) {
                let whom = Box::new(Because::Overflow { name });
                return Err((480, Because::Skipped { whom, why }));
            }
        }
        let targets = person.map(|person| self.ways_to(plan, person)).unwrap_or_default();
        match (targets.is_empty(), plan.reception.method(staff)) {
            (false, _) => Ok(targets),
            (true, Method::Sip) => Err((480, Because::NobodyOnline { name })),
            (true, Method::Mobile | Method::Sim(_)) => Err((480, Because::NoWayTo { name })),
        }
    }

    /// Legs for whoever is rung first: there is no other leg whose media thread they would share.
    pub(super) fn first_legs(&mut self, targets: &mut Vec<Target>, now: Now) -> Result<Vec<Leg>, (u16, Because)> {
        let near = self.ports.take().ok_or((503, Because::NoPort))?;
        self.ports.put_back(near);
        let legs = self.called_legs(targets, near, None, now);
        legs.map_err(|turned| (turned.reply.status, turned.because))
    }

    /// Whoever is rung first has answered: now the other party is called, and they hear it ring.
    pub(super) fn call_out(&mut self, id: CallId, leg: LegId, now: Now) {
        let side = Side::Called(leg);
        self.configure(id, side);
        let plan = Arc::clone(&self.plan);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(answered) = call.called.iter().find(|called| called.id == leg) else {
            return;
        };
        let (party, staff, flow) = (answered.party.clone(), answered.staff, answered.flow);
        call.caller.party = party.clone();
        call.caller.staff = staff;
        let (account, dialled, callee) = (call.account, call.dialled.clone(), call.callee.clone());
        self.outputs.push_back(Output::Board(BoardChange::CallTransferred {
            call: id,
            caller: party,
            callee,
        }));
        let Some(staff) = staff else {
            return self.step(id, CallEvent::NobodyCalled(500), now);
        };
        let asked = Asked {
            plan: &plan,
            account,
            caller: Caller::Staff(staff),
            dialled: &dialled,
            own: (&flow, Some(staff)),
            at: now.unix_ms,
        };
        let (decision, trail) = self.decide(&plan, &asked.facts());
        if let Decision::Queue { department, because } = decision {
            self.note(id, &because.to_string());
            return self.join_line(id, department, now);
        }
        if let Decision::Menu { menu, because } = decision {
            self.note(id, &because.to_string());
            return self.enter_menu(id, menu, now);
        }
        if let Decision::Message { mailbox, because } = decision {
            self.note(id, &because.to_string());
            return self.take_message(id, mailbox, 480, now);
        }
        match self.more_on_the_way(id, &plan, decision, (trail, now)) {
            Ok((more, because)) => {
                self.note(id, &because.to_string());
                self.call_more(id, more, Headers::new(), now);
                self.wait_at_most(id, self.ring_limit(id, now), now);
                self.play_ringing(id, side);
            }
            Err((status, because)) => {
                self.note(id, &because.to_string());
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
        }
    }

    fn play_ringing(&mut self, id: CallId, side: Side) {
        let leg = self.calls.get(&id).and_then(|call| call.leg(side));
        if leg.is_some_and(|leg| leg.media.settled().is_some()) {
            self.set_tune(id, side, Some(Tune::Ringback));
        }
    }

    fn ordered_call(&mut self, order: &Originate, plan: &Arc<DialPlan>, now: Now) -> Call {
        let number = PhoneNumber::from_e164(&order.to).ok();
        let shown = identity::of_outside(plan, order.account, number, "");
        let first = match order.first {
            First::Staff(staff) => plan.staff.get(staff).map(party_of_staff),
            First::Department(_) => None,
        };
        let callee = CdrParty {
            number: Some(order.to.clone()),
            name: (!shown.name.is_empty()).then(|| shown.name.clone()),
            ..CdrParty::default()
        };
        let client = shown.client;
        let nobody = self.nobody(now);
        let caller = Leg {
            staff: first.as_ref().and_then(|party| party.staff),
            party: first.unwrap_or_default(),
            shown,
            ..nobody
        };
        Call {
            direction: match number.is_some() || emergency::meant(plan, order.account, &order.to).is_some() {
                true => CallDirection::Outbound,
                false => CallDirection::Internal,
            },
            dialled: order.to.clone(),
            callee,
            client,
            because: Because::Ordered(order.kind).to_string(),
            max_forwards: MAX_FORWARDS,
            breadth: MAX_BREADTH,
            ordered: Some(order.kind),
            rings_until: now.instant + self.config.ring_timeout,
            ..Call::new(
                (order.call, order.account),
                plan,
                (CallMachine::originated(&[]), caller),
                now,
            )
        }
    }

    /// In the caller's place is no phone.
    fn nobody(&mut self, now: Now) -> Leg {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let flow = FlowId {
            transport: Transport::Udp,
            local: nowhere,
            peer: nowhere,
            connection: 0,
        };
        Leg {
            id: LegId::new(now.unix_ms, self.random()),
            session: self.endpoint.new_session(),
            sip_call_id: String::new(),
            flow,
            staff: None,
            trunk: None,
            party: CdrParty::default(),
            shown: inside(&CdrParty::default()),
            sees: None,
            updates: false,
            renames: false,
            hears: None,
            open: false,
            leaving: false,
            confirms: false,
            whispers: None,
            media: self.new_media_side(&flow, 0),
            started_at: now.unix_ms,
            answered_at: None,
            ended_at: Some(now.unix_ms),
            status: 200,
        }
    }
}
