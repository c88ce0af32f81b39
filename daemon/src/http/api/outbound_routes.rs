//! Outbound routes: by which lines calls go outside.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::routes::{self as store, Route, RoutePatch};
use frontdesk_routing::ids::{RouteId, TrunkId};
use frontdesk_routing::plan::routes::RouteFor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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
}

/// A route: which calls it is for, and the lines that are tried.
#[derive(Debug, Serialize, ToSchema)]
struct RouteView {
    id: String,
    name: String,
    /// What the numbers begin with, as in `+7495`; `+`: all numbers; `null`: the route is for emergency numbers.
    prefix: Option<String>,
    /// The route is for emergency numbers; the account's other lines are tried after its own.
    emergency: bool,
    /// The first one first. None: calls to such numbers are refused with 403.
    trunk_ids: Vec<String>,
    version: i64,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RouteBody {
    name: Option<String>,
    /// `+` and up to 15 digits that the numbers begin with; `+` alone: all numbers.
    prefix: Option<String>,
    /// For emergency numbers, and without a prefix; settled when the route is made.
    emergency: Option<bool>,
    /// Lines in the order in which they are tried.
    trunk_ids: Option<Vec<String>>,
}

/// The account's routes. Of those whose prefix a number has the longest counts; where none has, the lines' own prefixes do.
#[utoipa::path(get, path = "/outbound-routes", tag = "trunks", params(ListParams), responses(
    (status = 200, body = Listing<RouteView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<RouteView>>> {
    access.need(Right::TrunksRead)?;
    let list = store::page(&state.db, access.account, &params.page()?).await;
    let list = list.map_err(query_error)?;
    Ok(Json(Listing::part(list, RouteView::from)))
}

/// Adds a route.
#[utoipa::path(post, path = "/outbound-routes", tag = "trunks", request_body = RouteBody, responses(
    (status = 201, body = RouteView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem, description = "There is a route for these numbers"), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<RouteBody>) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    let route = store::create(&state.db, &access.author(&state), body.into()).await?;
    state.plan.changed(access.account, PlanSection::Routes).await;
    let (location, version) = (format!("/api/v1/outbound-routes/{}", route.plan.id), route.version);
    Ok(created(RouteView::from(route), version, location))
}

/// One route.
#[utoipa::path(get, path = "/outbound-routes/{id}", tag = "trunks", params(("id" = String, Path)), responses(
    (status = 200, body = RouteView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<RouteId>) -> ApiResult<Response> {
    access.need(Right::TrunksRead)?;
    let route = store::get(&state.db, access.account, id).await?;
    let version = route.version;
    Ok(versioned(RouteView::from(route), version))
}

/// Changes a route; the next call goes by it.
#[utoipa::path(patch, path = "/outbound-routes/{id}", tag = "trunks", request_body = RouteBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = RouteView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RouteId>,
    IfMatch(version): IfMatch,
    Body(body): Body<RouteBody>,
) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    let route = store::update(&state.db, &access.author(&state), id, body.into(), version).await?;
    state.plan.changed(access.account, PlanSection::Routes).await;
    let version = route.version;
    Ok(versioned(RouteView::from(route), version))
}

/// Deletes a route; calls in progress go on.
#[utoipa::path(delete, path = "/outbound-routes/{id}", tag = "trunks",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem), (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RouteId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::TrunksWrite)?;
    store::delete(&state.db, &access.author(&state), id, version).await?;
    state.plan.changed(access.account, PlanSection::Routes).await;
    Ok(StatusCode::NO_CONTENT)
}

impl From<RouteBody> for RoutePatch {
    fn from(body: RouteBody) -> RoutePatch {
        RoutePatch {
            name: body.name,
            prefix: body.prefix,
            emergency: body.emergency,
            trunks: body.trunk_ids,
        }
    }
}

impl From<Route> for RouteView {
    fn from(route: Route) -> RouteView {
        let plan = route.plan;
        RouteView {
            id: plan.id.to_string(),
            name: plan.name.into(),
            emergency: plan.calls == RouteFor::Emergency,
            prefix: match plan.calls {
                RouteFor::Prefix(digits) => Some(format!("+{digits}")),
                RouteFor::Emergency => None,
            },
            trunk_ids: plan.trunks.iter().map(TrunkId::to_string).collect(),
            version: route.version,
        }
    }
}
