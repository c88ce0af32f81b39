//! What visitors of the company's sites have asked for.

use axum::Json;
use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::requests::{self, Request, RequestId, RequestQuery, State as Stage};
use frontdesk_routing::masking::{Party, Viewer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, named, page, query_error, versioned};
use crate::callbacks::tell_of;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read, update))
}

/// What a visitor has asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestView {
    pub id: String,
    pub site_id: String,
    pub site_name: String,
    /// `callback` or `form`.
    pub kind: &'static str,
    /// `new`, `called` (somebody has talked to the visitor), `missed` (the calls came to nothing) or `done`.
    pub state: &'static str,
    /// E.164.
    pub number: String,
    pub name: String,
    /// What is ordered.
    pub subject: String,
    pub comment: String,
    /// The page that it was sent from.
    pub page: String,
    pub client_id: Option<String>,
    /// When the visitor is to be called.
    #[schema(format = DateTime)]
    pub wanted_at: Option<String>,
    /// When the next call begins by itself.
    #[schema(format = DateTime)]
    pub next_call_at: Option<String>,
    /// Calls that have begun by themselves.
    pub attempts: u32,
    /// The newest call.
    pub call_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub version: i64,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestParams {
    /// `new`, `called`, `missed` or `done`.
    pub state: Option<String>,
    pub site_id: Option<String>,
    pub client_id: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RequestBody {
    /// `done`, or `new` again. No call begins by itself after either.
    state: String,
}

/// Requests of visitors, newest first.
#[utoipa::path(get, path = "/requests", tag = "sites", params(RequestParams), responses(
    (status = 200, body = Listing<RequestView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<RequestParams>,
) -> ApiResult<Json<Listing<RequestView>>> {
    found(&state, &access, params).await.map(Json)
}

/// The part of the list that is asked for, of the clients on whom the right reaches.
pub async fn found(state: &State, access: &Access, params: RequestParams) -> ApiResult<Listing<RequestView>> {
    let within = access.within(Right::ClientsRead)?;
    let query = RequestQuery {
        state: named("state", params.state.as_deref(), Stage::named)?,
        site: named("site_id", params.site_id.as_deref(), |text| text.parse().ok())?,
        client: named("client_id", params.client_id.as_deref(), |text| text.parse().ok())?,
    };
    let page = page(params.limit, None, params.cursor)?;
    let list = requests::list(&state.db, within, &query, &page).await;
    let list = list.map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    Ok(Listing {
        items: list.items.into_iter().map(|request| view(request, viewer)).collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    })
}

/// One request.
#[utoipa::path(get, path = "/requests/{id}", tag = "sites", params(("id" = String, Path)), responses(
    (status = 200, body = RequestView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<RequestId>) -> ApiResult<Response> {
    let request = requests::get(&state.db, access.within(Right::ClientsRead)?, id).await?;
    let version = request.version;
    let plan = state.live.plan();
    Ok(versioned(view(request, access.viewer(&plan)), version))
}

/// Says that nothing is left to do, or that something is.
#[utoipa::path(patch, path = "/requests/{id}", tag = "sites", request_body = RequestBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = RequestView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RequestId>,
    IfMatch(version): IfMatch,
    Body(body): Body<RequestBody>,
) -> ApiResult<Response> {
    let within = access.within(Right::ClientsWrite)?;
    let stage = Stage::named(&body.state).filter(|stage| matches!(stage, Stage::New | Stage::Done));
    let stage = stage.ok_or_else(|| ApiError::invalid_field("state", "invalid", "`done` or `new`"))?;
    let request = requests::set_state(&state.db, &access.author(&state), (within, id), stage, version).await?;
    let data = json!({ "request_id": id.to_string() });
    tell_of(&state.live, &state.db, (access.account, id), ("request.changed", data)).await;
    let version = request.version;
    let plan = state.live.plan();
    Ok(versioned(view(request, access.viewer(&plan)), version))
}

pub(super) fn view(request: Request, viewer: Viewer<'_>) -> RequestView {
    let number = request.number.reveal();
    let (name, number) = match request.client {
        Some(client) => {
            let (name, number) = viewer.client(client, &request.name, &number);
            (name, Some(number))
        }
        None => {
            let party = Party {
                number: Some(&number).filter(|_| !request.name.is_empty()).map(String::as_str),
                name: Some(&request.name),
                ..Party::default()
            };
            let (name, number) = viewer.party(party);
            (name.unwrap_or_default(), number)
        }
    };
    RequestView {
        id: request.id.to_string(),
        site_id: request.site.to_string(),
        site_name: request.site_name,
        kind: request.kind.name(),
        state: request.state.name(),
        number: number.map(|number| number.to_string()).unwrap_or_default(),
        name,
        subject: viewer.text(&request.subject),
        comment: viewer.text(&request.comment),
        page: viewer.text(&request.page),
        client_id: request.client.map(|client| client.to_string()),
        wanted_at: request.wanted_at.map(time),
        next_call_at: request.next_at.map(time),
        attempts: request.attempts,
        call_id: request.call.map(|call| call.to_string()),
        created_at: time(request.created_at),
        updated_at: time(request.updated_at),
        version: request.version,
    }
}
