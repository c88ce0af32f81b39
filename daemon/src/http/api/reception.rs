//! Reception: how people take calls, and where departments and numbers belong and when they are open.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::projects::{self, WorkStatus};
use frontdesk_crm_core::reception::{self, Desk, DeskOf, DeskPatch, Reception, ReceptionPatch};
use frontdesk_crm_core::reception::{method_name, sim_of};
use frontdesk_routing::ids::{AccountId, DepartmentId, NumberId, ScheduleId, StaffId, TrunkId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::destinations::{DestinationBody, DestinationView};
use super::versioned;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, given};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(read_person, set_person))
        .routes(routes!(read_department, set_department))
        .routes(routes!(read_number, set_number))
}

/// How a person takes calls.
#[derive(Debug, Serialize, ToSchema)]
struct ReceptionView {
    /// Calls and leads of clients are given to the person at all; colleagues reach them in any case.
    receiving: bool,
    /// `sip`: all their registered phones; `mobile`: their telephone number alone; `sim`: the same by one line.
    method: &'static str,
    /// The line of `sim`.
    sim_trunk_id: Option<String>,
    /// Whoever answers a telephone outside is connected when they press 1: no voicemail takes the call.
    confirm_answer: bool,
    /// The hours in which they are given calls; `null`: always.
    schedule_id: Option<String>,
    /// The person's.
    version: i64,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReceptionBody {
    receiving: Option<bool>,
    method: Option<String>,
    confirm_answer: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    sim_trunk_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    schedule_id: Option<Option<String>>,
}

/// Where a department or a number belongs, and when it is open.
#[derive(Debug, Serialize, ToSchema)]
struct DeskView {
    project_id: String,
    /// `null`: always open.
    schedule_id: Option<String>,
    /// Who gets the calls while it is closed; `null`: they are refused.
    closed_to: Option<DestinationView>,
    version: i64,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeskBody {
    project_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    schedule_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    closed_to: Option<Option<DestinationBody>>,
}

/// How a person takes calls.
#[utoipa::path(get, path = "/staff/{id}/reception", tag = "staff", params(("id" = String, Path)), responses(
    (status = 200, body = ReceptionView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read_person(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let person = reception::person(&state.db, access.account, id).await?;
    Ok(versioned(person_view(&person), person.version))
}

/// Switches a person's reception on or off, and sets by what and when they take calls; the next call goes by it.
#[utoipa::path(patch, path = "/staff/{id}/reception", tag = "staff", request_body = ReceptionBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = ReceptionView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set_person(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ReceptionBody>,
) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    super::staff::own_only_if_main(&state, &access, id).await?;
    let patch = ReceptionPatch {
        receiving: body.receiving,
        method: body.method,
        confirm_answer: body.confirm_answer,
        sim_trunk: body.sim_trunk_id,
        schedule: body.schedule_id,
    };
    let person = reception::set_person(&state.db, &access.author(&state), id, patch, version).await?;
    told(&state, access.account, id).await?;
    Ok(versioned(person_view(&person), person.version))
}

/// Where a department belongs, and when it is open.
#[utoipa::path(get, path = "/departments/{id}/reception", tag = "departments", params(("id" = String, Path)), responses(
    (status = 200, body = DeskView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read_department(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DepartmentId>,
) -> ApiResult<Response> {
    access.need(Right::DepartmentsRead)?;
    let desk = reception::desk(&state.db, access.account, DeskOf::Department(id)).await?;
    let version = desk.version;
    Ok(versioned(desk_view(desk), version))
}

/// Moves a department to another project, sets its hours and who gets its calls when it is closed.
#[utoipa::path(patch, path = "/departments/{id}/reception", tag = "departments", request_body = DeskBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = DeskView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set_department(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DepartmentId>,
    IfMatch(version): IfMatch,
    Body(body): Body<DeskBody>,
) -> ApiResult<Response> {
    access.need(Right::DepartmentsWrite)?;
    set(&state, &access, (DeskOf::Department(id), version), body).await
}

/// Where a number belongs, and when it is open.
#[utoipa::path(get, path = "/numbers/{id}/reception", tag = "numbers", params(("id" = String, Path)), responses(
    (status = 200, body = DeskView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read_number(Extract(state): Extract<State>, access: Access, Id(id): Id<NumberId>) -> ApiResult<Response> {
    access.need(Right::TrunksRead)?;
    let desk = reception::desk(&state.db, access.account, DeskOf::Number(id)).await?;
    let version = desk.version;
    Ok(versioned(desk_view(desk), version))
}

/// Moves a number to another project, sets its hours and who gets its calls when it is closed.
#[utoipa::path(patch, path = "/numbers/{id}/reception", tag = "numbers", request_body = DeskBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = DeskView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set_number(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NumberId>,
    IfMatch(version): IfMatch,
    Body(body): Body<DeskBody>,
) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    set(&state, &access, (DeskOf::Number(id), version), body).await
}

async fn set(
    state: &State,
    access: &Access,
    (of, version): (DeskOf, Option<i64>),
    body: DeskBody,
) -> ApiResult<Response> {
    let patch = DeskPatch {
        project: body.project_id,
        schedule: body.schedule_id,
        closed_to: body.closed_to.map(|to| to.map(DestinationPatch::from)),
    };
    let desk = reception::set_desk(&state.db, &access.author(state), of, patch, version).await?;
    state.plan.changed(access.account, PlanSection::Reception).await;
    let version = desk.version;
    Ok(versioned(desk_view(desk), version))
}

/// Calls and readers see how a person takes calls before the request is answered.
pub(super) async fn told(state: &State, account: AccountId, staff: StaffId) -> ApiResult<()> {
    state.plan.changed(account, PlanSection::Reception).await;
    let person = reception::person(&state.db, account, staff).await?;
    let (parts, _) = projects::parts(&state.db, account, staff).await?;
    let status = |part: &projects::Part| {
        let status = WorkStatus::of(person.receiving, part.receives());
        (part.project.to_string(), Value::from(status.name()))
    };
    let told = json!({
        "staff_id": staff.to_string(),
        "receiving": person.receiving,
        "work_status": Value::Object(parts.iter().map(status).collect()),
    });
    state.live.publish(account, "staff.work_status", told);
    let changed = json!({ "staff_id": staff.to_string() });
    state.live.publish(account, "staff.changed", changed);
    Ok(())
}

fn person_view(person: &Reception) -> ReceptionView {
    ReceptionView {
        receiving: person.receiving,
        method: method_name(person.method),
        sim_trunk_id: sim_of(person.method).as_ref().map(TrunkId::to_string),
        confirm_answer: person.confirm_answer,
        schedule_id: person.schedule.as_ref().map(ScheduleId::to_string),
        version: person.version,
    }
}

fn desk_view(desk: Desk) -> DeskView {
    DeskView {
        project_id: desk.project.to_string(),
        schedule_id: desk.schedule.as_ref().map(ScheduleId::to_string),
        closed_to: desk.closed_to.map(DestinationView::from),
        version: desk.version,
    }
}
