//! Clients: the address book by which callers are named.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::audit;
use frontdesk_crm_core::clients::{self, Client, ClientOrder, ClientPatch, ClientQuery, NewClient};
use frontdesk_crm_core::store::{FieldError, StoreError};
use frontdesk_routing::ids::{AccountId, ClientId};
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::parties_of;
use super::{Direction, Listing, created, named, page, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params, given};
use crate::http::plan::PlanSection;
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(reveal))
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    pub id: String,
    /// E.164.
    pub number: String,
    pub name: String,
    pub company: Option<String>,
    pub position: Option<String>,
    pub manager_id: Option<String>,
    pub vip: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub version: i64,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClientParams {
    /// Part of the name, the number, the company or the position.
    pub search: Option<String>,
    pub vip: Option<bool>,
    pub manager_id: Option<String>,
    /// `name`, `company`, `number` or `created_at`.
    pub order: Option<String>,
    pub direction: Option<Direction>,
    /// 1 to 500.
    pub limit: Option<u32>,
    pub offset: Option<u32>,
}

/// A new client; name and number are needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClientBody {
    /// Any usual form; kept as E.164.
    number: Option<String>,
    /// Instead of the number: a call with the client, whose number it is.
    call_id: Option<String>,
    name: Option<String>,
    company: Option<String>,
    position: Option<String>,
    manager_id: Option<String>,
    #[serde(default)]
    vip: bool,
}

/// What is to change; an absent field stays, `null` empties it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientPatchBody {
    #[serde(default, deserialize_with = "given")]
    number: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    company: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    position: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    manager_id: Option<Option<String>>,
    vip: Option<bool>,
}

/// The account's clients.
#[utoipa::path(get, path = "/clients", tag = "clients", params(ClientParams), responses(
    (status = 200, body = Listing<ClientView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ClientParams>,
) -> ApiResult<Json<Listing<ClientView>>> {
    access.need(Right::ClientsRead)?;
    found(&state, &access, params).await.map(Json)
}

/// The part of the list that is asked for; the caller has checked the right.
pub async fn found(state: &State, access: &Access, params: ClientParams) -> ApiResult<Listing<ClientView>> {
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    if viewer.is_masked() && params.order.as_deref() == Some("number") {
        return Err(ApiError::forbidden("clients' numbers are hidden from you"));
    }
    // Whoever guesses digits of hidden numbers finds nothing.
    let guesses = |search: &String| search.contains(|c: char| c.is_ascii_digit());
    if viewer.is_masked() && params.search.as_ref().is_some_and(guesses) {
        return Ok(Listing {
            items: Vec::new(),
            total: None,
            filtered: Some(0),
            next_cursor: None,
        });
    }
    let query = ClientQuery {
        search: params.search,
        vip: params.vip,
        manager: named("manager_id", params.manager_id.as_deref(), |text| text.parse().ok())?,
        order: named("order", params.order.as_deref(), order)?.unwrap_or_default(),
        descending: params.direction.unwrap_or_default() == Direction::Desc,
    };
    let page = page(params.limit, params.offset, None)?;
    let list = clients::list(&state.db, access.account, &query, &page).await?;
    Ok(Listing {
        items: list.items.into_iter().map(|client| view(client, viewer)).collect(),
        total: Some(list.total),
        filtered: Some(list.filtered),
        next_cursor: None,
    })
}

fn order(name: &str) -> Option<ClientOrder> {
    match name {
        "name" => Some(ClientOrder::Name),
        "company" => Some(ClientOrder::Company),
        "number" => Some(ClientOrder::Number),
        "created_at" => Some(ClientOrder::CreatedAt),
        _ => None,
    }
}

fn view(client: Client, viewer: Viewer<'_>) -> ClientView {
    let (name, number) = viewer.client(client.id, &client.name, &client.number);
    ClientView {
        id: client.id.to_string(),
        number: number.to_string(),
        name,
        company: client.company.map(|company| viewer.text(&company)),
        position: client.position.map(|position| viewer.text(&position)),
        manager_id: client.manager.map(|manager| manager.to_string()),
        vip: client.vip,
        created_at: time(client.created_at),
        updated_at: time(client.updated_at),
        version: client.version,
    }
}

