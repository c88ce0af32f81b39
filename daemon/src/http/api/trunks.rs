//! Trunks: provider lines.

mod body;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use frontdesk_crm_core::trunks::{self, Trunk};
use frontdesk_routing::ids::TrunkId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ListParams, Listing, created, query_error, sip, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::http::plan::PlanSection;
use body::{NewTrunkView, TrunkBody, TrunkView};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
}

/// The account's lines, in the order in which calls outside try them.
#[utoipa::path(get, path = "/trunks", tag = "trunks", params(ListParams), responses(
    (status = 200, body = Listing<TrunkView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<TrunkView>>> {
    access.need(Right::TrunksRead)?;
    let list = trunks::page(&state.db, access.account, &params.page()?).await;
    let list = list.map_err(query_error)?;
    Ok(Json(Listing::part(list, |trunk| view(&state, trunk))))
}

/// Adds a line.
#[utoipa::path(post, path = "/trunks", tag = "trunks", request_body = TrunkBody, responses(
    (status = 201, body = NewTrunkView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "Another line has the name or an address"), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    headers: HeaderMap,
    Body(body): Body<TrunkBody>,
) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    let registers = body.registers();
    let (trunk, data) = trunks::create(&state.db, &access.author(&state), body.into(), registers).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    let (location, version) = (format!("/api/v1/trunks/{}", trunk.plan.id), trunk.version);
    let new = NewTrunkView {
        trunk: view(&state, trunk),
        sip: data.map(|data| sip::view(&state, &headers, data)),
    };
    Ok(created(new, version, location))
}

/// One line, with how it does.
#[utoipa::path(get, path = "/trunks/{id}", tag = "trunks", params(("id" = String, Path)), responses(
    (status = 200, body = TrunkView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<TrunkId>) -> ApiResult<Response> {
    access.need(Right::TrunksRead)?;
    let trunk = trunks::get(&state.db, access.account, id).await?;
    let version = trunk.version;
    Ok(versioned(view(&state, trunk), version))
}

/// Changes a line; the next call goes by it.
#[utoipa::path(patch, path = "/trunks/{id}", tag = "trunks", request_body = TrunkBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = TrunkView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<TrunkId>,
    IfMatch(version): IfMatch,
    Body(body): Body<TrunkBody>,
) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    if body.registers_with_us.is_some() {
        let why = "settled when the line is made: make another one";
        return Err(ApiError::invalid_field("registers_with_us", "invalid", why));
    }
    let trunk = trunks::update(&state.db, &access.author(&state), id, body.into(), version).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    let version = trunk.version;
    Ok(versioned(view(&state, trunk), version))
}

/// Deletes a line; calls in progress go on.
#[utoipa::path(delete, path = "/trunks/{id}", tag = "trunks",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Connected numbers arrive by it"), (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<TrunkId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::TrunksWrite)?;
    trunks::delete(&state.db, &access.author(&state), id, version).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(StatusCode::NO_CONTENT)
}

fn view(state: &State, trunk: Trunk) -> TrunkView {
    let live = state.live.trunk(trunk.plan.id);
    body::view(trunk, live, &state.live.plan().numbers)
}
