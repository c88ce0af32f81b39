//! Projects: parts of an account with their own staff, numbers and departments. Each account has one from the beginning.

pub(crate) mod rules;
mod store;

use std::collections::BTreeSet;

use frontdesk_routing::ids::{AccountId, ProjectId, StaffId};

use crate::access::{Right, Section};

pub use rules::WorkStatus;
pub(crate) use store::{ALL, enter, found, live};
pub use store::{archive, choose, create, get, here, here_in, list, parts, receivers, set_parts, update, workers};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    /// No calls, no place in lists; the record stays.
    pub archived_at: Option<i64>,
    pub created_at: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Default)]
pub struct ProjectPatch {
    pub name: Option<String>,
    /// Only `false` is a change that may be asked for here: an archived project comes back.
    pub archived: Option<bool>,
}

/// The first project of an account has the account's own id.
pub fn first_of(account: AccountId) -> ProjectId {
    ProjectId::from_u128(account.as_u128())
}

/// What a person does in a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub project: ProjectId,
    pub name: String,
    pub receives_calls: bool,
    pub receives_leads: bool,
    pub receives_deals: bool,
    /// `None`: all that the role allows.
    pub sections: Option<BTreeSet<Section>>,
}

impl Here {
    /// Whether the part in which a right is used is open here.
    pub fn opens(&self, right: Right) -> bool {
        match (&self.sections, Section::of(right)) {
            (Some(sections), Some(section)) => sections.contains(&section),
            (None, _) | (_, None) => true,
        }
    }
}

/// Somebody who works in a project, and what they do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub staff: StaffId,
    pub part: Part,
}

/// The same as it is given: ids and names of sections.
#[derive(Debug, Clone, Default)]
pub struct NewPart {
    pub project: String,
    pub receives_calls: bool,
    pub receives_leads: bool,
    pub receives_deals: bool,
    pub sections: Option<Vec<String>>,
}

/// Where somebody works at present, and which parts of it they may open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    pub project: ProjectId,
    /// Of those that a project has of its own; `None`: all that the role allows.
    pub sections: Option<BTreeSet<Section>>,
}
