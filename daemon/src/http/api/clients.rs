//! Clients: the address book by which callers are named.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::access::{Scope, Whose};
use frontdesk_crm_core::audit;
use frontdesk_crm_core::clients::{self, Client, ClientOrder, ClientPatch, ClientQuery, NewClient};
use frontdesk_crm_core::store::{FieldError, StoreError};
use frontdesk_routing::ids::{AccountId, ClientId};
use frontdesk_routing::masking::Viewer;
use frontdesk_routing::number::PhoneNumber;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::parties_of;
use super::colleague::{colleague, no_such};
use super::recordings::tell_deleted;
use super::voicemails::light;
use super::{Direction, created, named, page, query_error, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params, given};
use crate::live::view::time;
use crate::removals::{Folders, work_off};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(reassign))
        .routes(routes!(read, update, delete))
        .routes(routes!(reveal))
        .routes(routes!(erase))
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    pub id: String,
    /// E.164; the one by which the client is listed and called.
    pub number: String,
    /// Further numbers, E.164.
    pub other_numbers: Vec<String>,
    pub name: String,
    pub company: Option<String>,
    pub position: Option<String>,
    pub manager_id: Option<String>,
    pub vip: bool,
    /// Made by the program for an unknown caller, and not looked at since.
    pub stub: bool,
    /// The site by which the client came to us.
    pub source: Option<SourceView>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    pub version: i64,
}

/// A site, and what it is called.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    pub site_id: String,
    pub name: String,
}

/// A part of the address book.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ClientListing {
    pub items: Vec<ClientView>,
    /// All that there are.
    pub total: u64,
    /// Those that fit.
    pub filtered: u64,
    /// More fit than `filtered` says; of a search, no more can be read: narrow it.
    pub more: bool,
    /// Send it as `cursor` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ClientParams {
    /// Beginnings of words of the name, the company and the position in any order, and any part of a number in any form.
    pub search: Option<String>,
    pub vip: Option<bool>,
    pub manager_id: Option<String>,
    /// `name`, `company`, `number` or `created_at`.
    pub order: Option<String>,
    pub direction: Option<Direction>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A new client; name and number are needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewClientBody {
    /// Any usual form; kept as E.164.
    number: Option<String>,
    /// Instead of the number: a call with the client, whose number it is.
    call_id: Option<String>,
    #[serde(default)]
    other_numbers: Vec<String>,
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
    /// In place of all that there were.
    #[serde(default, deserialize_with = "given")]
    other_numbers: Option<Option<Vec<String>>>,
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
    (status = 200, body = ClientListing), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ClientParams>,
) -> ApiResult<Json<ClientListing>> {
    found(&state, &access, params).await.map(Json)
}

