//! Staff: the directory, access and short numbers.

mod body;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::projects::{self, WorkStatus};
use frontdesk_crm_core::reception::method_name;
use frontdesk_crm_core::staff::{
    self, CallerIdPatch, NewStaff, StaffMember, StaffOrder, StaffPatch, StaffQuery, WorkPlace,
};
use frontdesk_routing::ids::{AccountId, ProjectId, ScheduleId, StaffId};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::me::{next_token, session_cookie};
use super::{Direction, Listing, bad_query, created, named, page, query_error, roles, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right, Role};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::http::plan::PlanSection;
use crate::live::view::time;

use body::{DeleteParams, NewStaffBody, StaffPatchBody};
pub use body::{StaffParams, StaffView};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
}

/// The staff of the account, the deleted ones too. With a cursor nobody is passed over or told twice, whoever is added
/// between two pages.
#[utoipa::path(get, path = "/staff", tag = "staff", params(StaffParams), responses(
    (status = 200, body = Listing<StaffView>),
    (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<StaffParams>,
) -> ApiResult<Json<Listing<StaffView>>> {
    access.need(Right::StaffRead)?;
    found(&state, &access, params).await.map(Json)
}

/// The part of the list that is asked for; the caller has checked the right.
pub async fn found(state: &State, access: &Access, params: StaffParams) -> ApiResult<Listing<StaffView>> {
    let project = project(access, params.project.as_deref(), params.scope.as_deref())?;
    let query = StaffQuery {
        project,
        search: params.search,
        position: params.position,
        work_place: named("work_place", params.work_place.as_deref(), WorkPlace::named)?,
        supervisor: named("supervisor_id", params.supervisor_id.as_deref(), |id| id.parse().ok())?,
        live_only: params.deleted == Some(false),
        order: named("order", params.order.as_deref(), order)?.unwrap_or_default(),
        descending: params.direction.unwrap_or_default() == Direction::Desc,
    };
    if params.cursor.is_some() && params.offset.is_some() {
        return Err(bad_query("offset", "invalid", "either an offset or a cursor"));
    }
    let page = page(params.limit, params.offset, params.cursor)?;
    let list = staff::list(&state.db, access.account, &query, &page, state.clock.unix_ms())
        .await
        .map_err(query_error)?;
    let shown = project.unwrap_or(access.here.project);
    let receivers = projects::receivers(&state.db, access.account, shown).await?;
    let works = |member: &StaffMember| receivers.contains(&member.id);
    Ok(Listing {
        items: list
            .items
            .iter()
            .map(|member| view(state, member, works(member)))
            .collect(),
        total: Some(list.total),
        filtered: Some(list.filtered),
        next_cursor: list.next_cursor,
    })
}

/// `None`: people of all projects.
fn project(access: &Access, project: Option<&str>, scope: Option<&str>) -> ApiResult<Option<ProjectId>> {
    let all = named("scope", scope, |scope| (scope == "all").then_some(()))?.is_some();
    let project = named("project", project, |id| id.parse().ok())?;
    match (project, all) {
        (Some(_), true) => Err(bad_query("scope", "invalid", "either a project or all of them")),
        (None, true) => Ok(None),
        (project, false) => Ok(Some(project.unwrap_or(access.here.project))),
    }
}

/// One of them, as seen from the project that is looked at.
pub(super) async fn one(state: &State, access: &Access, member: &StaffMember) -> ApiResult<StaffView> {
    let receivers = projects::receivers(&state.db, access.account, access.here.project).await?;
    Ok(view(state, member, receivers.contains(&member.id)))
}

