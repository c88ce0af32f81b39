//! What would become of a call that has not happened: the same decisions as for a real one, told in sentences.

use crate::because::Because;
use crate::caller_id::{self, Kind, OutgoingCall};
use crate::decision::Decision;
use crate::facts::{CallFacts, Caller};
use crate::features;
use crate::forwarding::{self, Situation, Trail};
use crate::ids::{DepartmentId, StaffId, TrunkId};
use crate::internal;
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
    let decision = features::decide(plan, facts).unwrap_or_else(|| {
        let first = internal::decide(plan, facts);
        forwarding::follow(plan, facts, situation, (first, &mut trail))
    });
    let mut told = Foreseen {
        decision,
        candidates: Vec::new(),
        sentences: Vec::new(),
    };
    let client = number.and_then(|number| plan.clients.by_number(facts.account, number));
    told.sentences.extend(client.map(|client| match client.vip {
        true => format!("the caller is the client {}, a VIP", client.name),
        false => format!("the caller is the client {}", client.name),
    }));
    match told.decision.clone() {
        Decision::Ring { targets, because } => {
            told.say(&because);
            for staff in targets {
                let moment = moment(situation, staff);
                let skipped = moment.unreachable.then_some(Skipped::NotReachable);
                told.candidate(plan, staff, skipped);
            }
        }
        Decision::Queue { department, because } => {
            told.say(&because);
            told.line(plan, (department, client), facts.at, situation);
        }
        Decision::Message { because, .. } => told.say(&because),
        Decision::Menu { because, .. } => told.say(&because),
        Decision::Outside { trunks, because, .. } => {
            told.say(&because);
            told.outside(plan, (facts, Kind::Direct), &trunks);
        }
        Decision::Emergency { trunks, because, .. } => {
            told.say(&because);
            told.outside(plan, (facts, Kind::Emergency), &trunks);
        }
        Decision::Feature(call) => told.sentences.push(format!("a feature code: {call:?}")),
        Decision::Refuse { status, because } => {
            told.say(&because);
            told.sentences.push(format!("the caller is told {status}"));
        }
    }
    told
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

    fn outside(&mut self, plan: &DialPlan, (facts, kind): (&CallFacts<'_>, Kind), trunks: &[TrunkId]) {
        for trunk in trunks.iter().filter_map(|trunk| plan.staff.trunk(*trunk)) {
            let call = OutgoingCall {
                kind,
                account: facts.account,
                staff: match facts.caller {
                    Caller::Staff(staff) => Some(staff),
                    Caller::Trunk(_) => None,
                },
                client: None,
                arrived_on: None,
                restricted: false,
                hidden: false,
            };
            let (presented, because) = caller_id::resolve(plan, &call, trunk);
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
    use crate::forwarding::Forwarding;
    use crate::ids::{AccountId, ClientId};
    use crate::number::ShortNumber;
    use crate::plan::trunks::Provider;
    use crate::plan::{
        ClientSection, DepartmentSection, Destination, NumberSection, PlanDepartment, PlanNumber, PlanReception,
        PlanStaff, PlanTrunk, ReceptionSection, StaffCallerId, StaffSection,
    };
    use crate::queue::{Member, QueueSettings};

    struct Office;

    impl Situation for Office {
        /// Boris is away.
        fn online(&self, staff: StaffId) -> bool {
            staff != StaffId::from_u128(2)
        }

        fn settings(&self, _: StaffId) -> Forwarding {
            Forwarding::default()
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
                emergency_number: PhoneNumber::from_e164("+74951110002").ok(),
                ..StaffCallerId::default()
            },
            term: Default::default(),
        };
        let people = vec![person(1, "Anna"), person(2, "Boris"), person(3, "Clara")];
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
        let number = PhoneNumber::from_e164("+74951110002").unwrap();
        let client = PlanClient {
            id: ClientId::from_u128(1),
            account: account(),
            number: PhoneNumber::from_e164("+79161234567").unwrap(),
            name: "Ромашка".into(),
            vip: true,
            manager: Some(StaffId::from_u128(2)),
        };
        DialPlan {
            staff: Arc::new(StaffSection::new(people, vec![line])),
            departments: Arc::new(DepartmentSection::new(vec![sales])),
            clients: Arc::new(ClientSection::new(vec![client])),
            numbers: Arc::new(NumberSection::new(vec![PlanNumber {
                number,
                account: account(),
                trunk: None,
                to: Destination::Department(DepartmentId::from_u128(1)),
            }])),
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
}
