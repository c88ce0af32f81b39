//! Calls to short numbers.

use smallvec::SmallVec;

use crate::because::Because;
use crate::decision::{Callee, Decision};
use crate::emergency;
use crate::facts::{CallFacts, Caller};
use crate::inbound;
use crate::number::ShortNumber;
use crate::outbound;
use crate::plan::DialPlan;
use crate::reception::{self, Errand, Skipped};

/// An emergency number comes before anything else; a short number rings its owner or goes to its department's line, if that is open; a number outside goes by a trunk;
/// anything else is 404.
/// Who of them is registered is not known here: the engine answers 480 when nobody is.
pub fn decide(plan: &DialPlan, facts: &CallFacts<'_>) -> Decision {
    if let Some(decision) = from_provider(plan, facts) {
        return decision;
    }
    if let Some(emergency) = emergency::decide(plan, facts) {
        return emergency;
    }
    let Ok(short) = ShortNumber::read(facts.dialled) else {
        return outbound::decide(plan, facts);
    };
    if let Some(staff) = plan.staff.by_short(facts.account, short) {
        let because = Because::ShortNumberOf {
            name: staff.name.to_string(),
        };
        if staff.term.has_ended(facts.at) {
            let (whom, why) = (Box::new(because), Skipped::AccessEnded);
            return Decision::refuse_for(Callee::Staff(staff.id), 480, Because::Skipped { whom, why });
        }
        return Decision::Ring {
            targets: SmallVec::from_slice(&[staff.id]),
            because,
        };
    }
    if let Some(menu) = plan.menus.by_short(facts.account, short) {
        return reception::asks(menu);
    }
    let department = plan.departments.by_short(facts.account, short);
    match department {
        Some(department) => Errand::inside(facts.account, facts.at).department(plan, department),
        None => Decision::refuse(404, Because::NumberUnknown),
    }
}

/// A trunk calls connected numbers; one that registers with us may call short ones too.
fn from_provider(plan: &DialPlan, facts: &CallFacts<'_>) -> Option<Decision> {
    let Caller::Trunk(trunk) = facts.caller else {
        return None;
    };
    let trunk = plan.staff.trunk(trunk)?;
    inbound::decide(plan, trunk, facts.dialled, facts.at).or_else(|| trunk.sip.is_none().then(inbound::not_connected))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{AccountId, DepartmentId, StaffId};
    use crate::plan::{DepartmentSection, PlanDepartment, PlanStaff, StaffSection};

    fn staff(id: u128, account: u128, short: &str) -> PlanStaff {
        PlanStaff {
            id: StaffId::from_u128(id),
            account: AccountId::from_u128(account),
            name: format!("S{id}").into(),
            short_number: ShortNumber::read(short).ok(),
            phone: None,
            sip: None,
            caller_id: Default::default(),
            term: Default::default(),
        }
    }

    fn department(account: u128, short: &str) -> PlanDepartment {
        let short = ShortNumber::read(short).unwrap();
        PlanDepartment::new(
            DepartmentId::from_u128(77),
            AccountId::from_u128(account),
            "Sales".into(),
            short,
        )
    }

    /// V6: a short number is unique in its account and says nothing in another.
    #[test]
    fn short_numbers_ring_their_owner_in_their_account_only() {
        let plan = DialPlan {
            staff: Arc::new(StaffSection::new(
                vec![staff(1, 1, "101"), staff(2, 1, "102"), staff(3, 2, "101")],
                vec![],
            )),
            departments: Arc::new(DepartmentSection::new(vec![department(1, "200")])),
            ..DialPlan::default()
        };
        let check = |account: u128, dialled: &str, expected: Result<&[u128], u16>| {
            let caller = Caller::Staff(StaffId::from_u128(9));
            let facts = CallFacts {
                account: AccountId::from_u128(account),
                caller,
                dialled,
                at: 0,
            };
            match (decide(&plan, &facts), expected) {
                (Decision::Ring { targets, .. }, Ok(expected)) => {
                    let targets: Vec<u128> = targets.iter().map(|id| id.as_u128()).collect();
                    assert_eq!(targets, expected, "{dialled}");
                }
                (Decision::Queue { department, .. }, Ok(expected)) => {
                    assert_eq!([department.as_u128()], expected, "{dialled}");
                }
                (Decision::Refuse { status, .. }, Err(expected)) => assert_eq!(status, expected, "{dialled}"),
                (got, expected) => panic!("{dialled}: {got:?}, expected {expected:?}"),
            }
        };
        check(1, "101", Ok(&[1]));
        check(1, "102", Ok(&[2]));
        check(2, "101", Ok(&[3]));
        check(2, "102", Err(404));
        // V30: a department's line.
        check(1, "200", Ok(&[77]));
        check(2, "200", Err(404));
        check(1, "999", Err(404));
        check(1, "alice", Err(404));
        check(1, "", Err(404));
    }
}
