//! Forwarding of calls whose person is busy or does not answer: others are called in place of what rings.

use std::sync::Arc;

use frontdesk_routing::because::Because;
use frontdesk_routing::call::CallEvent;
use frontdesk_routing::decision::Decision;
use frontdesk_routing::facts::{CallFacts, Caller};
use frontdesk_routing::forwarding::{self, Condition, Hop, Trail};
use frontdesk_routing::ids::{CallId, LegId, StaffId};
use frontdesk_routing::masking::Viewer;
use frontdesk_routing::plan::DialPlan;
use frontdesk_sip::Now;
use frontdesk_sip::command::Headers;
use frontdesk_sip::privacy;

use super::Engine;
use super::call::{Call, Side};
use super::caller::{party_of_staff, shown_as};
use super::history::{Turn, cause, history};
use super::media::Wanted;
use super::outgoing::inside;
use super::setup::{Asked, Target, one_person};
use super::transfer::{MOST_LEGS, More, Onwards, Ours};

/// How a call came to whom it rings now.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// Whose phones ring; `None`: those of several people, or of somebody whose settings do not matter.
    pub(super) person: Option<StaffId>,
    pub(super) trail: Trail,
}

impl Way {
    pub(super) fn new(targets: &[Target], because: &Because, trail: Trail) -> Way {
        let alone = one_person(targets) && !because.is_group();
        let person = targets.first().filter(|_| alone).and_then(|target| target.staff);
        Way { person, trail }
    }
}

impl Engine {
    /// A phone has refused: if it was the last one of its person, the call goes where that person's calls go then, before
    /// the refusal counts.
    pub(super) fn on_busy(&mut self, id: CallId, leg: LegId, status: u16, now: Now) {
        let Some(call) = self.calls.get(&id) else { return };
        if !call.machine.calling().any(|calling| calling == leg) {
            return;
        }
        let last = status >= 600 || call.machine.calling().all(|calling| calling == leg);
        if last && let Some(why) = call.why(status) {
            self.send_call_on(id, why, now);
        }
    }

    /// The person whose phones ring has set where such calls go: others are called instead, or the caller is told that
    /// this leads nowhere. False: nothing is set.
    pub(super) fn send_call_on(&mut self, id: CallId, why: Condition, now: Now) -> bool {
        let plan = Arc::clone(&self.plan);
        let Some(call) = self.calls.get(&id).filter(|call| call.may_be_sent_on()) else {
            return false;
        };
        let Some(person) = call.way.person else { return false };
        let mut trail = call.way.trail.clone();
        let Some(decision) = self.decide_later(&plan, (call, now), (person, why, &mut trail)) else {
            return false;
        };
        if let Some(onwards) = Onwards::of(&decision, &trail) {
            self.send_call_to_us(id, onwards, now);
            return true;
        }
        let more = self.more_on_the_way(id, &plan, decision, (trail, now));
        self.step(id, CallEvent::SendOn, now);
        match more {
            Ok((more, because)) => {
                self.note(id, &format!("then {because}"));
                let headers = self.diversions(&plan, &more.way.trail, more.targets.first());
                if let Some(call) = self.calls.get_mut(&id) {
                    call.forwarded = call.forwarded.saturating_add(1);
                }
                self.call_more(id, more, headers, now);
                self.wait_at_most(id, self.ring_limit(id, now), now);
            }
            Err((status, because)) => {
                self.note(id, &format!("then {because}"));
                self.step(id, CallEvent::NobodyCalled(status), now);
            }
        }
        true
    }

    /// A line, a menu or a mailbox takes the call in place of the phones that ring.
    pub(super) fn send_call_to_us(&mut self, id: CallId, to: Onwards, now: Now) {
        let Onwards { to, because, trail } = to;
        if let Ours::Mailbox(mailbox) = to {
            self.note(id, &format!("then {because}"));
            return self.take_message(id, mailbox, 480, now);
        }
        self.step(id, CallEvent::SendOn, now);
        self.note(id, &format!("then {because}"));
        if let Some(call) = self.calls.get_mut(&id) {
            call.forwarded = call.forwarded.saturating_add(1);
            call.way = Way { person: None, trail };
        }
        match to {
            Ours::Line(department) => self.join_line(id, department, now),
            Ours::Menu(menu) => self.enter_menu(id, menu, now),
            Ours::Mailbox(_) => {}
        }
    }

    fn decide_later(
        &self,
        plan: &DialPlan,
        (call, now): (&Call, Now),
        (person, why, trail): (StaffId, Condition, &mut Trail),
    ) -> Option<Decision> {
        let facts = CallFacts {
            account: call.account,
            caller: call.served_caller()?,
            dialled: &call.dialled,
            at: now.unix_ms,
        };
        self.decide_after(plan, &facts, (person, why, trail))
    }

