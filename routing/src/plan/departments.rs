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
}

impl DepartmentSection {
    pub fn new(departments: Vec<PlanDepartment>) -> DepartmentSection {
        let key = |department: PlanDepartment| ((department.account, department.short_number), department);
        DepartmentSection {
            by_short: departments.into_iter().map(key).collect(),
        }
    }

    pub fn by_short(&self, account: AccountId, short: ShortNumber) -> Option<&PlanDepartment> {
        self.by_short.get(&(account, short))
    }
}