/// Id and name of everyone who works here.
pub async fn names(state: &State, access: &Access) -> ApiResult<Vec<(String, String)>> {
    let names = staff::names(&state.db, access.account).await?;
    Ok(names.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

fn order(name: &str) -> Option<StaffOrder> {
    match name {
        "name" => Some(StaffOrder::Name),
        "short_number" => Some(StaffOrder::ShortNumber),
        "position" => Some(StaffOrder::Position),
        "last_seen_at" => Some(StaffOrder::LastSeenAt),
        "created_at" => Some(StaffOrder::CreatedAt),
        _ => None,
    }
}

fn view(state: &State, member: &StaffMember, receives_here: bool) -> StaffView {
    let sip_status = match (&member.sip_user, state.live.online_since(member.id)) {
        (None, _) => "not_created",
        (Some(_), None) => "offline",
        (Some(_), Some(_)) => "online",
    };
    let works = member.deleted_at.is_none() && !member.access_ended;
    let login_times = member.role.is_some() || member.deleted_at.is_some();
    StaffView {
        id: member.id.to_string(),
        is_main: member.is_main,
        name: member.name(),
        surname: member.surname.clone(),
        given_name: member.given_name.clone(),
        patronymic: member.patronymic.clone(),
        phone: member.phone.clone(),
        email: member.email.clone(),
        position: member.position.clone(),
        work_place: member.work_place.name(),
        supervisor_id: member.supervisor.as_ref().map(StaffId::to_string),
        supervisor: member.supervisor_called.clone(),
        short_number: member.short_number.clone(),
        login: member.login.clone(),
        effective_login: member.effective_login(),
        role: member.role.map(|role| role.name().into_owned()),
        access_until: member.access_until.map(time),
        access_ended: member.access_ended,
        until_ms: member.access_until,
        system_status: member.system_status().name(),
        sip_status,
        sip_user: member.sip_user.clone(),
        photo_url: super::photo::url(member),
        has_photo: member.photo.is_some(),
        displayed_number: member.caller_id.displayed_number.clone(),
        emergency_number: member.caller_id.emergency_number.clone(),
        show_number_on_system_calls: member.caller_id.show_number_on_system_calls,
        hide_client_number: member.caller_id.hide_client_number,
        raise_card: member.caller_id.raise_card,
        receiving: member.receiving,
        reception_method: method_name(member.method),
        schedule_id: member.schedule.as_ref().map(ScheduleId::to_string),
        work_status: WorkStatus::of(member.receiving, receives_here && works).name(),
        last_login_at: member.last_login_at.filter(|_| login_times).map(time),
        last_seen_at: member.last_seen_at.filter(|_| login_times).map(time),
        seen_ms: member.last_seen_at.filter(|_| login_times),
        created_at: time(member.created_at),
        updated_at: time(member.updated_at),
        deleted_at: member.deleted_at.map(time),
        version: member.version,
    }
}

/// Adds a staff member.
#[utoipa::path(post, path = "/staff", tag = "staff", request_body = NewStaffBody, responses(
    (status = 201, body = StaffView, headers(("Location" = String), ("ETag" = String))),
    (status = 403, body = Problem), (status = 409, body = Problem, description = "The login or the short number is taken"),
    (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<NewStaffBody>) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    if let Some(role) = body.role.as_deref().filter(|role| !role.trim().is_empty()) {
        roles::may_give(&access, &[role])?;
    }
    if body
        .access_until
        .as_deref()
        .is_some_and(|until| !until.trim().is_empty())
    {
        access.need(Right::RolesWrite)?;
    }
    let new = NewStaff {
        surname: body.surname,
        given_name: body.given_name,
        patronymic: body.patronymic,
        phone: body.phone,
        email: body.email,
        position: body.position,
        work_place: body.work_place,
        supervisor: body.supervisor_id,
        short_number: body.short_number,
        login: body.login,
        password: body.password,
        role: body.role,
        further_roles: Vec::new(),
        access_until: body.access_until,
        caller_id: CallerIdPatch {
            displayed_number: body.displayed_number.map(Some),
            emergency_number: body.emergency_number.map(Some),
            show_number_on_system_calls: body.show_number_on_system_calls,
            hide_client_number: body.hide_client_number,
            raise_card: body.raise_card,
        },
        project: Some(access.here.project),
    };
    let member = staff::create(&state.db, &access.author(&state), new).await?;
    changed(&state, access.account, member.id).await;
    Ok(created(
        one(&state, &access, &member).await?,
        member.version,
        format!("/api/v1/staff/{}", member.id),
    ))
}

/// One staff member.
#[utoipa::path(get, path = "/staff/{id}", tag = "staff", params(("id" = String, Path)), responses(
    (status = 200, body = StaffView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    Ok(versioned(one(&state, &access, &member).await?, member.version))
}

/// Changes a staff member. Without a role, and from `access_until` on, there is no access; a new password ends the other
/// sessions, and the tokens too when it was given by somebody else; one's own gives this session a new cookie.
#[utoipa::path(patch, path = "/staff/{id}", tag = "staff", request_body = StaffPatchBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = StaffView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Body(body): Body<StaffPatchBody>,
) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    let member = own_only_if_main(&state, &access, id).await?;
    let role = member.role.map(|role| role.name().into_owned());
    if let Some(given) = body.role.as_ref().filter(|given| **given != role) {
        roles::may_give(&access, given.as_slice())?;
    }
    let until = member.access_until.map(time);
    if body.access_until.as_ref().is_some_and(|given| *given != until) {
        access.need(Right::RolesWrite)?;
        if id == access.staff && !member.is_main {
            return Err(ApiError::forbidden("nobody moves the end of their own access"));
        }
    }
    let own = body.password.is_some() && id == access.staff;
    let token = next_token(&state, &access).filter(|_| own);
    let patch = StaffPatch {
        surname: body.surname,
        given_name: body.given_name,
        patronymic: body.patronymic,
        phone: body.phone,
        email: body.email,
        position: body.position,
        work_place: body.work_place,
        supervisor: body.supervisor_id,
        short_number: body.short_number,
        login: body.login,
        password: body.password,
        token: token.clone(),
        role: body.role,
        further_roles: None,
        access_until: body.access_until,
        caller_id: CallerIdPatch {
            displayed_number: body.displayed_number,
            emergency_number: body.emergency_number,
            show_number_on_system_calls: body.show_number_on_system_calls,
            hide_client_number: body.hide_client_number,
            raise_card: body.raise_card,
        },
    };
    let member = staff::update(&state.db, &access.author(&state), id, patch, version).await?;
    changed(&state, access.account, id).await;
    let answer = versioned(one(&state, &access, &member).await?, member.version);
    let cookie = token.map(|token| [(SET_COOKIE, session_cookie(&state, &token))]);
    Ok(match cookie {
        Some(cookie) => (cookie, answer).into_response(),
        None => answer,
    })
}

