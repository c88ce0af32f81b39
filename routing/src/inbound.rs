//! Calls from outside: whom the number that they arrive on reaches.

use crate::because::Because;
use crate::decision::Decision;
use crate::ids::AccountId;
use crate::number::PhoneNumber;
use crate::outbound::{read, region};
use crate::plan::{DialPlan, PlanNumber, PlanTrunk};
use crate::reception::Errand;

/// The connected number that a trunk means by a text.
pub fn connected<'a>(plan: &'a DialPlan, trunk: &PlanTrunk, text: &str) -> Option<&'a PlanNumber> {
    let number = read(text, trunk.numbers_in, region(plan, trunk.account))?;
    let connected = plan.numbers.get(trunk.account, number)?;
    connected.trunk.is_none_or(|only| only == trunk.id).then_some(connected)
}

/// A number that calls of the account show outside: a connected one, or a line's own. Whoever calls with it has left the
/// house by one of our calls and comes back.
pub fn is_own(plan: &DialPlan, account: AccountId, number: PhoneNumber) -> bool {
    let mut lines = plan.staff.trunks().iter();
    plan.numbers.get(account, number).is_some()
        || lines.any(|line| line.account == account && line.shown_number == Some(number))
}

/// Rings whoever the number is connected with, as far as they take the calls of its project at that moment (unix
/// milliseconds); `None`: it is not connected.
pub fn decide(plan: &DialPlan, trunk: &PlanTrunk, dialled: &str, unix_ms: i64) -> Option<Decision> {
    connected(plan, trunk, dialled).map(|number| reach(plan, number, unix_ms))
}

/// Whoever a connected number is for.
pub(crate) fn reach(plan: &DialPlan, number: &PlanNumber, unix_ms: i64) -> Decision {
    Errand::inside(number.account, unix_ms).number(plan, number)
}

pub(crate) fn not_connected() -> Decision {
    Decision::refuse(404, Because::NumberNotConnected)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ids::{DepartmentId, StaffId, TrunkId};
    use crate::number::ShortNumber;
    use crate::plan::{DepartmentSection, Destination, NumberSection, PlanDepartment, PlanStaff, StaffSection};

    #[test]
    fn a_number_rings_whom_it_is_connected_with_and_only_by_its_own_trunk() {
        let account = AccountId::from_u128(1);
        let person = PlanStaff {
            id: StaffId::from_u128(1),
            account,
            name: "Anna".into(),
            short_number: None,
            phone: None,
            sip: None,
            caller_id: Default::default(),
            term: Default::default(),
        };
        let short = ShortNumber::read("200").unwrap();
        let department = PlanDepartment::new(DepartmentId::from_u128(77), account, "Sales".into(), short);
        let number = |text: &str, trunk: Option<u128>, to| PlanNumber {
            number: PhoneNumber::from_e164(text).unwrap(),
            account,
            trunk: trunk.map(TrunkId::from_u128),
            to,
        };
        let plan = DialPlan {
            staff: Arc::new(StaffSection::new(vec![person], vec![])),
            departments: Arc::new(DepartmentSection::new(vec![department])),
            numbers: Arc::new(NumberSection::new(vec![
                number("+74951110001", None, Destination::Staff(StaffId::from_u128(1))),
                number(
                    "+74951110002",
                    Some(1),
                    Destination::Department(DepartmentId::from_u128(77)),
                ),
                number("+74951110003", Some(2), Destination::Staff(StaffId::from_u128(1))),
                number(
                    "+74951110004",
                    None,
                    Destination::Department(DepartmentId::from_u128(98)),
                ),
                number("+74951110005", None, Destination::Staff(StaffId::from_u128(99))),
            ])),
            ..DialPlan::default()
        };
        let trunk = PlanTrunk::new(TrunkId::from_u128(1), account, "T".into());
        let decide = |dialled: &str| decide(&plan, &trunk, dialled, 0).unwrap_or_else(not_connected);
        let check = |dialled: &str, expected: Result<&[u128], u16>| match (decide(dialled), expected) {
            (Decision::Ring { targets, .. }, Ok(expected)) => {
                let targets: Vec<u128> = targets.iter().map(|id| id.as_u128()).collect();
                assert_eq!(targets, expected, "{dialled}");
            }
            (Decision::Queue { department, .. }, Ok(expected)) => {
                assert_eq!([department.as_u128()], expected, "{dialled}");
            }
            (Decision::Refuse { status, .. }, Err(expected)) => assert_eq!(status, expected, "{dialled}"),
            (got, expected) => panic!("{dialled}: {got:?}, expected {expected:?}"),
        };
        check("+74951110001", Ok(&[1]));
        check("74951110001", Ok(&[1]));
        check("74951110002", Ok(&[77]));
        check("74951110003", Err(404));
        check("74951110004", Err(404));
        check("74951110005", Err(404));
        check("74951119999", Err(404));
        check("101", Err(404));
    }
}
