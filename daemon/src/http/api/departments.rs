//! Departments: who is in them, and how their lines work.

mod body;
mod statistics;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::departments;
use frontdesk_routing::ids::{AccountId, DepartmentId};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::{DepartmentBody, DepartmentView, view};
use super::{ListParams, Listing, created, query_error, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(statistics::statistics))
}

/// The account's departments.
#[utoipa::path(get, path = "/departments", tag = "departments", params(ListParams), responses(
    (status = 200, body = Listing<DepartmentView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<DepartmentView>>> {
    access.need(Right::DepartmentsRead)?;
    let list = departments::page(&state.db, access.account, &params.page()?).await;
    let list = list.map_err(query_error)?;
    Ok(Json(Listing::part(list, view)))
}

/// Adds a department.
#[utoipa::path(post, path = "/departments", tag = "departments", request_body = DepartmentBody, responses(
    (status = 201, body = DepartmentView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<DepartmentBody>,
) -> ApiResult<Response> {
    access.need(Right::DepartmentsWrite)?;
    let department = departments::create(&state.db, &access.author(&state), body.patch()?).await?;
    changed(&state, access.account).await;
    let location = format!("/api/v1/departments/{}", department.plan.id);
    let version = department.version;
    Ok(created(view(department), version, location))
}

/// One department.
#[utoipa::path(get, path = "/departments/{id}", tag = "departments", params(("id" = String, Path)), responses(
    (status = 200, body = DepartmentView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<DepartmentId>) -> ApiResult<Response> {
    access.need(Right::DepartmentsRead)?;
    let department = departments::get(&state.db, access.account, id).await?;
    let version = department.version;
    Ok(versioned(view(department), version))
}

/// Changes a department; calls that wait in its line go by the new settings.
#[utoipa::path(patch, path = "/departments/{id}", tag = "departments", request_body = DepartmentBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = DepartmentView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DepartmentId>,
    IfMatch(version): IfMatch,
    Body(body): Body<DepartmentBody>,
) -> ApiResult<Response> {
    access.need(Right::DepartmentsWrite)?;
    let department = departments::update(&state.db, &access.author(&state), id, body.patch()?, version).await?;
    changed(&state, access.account).await;
    let version = department.version;
    Ok(versioned(view(department), version))
}

/// Deletes a department; its members stay.
#[utoipa::path(delete, path = "/departments/{id}", tag = "departments",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Numbers or other departments' calls reach it"),
        (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DepartmentId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::DepartmentsWrite)?;
    departments::delete(&state.db, &access.author(&state), id, version).await?;
    changed(&state, access.account).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn changed(state: &State, account: AccountId) {
    state.plan.changed(account, PlanSection::Staff).await;
    state.live.publish(account, "staff.changed", json!({}));
}
