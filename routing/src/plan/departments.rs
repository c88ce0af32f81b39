//! Departments: groups that answer together.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::IdMap;
use super::destination::Destination;
use crate::ids::{AccountId, DepartmentId, StaffId};
use crate::number::ShortNumber;
use crate::queue::{Member, QueueSettings};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanDepartment {
    pub id: DepartmentId,
    pub account: AccountId,
    pub name: Arc<str>,
    pub short_number: ShortNumber,
    pub members: Vec<Member>,
    pub queue: QueueSettings,
    /// Where calls go that its line does not take, or that have waited in it too long.
    pub overflow: Option<Destination>,
    pub announce: Announce,
    pub whisper: Whisper,
}

impl PlanDepartment {
    /// One that nothing is set of.
    pub fn new(id: DepartmentId, account: AccountId, name: Arc<str>, short_number: ShortNumber) -> PlanDepartment {
        PlanDepartment {
            id,
            account,
            name,
            short_number,
            members: Vec::new(),
            queue: QueueSettings::default(),
            overflow: None,
            announce: Announce::default(),
            whisper: Whisper::default(),
        }
    }
}

/// What is said to whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announce {
    /// Seconds from one announcement to the next; `None`: music alone.
    pub every_s: Option<u32>,
    /// The place in the line.
    pub position: bool,
    /// How long it will take, as far as that is known.
    pub wait: bool,
}

/// What is said to a member who has picked up, before the caller is put through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whisper {
    /// For which department the call is.
    pub department: bool,
    /// That a VIP calls.
    pub vip: bool,
}

impl Default for Announce {
    fn default() -> Announce {
        Announce {
            every_s: None,
            position: true,
            wait: false,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct DepartmentSection {
    by_short: BTreeMap<(AccountId, ShortNumber), PlanDepartment>,
    by_id: BTreeMap<DepartmentId, (AccountId, ShortNumber)>,
    by_member: IdMap<StaffId, SmallVec<[DepartmentId; 2]>>,
}

impl DepartmentSection {
    pub fn new(departments: Vec<PlanDepartment>) -> DepartmentSection {
        let mut by_member: IdMap<StaffId, SmallVec<[DepartmentId; 2]>> = IdMap::default();
        for department in &departments {
            for member in &department.members {
                by_member.entry(member.staff).or_default().push(department.id);
            }
        }
        let place = |department: &PlanDepartment| (department.account, department.short_number);
        DepartmentSection {
            by_member,
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

    /// Two people are members of one department.
    pub fn share(&self, one: StaffId, other: StaffId) -> bool {
        let others = self.of_staff(other);
        self.of_staff(one).iter().any(|department| others.contains(department))
    }

    /// Those that the person is a member of.
    pub fn of_staff(&self, staff: StaffId) -> &[DepartmentId] {
        self.by_member.get(&staff).map(SmallVec::as_slice).unwrap_or_default()
    }

    /// The person is a member of some department.
    pub fn has(&self, staff: StaffId) -> bool {
        self.by_member.contains_key(&staff)
    }

    pub fn iter(&self) -> impl Iterator<Item = &PlanDepartment> {
        self.by_short.values()
    }

    pub fn by_short(&self, account: AccountId, short: ShortNumber) -> Option<&PlanDepartment> {
        self.by_short.get(&(account, short))
    }
}
