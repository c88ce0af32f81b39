//! Departments: groups that answer together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::{AccountId, DepartmentId, StaffId};
use crate::number::ShortNumber;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDepartment {
    pub id: DepartmentId,
    pub account: AccountId,
    pub name: Arc<str>,
    pub short_number: ShortNumber,
    pub members: Vec<StaffId>,
}

#[derive(Debug, Clone, Default)]
pub struct DepartmentSection {
    by_short: BTreeMap<(AccountId, ShortNumber), PlanDepartment>,
    by_id: BTreeMap<DepartmentId, (AccountId, ShortNumber)>,
}

impl DepartmentSection {
    pub fn new(departments: Vec<PlanDepartment>) -> DepartmentSection {
        let place = |department: &PlanDepartment| (department.account, department.short_number);
        DepartmentSection {
            by_id: departments
                .iter()
                .map(|department| (department.id, place(department)))
                .collect(),
            by_short: departments
                .into_iter()
                .map(|department| (place(&department), department))
                .collect(),
        }
    }

    pub fn get(&self, department: DepartmentId) -> Option<&PlanDepartment> {
        self.by_short.get(self.by_id.get(&department)?)
    }

    pub fn by_short(&self, account: AccountId, short: ShortNumber) -> Option<&PlanDepartment> {
        self.by_short.get(&(account, short))
    }
}
