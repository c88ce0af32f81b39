//! Webhooks: who is told what happens, with which secret, and what has become of each telling.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use frontdesk_crm_core::webhooks::{self, Delivery, DeliveryQuery, Event, News, State as Stage, Webhook, WebhookPatch};
use frontdesk_routing::ids::{DeliveryId, WebhookId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, created, named, page, query_error, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::http_client::is_public;
use crate::live::reading::right_of;
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, delete))
        .routes(routes!(renew))
        .routes(routes!(test))
        .routes(routes!(deliveries))
        .routes(routes!(read_delivery))
        .routes(routes!(resend))
}

/// A program outside that is told what happens.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookView {
    id: String,
    name: String,
    url: String,
    /// `call.started`, `call.answered`, `call.ended`, `call.missed`, `recording.ready`, `client.changed`, `request.created`,
    /// `voicemail.created`.
    events: Vec<&'static str>,
    /// Whoever has made or changed it last; what this person may not read, and numbers that they may not see, are not sent.
    owner_id: String,
    /// Nothing is told: its owner may read nothing of it any more, until somebody who may saves it.
    paused: bool,
    /// False also after it has taken nothing for three days (`webhooks.give_up_after`).
    enabled: bool,
    /// Since when nothing has been taken.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// What its owner may not read any more and is not told therefore, or why the last delivery was not taken.
    problem: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    version: i64,
    /// Signs deliveries: `X-Frontdesk-Signature` is `v1=` and the HMAC-SHA256, in hexadecimal, of `X-Frontdesk-Timestamp`
    /// (seconds), a dot and the body. Told when it is made and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookBody {
    /// Needed for a new one.
    name: Option<String>,
    /// `https://` or `http://`, of the internet. Needed for a new one.
    url: Option<String>,
    /// At least one, and none that one may not read oneself.
    events: Option<Vec<String>>,
    enabled: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SecretView {
    /// Told now and never again.
    secret: String,
}

/// One telling of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The same in each attempt, and in `id` of the body: a receiver that knows it already has it.
    pub id: String,
    pub webhook_id: String,
    pub event: &'static str,
    /// `waiting`, `sending`, `sent`, or `failed`: given up.
    pub state: &'static str,
    pub attempts: i64,
    #[schema(format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// What the last attempt was answered with.
    pub status: Option<i64>,
    pub problem: Option<String>,
    /// The body; `null` for whoever sees no clients' numbers, or may not read such events of the whole company.
    pub payload: Option<Value>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryParams {
    pub webhook_id: Option<String>,
    /// `waiting`, `sending`, `sent` or `failed`.
    pub state: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

/// The company's webhooks: all of them, 50 at most.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", responses(
    (status = 200, body = Listing<WebhookView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<WebhookView>>> {
    access.need(Right::SettingsRead)?;
    let hooks = webhooks::list(&state.db, access.account).await?;
    Ok(Json(Listing::whole(
        hooks
            .into_iter()
            .map(|hook| view((&state, &access), hook, None))
            .collect(),
    )))
}

/// Adds a webhook. The answer holds its secret, for the only time.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = WebhookBody, responses(
    (status = 201, body = WebhookView, headers(("Location" = String), ("ETag" = String))), (status = 403, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<WebhookBody>) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let patch = patch(&state, body)?;
    need_each(
        &access,
        patch.events.iter().flatten().filter_map(|name| Event::named(name)),
    )?;
    let made = webhooks::create(&state.db, &access.author(&state), access.staff, patch).await;
    let (hook, secret) = made?;
    let (location, version) = (format!("/api/v1/webhooks/{}", hook.id), hook.version);
    Ok(created(view((&state, &access), hook, Some(secret)), version, location))
}

/// One webhook.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, body = WebhookView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<WebhookId>) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let hook = webhooks::get(&state.db, access.account, id).await?;
    let version = hook.version;
    Ok(versioned(view((&state, &access), hook, None), version))
}

