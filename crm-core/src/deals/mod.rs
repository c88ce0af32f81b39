//! Leads and deals: who makes what with which client, and when the next step is due.

mod history;
mod list;
mod reception;
mod rules;
mod store;

use frontdesk_routing::ids::{AccountId, ClientId, ProjectId, RequestId, SiteId, StaffId};
use frontdesk_routing::number::PhoneNumber;

use crate::access::Scope;
use crate::clients::Source;

pub use frontdesk_routing::ids::{DealChangeId, DealId};

pub(crate) use history::{ALL as HISTORY, of_client};
pub use history::{Change, What, history};
pub(crate) use list::ALL as LISTS;
pub use list::{get, list, reaches};
pub(crate) use reception::{ALL as RECEPTION, arrive};
pub use rules::{Candidate, is_overdue, taker};
pub(crate) use store::{ALL, erase};
pub use store::{Which, create, delete, hand_over, update};

/// A lead, or the deal that it has become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deal {
    pub id: DealId,
    pub account: AccountId,
    pub kind: Kind,
    /// `None` once the client has been erased.
    pub client: Option<Party>,
    pub project: ProjectId,
    /// Who has it; `None`: nobody yet.
    pub staff: Option<StaffId>,
    pub stage: Stage,
    pub title: String,
    /// What is to be done next; `None`: nobody has said.
    pub step: Option<Step>,
    /// The site that it has come from.
    pub source: Option<Source>,
    /// What a visitor of the site has asked for.
    pub request: Option<RequestId>,
    pub created_at: i64,
    pub updated_at: i64,
    pub closed_at: Option<i64>,
    pub version: i64,
}

/// With whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub id: ClientId,
    pub name: String,
    pub number: Option<PhoneNumber>,
}

/// What is to be done next, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub at: i64,
    pub text: String,
}

impl Deal {
    /// Whether it is unprocessed: the date of its step has passed.
    pub fn is_overdue(&self, now: i64) -> bool {
        is_overdue(self.step.as_ref().map(|step| step.at), now)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody may want something.
    Lead,
    /// It is known what.
    Deal,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Lead => "lead",
            Kind::Deal => "deal",
        }
    }

    pub fn named(name: &str) -> Option<Kind> {
        [Kind::Lead, Kind::Deal].into_iter().find(|kind| kind.name() == name)
    }
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    New,
    InWork,
    Won,
    Lost,
}

impl Stage {
    pub const ALL: [Stage; 4] = [Stage::New, Stage::InWork, Stage::Won, Stage::Lost];

    pub fn name(self) -> &'static str {
        match self {
            Stage::New => "new",
            Stage::InWork => "in_work",
            Stage::Won => "won",
            Stage::Lost => "lost",
        }
    }

    pub fn named(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Nothing more is to be done.
    pub fn is_closed(self) -> bool {
        matches!(self, Stage::Won | Stage::Lost)
    }
}

/// A new one, as typed; the client and the title are needed.
#[derive(Debug, Clone, Default)]
pub struct NewDeal {
    /// `lead` when absent.
    pub kind: Option<String>,
    pub client: Option<String>,
    /// The one that is looked at when absent.
    pub project: Option<String>,
    /// An outer `None`: whoever takes such in the project.
    pub staff: Option<Option<String>>,
    pub title: Option<String>,
    pub step_at: Option<String>,
    pub step_text: Option<String>,
}

/// What is to change, as typed: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct DealPatch {
    pub kind: Option<String>,
    pub project: Option<String>,
    pub staff: Option<Option<String>>,
    pub stage: Option<String>,
    pub title: Option<String>,
    /// A moment, or a time of day in the account's zone.
    pub step_at: Option<Option<String>>,
    pub step_text: Option<Option<String>>,
    /// Why the step's date is moved.
    pub reason: Option<String>,
}

/// Who looks at leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looker {
    /// A person's own reach on those that they have, a project's on those that are in it, whoever has them.
    pub within: Scope,
    /// Other leads are shown also while there are own ones that are overdue.
    pub sees_new: bool,
    pub now: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    CreatedAt,
    /// Those that have a step, the most urgent first.
    StepAt,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct DealQuery {
    pub kind: Option<Kind>,
    pub stage: Option<Stage>,
    pub client: Option<ClientId>,
    pub project: Option<ProjectId>,
    pub staff: Option<StaffId>,
    /// Whether something is left to do.
    pub open: Option<bool>,
    pub overdue: Option<bool>,
    /// Whether a next step is missing though something is left to do.
    pub no_step: Option<bool>,
    pub order: Order,
}

/// What comes by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) client: ClientId,
    pub(crate) title: &'a str,
    pub(crate) project: ProjectId,
    /// Who would take it best, if they take any.
    pub(crate) wanted: Option<StaffId>,
    pub(crate) site: SiteId,
    pub(crate) request: RequestId,
}
