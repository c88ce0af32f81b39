//! Roles: those that are built in, the account's own, and who has which.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::access::{Reach, Right, Rights, Role, built_in};
use frontdesk_crm_core::groups;
use frontdesk_crm_core::roles::{self, Grant, OwnRole, RolePatch};
use frontdesk_crm_core::staff::{self, StaffMember, StaffPatch};
use frontdesk_routing::ids::{AccountId, StaffId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::staff::{changed as staff_changed, own_only_if_main};
use super::{Listing, created, versioned};
use crate::http::State;
use crate::http::auth::Access;
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(read_of, set_of))
}

/// A right and on whose things it may be used.
#[derive(Debug, Serialize, ToSchema)]
struct GrantView {
    /// As scopes of a token are called.
    right: &'static str,
    /// `own`, `department`, `project` or `any`; each holds those before it.
    reach: &'static str,
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
struct RoleView {
    /// Of one that is built in its name.
    id: String,
    name: String,
    /// The same in all accounts: it can be neither changed nor deleted.
    built_in: bool,
    rights: Vec<GrantView>,
    version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantBody {
    right: String,
    /// `own`, `department`, `project` or `any`, which it is when absent.
    reach: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRoleBody {
    name: String,
    #[serde(default)]
    rights: Vec<GrantBody>,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RolePatchBody {
    name: Option<String>,
    rights: Option<Vec<GrantBody>>,
}

/// Somebody's roles and what they may do by them.
#[derive(Debug, Serialize, ToSchema)]
struct DutiesView {
    /// The first one gives access; none is no access.
    roles: Vec<String>,
    groups: Vec<GroupDuty>,
    /// All of them together: of two reaches the wider one.
    rights: Vec<GrantView>,
    /// The person's.
    version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct GroupDuty {
    group_id: String,
    name: String,
    roles: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DutiesBody {
    /// All that the person has by themselves; an empty list takes access away.
    roles: Vec<String>,
}

/// All roles that there are: first those that are built in, then the company's own, 200 at most.
#[utoipa::path(get, path = "/roles", tag = "roles", responses(
    (status = 200, body = Listing<RoleView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<RoleView>>> {
    access.need(Right::StaffRead)?;
    let own = roles::list(&state.db, access.account).await?;
    let built_in = Role::ALL.iter().copied().map(built_in_view);
    let items: Vec<RoleView> = built_in.chain(own.into_iter().map(view)).collect();
    Ok(Json(Listing::whole(items)))
}

/// Adds a role. It can hold no right that its author does not have.
#[utoipa::path(post, path = "/roles", tag = "roles", request_body = NewRoleBody, responses(
    (status = 201, body = RoleView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "The name is taken"), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<NewRoleBody>) -> ApiResult<Response> {
    access.need(Right::RolesWrite)?;
    let rights: Vec<Grant> = body.rights.into_iter().map(grant).collect();
    access.need_no_less_than(&asked(&rights))?;
    let patch = RolePatch {
        name: Some(body.name),
        rights: Some(rights),
    };
    let role = roles::create(&state.db, &access.author(&state), patch).await?;
    changed(&state, access.account, &role);
    let (location, version) = (format!("/api/v1/roles/{}", role.id), role.version);
    Ok(created(view(role), version, location))
}

/// One role.
#[utoipa::path(get, path = "/roles/{id}", tag = "roles", params(("id" = String, Path)), responses(
    (status = 200, body = RoleView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(role): Id<Role>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let view = match role.own() {
        Some(own) => view(roles::get(&state.db, access.account, own).await?),
        None => built_in_view(role),
    };
    let version = view.version;
    Ok(versioned(view, version))
}

/// Changes a role of the account's own: whoever has it may do what it says from their next request on.
#[utoipa::path(patch, path = "/roles/{id}", tag = "roles", request_body = RolePatchBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = RoleView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem, description = "A field is wrong, or the role is built in"),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(role): Id<Role>,
    IfMatch(version): IfMatch,
    Body(body): Body<RolePatchBody>,
) -> ApiResult<Response> {
    access.need(Right::RolesWrite)?;
    let own = role.own().ok_or_else(fixed)?;
    access.need_no_less_than(&roles::get(&state.db, access.account, own).await?.rights)?;
    let rights: Option<Vec<Grant>> = body.rights.map(|rights| rights.into_iter().map(grant).collect());
    access.need_no_less_than(&asked(rights.as_deref().unwrap_or_default()))?;
    let patch = RolePatch {
        name: body.name,
        rights,
    };
    let role = roles::update(&state.db, &access.author(&state), own, patch, version).await?;
    changed(&state, access.account, &role);
    let version = role.version;
    Ok(versioned(view(role), version))
}

/// Deletes a role that nobody and no group has.
#[utoipa::path(delete, path = "/roles/{id}", tag = "roles",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "Somebody has it"),
        (status = 412, body = Problem), (status = 422, body = Problem, description = "The role is built in")))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(role): Id<Role>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::RolesWrite)?;
    let own = role.own().ok_or_else(fixed)?;
    let role = roles::get(&state.db, access.account, own).await?;
    access.need_no_less_than(&role.rights)?;
    roles::delete(&state.db, &access.author(&state), own, version).await?;
    changed(&state, access.account, &role);
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody's roles, their own and by groups, and all that they may do.
#[utoipa::path(get, path = "/staff/{id}/roles", tag = "roles", params(("id" = String, Path)), responses(
    (status = 200, body = DutiesView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read_of(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    duties(&state, &access, member).await
}

/// Says anew which roles somebody has. Nobody gives a role that allows more than they may do themselves.
#[utoipa::path(put, path = "/staff/{id}/roles", tag = "roles", request_body = DutiesBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = DutiesView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set_of(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Body(body): Body<DutiesBody>,
) -> ApiResult<Response> {
    access.need(Right::RolesWrite)?;
    own_only_if_main(&state, &access, id).await?;
    may_give(&access, &body.roles)?;
    let mut roles = body.roles.into_iter();
    let patch = StaffPatch {
        role: Some(roles.next()),
        further_roles: Some(roles.collect()),
        ..StaffPatch::default()
    };
    let member = staff::update(&state.db, &access.author(&state), id, patch, version).await?;
    staff_changed(&state, access.account, id).await;
    duties(&state, &access, member).await
}

/// What the roles allow, as far as they are known, must be allowed to who gives them.
pub(super) fn may_give(access: &Access, roles: &[impl AsRef<str>]) -> ApiResult<()> {
    access.need(Right::RolesWrite)?;
    let known = roles.iter().filter_map(|role| Role::named(role.as_ref().trim()));
    for role in known.filter(|role| *role != Role::Main) {
        access.need_no_less_than(&access.duties.allowed(role))?;
    }
    Ok(())
}

async fn duties(state: &State, access: &Access, member: StaffMember) -> ApiResult<Response> {
    let now = roles::load(&state.db, access.account).await?;
    let groups = groups::of(&state.db, access.account, member.id).await?;
    let word = |role: &Role| role.name().into_owned();
    let first = member.role.iter();
    let view = DutiesView {
        roles: first.chain(now.beside(member.id)).map(word).collect(),
        groups: groups
            .into_iter()
            .map(|group| GroupDuty {
                group_id: group.id.to_string(),
                name: group.name,
                roles: group.roles.iter().map(word).collect(),
            })
            .collect(),
        rights: grants(&now.of(member.id, member.role)),
        version: member.version,
    };
    Ok(versioned(view, member.version))
}

fn fixed() -> ApiError {
    ApiError::refused(
        "built_in",
        "a role that is built in stays as it is: make one of your own",
    )
}

/// The rights that are asked for, as far as they are known.
fn asked(grants: &[Grant]) -> Rights {
    let known = grants.iter().filter_map(|grant| {
        let reach = grant.reach.as_deref().map_or(Some(Reach::Any), Reach::named)?;
        Some((Right::named(&grant.right)?, reach))
    });
    known.collect()
}

fn grant(body: GrantBody) -> Grant {
    Grant {
        right: body.right,
        reach: body.reach,
    }
}

fn grants(rights: &Rights) -> Vec<GrantView> {
    let view = |(right, reach): (Right, Reach)| GrantView {
        right: right.name(),
        reach: reach.name(),
    };
    rights.iter().map(view).collect()
}

/// Whoever has it reads anew what they may do.
fn changed(state: &State, account: AccountId, role: &OwnRole) {
    let told = json!({ "role_id": role.id.to_string() });
    state.live.publish(account, "role.changed", told);
}

fn built_in_view(role: Role) -> RoleView {
    RoleView {
        id: role.name().into_owned(),
        name: role.name().into_owned(),
        built_in: true,
        rights: grants(&built_in(role)),
        version: 1,
    }
}

fn view(role: OwnRole) -> RoleView {
    RoleView {
        id: role.id.to_string(),
        name: role.name,
        built_in: false,
        rights: grants(&role.rights),
        version: role.version,
    }
}
