//! Projects: parts of the company, who works in which, and which one a login looks at.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::access::Section;
use frontdesk_crm_core::projects::{self, Here, NewPart, Part, Project, ProjectPatch, WorkStatus};
use frontdesk_crm_core::reception;
use frontdesk_routing::ids::{AccountId, ProjectId, StaffId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, created, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right, Role};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};
use crate::http::plan::PlanSection;
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, archive))
        .routes(routes!(read_parts, set_parts))
        .routes(routes!(choose))
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
struct ProjectView {
    id: String,
    name: String,
    /// The one that each company has from the beginning; it stays.
    is_first: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    archived_at: Option<String>,
    version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProjectBody {
    name: String,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProjectPatchBody {
    name: Option<String>,
    /// `true` as by `DELETE`; `false` brings it back.
    archived: Option<bool>,
}

/// What a person does in a project.
#[derive(Debug, Serialize, ToSchema)]
struct PartView {
    project_id: String,
    name: String,
    receives_calls: bool,
    receives_leads: bool,
    receives_deals: bool,
    /// Which of `clients`, `calls` and `recordings` may be opened here; `null`: all that the role allows.
    sections: Option<Vec<&'static str>>,
    /// `working`, or `not_working` while the person or the project's reception is switched off.
    work_status: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct PartsView {
    projects: Vec<PartView>,
    /// The person's.
    version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartBody {
    project_id: String,
    #[serde(default)]
    receives_calls: bool,
    #[serde(default)]
    receives_leads: bool,
    #[serde(default)]
    receives_deals: bool,
    sections: Option<Vec<String>>,
}

/// All projects in which the person works.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartsBody {
    projects: Vec<PartBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChoiceBody {
    project_id: String,
}

/// The project that this login looks at.
#[derive(Debug, Serialize, ToSchema)]
pub struct HereView {
    pub project_id: String,
    /// Which of `clients`, `calls` and `recordings` may be opened here; `null`: all that the role allows.
    pub sections: Option<Vec<&'static str>>,
}

pub fn here(here: &Here) -> HereView {
    let sections = here.sections.as_ref();
    HereView {
        project_id: here.project.to_string(),
        sections: sections.map(|sections| sections.iter().map(|section| section.name()).collect()),
    }
}

/// The projects that one may look at, 500 at most; whoever may read settings sees all, the archived ones too.
#[utoipa::path(get, path = "/projects", tag = "projects", responses(
    (status = 200, body = Listing<ProjectView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<ProjectView>>> {
    access.need(Right::StaffRead)?;
    let mut projects = projects::list(&state.db, access.account).await?;
    if !access.may(Right::SettingsRead) {
        let (own, _) = projects::parts(&state.db, access.account, access.staff).await?;
        projects.retain(|project| own.iter().any(|part| part.project == project.id));
    }
    Ok(Json(Listing::whole(
        projects
            .into_iter()
            .map(|project| view(access.account, project))
            .collect(),
    )))
}

/// Adds a project; nobody works there yet.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProjectBody, responses(
    (status = 201, body = ProjectView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "The name is taken"), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<NewProjectBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let project = projects::create(&state.db, &access.author(&state), &body.name).await?;
    changed(&state, access.account, project.id).await;
    let (location, version) = (format!("/api/v1/projects/{}", project.id), project.version);
    Ok(created(view(access.account, project), version, location))
}

/// One project.
#[utoipa::path(get, path = "/projects/{id}", tag = "projects", params(("id" = String, Path)), responses(
    (status = 200, body = ProjectView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<ProjectId>) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let project = projects::get(&state.db, access.account, id).await?;
    let version = project.version;
    Ok(versioned(view(access.account, project), version))
}

/// Renames a project, archives it or brings it back.
#[utoipa::path(patch, path = "/projects/{id}", tag = "projects", request_body = ProjectPatchBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = ProjectView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ProjectId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ProjectPatchBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let patch = ProjectPatch {
        name: body.name,
        archived: body.archived,
    };
    let project = projects::update(&state.db, &access.author(&state), id, patch, version).await?;
    changed(&state, access.account, id).await;
    let version = project.version;
    Ok(versioned(view(access.account, project), version))
}

/// Archives a project: it leaves the lists, its record stays.
#[utoipa::path(delete, path = "/projects/{id}", tag = "projects",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The first project, or one that numbers or departments belong to"),
        (status = 412, body = Problem)))]
async fn archive(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ProjectId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    projects::archive(&state.db, &access.author(&state), id, version).await?;
    changed(&state, access.account, id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// In which projects a person works and what they take there.
#[utoipa::path(get, path = "/staff/{id}/projects", tag = "staff", params(("id" = String, Path)), responses(
    (status = 200, body = PartsView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read_parts(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let parts = projects::parts(&state.db, access.account, id).await?;
    parts_view(&state, access.account, id, parts).await
}

/// Says anew in which projects a person works, what they take there and which sections they may open; the next call goes
/// by it.
#[utoipa::path(put, path = "/staff/{id}/projects", tag = "staff", request_body = PartsBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = PartsView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set_parts(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Body(body): Body<PartsBody>,
) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    super::staff::own_only_if_main(&state, &access, id).await?;
    let new = body.projects.into_iter().map(|part| NewPart {
        project: part.project_id,
        receives_calls: part.receives_calls,
        receives_leads: part.receives_leads,
        receives_deals: part.receives_deals,
        sections: part.sections,
    });
    let parts = projects::set_parts(&state.db, &access.author(&state), id, new.collect(), version).await?;
    super::reception::told(&state, access.account, id).await?;
    parts_view(&state, access.account, id, parts).await
}

/// Lets this login look at another project.
#[utoipa::path(put, path = "/me/project", tag = "login", request_body = ChoiceBody, responses(
    (status = 200, body = HereView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn choose(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<ChoiceBody>,
) -> ApiResult<Json<HereView>> {
    let login = access.need_session()?;
    let project: ProjectId = body.project_id.parse().map_err(|_| ApiError::not_found())?;
    let main = access.role == Role::Main;
    let who = (access.account, access.staff);
    projects::choose(&state.db, who, (login, project), main).await?;
    let moved = projects::here(&state.db, who, Some(login), main).await?;
    Ok(Json(here(&moved)))
}

async fn parts_view(
    state: &State,
    account: AccountId,
    staff: StaffId,
    (parts, version): (Vec<Part>, i64),
) -> ApiResult<Response> {
    let person = reception::person(&state.db, account, staff).await?;
    let projects = parts.iter().map(|part| PartView {
        project_id: part.project.to_string(),
        name: part.name.clone(),
        receives_calls: part.receives_calls,
        receives_leads: part.receives_leads,
        receives_deals: part.receives_deals,
        sections: part
            .sections
            .as_ref()
            .map(|sections| sections.iter().copied().map(Section::name).collect()),
        work_status: WorkStatus::of(person.receiving, part.receives()).name(),
    });
    let view = PartsView {
        projects: projects.collect(),
        version,
    };
    Ok(versioned(view, version))
}

async fn changed(state: &State, account: AccountId, project: ProjectId) {
    state.plan.changed(account, PlanSection::Reception).await;
    let told = json!({ "project_id": project.to_string() });
    state.live.publish(account, "project.changed", told);
}

fn view(account: AccountId, project: Project) -> ProjectView {
    ProjectView {
        id: project.id.to_string(),
        name: project.name,
        is_first: project.id == projects::first_of(account),
        created_at: time(project.created_at),
        archived_at: project.archived_at.map(time),
        version: project.version,
    }
}
