//! What would become of a call that has not happened: the same decisions as for a real one, told in sentences.

use crate::because::Because;
use crate::caller_id::{self, Kind, OutgoingCall};
use crate::decision::Decision;
use crate::facts::{CallFacts, Caller};
use crate::features;
use crate::forwarding::{self, Forwarding, Situation, Trail};
use crate::ids::{DepartmentId, StaffId, TrunkId};
use crate::inbound;
use crate::internal;
use crate::masking;
use crate::number::PhoneNumber;
use crate::plan::{DialPlan, Method, PlanClient, PlanDepartment};
use crate::queue::{JoinWhenEmpty, VipRule};
use crate::reception::{self, Moment, Skipped};

/// One of those whom the call could ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub staff: StaffId,
    pub name: String,
    /// Why the call does not ring them.
    pub skipped: Option<Skipped>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    pub decision: Decision,
    pub candidates: Vec<Candidate>,
    /// In order.
    pub sentences: Vec<String>,
}

/// What is assumed of a moment that is not the present one.
const ANOTHER_TIME: &str = "for another time than now everybody is taken to be reachable and to want calls";

/// Who is there at another time than now is not known: whoever has a phone is taken to be reachable, and nobody to be on do
/// not disturb.
struct AnotherTime<'a>(&'a DialPlan);

impl Situation for AnotherTime<'_> {
    fn online(&self, staff: StaffId) -> bool {
        let Some(person) = self.0.staff.get(staff) else {
            return false;
        };
        match self.0.reception.method(staff) {
            Method::Sip => person.sip.as_ref().is_some_and(|sip| sip.enabled),
            Method::Mobile | Method::Sim(_) => reception::telephone(self.0, person).is_some(),
        }
    }

    fn settings(&self, staff: StaffId) -> Forwarding {
        Forwarding {
            dnd: false,
            ..self.0.features.forwarding(staff).settings
        }
    }
}

/// The same as [`foresee`] at a moment that is not the present one: hours and dates count, the state of phones does not.
pub fn foresee_at_another_time(plan: &DialPlan, facts: &CallFacts<'_>, number: Option<PhoneNumber>) -> Foreseen {
    let mut told = foresee(plan, facts, number, &AnotherTime(plan));
    told.sentences.insert(0, ANOTHER_TIME.to_owned());
    told
}

/// Follows a call through all rules; `number`: of whoever calls from outside. Who has a rest between calls is not known here.
pub fn foresee(
    plan: &DialPlan,
    facts: &CallFacts<'_>,
    number: Option<PhoneNumber>,
    situation: &dyn Situation,
) -> Foreseen {
    let mut trail = Trail::default();
    let stub = stub_dialled(plan, facts);
    let facts = &CallFacts {
        dialled: stub.as_deref().unwrap_or(facts.dialled),
        ..*facts
    };
    let decision = decided(plan, (facts, number), situation, &mut trail);
    let mut told = Foreseen {
        decision,
        candidates: Vec::new(),
        sentences: Vec::new(),
    };
    let outgoing = |kind, to| outgoing(plan, (facts, number), &trail, (kind, to));
    let client = number.and_then(|number| plan.clients.by_number(facts.account, number));
    told.sentences.extend(client.map(|client| match client.vip {
        true => format!("the caller is the client {}, a VIP", client.name),
        false => format!("the caller is the client {}", client.name),
    }));
    let hidden = stub
        .as_ref()
        .map(|_| "the client is called whose number was hidden last".to_owned());
    told.sentences.extend(hidden);
    match told.decision.clone() {
        Decision::Ring { targets, because } => {
            told.say(&because);
            for staff in targets {
                let moment = moment(situation, staff);
                let skipped = moment.unreachable.then_some(Skipped::NotReachable);
                told.candidate(plan, staff, skipped);
                let person = plan.staff.get(staff);
                if let Some((number, lines)) = person.and_then(|person| reception::telephone(plan, person)) {
                    told.outside(plan, &outgoing(None, Some(number)), &lines);
                }
            }
        }
        Decision::Queue { department, because } => {
            told.say(&because);
            told.line(plan, (department, client), facts, situation);
        }
        Decision::Message { because, .. } => told.say(&because),
        Decision::Menu { because, .. } => told.say(&because),
        Decision::Outside {
            number,
            trunks,
            because,
        } => {
            told.say(&because);
            told.outside(plan, &outgoing(None, Some(number)), &trunks);
        }
        Decision::Emergency { trunks, because, .. } => {
            told.say(&because);
            told.outside(plan, &outgoing(Some(Kind::Emergency), None), &trunks);
        }
        Decision::Feature(call) => told.sentences.push(format!("a feature code: {call:?}")),
        Decision::Refuse { status, because, .. } => {
            told.say(&because);
            told.sentences.push(format!("the caller is told {status}"));
        }
    }
    told
}

