//! What would become of a call that has not happened: the same decisions as for a real one, told in sentences.

use crate::because::Because;
use crate::caller_id::{self, Kind, OutgoingCall};
use crate::decision::Decision;
use crate::facts::{CallFacts, Caller};
use crate::features;
use crate::forwarding::{self, Situation, Trail};
use crate::ids::{DepartmentId, StaffId, TrunkId};
use crate::inbound;
use crate::internal;
use crate::masking;
use crate::number::PhoneNumber;
use crate::plan::{DialPlan, PlanClient};
use crate::queue::VipRule;
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

/// Follows a call through all rules; `number`: of whoever calls from outside. Who is in a call already is not known here.
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
            told.line(plan, (department, client), facts.at, situation);
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
        at: i64,
        situation: &dyn Situation,
    ) {
        let Some(department) = plan.departments.get(department) else {
            return;
        };
        let project = reception::project_of(plan, department.id);
        let takes = |staff| reception::may_take(plan, (staff, project), at, moment(situation, staff)).err();
        if let Some(manager) = client.and_then(|client| client.manager) {
            self.sentences
                .push("the client's personal manager comes first".to_owned());
            self.candidate(plan, manager, takes(manager));
        }
        for member in &department.members {
            self.candidate(plan, member.staff, takes(member.staff));
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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::forwarding::{Forwarding, Target};
    use crate::ids::{AccountId, ClientId};
    use crate::number::ShortNumber;
    use crate::plan::trunks::Provider;
    use crate::plan::{
        AccountSection, ClientSection, DepartmentSection, Destination, NumberSection, PlanAccount, PlanDepartment,
        PlanNumber, PlanReception, PlanStaff, PlanTrunk, ReceptionSection, RecordingPolicy, StaffCallerId,
        StaffSection,
    };
    use crate::queue::{Member, QueueSettings};

    struct Office;

    impl Situation for Office {
        /// Boris is away.
        fn online(&self, staff: StaffId) -> bool {
            staff != StaffId::from_u128(2)
        }

        /// David sends all his calls on.
        fn settings(&self, staff: StaffId) -> Forwarding {
            let mobile = PhoneNumber::from_e164("+79035550000").map(Target::Outside);
            Forwarding {
                always: mobile.ok().filter(|_| staff == StaffId::from_u128(4)),
                ..Forwarding::default()
            }
        }
    }

    fn account() -> AccountId {
        AccountId::from_u128(1)
    }

    fn plan() -> DialPlan {
        let person = |id: u128, name: &str| PlanStaff {
            id: StaffId::from_u128(id),
            account: account(),
            name: name.into(),
            short_number: ShortNumber::read(&format!("10{id}")).ok(),
            phone: None,
            sip: None,
            caller_id: StaffCallerId {
                hides_clients: id == 4,
                emergency_number: PhoneNumber::from_e164("+74951110002").ok(),
                ..StaffCallerId::default()
            },
            term: Default::default(),
        };
        let people = vec![
            person(1, "Anna"),
            person(2, "Boris"),
            person(3, "Clara"),
            person(4, "David"),
        ];
        let line = PlanTrunk {
            provider: Some(Provider::default()),
            ..PlanTrunk::new(TrunkId::from_u128(1), account(), "Line".into())
        };
        let short = ShortNumber::read("200").unwrap();
        let sales = PlanDepartment {
            members: (1..=3).map(|id| Member::new(StaffId::from_u128(id))).collect(),
            queue: QueueSettings {
                vip: VipRule::HeadStart { lead_ms: 60_000 },
                ..QueueSettings::default()
            },
            ..PlanDepartment::new(DepartmentId::from_u128(1), account(), "Sales".into(), short)
        };
        let off = PlanReception {
            receiving: false,
            ..PlanReception::default()
        };
        let connected = |number: &str, to| PlanNumber {
            number: PhoneNumber::from_e164(number).unwrap(),
            account: account(),
            trunk: None,
            to,
        };
        let company = PlanAccount {
            id: account(),
            number: 1,
            name: "A".into(),
            realm: "r".into(),
            recording: RecordingPolicy::Never,
            region: "RU".into(),
            caller_id: Default::default(),
        };
        let client = PlanClient {
            id: ClientId::from_u128(1),
            account: account(),
            number: PhoneNumber::from_e164("+79161234567").unwrap(),
            name: "Ромашка".into(),
            vip: true,
            manager: Some(StaffId::from_u128(2)),
        };
        let mobile = client.number;
        DialPlan {
            accounts: Arc::new(AccountSection::new(vec![company])),
            staff: Arc::new(StaffSection::new(people, vec![line])),
            departments: Arc::new(DepartmentSection::new(vec![sales])),
            clients: Arc::new(ClientSection::new(vec![client])),
            numbers: Arc::new(NumberSection::new(vec![
                connected("+74951110002", Destination::Department(DepartmentId::from_u128(1))),
                connected("+74951110003", Destination::Staff(StaffId::from_u128(4))),
                connected("+74951110004", Destination::Number(mobile)),
            ])),
            reception: Arc::new(ReceptionSection {
                people: [(StaffId::from_u128(3), off)].into(),
                ..ReceptionSection::default()
            }),
            ..DialPlan::default()
        }
    }

    fn check(caller: Caller, number: Option<&str>, dialled: &str, expected: &[&str]) {
        let facts = CallFacts {
            account: account(),
            caller,
            dialled,
            at: 0,
        };
        let number = number.map(|number| PhoneNumber::from_e164(number).unwrap());
        assert_eq!(
            foresee(&plan(), &facts, number, &Office).sentences,
            expected,
            "{dialled}"
        );
    }

    #[test]
    fn a_call_that_has_not_happened_is_told_with_everybody_who_is_passed_over() {
        let anna = Caller::Staff(StaffId::from_u128(1));
        let line = Caller::Trunk(TrunkId::from_u128(1));
        let sales = [
            "the caller is the client Ромашка, a VIP",
            "the number is connected with the department Sales, of 3 members",
            "the client's personal manager comes first",
            "Boris cannot be reached",
            "Anna can be rung",
            "Boris cannot be reached",
            "Clara takes no calls at present",
            "a VIP waits ahead of whoever came at most 60 s earlier",
        ];
        check(line, Some("+79161234567"), "+74951110002", &sales);
        check(
            anna,
            None,
            "102",
            &["the short number is Boris's", "Boris cannot be reached"],
        );
        let unknown = ["nobody in this account has that number", "the caller is told 404"];
        check(anna, None, "199", &unknown);
        let outside = [
            "a number outside, by Line",
            "by Line it shows its own number: it shows the line's own number",
        ];
        check(anna, None, "+79035550000", &outside);
        let emergency = [
            "an emergency number, by Line",
            "by Line it shows +74951110002: it shows the number of the staff member's own site",
        ];
        check(anna, None, "112", &emergency);
    }

    #[test]
    fn a_call_that_is_sent_on_shows_what_a_real_one_would() {
        let line = Caller::Trunk(TrunkId::from_u128(1));
        let by_david = [
            "David forwards all calls: a number outside, by Line",
            "by Line it shows +74951110003: it shows the number that the client called",
        ];
        check(line, Some("+79990001122"), "+74951110003", &by_david);
        let by_number = [
            "a number outside, by Line",
            "by Line it shows +74951110004: it shows the number that the client called",
        ];
        check(line, Some("+79990001122"), "+74951110004", &by_number);
        let back = [
            "the call has left by one of our own numbers and comes back",
            "the caller is told 482",
        ];
        check(line, Some("+74951110003"), "+74951110002", &back);
        let hidden = [
            "the client is called whose number was hidden last",
            "a number outside, by Line",
            "by Line it shows its own number: it shows the line's own number",
        ];
        let david = Caller::Staff(StaffId::from_u128(4));
        for dialled in ["+78123893298", "88123893298", "A1B2"] {
            check(david, None, dialled, &hidden);
        }
    }
}
