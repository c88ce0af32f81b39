//! Schedules: hours that people, departments and numbers are open in, and the company's holidays.

mod rules;
mod store;

use std::collections::BTreeMap;

use frontdesk_routing::ids::{ScheduleId, StaffId};
use frontdesk_routing::schedule::Day;
use jiff::civil::Date;

pub use rules::date;
pub use rules::holidays_version;
pub(crate) use store::{ALL, planned};
pub use store::{check, create, delete, get, holidays, in_force, list, set_holidays, update};

#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub id: ScheduleId,
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// Closed on the company's holidays, but for dates of its own.
    pub observes_holidays: bool,
    /// Monday first; `None`: nothing is said of that weekday.
    pub week: [Option<Day>; 7],
    /// In the place of their weekday.
    pub dates: BTreeMap<Date, Day>,
    pub version: i64,
}

/// As typed: an absent field stays, a given week or list of dates takes the place of the whole old one.
#[derive(Debug, Clone, Default)]
pub struct SchedulePatch {
    pub name: Option<String>,
    /// Of a new schedule: the account's when it is absent.
    pub time_zone: Option<String>,
    pub observes_holidays: Option<bool>,
    /// `mon` to `sun`, each with its intervals.
    pub week: Option<BTreeMap<String, Vec<String>>>,
    /// `2026-12-31` and the like, each with its intervals.
    pub dates: Option<BTreeMap<String, Vec<String>>>,
}

/// A day on which the company is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    pub day: Date,
    pub name: String,
}

/// A member of a department of whose weekday nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undefined {
    pub staff: StaffId,
    pub name: String,
    /// `mon` to `sun`.
    pub weekday: &'static str,
}
