//! Staff: who works here, with what access and which short number.

mod caller_id;
mod incoming;
mod list;
mod photo;
mod row;
pub(crate) mod rules;
mod store;
pub(crate) mod supervisor;
mod until;

use frontdesk_routing::ids::{AccountId, ProjectId, ScheduleId, StaffId};
use frontdesk_routing::plan::Method;

use crate::access::Role;

pub(crate) use caller_id::ALL as CALLER_ID;
pub use caller_id::{CallerId, CallerIdPatch};
pub(crate) use incoming::{Said, change};
pub(crate) use list::ALL as LISTS;
pub use list::list;
pub(crate) use photo::ALL as PHOTO;
pub use photo::set_photo;
pub(crate) use row::told;
pub(crate) use store::{ALL, insert};
pub use store::{create, delete, get, names, succeed, update};
pub(crate) use supervisor::ALL as SUPERVISOR;
pub(crate) use until::ALL as UNTIL;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffMember {
    pub id: StaffId,
    pub account: AccountId,
    pub account_number: i64,
    pub is_main: bool,
    pub surname: Option<String>,
    pub given_name: Option<String>,
    pub patronymic: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub position: Option<String>,
    pub work_place: WorkPlace,
    /// To whom they report.
    pub supervisor: Option<StaffId>,
    /// How an import names that one: by the short number, else by the login, else by the identifier.
    pub supervisor_called: Option<String>,
    pub short_number: Option<String>,
    pub login: Option<String>,
    /// `None` is no access.
    pub role: Option<Role>,
    /// Unix milliseconds; `None` is for ever.
    pub access_until: Option<i64>,
    /// That moment has come.
    pub access_ended: bool,
    pub sip_user: Option<String>,
    pub caller_id: CallerId,
    /// The mark of their photo.
    pub photo: Option<String>,
    /// Has a live session that was used within the last 30 s; an open event stream uses it.
    pub signed_in: bool,
    pub has_password: bool,
    pub last_login_at: Option<i64>,
    pub last_seen_at: Option<i64>,
    pub deleted_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
    /// Calls and leads of clients are given to the person at all.
    pub receiving: bool,
    pub method: Method,
    pub schedule: Option<ScheduleId>,
}

/// Whether a person can use the pages and does so now; derived, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemStatus {
    NoAccess,
    Offline,
    Online,
    Deleted,
}

impl SystemStatus {
    pub fn name(self) -> &'static str {
        match self {
            SystemStatus::NoAccess => "no_access",
            SystemStatus::Offline => "offline",
            SystemStatus::Online => "online",
            SystemStatus::Deleted => "deleted",
        }
    }
}

/// Where somebody works; it changes nothing about their calls (K15).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WorkPlace {
    #[default]
    Office,
    Remote,
}

impl WorkPlace {
    pub fn name(self) -> &'static str {
        match self {
            WorkPlace::Office => "office",
            WorkPlace::Remote => "remote",
        }
    }

    pub fn named(name: &str) -> Option<WorkPlace> {
        [WorkPlace::Office, WorkPlace::Remote]
            .into_iter()
            .find(|place| place.name() == name)
    }
}

impl StaffMember {
    pub fn system_status(&self) -> SystemStatus {
        if self.deleted_at.is_some() {
            SystemStatus::Deleted
        } else if self.role.is_none() || self.access_ended {
            SystemStatus::NoAccess
        } else if self.signed_in {
            SystemStatus::Online
        } else {
            SystemStatus::Offline
        }
    }

    /// All parts of the name in one text.
    pub fn name(&self) -> String {
        let parts = [&self.surname, &self.given_name, &self.patronymic];
        parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What is typed to log in: the main account's e-mail, else the account's number, `_` and the login.
    pub fn effective_login(&self) -> Option<String> {
        if self.is_main && self.email.is_some() {
            return self.email.clone();
        }
        self.login
            .as_ref()
            .map(|login| format!("{}_{login}", self.account_number))
    }
}

/// As typed; a name is needed.
#[derive(Debug, Clone, Default)]
pub struct NewStaff {
    pub surname: Option<String>,
    pub given_name: Option<String>,
    pub patronymic: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub position: Option<String>,
    /// `office` when absent.
    pub work_place: Option<String>,
    /// An identifier.
    pub supervisor: Option<String>,
    pub short_number: Option<String>,
    pub login: Option<String>,
    pub password: Option<String>,
    pub role: Option<String>,
    /// Roles beside the first one.
    pub further_roles: Vec<String>,
    /// Until when there is access: a moment, or a time of day in the account's zone.
    pub access_until: Option<String>,
    pub caller_id: CallerIdPatch,
    /// Where the person works first; `None`: the account's first project.
    pub project: Option<ProjectId>,
}

/// What is to change: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct StaffPatch {
    pub surname: Option<Option<String>>,
    pub given_name: Option<Option<String>>,
    pub patronymic: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub position: Option<Option<String>>,
    pub work_place: Option<String>,
    /// An identifier.
    pub supervisor: Option<Option<String>>,
    pub short_number: Option<Option<String>>,
    pub login: Option<Option<String>>,
    pub password: Option<String>,
    /// What the author's session is shown by from here on, where this is a new password of the author's own.
    pub token: Option<String>,
    pub role: Option<Option<String>>,
    /// Roles beside the first one; without a first one there are none.
    pub further_roles: Option<Vec<String>>,
    /// Until when there is access: a moment, or a time of day in the account's zone.
    pub access_until: Option<Option<String>>,
    pub caller_id: CallerIdPatch,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StaffOrder {
    #[default]
    Name,
    ShortNumber,
    Position,
    LastSeenAt,
    CreatedAt,
}

#[derive(Debug, Clone, Default)]
pub struct StaffQuery {
    /// Any part of the name, a number, the login, the e-mail or the position.
    pub search: Option<String>,
    pub position: Option<String>,
    pub work_place: Option<WorkPlace>,
    /// Only those who report to this one, directly.
    pub supervisor: Option<StaffId>,
    /// Without those who were deleted.
    pub live_only: bool,
    /// Only those who work in this project, and the main account.
    pub project: Option<ProjectId>,
    pub order: StaffOrder,
    pub descending: bool,
}
