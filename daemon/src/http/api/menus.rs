//! Menus: what callers are asked, and where each key leads.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::destinations::DestinationPatch;
use frontdesk_crm_core::menus::{self, Menu, MenuPatch};
use frontdesk_routing::ids::{AccountId, MenuId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::destinations::{DestinationBody, DestinationView};
use super::{Listing, created, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, given};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, remove))
}

/// A menu.
#[derive(Debug, Serialize, ToSchema)]
struct MenuView {
    id: String,
    name: String,
    /// What colleagues dial to reach it, and callers who may dial short numbers.
    short_number: Option<String>,
    /// What is said.
    prompt_id: String,
    /// Where each key leads: 0 to 9, `*` and `#`; `null`: the call is ended.
    #[schema(value_type = BTreeMap<String, DestinationView>)]
    keys: BTreeMap<String, Option<DestinationView>>,
    /// Milliseconds after the prompt in which a key is waited for.
    timeout_ms: u32,
    /// Milliseconds in which another digit of a short number is waited for.
    between_ms: u32,
    /// How often the prompt is said again.
    retries: u8,
    /// Callers may dial short numbers of people, departments and menus.
    dials_short: bool,
    /// Where a caller goes who has pressed nothing; `null`: the call is ended.
    on_timeout: Option<DestinationView>,
    /// The same of one whose keys lead nowhere.
    on_invalid: Option<DestinationView>,
    version: i64,
}

/// What is absent stays as it is; a new menu needs a name and a prompt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MenuBody {
    name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    short_number: Option<Option<String>>,
    prompt_id: Option<String>,
    /// All of them.
    #[schema(value_type = Option<BTreeMap<String, DestinationBody>>)]
    keys: Option<BTreeMap<String, Option<DestinationBody>>>,
    timeout_ms: Option<u32>,
    between_ms: Option<u32>,
    retries: Option<u32>,
    dials_short: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    on_timeout: Option<Option<DestinationBody>>,
    #[serde(default, deserialize_with = "given")]
    on_invalid: Option<Option<DestinationBody>>,
}

impl From<MenuBody> for MenuPatch {
    fn from(body: MenuBody) -> MenuPatch {
        let target = |to: Option<DestinationBody>| to.map(DestinationPatch::from);
        MenuPatch {
            name: body.name,
            short_number: body.short_number,
            prompt: body.prompt_id,
            timeout_ms: body.timeout_ms,
            between_ms: body.between_ms,
            retries: body.retries,
            dials_short: body.dials_short,
            keys: body
                .keys
                .map(|keys| keys.into_iter().map(|(key, to)| (key, target(to))).collect()),
            on_timeout: body.on_timeout.map(target),
            on_invalid: body.on_invalid.map(target),
        }
    }
}

/// All menus, by name: 200 at most.
#[utoipa::path(get, path = "/menus", tag = "menus", responses(
    (status = 200, body = Listing<MenuView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<MenuView>>> {
    access.need(Right::DepartmentsRead)?;
    let all = menus::list(&state.db, access.account).await?;
    Ok(Json(Listing::whole(all.into_iter().map(view).collect())))
}

/// Adds a menu; a number, a department's overflow or a key of another menu sends calls to it.
#[utoipa::path(post, path = "/menus", tag = "menus", request_body = MenuBody, responses(
    (status = 201, body = MenuView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "The short number is taken"), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<MenuBody>) -> ApiResult<Response> {
    access.need(Right::DepartmentsWrite)?;
    let menu = menus::create(&state.db, &access.author(&state), body.into()).await?;
    changed(&state, access.account).await;
    let (location, version) = (format!("/api/v1/menus/{}", menu.plan.id), menu.version);
    Ok(created(view(menu), version, location))
}

/// One menu.
#[utoipa::path(get, path = "/menus/{id}", tag = "menus", params(("id" = String, Path)), responses(
    (status = 200, body = MenuView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<MenuId>) -> ApiResult<Response> {
    access.need(Right::DepartmentsRead)?;
    let menu = menus::get(&state.db, access.account, id).await?;
    let version = menu.version;
    Ok(versioned(view(menu), version))
}

/// Changes a menu; callers who are in it hear it as it was.
#[utoipa::path(patch, path = "/menus/{id}", tag = "menus", request_body = MenuBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = MenuView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<MenuId>,
    IfMatch(version): IfMatch,
    Body(body): Body<MenuBody>,
) -> ApiResult<Response> {
    access.need(Right::DepartmentsWrite)?;
    let menu = menus::update(&state.db, &access.author(&state), id, body.into(), version).await?;
    changed(&state, access.account).await;
    let version = menu.version;
    Ok(versioned(view(menu), version))
}

/// Deletes a menu to which no calls are sent.
#[utoipa::path(delete, path = "/menus/{id}", tag = "menus",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "A number, a department or another menu sends calls to it"),
        (status = 412, body = Problem),
    ))]
async fn remove(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<MenuId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::DepartmentsWrite)?;
    menus::delete(&state.db, &access.author(&state), id, version).await?;
    changed(&state, access.account).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn changed(state: &State, account: AccountId) {
    state.plan.changed(account, PlanSection::Staff).await;
    state.live.publish(account, "menu.changed", json!({}));
}

fn view(menu: Menu) -> MenuView {
    let plan = menu.plan;
    let keys = plan.keys.iter();
    MenuView {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        short_number: plan.short_number.map(|short| short.to_string()),
        prompt_id: plan.prompt.to_string(),
        keys: keys
            .map(|(key, to)| (key.to_string(), to.map(DestinationView::from)))
            .collect(),
        timeout_ms: plan.timeout_ms,
        between_ms: plan.between_ms,
        retries: plan.retries,
        dials_short: plan.dials_short,
        on_timeout: plan.on_timeout.map(DestinationView::from),
        on_invalid: plan.on_invalid.map(DestinationView::from),
        version: menu.version,
    }
}