/// Changes a webhook; whoever does is its owner then, and has to have the rights to all that it is told, unless it is switched
/// off.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", request_body = WebhookBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = WebhookView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<WebhookId>,
    IfMatch(version): IfMatch,
    Body(body): Body<WebhookBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let known = webhooks::get(&state.db, access.account, id).await?;
    let patch = patch(&state, body)?;
    if patch.enabled.unwrap_or(known.enabled) {
        match &patch.events {
            Some(names) => need_each(&access, names.iter().filter_map(|name| Event::named(name)))?,
            None => need_each(&access, known.events)?,
        }
    }
    let author = access.author(&state);
    let hook = webhooks::update(&state.db, &author, (id, version), access.staff, patch).await?;
    let version = hook.version;
    Ok(versioned(view((&state, &access), hook, None), version))
}

/// Deletes a webhook with its deliveries.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<WebhookId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    webhooks::delete(&state.db, &access.author(&state), id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret; the old one signs nothing from then on.
#[utoipa::path(post, path = "/webhooks/{id}/secret", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, body = SecretView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn renew(Extract(state): Extract<State>, access: Access, Id(id): Id<WebhookId>) -> ApiResult<Json<SecretView>> {
    access.need(Right::SettingsWrite)?;
    let secret = webhooks::renew_secret(&state.db, &access.author(&state), id).await?;
    Ok(Json(SecretView { secret }))
}

/// Sends `webhook.test` at once, so that it is seen whether it is taken.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 202, body = DeliveryView, description = "Its delivery tells what has become of it"),
    (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "It is switched off"),
))]
async fn test(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<WebhookId>,
) -> ApiResult<(StatusCode, Json<DeliveryView>)> {
    access.need(Right::SettingsWrite)?;
    let hook = webhooks::get(&state.db, access.account, id).await?;
    let now = state.clock.unix_ms();
    let delivery = DeliveryId::new(now, state.clock.random());
    let data = json!({ "webhook_id": id.to_string(), "name": hook.name });
    let event = Event::Test;
    let payload = json!({ "id": delivery.to_string(), "event": event.name(), "at": time(now), "data": data });
    let news = News {
        id: delivery,
        webhook: id,
        account: access.account,
        owner: hook.owner,
        client: None,
        event,
        payload: &payload.to_string(),
        at: now,
    };
    let delivery = webhooks::test(&state.db, &access.author(&state), &news).await?;
    Ok((StatusCode::ACCEPTED, Json(told((&state, &access), delivery))))
}

/// Deliveries, newest first. Those that are done with are kept for 7 days.
#[utoipa::path(get, path = "/webhook-deliveries", tag = "webhooks", params(DeliveryParams), responses(
    (status = 200, body = Listing<DeliveryView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn deliveries(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<DeliveryParams>,
) -> ApiResult<Json<Listing<DeliveryView>>> {
    found(&state, &access, params).await.map(Json)
}

/// A part of the list of deliveries.
///
/// # Errors
/// The right is missing, or the query is wrong.
pub async fn found(state: &State, access: &Access, params: DeliveryParams) -> ApiResult<Listing<DeliveryView>> {
    access.need(Right::SettingsRead)?;
    let query = DeliveryQuery {
        webhook: named("webhook_id", params.webhook_id.as_deref(), |text| text.parse().ok())?,
        state: named("state", params.state.as_deref(), Stage::named)?,
    };
    let page = page(params.limit, None, params.cursor)?;
    let list = webhooks::list_deliveries(&state.db, access.account, &query, &page).await;
    let list = list.map_err(query_error)?;
    Ok(Listing {
        items: list
            .items
            .into_iter()
            .map(|delivery| told((state, access), delivery))
            .collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    })
}

/// One delivery.
#[utoipa::path(get, path = "/webhook-deliveries/{id}", tag = "webhooks", params(("id" = String, Path)), responses(
    (status = 200, body = DeliveryView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn read_delivery(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DeliveryId>,
) -> ApiResult<Json<DeliveryView>> {
    access.need(Right::SettingsRead)?;
    let delivery = webhooks::get_delivery(&state.db, access.account, id).await?;
    Ok(Json(told((&state, &access), delivery)))
}

/// Sends a delivery that is done with once more, under the same id.
#[utoipa::path(post, path = "/webhook-deliveries/{id}/resend", tag = "webhooks", params(("id" = String, Path)),
    responses(
        (status = 200, body = DeliveryView), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "It waits to be sent already"),
    ))]
