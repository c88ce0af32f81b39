//! The configuration's history: what was changed, by whom, and how to take it back.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use frontdesk_crm_core::access::{Rights, Role};
use frontdesk_crm_core::revisions::{self, Revision, RevisionQuery, State as Was, Thing};
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::audit::discreet;
use super::{Listing, named, page, query_error};
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};
use crate::http::{PlanSection, State};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(undo))
}

/// One change of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionView {
    /// From 1.
    pub number: i64,
    #[schema(format = DateTime)]
    pub at: String,
    /// `null` is the program itself.
    pub actor_staff_id: Option<String>,
    pub actor_name: String,
    /// `department.updated`, `menu.deleted`, `number.undone` ... as in the audit; `department.found` was changed in the
    /// database itself.
    pub action: String,
    /// `account`, `department`, `emergency`, `features`, `group`, `holidays`, `mailbox`, `menu`, `number`, `project`,
    /// `role`, `route`, `schedule`, `site` or `trunk`.
    pub thing: String,
    pub thing_id: String,
    /// What it was called.
    pub name: String,
    /// By field, in the order of their names.
    pub changes: Vec<RevisedView>,
}

/// A field that was changed; `null` where there was or is nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisedView {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevisionParams {
    /// Of one kind of thing.
    pub thing: Option<String>,
    /// Of one thing.
    pub thing_id: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

/// What was changed, newest first.
#[utoipa::path(get, path = "/revisions", tag = "revisions", params(RevisionParams), responses(
    (status = 200, body = Listing<RevisionView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<RevisionParams>,
) -> ApiResult<Json<Listing<RevisionView>>> {
    found(&state, &access, params).await.map(Json)
}

pub async fn found(state: &State, access: &Access, params: RevisionParams) -> ApiResult<Listing<RevisionView>> {
    access.need(Right::AuditRead)?;
    let query = RevisionQuery {
        thing: named("thing", params.thing.as_deref(), Thing::named)?,
        thing_id: params.thing_id,
    };
    let page = page(params.limit, None, params.cursor)?;
    let found = revisions::list(&state.db, access.account, &query, &page)
        .await
        .map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    Ok(Listing {
        items: found.items.into_iter().map(|revision| view(revision, viewer)).collect(),
        total: None,
        filtered: None,
        next_cursor: found.next_cursor,
    })
}

/// One change.
#[utoipa::path(get, path = "/revisions/{id}", tag = "revisions", params(("id" = i64, Path, description = "Its number")), responses(
    (status = 200, body = RevisionView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(number): Id<String>) -> ApiResult<Json<RevisionView>> {
    let revision = numbered(&state, &access, &number).await?;
    Ok(Json(view(revision, access.viewer(&state.live.plan()))))
}