/// The part of the list that is asked for, of the clients on which the right reaches.
pub async fn found(state: &State, access: &Access, params: ClientParams) -> ApiResult<ClientListing> {
    let within = access.within(Right::ClientsRead)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    if viewer.is_masked() && params.order.as_deref() == Some("number") {
        return Err(ApiError::forbidden("clients' numbers are hidden from you"));
    }
    // Whoever guesses digits of hidden numbers finds nothing.
    let guesses = |search: &String| search.contains(|c: char| c.is_ascii_digit());
    if viewer.is_masked() && params.search.as_ref().is_some_and(guesses) {
        return Ok(ClientListing::default());
    }
    let query = ClientQuery {
        search: params.search,
        vip: params.vip,
        manager: named("manager_id", params.manager_id.as_deref(), |text| text.parse().ok())?,
        order: named("order", params.order.as_deref(), order)?.unwrap_or_default(),
        descending: params.direction.unwrap_or_default() == Direction::Desc,
        numbers_hidden: viewer.is_masked(),
    };
    let page = page(params.limit, None, params.cursor)?;
    let list = clients::list(&state.db, within, &query, &page)
        .await
        .map_err(query_error)?;
    Ok(ClientListing {
        items: list.items.into_iter().map(|client| view(client, viewer)).collect(),
        total: list.total,
        filtered: list.filtered,
        more: list.more,
        next_cursor: list.next_cursor,
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

/// The only place where a client's numbers become readable.
fn view(client: Client, viewer: Viewer<'_>) -> ClientView {
    let shown = |number: PhoneNumber| viewer.client(client.id, &client.name, &number.reveal());
    let (name, number) = shown(client.number);
    let others = client.other_numbers.iter().map(|number| shown(*number).1.to_string());
    ClientView {
        id: client.id.to_string(),
        number: number.to_string(),
        other_numbers: others.collect(),
        name,
        company: client.company.map(|company| viewer.text(&company)),
        position: client.position.map(|position| viewer.text(&position)),
        manager_id: client.manager.map(|manager| manager.to_string()),
        vip: client.vip,
        stub: client.stub,
        source: client.source.map(|source| SourceView {
            site_id: source.site.to_string(),
            name: source.name,
        }),
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
    let within = access.within(Right::ClientsWrite)?;
    let manager = manager_of_new(&state, &access, within, body.manager_id).await?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let number = match (body.number.filter(|typed| !is_stub(typed, viewer)), body.call_id) {
        (None, Some(call)) => number_of(&state, &access, &call).await?,
        (number, _) => number,
    };
    let new = NewClient {
        number,
        other_numbers: body.other_numbers,
        name: body.name,
        company: body.company,
        position: body.position,
        manager,
        vip: body.vip,
    };
    let client = clients::create(&state.db, &access.author(&state), new)
        .await
        .map_err(|error| discreet(error, &access, viewer))?;
    changed(
        &state,
        access.account,
        (client.id, Some(client.whose())),
        client.numbers(),
    )
    .await;
    let (location, version) = (format!("/api/v1/clients/{}", client.id), client.version);
    Ok(created(view(client, viewer), version, location))
}

/// One client.
#[utoipa::path(get, path = "/clients/{id}", tag = "clients", params(("id" = String, Path)), responses(
    (status = 200, body = ClientView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<ClientId>) -> ApiResult<Response> {
    let client = clients::get(&state.db, access.within(Right::ClientsRead)?, id).await?;
    let version = client.version;
    let plan = state.live.plan();
    Ok(versioned(view(client, access.viewer(&plan)), version))
}

/// The number of a client, for somebody from whom it is hidden but who may have it shown. Each time stands in the audit.
#[utoipa::path(post, path = "/clients/{id}/reveal", tag = "clients", params(("id" = String, Path)), responses(
    (status = 200, body = RevealedView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn reveal(Extract(state): Extract<State>, access: Access, Id(id): Id<ClientId>) -> ApiResult<Json<RevealedView>> {
    let client = clients::get(&state.db, access.within(Right::NumbersReveal)?, id).await?;
    let author = access.author(&state);
    audit::note(&state.db, &author, ("client.number_revealed", "client"), id.to_string()).await?;
    Ok(Json(RevealedView {
        number: client.number.reveal(),
    }))
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
    let parties = parties_of(state, access.within_or_own(Right::CallsRead), id).await;
    parties
        .map(|parties| parties.outside)
        .map_err(|error| match error.status() {
            StatusCode::NOT_FOUND => unknown(),
            _ => error,
        })
}

/// A new client's manager: whoever makes it, when they would not see it otherwise; nobody beyond their reach.
async fn manager_of_new(
    state: &State,
    access: &Access,
    within: Scope,
    given: Option<String>,
) -> ApiResult<Option<String>> {
    let Some(manager) = given else {
        return Ok(within.holder().map(|holder| holder.to_string()));
    };
    let circle = access.circle(state, within).await?;
    match manager.parse() {
        Ok(id) if !circle.holds(&Whose::of([id])) => Err(no_such("manager_id")),
        Ok(_) | Err(_) => Ok(Some(manager)),
    }
}

/// Whose a number is that somebody has guessed is not told to whom numbers are hidden from, or other people's clients.
fn discreet(error: StoreError, access: &Access, viewer: Viewer<'_>) -> StoreError {
    if !viewer.is_masked() && access.within_or_own(Right::ClientsRead).is_whole() {
        return error;
    }
    let StoreError::Taken(faults) = error else { return error };
    let discreet = |fault: FieldError| FieldError::new(&fault.field, "taken", "another client has this number");
    StoreError::Taken(faults.into_iter().map(discreet).collect())
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
    let within = access.within(Right::ClientsWrite)?;
    let before = clients::get(&state.db, within, id).await?;
    if let Some(manager) = &body.manager_id
        && before.manager.map(|manager| manager.to_string()) != *manager
    {
        let may = clients::get(&state.db, access.within(Right::DataHandOver)?, id).await;
        may.map_err(|_| ApiError::forbidden("`data:hand_over` does not reach so far"))?;
    }
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let unchanged = |typed: &Option<String>| typed.as_ref().is_some_and(|typed| is_stub(typed, viewer));
    let patch = ClientPatch {
        number: body.number.filter(|typed| !unchanged(typed)),
        other_numbers: body
            .other_numbers
            .map(Option::unwrap_or_default)
            .filter(|numbers| !numbers.iter().any(|typed| is_stub(typed, viewer))),
        name: body.name,
        company: body.company,
        position: body.position,
        manager: body.manager_id,
        vip: body.vip,
    };
    let client = clients::update(&state.db, &access.author(&state), (within, id), patch, version)
        .await
        .map_err(|error| discreet(error, &access, viewer))?;
    let whose = Whose::of(before.manager.into_iter().chain(client.now.manager));
    changed(&state, access.account, (id, Some(whose)), client.numbers).await;
    let version = client.now.version;
    Ok(versioned(view(client.now, viewer), version))
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
    let within = match access.within(Right::DataDelete) {
        Ok(within) => within,
        Err(refusal) => {
            let deed = ("client.delete_refused", "client");
            audit::note(&state.db, &access.author(&state), deed, id.to_string()).await?;
            return Err(refusal);
        }
    };
    let client = clients::delete(&state.db, &access.author(&state), (within, id), version).await?;
    changed(&state, access.account, (id, Some(client.whose())), client.numbers()).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Erases what is known of a client: the record, its tombstone, notes, requests, notices, what webhooks were told, recordings
/// (of a call that goes on, when it ends), and the number in past calls, also of calls that nobody was found for.
#[utoipa::path(post, path = "/clients/{id}/erase", tag = "clients", params(("id" = String, Path)), responses(
    (status = 204), (status = 403, body = Problem), (status = 404, body = Problem, description = "None, or erased already"),
))]
async fn erase(Extract(state): Extract<State>, access: Access, Id(id): Id<ClientId>) -> ApiResult<StatusCode> {
    access.need(Right::ClientsErase)?;
    let author = access.author(&state);
    let erased = clients::erase(&state.db, &author, id).await?;
    changed(&state, access.account, (id, None), erased.numbers).await;
    remove_now(&state).await;
    for recording in erased.recordings {
        tell_deleted(&state, access.account, recording).await;
    }
    light(&state, access.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What cannot be removed now is removed as soon as it can.
async fn remove_now(state: &State) {
    let folders = Folders {
        recordings: state.settings.recordings.clone(),
        notices: state.settings.notices.clone(),
    };
    if let Err(error) = work_off(&state.db, &folders, state.clock.unix_ms()).await {
        tracing::warn!(%error, "files of an erased client wait for the database");
    }
    match state.db.truncate_log().await {
        Ok(true) => {}
        Ok(false) => tracing::debug!("the database's log is emptied later: somebody reads"),
        Err(error) => tracing::warn!(%error, "the database's log is not emptied yet"),
    }
}

/// Whose clients become whose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReassignBody {
    /// May have left the company.
    from_manager_id: String,
    /// `null`: nobody's.
    to_manager_id: Option<String>,
}

/// How many were handed over.
#[derive(Debug, Serialize, ToSchema)]
struct Reassigned {
    clients: u64,
}

/// Hands all clients of one manager to another, or to nobody.
#[utoipa::path(post, path = "/clients/reassign", tag = "clients", request_body = ReassignBody, responses(
    (status = 200, body = Reassigned), (status = 403, body = Problem), (status = 422, body = Problem),
))]
async fn reassign(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<ReassignBody>,
) -> ApiResult<Json<Reassigned>> {
    let within = access.within(Right::DataHandOver)?;
    let from = colleague(&state, &access, ("from_manager_id", &body.from_manager_id)).await?;
    let to = match body.to_manager_id.as_deref() {
        Some(to) => Some(colleague(&state, &access, ("to_manager_id", to)).await?),
        None => None,
    };
    let moved = clients::reassign(&state.db, &access.author(&state), (within, from), to).await?;
    state.plan.clients_changed(access.account, moved.numbers).await;
    let data = json!({ "manager_id": body.from_manager_id });
    state.live.publish(access.account, "clients.changed", data);
    Ok(Json(Reassigned { clients: moved.now }))
}

async fn changed(
    state: &State,
    account: AccountId,
    (client, whose): (ClientId, Option<Whose>),
    numbers: Vec<PhoneNumber>,
) {
    state.plan.clients_changed(account, numbers).await;
    let data = json!({ "client_id": client.to_string() });
    state.live.publish_of(account, "client.changed", whose, data);
}
