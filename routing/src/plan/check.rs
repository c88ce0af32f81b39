//! What is wrong with a plan, as values: a plan with problems still works for everything else.

use std::collections::HashSet;
use std::sync::Arc;

use crate::ids::{AccountId, DepartmentId, StaffId, TrunkId};
use crate::number::ShortNumber;

use super::DialPlan;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the SIP user {user} is given twice")]
    SipUserTwice { user: Arc<str> },
    #[error("the short number {number} is given twice in account {account}")]
    ShortNumberTwice { account: AccountId, number: ShortNumber },
    #[error("staff {staff} belongs to no account")]
    StaffWithoutAccount { staff: StaffId },
    #[error("trunk {trunk} belongs to no account")]
    TrunkWithoutAccount { trunk: TrunkId },
    #[error("department {department} names {staff}, who is not there")]
    UnknownMember { department: DepartmentId, staff: StaffId },
}

/// Every problem at once, in the plan's order.
pub fn problems(plan: &DialPlan) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut users = HashSet::new();
    let mut numbers = HashSet::new();
    for staff in plan.staff.iter() {
        if plan.accounts.get(staff.account).is_none() {
            problems.push(Problem::StaffWithoutAccount { staff: staff.id });
        }
        if let Some(sip) = &staff.sip
            && !users.insert(Arc::clone(&sip.user))
        {
            let user = Arc::clone(&sip.user);
            problems.push(Problem::SipUserTwice { user });
        }
        problems.extend(taken(&mut numbers, staff.account, staff.short_number));
    }
    for trunk in plan.trunks.iter() {
        if plan.accounts.get(trunk.account).is_none() {
            problems.push(Problem::TrunkWithoutAccount { trunk: trunk.id });
        }
        if !users.insert(Arc::clone(&trunk.sip.user)) {
            let user = Arc::clone(&trunk.sip.user);
            problems.push(Problem::SipUserTwice { user });
        }
    }
    for department in plan.departments.iter() {
        problems.extend(taken(&mut numbers, department.account, department.short_number));
        let strangers = department.members.iter().filter(|id| plan.staff.get(**id).is_none());
        problems.extend(strangers.map(|staff| Problem::UnknownMember {
            department: department.id,
            staff: *staff,
        }));
    }
    problems
}

fn taken(
    numbers: &mut HashSet<(AccountId, ShortNumber)>,
    account: AccountId,
    number: Option<ShortNumber>,
) -> Option<Problem> {
    let number = number?;
    let twice = !numbers.insert((account, number));
    twice.then_some(Problem::ShortNumberTwice { account, number })
}
