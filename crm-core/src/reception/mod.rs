//! Reception: how people take calls, where departments and numbers belong, and who gets their calls when they are closed.

mod rules;
mod section;
mod store;

use frontdesk_routing::ids::{DepartmentId, NumberId, ProjectId, ScheduleId};
use frontdesk_routing::plan::{Destination, Method};

use crate::destinations::DestinationPatch;

pub(crate) use rules::method;
pub use rules::{method_name, sim_of};
pub(crate) use section::{ALL as SECTION, section};
pub(crate) use store::ALL;
pub use store::{desk, person, set_desk, set_person};

/// How a person takes calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// Calls and leads of clients are given to the person at all.
    pub receiving: bool,
    pub method: Method,
    /// A call at a telephone outside is taken only with the key 1.
    pub confirm_answer: bool,
    pub schedule: Option<ScheduleId>,
    /// The person's.
    pub version: i64,
}

/// What is to change, as typed: an outer `None` stays.
#[derive(Debug, Clone, Default)]
pub struct ReceptionPatch {
    pub receiving: Option<bool>,
    /// `sip`, `mobile` or `sim`.
    pub method: Option<String>,
    pub confirm_answer: Option<bool>,
    /// The line of `sim`.
    pub sim_trunk: Option<Option<String>>,
    pub schedule: Option<Option<String>>,
}

/// What calls arrive at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskOf {
    Department(DepartmentId),
    Number(NumberId),
}

/// Where a department or a number belongs, and when it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    pub project: ProjectId,
    /// `None`: always open.
    pub schedule: Option<ScheduleId>,
    /// Who gets the calls while it is closed; `None`: they are refused.
    pub closed_to: Option<Destination>,
    /// The department's or the number's.
    pub version: i64,
}

#[derive(Debug, Clone, Default)]
pub struct DeskPatch {
    pub project: Option<String>,
    pub schedule: Option<Option<String>>,
    pub closed_to: Option<Option<DestinationPatch>>,
}
