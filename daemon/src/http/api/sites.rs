//! Sites: where the forms stand, who is rung first, how often visitors may ask.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::sites::{self, Receiver, Site, SitePatch};
use frontdesk_routing::ids::SiteId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, created, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, given};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
}

/// A site whose visitors ask to be called.
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteView {
    pub id: String,
    pub name: String,
    /// For `data-site` of the script `/widget.js`; everybody who sees the page sees it.
    pub key: String,
    /// Pages of these origins may send requests.
    pub origins: Vec<String>,
    /// What a visitor may order; none: in the visitor's own words.
    pub subjects: Vec<String>,
    /// Whoever is free in its line is rung first.
    pub department_id: Option<String>,
    /// Rung first.
    pub staff_id: Option<String>,
    /// In the place of the receiver's own hours.
    pub schedule_id: Option<String>,
    pub enabled: bool,
    /// Those who fill in the form are called too, not only those who want to be called back.
    pub forms_call: bool,
    /// E-mail addresses that are told of each request, beside those of its receivers who want that.
    pub letters_to: Vec<String>,
    /// Requests of one source in ten minutes.
    pub per_source: u32,
    /// Requests of all visitors in an hour.
    pub per_site: u32,
    #[schema(format = DateTime)]
    pub created_at: String,
    pub version: i64,
}

/// What is absent stays as it is. One receiver takes the place of the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SiteBody {
    /// Needed for a new one.
    name: Option<String>,
    /// As in `https://shop.example`; 1 to 20.
    origins: Option<Vec<String>>,
    /// 50 at most.
    subjects: Option<Vec<String>>,
    department_id: Option<String>,
    staff_id: Option<String>,
    #[serde(default, deserialize_with = "given")]
    schedule_id: Option<Option<String>>,
    enabled: Option<bool>,
    forms_call: Option<bool>,
    /// E-mail addresses, 10 at most.
    letters_to: Option<Vec<String>>,
    /// 1 to 1000; 5 when nothing is said.
    per_source: Option<u32>,
    /// 1 to 100000; 100 when nothing is said.
    per_site: Option<u32>,
}

impl From<SiteBody> for SitePatch {
    fn from(body: SiteBody) -> SitePatch {
        SitePatch {
            name: body.name,
            origins: body.origins,
            subjects: body.subjects,
            staff: body.staff_id,
            department: body.department_id,
            schedule: body.schedule_id,
            enabled: body.enabled,
            forms_call: body.forms_call,
            letters_to: body.letters_to,
            per_source: body.per_source,
            per_site: body.per_site,
        }
    }
}

/// The company's sites: all of them, 1000 at most.
#[utoipa::path(get, path = "/sites", tag = "sites", responses(
    (status = 200, body = Listing<SiteView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<SiteView>>> {
    access.need(Right::SettingsRead)?;
    let items: Vec<SiteView> = all(&state, &access).await?;
    Ok(Json(Listing::whole(items)))
}

/// By name; the caller has checked the right.
pub async fn all(state: &State, access: &Access) -> ApiResult<Vec<SiteView>> {
    let sites = sites::list(&state.db, access.account).await?;
    Ok(sites.into_iter().map(view).collect())
}

/// Adds a site.
#[utoipa::path(post, path = "/sites", tag = "sites", request_body = SiteBody, responses(
    (status = 201, body = SiteView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<SiteBody>) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let site = sites::create(&state.db, &access.author(&state), body.into()).await?;
    let (location, version) = (format!("/api/v1/sites/{}", site.id), site.version);
    Ok(created(view(site), version, location))
}

/// One site.
#[utoipa::path(get, path = "/sites/{id}", tag = "sites", params(("id" = String, Path)), responses(
    (status = 200, body = SiteView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<SiteId>) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let site = sites::get(&state.db, access.account, id).await?;
    let version = site.version;
    Ok(versioned(view(site), version))
}

/// Changes a site.
#[utoipa::path(patch, path = "/sites/{id}", tag = "sites", request_body = SiteBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = SiteView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<SiteId>,
    IfMatch(version): IfMatch,
    Body(body): Body<SiteBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let site = sites::update(&state.db, &access.author(&state), id, body.into(), version).await?;
    let version = site.version;
    Ok(versioned(view(site), version))
}

/// Deletes a site: its forms are answered 404. The requests that it has brought stay.
#[utoipa::path(delete, path = "/sites/{id}", tag = "sites",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<SiteId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    sites::delete(&state.db, &access.author(&state), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(site: Site) -> SiteView {
    let (staff_id, department_id) = match site.to {
        Receiver::Staff(staff) => (Some(staff.to_string()), None),
        Receiver::Department(department) => (None, Some(department.to_string())),
    };
    SiteView {
        id: site.id.to_string(),
        name: site.name,
        key: site.key,
        origins: site.origins,
        subjects: site.subjects,
        department_id,
        staff_id,
        schedule_id: site.schedule.map(|schedule| schedule.to_string()),
        enabled: site.enabled,
        forms_call: site.forms_call,
        letters_to: site.letters_to,
        per_source: site.per_source,
        per_site: site.per_site,
        created_at: time(site.created_at),
        version: site.version,
    }
}