/// Deletes a staff member: no more access and no more calls, but the record stays in lists and history. Whoever reported to
/// the person, reports to the successor from now on, or to nobody.
#[utoipa::path(delete, path = "/staff/{id}", tag = "staff",
    params(("id" = String, Path), DeleteParams, ("If-Match" = Option<String>, Header)),
    responses(
        (status = 204), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem, description = "The successor does not work here"),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Params(params): Params<DeleteParams>,
) -> ApiResult<StatusCode> {
    access.need(Right::StaffWrite)?;
    let successor = named("successor_id", params.successor_id.as_deref(), |id| id.parse().ok())?;
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    if !member.is_main {
        access.need_no_less_than(&access.duties.of(id, member.role))?;
    }
    staff::succeed(&state.db, &access.author(&state), (id, successor), version).await?;
    changed(&state, access.account, id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The main account's record is its own business, and whoever may do more is not in one's power.
pub(super) async fn own_only_if_main(state: &State, access: &Access, id: StaffId) -> ApiResult<StaffMember> {
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    if member.is_main && access.role != Role::Main {
        return Err(ApiError::forbidden("only the main account changes itself"));
    }
    access.need_no_less_than(&access.duties.of(id, member.role))?;
    Ok(member)
}

/// Calls and readers see the change before the request is answered.
pub(super) async fn changed(state: &State, account: AccountId, staff: StaffId) {
    state.plan.changed(account, PlanSection::Staff).await;
    state
        .live
        .publish(account, "staff.changed", json!({ "staff_id": staff.to_string() }));
}