/// Adds a client.
#[utoipa::path(post, path = "/clients", tag = "clients", request_body = NewClientBody, responses(
    (status = 201, body = ClientView, headers(("Location" = String), ("ETag" = String))),
    (status = 409, body = Problem, description = "Another client has the number"), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<NewClientBody>,
) -> ApiResult<Response> {
    access.need(Right::ClientsWrite)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let number = match (body.number.filter(|typed| !is_stub(typed, viewer)), body.call_id) {
        (None, Some(call)) => number_of(&state, &access, &call).await?,
        (number, _) => number,
    };
    let new = NewClient {
        number,
        name: body.name,
        company: body.company,
        position: body.position,
        manager: body.manager_id,
        vip: body.vip,
    };
    let client = clients::create(&state.db, &access.author(&state), new)
        .await
        .map_err(|error| discreet(error, viewer))?;
    changed(&state, access.account, client.id).await;
    let (location, version) = (format!("/api/v1/clients/{}", client.id), client.version);
    Ok(created(view(client, viewer), version, location))
}

/// One client.
#[utoipa::path(get, path = "/clients/{id}", tag = "clients", params(("id" = String, Path)), responses(
    (status = 200, body = ClientView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<ClientId>) -> ApiResult<Response> {
    access.need(Right::ClientsRead)?;
    let client = clients::get(&state.db, access.account, id).await?;
    let version = client.version;
    let plan = state.live.plan();
    Ok(versioned(view(client, access.viewer(&plan)), version))
}

/// The number of a client, for somebody from whom it is hidden but who may have it shown. Each time stands in the audit.
#[utoipa::path(post, path = "/clients/{id}/reveal", tag = "clients", params(("id" = String, Path)), responses(
    (status = 200, body = RevealedView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn reveal(Extract(state): Extract<State>, access: Access, Id(id): Id<ClientId>) -> ApiResult<Json<RevealedView>> {
    access.need(Right::NumbersReveal)?;
    let client = clients::get(&state.db, access.account, id).await?;
    let author = access.author(&state);
    audit::note(&state.db, &author, ("client.number_revealed", "client"), id.to_string()).await?;
    Ok(Json(RevealedView { number: client.number }))
}

/// A number as it is.
#[derive(Debug, Serialize, ToSchema)]
struct RevealedView {
    number: String,
}

/// What a page for somebody from whom numbers are hidden sends back unchanged.
fn is_stub(typed: &str, viewer: Viewer<'_>) -> bool {
    viewer.is_masked() && typed == viewer.stub().as_str()
}

/// Whoever calls or is called outside, for a new client of theirs.
async fn number_of(state: &State, access: &Access, call: &str) -> ApiResult<Option<String>> {
    let unknown = || ApiError::invalid_field("call_id", "unknown", "there is no such call");
    let id = call.parse().map_err(|_| unknown())?;
    let parties = parties_of(state, access, id).await;
    parties
        .map(|parties| parties.outside)
        .map_err(|error| match error.status() {
            StatusCode::NOT_FOUND => unknown(),
            _ => error,
        })
}

/// Whose a number is that somebody has guessed is not told to whom numbers are hidden from.
fn discreet(error: StoreError, viewer: Viewer<'_>) -> StoreError {
    if !(viewer.is_masked() && matches!(error, StoreError::Taken(_))) {
        return error;
    }
    let fault = FieldError::new("number", "taken", "another client has this number");
    StoreError::Taken(vec![fault])
}

/// Changes a client.
#[utoipa::path(patch, path = "/clients/{id}", tag = "clients", request_body = ClientPatchBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = ClientView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ClientId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ClientPatchBody>,
) -> ApiResult<Response> {
    access.need(Right::ClientsWrite)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let unchanged = |typed: &Option<String>| typed.as_ref().is_some_and(|typed| is_stub(typed, viewer));
    let patch = ClientPatch {
        number: body.number.filter(|typed| !unchanged(typed)),
        name: body.name,
        company: body.company,
        position: body.position,
        manager: body.manager_id,
        vip: body.vip,
    };
    let client = clients::update(&state.db, &access.author(&state), id, patch, version)
        .await
        .map_err(|error| discreet(error, viewer))?;
    changed(&state, access.account, id).await;
    let version = client.version;
    Ok(versioned(view(client, viewer), version))
}

/// Deletes a client: not found and not matched any more; past calls keep the number.
#[utoipa::path(delete, path = "/clients/{id}", tag = "clients",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<ClientId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::ClientsWrite)?;
    clients::delete(&state.db, &access.author(&state), id, version).await?;
    changed(&state, access.account, id).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn changed(state: &State, account: AccountId, client: ClientId) {
    state.plan.changed(account, PlanSection::Clients).await;
    state
        .live
        .publish(account, "client.changed", json!({ "client_id": client.to_string() }));
}
