//! Departments: groups that answer a short number or connected numbers together, and how their lines work.

mod names;
mod row;
mod rules;
mod store;

use frontdesk_routing::ids::StaffId;
use frontdesk_routing::plan::PlanDepartment;

use crate::destinations::DestinationPatch;

pub use names::{join_name, strategy_name};
pub(crate) use store::{ALL, planned};
pub use store::{create, delete, get, list, page, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// As calls find it.
    pub plan: PlanDepartment,
    pub version: i64,
}

/// What is to change, as typed: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct DepartmentPatch {
    pub name: Option<String>,
    pub short_number: Option<String>,
    /// All of them.
    pub members: Option<Vec<MemberPatch>>,
    pub queue: QueuePatch,
    pub overflow: Option<Option<DestinationPatch>>,
    pub announce: AnnouncePatch,
    pub whisper: WhisperPatch,
}

#[derive(Debug, Clone, Copy)]
pub struct MemberPatch {
    pub staff: StaffId,
    pub penalty: u16,
    pub place: u16,
    pub calls_at_once: u16,
}

impl MemberPatch {
    /// One of whom nothing else is said.
    pub fn new(staff: StaffId) -> MemberPatch {
        MemberPatch {
            staff,
            penalty: 0,
            place: 0,
            calls_at_once: 1,
        }
    }
}

/// Times are seconds.
#[derive(Debug, Clone, Default)]
pub struct QueuePatch {
    pub strategy: Option<String>,
    pub ring_time_s: Option<u32>,
    pub wrap_up_s: Option<u32>,
    pub pause_after_missed_s: Option<u32>,
    pub retry_s: Option<u32>,
    pub capacity: Option<Option<u32>>,
    pub longest_wait_s: Option<Option<u32>>,
    pub join_when_empty: Option<String>,
    pub leave_when_empty_s: Option<Option<u32>>,
    /// `strict`, `head_start` or `ignore`.
    pub vip: Option<String>,
    pub vip_lead_s: Option<u32>,
    pub overtaken_at_most_s: Option<Option<u32>>,
    pub priority: Option<u16>,
    pub place: Option<u16>,
    pub service_level_s: Option<u32>,
}

#[derive(Debug, Clone, Default)]
pub struct WhisperPatch {
    pub department: Option<bool>,
    pub vip: Option<bool>,
}

#[derive(Debug, Clone, Default)]
pub struct AnnouncePatch {
    pub every_s: Option<Option<u32>>,
    pub position: Option<bool>,
    pub wait: Option<bool>,
}
