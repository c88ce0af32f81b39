//! Leads and deals as they are told and typed.

use frontdesk_crm_core::deals::{Change, Deal, DealPatch, NewDeal};
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::api::clients::SourceView;
use crate::http::extract::given;
use crate::live::view::time;

/// A lead, or the deal that it has become.
#[derive(Debug, Serialize, ToSchema)]
pub struct DealView {
    pub id: String,
    /// `lead` or `deal`.
    pub kind: &'static str,
    pub title: String,
    /// `new`, `in_work`, `won` or `lost`.
    pub stage: &'static str,
    /// `null` once the client has been erased.
    pub client_id: Option<String>,
    pub client_name: String,
    /// The client's, E.164.
    pub number: String,
    pub project_id: String,
    /// Who has it; `null`: nobody yet.
    pub staff_id: Option<String>,
    /// When the next step is due; `null`: nobody has said what is next.
    #[schema(format = DateTime)]
    pub step_at: Option<String>,
    pub step_text: String,
    /// Unprocessed: the date of the step has passed.
    pub overdue: bool,
    /// The site that it has come from.
    pub source: Option<SourceView>,
    /// What a visitor of the site has asked for.
    pub request_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    pub version: i64,
}

/// One change of a lead or a deal.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    pub id: String,
    pub deal_id: String,
    /// The deal's, as it is now.
    pub title: String,
    /// `created`, `kind`, `stage`, `step` or `owner`.
    pub what: &'static str,
    /// Stages and kinds by their words, people by their ids.
    pub before: Option<String>,
    pub after: Option<String>,
    #[schema(format = DateTime)]
    pub step_at_before: Option<String>,
    #[schema(format = DateTime)]
    pub step_at: Option<String>,
    pub step_text: String,
    /// Why the step's date was moved.
    pub reason: String,
    /// `null`: the program.
    pub author_id: Option<String>,
    pub author_name: String,
    #[schema(format = DateTime)]
    pub at: String,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DealParams {
    /// `lead` or `deal`.
    pub kind: Option<String>,
    /// `new`, `in_work`, `won` or `lost`.
    pub stage: Option<String>,
    pub client_id: Option<String>,
    pub project_id: Option<String>,
    /// Who has it.
    pub staff_id: Option<String>,
    /// Whether something is left to do.
    pub open: Option<bool>,
    /// Unprocessed: the date of the step has passed.
    pub overdue: Option<bool>,
    /// Something is left to do, and nobody has said what is next.
    pub no_step: Option<bool>,
    /// `created_at`, newest first, or `step_at`: those that have a step, the most urgent first.
    pub order: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParams {
    /// 1 to 500.
    pub(super) limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub(super) cursor: Option<String>,
}

/// A new lead or deal; client and title are needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDealBody {
    /// `lead` when absent.
    kind: Option<String>,
    client_id: Option<String>,
    /// The one that is looked at when absent.
    project_id: Option<String>,
    /// Absent: whoever takes such in the project; `null`: nobody yet.
    #[serde(default, deserialize_with = "given")]
    staff_id: Option<Option<String>>,
    title: Option<String>,
    /// A moment, or a time of day in the company's zone, as in 2026-12-31T15:30.
    step_at: Option<String>,
    step_text: Option<String>,
}

impl NewDealBody {
    pub(super) fn read(self) -> NewDeal {
        NewDeal {
            kind: self.kind,
            client: self.client_id,
            project: self.project_id,
            staff: self.staff_id,
            title: self.title,
            step_at: self.step_at,
            step_text: self.step_text,
        }
    }
}

/// What is to change; an absent field stays, `null` empties it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DealBody {
    /// A lead becomes a `deal`.
    kind: Option<String>,
    project_id: Option<String>,
    /// Handing it over needs `data:hand_over`.
    #[serde(default, deserialize_with = "given")]
    staff_id: Option<Option<String>>,
    /// `won` and `lost` leave no next step.
    stage: Option<String>,
    title: Option<String>,
    /// A moment, or a time of day in the company's zone, as in 2026-12-31T15:30.
    #[serde(default, deserialize_with = "given")]
    step_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    step_text: Option<Option<String>>,
    /// Why the step's date is moved; not needed with `leads:omit_reason`.
    reason: Option<String>,
}

impl DealBody {
    pub(super) fn read(self) -> DealPatch {
        DealPatch {
            kind: self.kind,
            project: self.project_id,
            staff: self.staff_id,
            stage: self.stage,
            title: self.title,
            step_at: self.step_at,
            step_text: self.step_text,
            reason: self.reason,
        }
    }
}

/// Which become whose: `deal_ids`, or all that `from_staff_id` has and is not done with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandOverBody {
    /// 500 at most; all of them or none.
    pub(super) deal_ids: Option<Vec<String>>,
    /// May have left the company.
    pub(super) from_staff_id: Option<String>,
    /// `null`: nobody's.
    pub(super) to_staff_id: Option<String>,
}

/// How many were handed over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HandedOver {
    pub(super) deals: u64,
}

pub(super) fn view(deal: Deal, viewer: Viewer<'_>, now: i64) -> DealView {
    let overdue = deal.is_overdue(now);
    let client_id = deal.client.as_ref().map(|client| client.id.to_string());
    let (client_name, number) = match deal.client {
        Some(client) => {
            let number = client.number.map(|number| number.reveal()).unwrap_or_default();
            let (name, number) = viewer.client(client.id, &client.name, &number);
            (name, number.to_string())
        }
        None => Default::default(),
    };
    let (step_at, step_text) = match deal.step {
        Some(step) => (Some(time(step.at)), viewer.text(&step.text)),
        None => (None, String::new()),
    };
    DealView {
        id: deal.id.to_string(),
        kind: deal.kind.name(),
        title: viewer.text(&deal.title),
        stage: deal.stage.name(),
        client_id,
        client_name,
        number,
        project_id: deal.project.to_string(),
        staff_id: deal.staff.map(|staff| staff.to_string()),
        step_at,
        step_text,
        overdue,
        source: deal.source.map(|source| SourceView {
            site_id: source.site.to_string(),
            name: source.name,
        }),
        request_id: deal.request.map(|request| request.to_string()),
        created_at: time(deal.created_at),
        updated_at: time(deal.updated_at),
        closed_at: deal.closed_at.map(time),
        version: deal.version,
    }
}

pub(in crate::http::api) fn change_view(change: Change, viewer: Viewer<'_>) -> ChangeView {
    ChangeView {
        id: change.id.to_string(),
        deal_id: change.deal.to_string(),
        title: viewer.text(&change.title),
        what: change.what.name(),
        before: change.before,
        after: change.after,
        step_at_before: change.step_before.map(time),
        step_at: change.step_after.map(time),
        step_text: viewer.text(&change.text),
        reason: viewer.text(&change.reason),
        author_id: change.author.map(|author| author.to_string()),
        author_name: change.author_name,
        at: time(change.at),
    }
}
