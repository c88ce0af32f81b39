//! Groups of staff that answer together.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ids::{AccountId, DepartmentId, StaffId};
use crate::number::ShortNumber;

use super::{at, position};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDepartment {
    pub id: DepartmentId,
    pub account: AccountId,
    pub name: Arc<str>,
    pub short_number: Option<ShortNumber>,
    pub members: Vec<StaffId>,
}

#[derive(Debug, Clone, Default)]
pub struct Departments {
    items: Vec<PlanDepartment>,
    by_short_number: HashMap<(AccountId, ShortNumber), u32>,
}

impl Departments {
    pub fn new(items: Vec<PlanDepartment>) -> Self {
        let mut by_short_number = HashMap::new();
        for (index, department) in items.iter().enumerate() {
            if let Some(number) = department.short_number {
                by_short_number
                    .entry((department.account, number))
                    .or_insert(position(index));
            }
        }
        Departments { items, by_short_number }
    }

    pub fn get(&self, id: DepartmentId) -> Option<&PlanDepartment> {
        self.items.iter().find(|department| department.id == id)
    }

    pub fn by_short_number(&self, account: AccountId, number: ShortNumber) -> Option<&PlanDepartment> {
        at(&self.items, *self.by_short_number.get(&(account, number))?)
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanDepartment> {
        self.items.iter()
    }
}