async fn resend(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DeliveryId>,
) -> ApiResult<Json<DeliveryView>> {
    access.need(Right::SettingsWrite)?;
    let delivery = webhooks::again(&state.db, &access.author(&state), id).await?;
    Ok(Json(told((&state, &access), delivery)))
}

/// An address that is written as a number is looked at here; where a name leads is looked at each time it is connected to.
fn patch(state: &State, body: WebhookBody) -> ApiResult<WebhookPatch> {
    let url = body.url.as_deref().and_then(|url| url.trim().parse::<Uri>().ok());
    let host = url.as_ref().and_then(Uri::host).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let private = bare.parse::<IpAddr>().is_ok_and(|address| !is_public(address));
    if (private || bare.eq_ignore_ascii_case("localhost")) && !state.settings.private_webhooks {
        let why = "an address of this machine or its network (webhooks.allow_private)";
        return Err(ApiError::invalid_field("url", "private", why));
    }
    if body.url.is_some() && host.is_empty() {
        let why = "an address as in https://crm.example/hook";
        return Err(ApiError::invalid_field("url", "invalid", why));
    }
    Ok(WebhookPatch {
        name: body.name,
        url: body.url,
        events: body.events,
        enabled: body.enabled,
    })
}

/// Nobody is told by a program what they may not read themselves.
fn need_each(access: &Access, events: impl IntoIterator<Item = Event>) -> ApiResult<()> {
    events
        .into_iter()
        .try_for_each(|event| access.need(right_of(event.name())))
}

/// Of what a webhook asks for, that which its owner may not read any more.
pub fn withheld((state, access): (&State, &Access), hook: &Webhook) -> Vec<Event> {
    let role = hook.standing.role_at(state.clock.unix_ms());
    let rights = access.duties.of(hook.owner, role);
    let lacks = |event: &Event| !rights.has(right_of(event.name()));
    hook.events.iter().copied().filter(lacks).collect()
}

fn view(reader: (&State, &Access), hook: Webhook, secret: Option<String>) -> WebhookView {
    let withheld = withheld(reader, &hook);
    let lost: Vec<&str> = withheld.iter().map(|event| event.name()).collect();
    let lost = (!lost.is_empty()).then(|| format!("its owner may not read: {}", lost.join(", ")));
    WebhookView {
        paused: withheld.len() == hook.events.len(),
        id: hook.id.to_string(),
        name: hook.name,
        url: hook.url,
        events: hook.events.iter().map(|event| event.name()).collect(),
        owner_id: hook.owner.to_string(),
        enabled: hook.enabled,
        failing_since: hook.failing_since.map(time),
        problem: lost.or(hook.problem),
        created_at: time(hook.created_at),
        version: hook.version,
        secret,
    }
}

/// What a delivery tells may be of anybody: it is for those whose right of its kind goes that far.
fn may_see((state, access): (&State, &Access), event: Event) -> bool {
    let right = right_of(event.name());
    let reaches = event == Event::Test || access.may(right) && access.within_or_own(right).is_whole();
    reaches && !access.viewer(&state.live.plan()).is_masked()
}

fn told(reader: (&State, &Access), delivery: Delivery) -> DeliveryView {
    let waiting = delivery.state == Stage::Waiting;
    let payload =
        may_see(reader, delivery.event).then(|| serde_json::from_str(&delivery.payload).unwrap_or(Value::Null));
    DeliveryView {
        id: delivery.id.to_string(),
        webhook_id: delivery.webhook.to_string(),
        event: delivery.event.name(),
        state: delivery.state.name(),
        attempts: delivery.attempts,
        next_attempt_at: Some(delivery.due_at).filter(|_| waiting).map(time),
        status: delivery.status,
        problem: delivery.problem,
        payload,
        created_at: time(delivery.created_at),
        finished_at: delivery.finished_at.map(time),
    }
}
