//! Who takes calls: reception by people, and the projects and hours of departments and numbers.

use std::collections::HashSet;
use std::sync::Arc;

use smallvec::SmallVec;

use super::IdMap;
use super::destination::Destination;
use crate::ids::{AccountId, DepartmentId, ProjectId, ScheduleId, StaffId, TrunkId};
use crate::number::PhoneNumber;
use crate::schedule::{Open, Schedule};

/// Where a person's calls ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// All their registered phones.
    #[default]
    Sip,
    /// Their own telephone number, by the trunks of the account.
    Mobile,
    /// Their own telephone number, by this line alone.
    Sim(TrunkId),
}

/// How a person takes calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanReception {
    /// Calls of clients are given to the person at all.
    pub receiving: bool,
    pub method: Method,
    /// A call at a telephone outside is taken only with the key 1: no voicemail gets it.
    pub confirms: bool,
    /// Those whose calls the person takes.
    pub projects: SmallVec<[ProjectId; 2]>,
    pub schedule: Option<ScheduleId>,
}

/// Where a department or a number belongs, and when it is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanDesk {
    pub project: Option<ProjectId>,
    /// `None`: always open.
    pub schedule: Option<ScheduleId>,
    /// Who gets the calls while it is closed; `None`: they are refused.
    pub closed_to: Option<Destination>,
}

/// A person who is not in it takes the calls of all projects at any time by SIP; a department or a number that is not in
/// it belongs to no project and is always open.
#[derive(Debug, Clone, Default)]
pub struct ReceptionSection {
    pub people: IdMap<StaffId, PlanReception>,
    pub departments: IdMap<DepartmentId, PlanDesk>,
    pub numbers: IdMap<(AccountId, PhoneNumber), PlanDesk>,
    /// By name.
    pub projects: IdMap<ProjectId, Arc<str>>,
    pub schedules: IdMap<ScheduleId, Arc<Schedule>>,
    /// Accounts that take a day of which nothing is said for an open one.
    pub open_when_unknown: HashSet<AccountId>,
}

impl ReceptionSection {
    pub fn person(&self, staff: StaffId) -> Option<&PlanReception> {
        self.people.get(&staff)
    }

    #[expect(clippy::disallowed_methods, reason = "all are asked, in whatever order")]
    /// Everybody takes the calls of the same projects in the other section, and every department those of the same one.
    pub fn same_projects(&self, other: &ReceptionSection) -> bool {
        let same_person = |staff: &StaffId| {
            let (own, others) = (self.people.get(staff), other.people.get(staff));
            own.map(|person| &person.projects) == others.map(|person| &person.projects)
        };
        let same_desk = |department: &DepartmentId| {
            let (own, others) = (self.departments.get(department), other.departments.get(department));
            own.and_then(|desk| desk.project) == others.and_then(|desk| desk.project)
        };
        self.people.keys().chain(other.people.keys()).all(same_person)
            && self.departments.keys().chain(other.departments.keys()).all(same_desk)
    }

    pub fn method(&self, staff: StaffId) -> Method {
        self.people.get(&staff).map(|person| person.method).unwrap_or_default()
    }

    pub fn schedule(&self, schedule: Option<ScheduleId>) -> Option<&Schedule> {
        self.schedules.get(&schedule?).map(|schedule| &**schedule)
    }

    /// With what the account has set for days of which nothing is said. Whoever has no hours is always open.
    pub fn is_open(&self, account: AccountId, schedule: Option<ScheduleId>, unix_ms: i64) -> Hours {
        let Some(schedule) = self.schedule(schedule) else {
            return Hours::Open;
        };
        match schedule.open_at(unix_ms) {
            Open::Open => Hours::Open,
            Open::Closed { opens_at } => Hours::Closed {
                until: opens_at.map(|at| schedule.local(at)),
            },
            Open::Unknown if self.open_when_unknown.contains(&account) => Hours::Open,
            Open::Unknown => Hours::Unknown,
        }
    }
}

/// Whether calls are taken at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    Open,
    /// `until`: as the clocks there show it.
    Closed {
        until: Option<String>,
    },
    /// Nothing is said of that day, and the account takes no such day for an open one.
    Unknown,
}
