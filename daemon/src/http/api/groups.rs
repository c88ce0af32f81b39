//! Groups: people who have roles in common.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::access::{Right, Role};
use frontdesk_crm_core::groups::{self, Group, GroupPatch};
use frontdesk_routing::ids::{AccountId, GroupId, StaffId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::roles::may_give;
use super::{Listing, created, versioned};
use crate::http::State;
use crate::http::auth::Access;
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
}

/// A group.
#[derive(Debug, Serialize, ToSchema)]
struct GroupView {
    id: String,
    name: String,
    members: Vec<String>,
    /// What members may do beside their own roles. They give no access to who has no role of their own.
    roles: Vec<String>,
    version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewGroupBody {
    name: String,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GroupPatchBody {
    name: Option<String>,
    /// All members.
    members: Option<Vec<String>>,
    /// All roles.
    roles: Option<Vec<String>>,
}

/// The groups, by name: all of them, 500 at most.
#[utoipa::path(get, path = "/groups", tag = "roles", responses(
    (status = 200, body = Listing<GroupView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<GroupView>>> {
    access.need(Right::StaffRead)?;
    let groups = groups::list(&state.db, access.account).await?;
    Ok(Json(Listing::whole(groups.into_iter().map(view).collect())))
}

/// Adds a group. It can give no role that allows more than its author may do.
#[utoipa::path(post, path = "/groups", tag = "roles", request_body = NewGroupBody, responses(
    (status = 201, body = GroupView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "The name is taken"), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<NewGroupBody>) -> ApiResult<Response> {
    access.need(Right::RolesWrite)?;
    may_give(&access, &body.roles)?;
    let patch = GroupPatch {
        name: Some(body.name),
        members: Some(body.members),
        roles: Some(body.roles),
    };
    let group = groups::create(&state.db, &access.author(&state), patch).await?;
    changed(&state, access.account, group.id);
    let (location, version) = (format!("/api/v1/groups/{}", group.id), group.version);
    Ok(created(view(group), version, location))
}

/// One group.
#[utoipa::path(get, path = "/groups/{id}", tag = "roles", params(("id" = String, Path)), responses(
    (status = 200, body = GroupView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<GroupId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let group = groups::get(&state.db, access.account, id).await?;
    let version = group.version;
    Ok(versioned(view(group), version))
}

/// Changes a group: members may do what it says from their next request on, those who left no longer.
#[utoipa::path(patch, path = "/groups/{id}", tag = "roles", request_body = GroupPatchBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = GroupView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<GroupId>,
    IfMatch(version): IfMatch,
    Body(body): Body<GroupPatchBody>,
) -> ApiResult<Response> {
    access.need(Right::RolesWrite)?;
    let before = groups::get(&state.db, access.account, id).await?;
    may_change(&access, &before)?;
    may_give(&access, body.roles.as_deref().unwrap_or_default())?;
    let patch = GroupPatch {
        name: body.name,
        members: body.members,
        roles: body.roles,
    };
    let group = groups::update(&state.db, &access.author(&state), id, patch, version).await?;
    changed(&state, access.account, id);
    let version = group.version;
    Ok(versioned(view(group), version))
}

/// Deletes a group: its members stay, without what it gave them.
#[utoipa::path(delete, path = "/groups/{id}", tag = "roles",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<GroupId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::RolesWrite)?;
    may_change(&access, &groups::get(&state.db, access.account, id).await?)?;
    groups::delete(&state.db, &access.author(&state), id, version).await?;
    changed(&state, access.account, id);
    Ok(StatusCode::NO_CONTENT)
}

/// Who is in a group that allows more than one may do is not one's to say.
fn may_change(access: &Access, group: &Group) -> ApiResult<()> {
    for role in &group.roles {
        access.need_no_less_than(&access.duties.allowed(*role))?;
    }
    Ok(())
}

/// Members read anew what they may do.
fn changed(state: &State, account: AccountId, group: GroupId) {
    let told = json!({ "group_id": group.to_string() });
    state.live.publish(account, "group.changed", told);
}

fn view(group: Group) -> GroupView {
    GroupView {
        id: group.id.to_string(),
        name: group.name,
        members: group.members.iter().map(StaffId::to_string).collect(),
        roles: group.roles.iter().map(|role: &Role| role.name().into_owned()).collect(),
        version: group.version,
    }
}
