//! People who can be rung.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ids::{AccountId, SipAccountId, StaffId};
use crate::number::{PhoneNumber, ShortNumber};

use super::{PlanSip, at, position};

/// A person of a company; deleted ones are not in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanStaff {
    pub id: StaffId,
    pub account: AccountId,
    pub name: Arc<str>,
    pub short_number: Option<ShortNumber>,
    pub phone: Option<PhoneNumber>,
    pub sip: Option<PlanSip>,
}

/// All staff of all accounts. Of two with the same key the first is found; `check` names the other.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    items: Vec<PlanStaff>,
    by_id: HashMap<StaffId, u32>,
    by_sip_user: HashMap<Arc<str>, u32>,
    by_sip_account: HashMap<SipAccountId, u32>,
    by_short_number: HashMap<(AccountId, ShortNumber), u32>,
}

impl Staff {
    pub fn new(items: Vec<PlanStaff>) -> Self {
        let mut staff = Staff::default();
        for (index, person) in items.iter().enumerate() {
            let index = position(index);
            staff.by_id.entry(person.id).or_insert(index);
            if let Some(number) = person.short_number {
                staff.by_short_number.entry((person.account, number)).or_insert(index);
            }
            if let Some(sip) = &person.sip {
                staff.by_sip_user.entry(Arc::clone(&sip.user)).or_insert(index);
                staff.by_sip_account.entry(sip.id).or_insert(index);
            }
        }
        staff.items = items;
        staff
    }

    pub fn get(&self, id: StaffId) -> Option<&PlanStaff> {
        at(&self.items, *self.by_id.get(&id)?)
    }

    pub fn by_sip_user(&self, user: &str) -> Option<&PlanStaff> {
        at(&self.items, *self.by_sip_user.get(user)?)
    }

    pub fn by_sip_account(&self, id: SipAccountId) -> Option<&PlanStaff> {
        at(&self.items, *self.by_sip_account.get(&id)?)
    }

    pub fn by_short_number(&self, account: AccountId, number: ShortNumber) -> Option<&PlanStaff> {
        at(&self.items, *self.by_short_number.get(&(account, number))?)
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanStaff> {
        self.items.iter()
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