    /// The phones of whom the call goes to next; the error is the status for the caller.
    pub(super) fn more_on_the_way(
        &mut self,
        id: CallId,
        plan: &DialPlan,
        decision: Decision,
        (trail, now): (Trail, Now),
    ) -> Result<(More, Because), (u16, Because)> {
        let bug = || (500, Because::Bug("a call that is sent on is none"));
        let call = self.calls.get(&id).ok_or_else(bug)?;
        let waiting = call
            .leg(call.machine.waiting().unwrap_or(Side::Caller))
            .ok_or_else(bug)?;
        let (near, codec, had) = (waiting.media.port, waiting.media.codec(), call.called.len());
        let asked = Asked {
            plan,
            account: call.account,
            caller: call.served_caller().ok_or_else(bug)?,
            dialled: &call.dialled,
            own: (&waiting.flow, waiting.staff),
            at: now.unix_ms,
        };
        let offered = call
            .offer
            .as_ref()
            .and_then(|offer| waiting.media.try_offer(offer).ok());
        let wanted = offered.or(codec.map(Wanted::from));
        let rung = self.rung(&asked, decision);
        let callee = match &rung {
            Ok((.., callee)) => callee.clone(),
            Err(turned) => turned.callee.clone(),
        };
        self.was_for(id, &callee);
        let (mut targets, because, _) = rung.map_err(|turned| (turned.reply.status, turned.because))?;
        if had + targets.len() > MOST_LEGS {
            return Err((480, Because::ForwardedTooOften));
        }
        let legs = self.called_legs(&mut targets, near, wanted.as_ref(), now);
        let legs = legs.map_err(|turned| (turned.reply.status, turned.because))?;
        let more = More {
            one_person: one_person(&targets),
            way: Way::new(&targets, &because, trail),
            targets,
            legs,
        };
        Ok((more, because))
    }

    /// How long what rings now may ring: whoever forwards calls that are not answered says when.
    pub(super) fn ring_limit(&self, id: CallId, now: Now) -> std::time::Duration {
        let after = self.calls.get(&id).and_then(|call| {
            let person = call.way.person?;
            let mut trail = call.way.trail.clone();
            self.decide_later(&self.plan, (call, now), (person, Condition::NoAnswer, &mut trail))?;
            Some(self.pending.settings(&self.plan, person).no_answer_after)
        });
        let after = after.map(|seconds| std::time::Duration::from_secs(u64::from(seconds)));
        after.map_or(self.config.ring_timeout, |after| after.min(self.config.ring_timeout))
    }

    /// Who sent the call on and why: the last one first (RFC 5806), and all from the beginning (RFC 7044). `towards` is one
    /// of those who are rung.
    pub(super) fn diversions(&self, plan: &DialPlan, trail: &Trail, towards: Option<&Target>) -> Headers {
        // A provider is told in its own way.
        let Some(binding) = towards.and_then(Target::binding) else {
            return Headers::new();
        };
        let host = self.config.endpoint.advertise.signalling_address(&binding.target());
        let hops = trail.hops().iter().rev();
        let header = |hop: &Hop| {
            let staff = plan.staff.get(hop.by)?;
            let viewer = Viewer::of(plan, staff.account, false);
            let party = inside(&party_of_staff(staff));
            let name = privacy::name_addr(&shown_as(&viewer.caller(&party), host));
            Some(("Diversion".into(), format!("{name};reason={};counter=1", reason(hop))))
        };
        let uri = |number: &str| format!("sip:{number}@{host}");
        let first = trail.hops().first().and_then(|hop| plan.staff.get(hop.by));
        let first = first.and_then(|staff| party_of_staff(staff).number);
        // A number outside is not everybody's to see.
        let turn = |hop: &Hop| match hop.to {
            forwarding::Target::Short(short) => Some(Turn {
                uri: uri(&short.to_string()),
                cause: cause(hop),
            }),
            forwarding::Target::Outside(_) | forwarding::Target::Mailbox => None,
        };
        let turns: Option<Vec<Turn>> = trail.hops().iter().map(turn).collect();
        let whole = first.zip(turns).map(|(first, turns)| history(&uri(&first), &turns));
        hops.filter_map(header).chain(whole).collect()
    }
}

fn reason(hop: &Hop) -> &'static str {
    match hop.why {
        _ if hop.dnd => "do-not-disturb",
        Condition::Always => "unconditional",
        Condition::Busy => "user-busy",
        Condition::NoAnswer => "no-answer",
        Condition::Offline => "unavailable",
    }
}

impl Call {
    fn may_be_sent_on(&self) -> bool {
        self.max_forwards > 0 && self.machine.calling().next().is_some()
    }

    /// For whom phones ring.
    pub(super) fn served_caller(&self) -> Option<Caller> {
        let leg = self.leg(self.machine.waiting().unwrap_or(Side::Caller))?;
        let trunk = leg.trunk.map(Caller::Trunk);
        trunk.or(leg.staff.map(Caller::Staff))
    }

    /// What the refusals of a person's phones come to, the last one's with them.
    pub(super) fn why(&self, status: u16) -> Option<Condition> {
        let busy = |status: u16| matches!(status, 486 | 600 | 603);
        let of_person = self.called.iter().filter(|leg| leg.staff == self.way.person);
        let said = of_person.map(|leg| leg.status).chain([status]);
        match status {
            _ if said.into_iter().any(busy) => Some(Condition::Busy),
            408 | 480 => Some(Condition::NoAnswer),
            _ => None,
        }
    }
}
