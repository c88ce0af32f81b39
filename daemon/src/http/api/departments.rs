//! Departments: listed, made and deleted.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::departments::{self, Department, NewDepartment};
use frontdesk_routing::ids::{AccountId, DepartmentId, StaffId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, created};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(delete))
}

/// A department.
#[derive(Debug, Serialize, ToSchema)]
struct DepartmentView {
    id: String,
    name: String,
    short_number: String,
    /// Ids of staff.
    members: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDepartmentBody {
    name: String,
    short_number: String,
    /// Ids of staff.
    #[serde(default)]
    members: Vec<String>,
}

/// The account's departments.
#[utoipa::path(get, path = "/departments", tag = "departments", responses(
    (status = 200, body = Listing<DepartmentView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<DepartmentView>>> {
    access.need(Right::DepartmentsRead)?;
    let departments = departments::list(&state.db, access.account).await?;
    let total = u64::try_from(departments.len()).ok();
    Ok(Json(Listing {
        items: departments.into_iter().map(view).collect(),
        total,
        filtered: total,
        next_cursor: None,
    }))
}

/// Adds a department.
#[utoipa::path(post, path = "/departments", tag = "departments", request_body = NewDepartmentBody, responses(
    (status = 201, body = DepartmentView), (status = 409, body = Problem), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<NewDepartmentBody>,
) -> ApiResult<Response> {
    access.need(Right::DepartmentsWrite)?;
    let members: Result<Vec<StaffId>, _> = body.members.iter().map(|member| member.parse()).collect();
    let members = members.map_err(|_| ApiError::invalid_field("members", "unknown", "no such staff member"))?;
    let new = NewDepartment {
        name: body.name,
        short_number: body.short_number,
        members,
    };
    let department = departments::create(&state.db, &access.author(&state), new).await?;
    changed(&state, access.account).await;
    let (location, version) = (format!("/api/v1/departments/{}", department.id), department.version);
    Ok(created(view(department), version, location))
}

/// Deletes a department; its members stay.
#[utoipa::path(delete, path = "/departments/{id}", tag = "departments", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = Problem),
))]
async fn delete(Extract(state): Extract<State>, access: Access, Id(id): Id<DepartmentId>) -> ApiResult<StatusCode> {
    access.need(Right::DepartmentsWrite)?;
    departments::delete(&state.db, &access.author(&state), id).await?;
    changed(&state, access.account).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn changed(state: &State, account: AccountId) {
    state.plan.changed(account, PlanSection::Staff).await;
    state.live.publish(account, "staff.changed", json!({}));
}

fn view(department: Department) -> DepartmentView {
    DepartmentView {
        id: department.id.to_string(),
        name: department.name,
        short_number: department.short_number,
        members: department.members.iter().map(StaffId::to_string).collect(),
    }
}