/// The same decisions as for a real call. Whether a telephone that rings sends a call back to us is not known here.
fn decided(
    plan: &DialPlan,
    (facts, number): (&CallFacts<'_>, Option<PhoneNumber>),
    situation: &dyn Situation,
    trail: &mut Trail,
) -> Decision {
    match facts.caller {
        Caller::Trunk(_) if number.is_some_and(|number| inbound::is_own(plan, facts.account, number)) => {
            return Decision::refuse(482, Because::OwnNumberComesBack);
        }
        Caller::Staff(_) if means_hidden(plan, facts) == Some(false) => {
            return Decision::refuse(403, Because::HiddenClientNotReached);
        }
        Caller::Trunk(_) | Caller::Staff(_) => {}
    }
    features::decide(plan, facts).unwrap_or_else(|| {
        let first = internal::decide(plan, facts);
        forwarding::follow(plan, facts, situation, (first, trail))
    })
}

/// Of what staff dials whether it means a hidden client, and may.
fn means_hidden(plan: &DialPlan, facts: &CallFacts<'_>) -> Option<bool> {
    let Caller::Staff(staff) = facts.caller else {
        return None;
    };
    masking::means_hidden(plan, plan.staff.get(staff)?, facts.dialled)
}

/// The stub in the place of a hidden client, who is known to the phone alone.
fn stub_dialled(plan: &DialPlan, facts: &CallFacts<'_>) -> Option<String> {
    let account = plan.accounts.get(facts.account)?;
    let hidden = means_hidden(plan, facts) == Some(true);
    hidden.then(|| account.caller_id.stub.reveal())
}

/// How the call leaves, as the engine sees it: who calls from outside is sent on by the last one on the trail.
fn outgoing(
    plan: &DialPlan,
    (facts, number): (&CallFacts<'_>, Option<PhoneNumber>),
    trail: &Trail,
    (kind, to): (Option<Kind>, Option<PhoneNumber>),
) -> OutgoingCall {
    let hides = |staff: StaffId| plan.staff.get(staff).is_some_and(|staff| staff.caller_id.hides_clients);
    let hops = trail.hops();
    let (usual, staff, client, arrived_on) = match facts.caller {
        Caller::Staff(staff) => (Kind::Direct, Some(staff), None, None),
        Caller::Trunk(trunk) => {
            let trunk = plan.staff.trunk(trunk);
            let arrived_on = trunk.and_then(|trunk| inbound::connected(plan, trunk, facts.dialled));
            let sender = hops.last().map(|hop| hop.by);
            (Kind::Forwarded, sender, number, arrived_on.map(|number| number.number))
        }
    };
    OutgoingCall {
        kind: kind.unwrap_or(usual),
        account: facts.account,
        staff,
        client,
        arrived_on,
        restricted: false,
        hidden: hops.iter().any(|hop| hides(hop.by))
            || to.is_some_and(|to| masking::hides_from(plan, facts.account, to)),
    }
}

fn moment(situation: &dyn Situation, staff: StaffId) -> Moment {
    Moment {
        dnd: situation.settings(staff).dnd,
        unreachable: !situation.online(staff),
        busy: false,
    }
}

impl Foreseen {
    fn say(&mut self, because: &Because) {
        self.sentences.push(because.to_string());
    }

    fn candidate(&mut self, plan: &DialPlan, staff: StaffId, skipped: Option<Skipped>) {
        let name = plan.staff.get(staff).map(|staff| staff.name.to_string());
        let name = name.unwrap_or_default();
        self.sentences.push(match &skipped {
            Some(why) => format!("{name} {why}"),
            None => format!("{name} can be rung"),
        });
        self.candidates.push(Candidate { staff, name, skipped });
    }

    fn line(
        &mut self,
        plan: &DialPlan,
        (department, client): (DepartmentId, Option<&PlanClient>),
        facts: &CallFacts<'_>,
        situation: &dyn Situation,
    ) {
        let Some(department) = plan.departments.get(department) else {
            return;
        };
        let project = reception::project_of(plan, department.id);
        let takes = |staff| reception::may_take(plan, (staff, project), facts.at, moment(situation, staff)).err();
        let stands = |staff, at_once: u16| {
            let busy = situation.calls_with(staff) >= at_once.max(1);
            takes(staff).or(busy.then_some(Skipped::Busy))
        };
        let mut manager_free = false;
        if let Some(manager) = client.and_then(|client| client.manager) {
            self.sentences
                .push("the client's personal manager comes first".to_owned());
            let skipped = stands(manager, 1);
            manager_free = skipped.is_none();
            self.candidate(plan, manager, skipped);
        }
        let mut there = Vec::with_capacity(department.members.len());
        for member in &department.members {
            let skipped = stands(member.staff, member.calls_at_once);
            self.candidate(plan, member.staff, skipped.clone());
            there.push(skipped);
        }
        let served = manager_free
            || match department.queue.join_when_empty {
                JoinWhenEmpty::Always => true,
                JoinWhenEmpty::WhenSomebodyWorks => there.iter().any(|why| matches!(why, None | Some(Skipped::Busy))),
                JoinWhenEmpty::WhenSomebodyFree => there.iter().any(Option::is_none),
            };
        let waiting = situation.waiting(department.id).unwrap_or(0);
        let places = department.queue.capacity.and_then(|most| usize::try_from(most).ok());
        let name = department.name.to_string();
        if places.is_some_and(|most| waiting >= most) {
            return self.overflow(plan, (department, Because::LineFull { name }), facts, situation);
        }
        if !served {
            return self.overflow(plan, (department, Because::NobodyWorks { name }), facts, situation);
        }
        if waiting > 0 {
            self.sentences.push(format!("so many wait there already: {waiting}"));
        }
        if client.is_some_and(|client| client.vip) {
            self.sentences.push(match department.queue.vip {
                VipRule::Strict {
                    overtaken_at_most_ms: None,
                } => "a VIP waits ahead of all others".to_owned(),
                VipRule::Strict {
                    overtaken_at_most_ms: Some(ms),
                }
                | VipRule::HeadStart { lead_ms: ms } => {
                    format!("a VIP waits ahead of whoever came at most {} s earlier", ms / 1_000)
                }
                VipRule::Ignore => "in this line VIPs wait like all others".to_owned(),
            });
        }
    }

    /// The line does not take the call.
    fn overflow(
        &mut self,
        plan: &DialPlan,
        (department, why): (&PlanDepartment, Because),
        facts: &CallFacts<'_>,
        situation: &dyn Situation,
    ) {
        self.say(&why);
        let whose = (facts.account, reception::project_of(plan, department.id));
        let given = department.overflow;
        let given = given.and_then(|to| reception::instead(plan, whose, to, facts.at));
        let then = given.map(|first| forwarding::follow(plan, facts, situation, (first, &mut Trail::default())));
        self.sentences.push(match then.as_ref().and_then(Decision::because) {
            Some(because) => format!("then {because}"),
            None => "the caller is told 480".to_owned(),
        });
    }

    fn outside(&mut self, plan: &DialPlan, call: &OutgoingCall, trunks: &[TrunkId]) {
        for trunk in trunks.iter().filter_map(|trunk| plan.staff.trunk(*trunk)) {
            let (presented, because) = caller_id::resolve(plan, call, trunk);
            let number = presented.number.map(PhoneNumber::reveal);
            let number = number.unwrap_or_else(|| "its own number".to_owned());
            self.sentences
                .push(format!("by {} it shows {number}: {because}", trunk.name));
        }
    }
}

#[cfg(test)]
mod tests;