/// Takes a change back, for those who may make it. What was changed since in other fields stays.
#[utoipa::path(post, path = "/revisions/{id}/undo", tag = "revisions", params(("id" = i64, Path, description = "Its number")), responses(
    (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "Changed again since, or what was there fits no more"),
))]
async fn undo(Extract(state): Extract<State>, access: Access, Id(number): Id<String>) -> ApiResult<StatusCode> {
    let revision = numbered(&state, &access, &number).await?;
    may_undo(&access, &revision)?;
    revisions::undo(&state.db, &access.author(&state), revision.number).await?;
    tell(&state, access.account, &revision).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn numbered(state: &State, access: &Access, number: &str) -> ApiResult<Revision> {
    access.need(Right::AuditRead)?;
    let number = number.parse().map_err(|_| ApiError::not_found())?;
    Ok(revisions::get(&state.db, access.account, number).await?)
}

/// Whoever may change the thing itself. Nobody gives or takes rights by it that they do not have.
fn may_undo(access: &Access, revision: &Revision) -> ApiResult<()> {
    access.need(needed(revision.thing))?;
    for state in [&revision.before, &revision.after].into_iter().flatten() {
        for rights in carried(access, revision.thing, state) {
            access.need_no_less_than(&rights)?;
        }
    }
    Ok(())
}

/// The right to change a thing.
pub fn needed(thing: Thing) -> Right {
    match thing {
        Thing::Account
        | Thing::Emergency
        | Thing::Features
        | Thing::Holidays
        | Thing::Mailbox
        | Thing::Project
        | Thing::Schedule
        | Thing::Site => Right::SettingsWrite,
        Thing::Department | Thing::Menu => Right::DepartmentsWrite,
        Thing::Group | Thing::Role => Right::RolesWrite,
        Thing::Number | Thing::Route | Thing::Trunk => Right::TrunksWrite,
    }
}

/// What may be done by a role, or by the roles of a group.
fn carried(access: &Access, thing: Thing, state: &Was) -> Vec<Rights> {
    let fields = state.fields();
    match thing {
        Thing::Role => {
            let written = fields.get("rights").and_then(Value::as_str);
            written.map(Rights::read).into_iter().collect()
        }
        Thing::Group => {
            let roles = fields.get("roles").and_then(Value::as_array).into_iter().flatten();
            let roles = roles.filter_map(|row| Role::named(row.get("role")?.as_str()?));
            roles.map(|role| access.duties.allowed(role)).collect()
        }
        Thing::Account
        | Thing::Department
        | Thing::Emergency
        | Thing::Features
        | Thing::Holidays
        | Thing::Mailbox
        | Thing::Menu
        | Thing::Number
        | Thing::Project
        | Thing::Route
        | Thing::Schedule
        | Thing::Site
        | Thing::Trunk => Vec::new(),
    }
}

/// Calls and pages see what was taken back.
async fn tell(state: &State, account: AccountId, revision: &Revision) {
    let section = match revision.thing {
        Thing::Account => Some(PlanSection::Account),
        Thing::Department | Thing::Mailbox | Thing::Menu | Thing::Number | Thing::Trunk => Some(PlanSection::Staff),
        Thing::Emergency | Thing::Route => Some(PlanSection::Routes),
        Thing::Features => Some(PlanSection::Features),
        Thing::Holidays | Thing::Project | Thing::Schedule => Some(PlanSection::Reception),
        Thing::Group | Thing::Role | Thing::Site => None,
    };
    if let Some(section) = section {
        state.plan.changed(account, section).await;
        // A department's or a number's project and hours lie in this part.
        state.plan.changed(account, PlanSection::Reception).await;
    }
    let id = &revision.thing_id;
    let (event, told) = match revision.thing {
        Thing::Role => ("role.changed", json!({ "role_id": id })),
        Thing::Group => ("group.changed", json!({ "group_id": id })),
        Thing::Project => ("project.changed", json!({ "project_id": id })),
        Thing::Account
        | Thing::Department
        | Thing::Emergency
        | Thing::Features
        | Thing::Holidays
        | Thing::Mailbox
        | Thing::Menu
        | Thing::Number
        | Thing::Route
        | Thing::Schedule
        | Thing::Site
        | Thing::Trunk => ("staff.changed", json!({})),
    };
    state.live.publish(account, event, told);
}

fn view(revision: Revision, viewer: Viewer<'_>) -> RevisionView {
    let changes = revisions::changes(revision.before.as_ref(), revision.after.as_ref());
    let change = |change: revisions::Change| RevisedView {
        field: change.field,
        before: discreet(change.before, viewer),
        after: discreet(change.after, viewer),
    };
    RevisionView {
        number: revision.number,
        at: time(revision.at),
        actor_staff_id: revision.actor_staff.map(|staff| staff.to_string()),
        actor_name: revision.actor_name,
        action: revision.action,
        thing: revision.thing.name().to_owned(),
        thing_id: revision.thing_id,
        name: viewer.text(&revision.name),
        changes: changes.into_iter().map(change).collect(),
    }
}
