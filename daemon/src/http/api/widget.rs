//! What the forms on the company's sites speak to: the only part of the API for strangers. Pages of the site's origins may
//! read the answers (CORS); how often they may ask is bounded.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, State as Extract};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::audit::{Actor, Author};
use frontdesk_crm_core::requests::{self, Kind, NewRequest};
use frontdesk_crm_core::sites::{self, Site};
use frontdesk_routing::schedule::Open;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::deals;
use crate::callbacks::{hours, tell_of};
use crate::http::State;
use crate::http::auth::Peer;
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::Body;
use crate::live::view::time;

/// Longest body of a request.
const BODY_LIMIT: usize = 16 * 1024;
const LONGEST_KEY: usize = 64;
/// How far ahead a call may be wanted.
const AHEAD_MS: i64 = 14 * 24 * 60 * 60 * 1_000;
/// Clocks of visitors may be behind.
const BEHIND_MS: i64 = 10 * 60 * 1_000;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(submit))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// What the forms of a site show.
#[derive(Debug, Serialize, ToSchema)]
struct WidgetView {
    /// What may be ordered; none: in the visitor's own words.
    subjects: Vec<String>,
    /// A visitor can be called at once.
    open: bool,
    /// Moments that may be chosen for a call, RFC 3339, by half hours.
    times: Vec<String>,
}

/// What a visitor asks for; name and number are needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VisitBody {
    /// `callback` (when absent) or `form`.
    kind: Option<String>,
    /// In any usual form of the company's country, or with the country's code.
    number: Option<String>,
    name: Option<String>,
    /// What is ordered.
    subject: Option<String>,
    comment: Option<String>,
    /// The address of the page.
    page: Option<String>,
    /// When to be called, RFC 3339, within the hours; at once when absent.
    call_at: Option<String>,
    /// The same key again is the same request; up to 64 characters.
    key: Option<String>,
    /// Hidden from people: what programs fill in that fill in everything. Such requests are thrown away.
    website: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AcceptedView {
    /// When the visitor is called; `null`: a person will get in touch.
    #[schema(format = DateTime)]
    call_at: Option<String>,
}

/// What the forms of a site show. For pages of the site's origins.
#[utoipa::path(get, path = "/widget/{key}", tag = "widget", params(("key" = String, Path)), security(()), responses(
    (status = 200, body = WidgetView), (status = 403, body = Problem, description = "The page is of another origin"),
    (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, Path(key): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    let site = site_of(&state, &key, &headers).await?;
    let now = state.clock.unix_ms();
    let plan = state.live.plan();
    let whose = (site.account, site.to);
    let times = hours::times(&plan, whose, site.schedule, now);
    let view = WidgetView {
        open: hours::open_at(&plan, whose, site.schedule, now) == Open::Open,
        times: times.into_iter().map(time).collect(),
        subjects: site.subjects,
    };
    Ok(readable(Json(view).into_response(), &headers))
}

/// Takes a visitor's request: it is kept, whoever has the number becomes or is a client, and is called if that is wanted.
#[utoipa::path(post, path = "/widget/{key}/requests", tag = "widget", request_body = VisitBody,
    params(("key" = String, Path)), security(()), responses(
        (status = 201, body = AcceptedView),
        (status = 403, body = Problem, description = "The page is of another origin"), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem),
        (status = 429, body = Problem, headers(("Retry-After" = u64))),
    ))]
async fn submit(
    Extract(state): Extract<State>,
    Peer(source): Peer,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Result<Body<VisitBody>, ApiError>,
) -> ApiResult<Response> {
    let site = site_of(&state, &key, &headers).await?;
    let taken = match body {
        Ok(Body(body)) => take(&state, &site, source, body).await,
        Err(error) => Err(error),
    };
    let accepted = |at: Option<i64>| {
        let view = AcceptedView { call_at: at.map(time) };
        (StatusCode::CREATED, Json(view)).into_response()
    };
    let answer = taken.map_or_else(IntoResponse::into_response, accepted);
    Ok(readable(answer, &headers))
}

/// Browsers ask first whether a page of another origin may send JSON.
pub(in crate::http) async fn preflight(
    Extract(state): Extract<State>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    site_of(&state, &key, &headers).await?;
    let allowed = [
        (ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    Ok(readable((StatusCode::NO_CONTENT, allowed).into_response(), &headers))
}

/// The site that the page names, if the page is one of its own.
async fn site_of(state: &State, key: &str, headers: &HeaderMap) -> ApiResult<Site> {
    let found = match key.len() <= LONGEST_KEY {
        true => sites::by_key(&state.db, key).await?,
        false => None,
    };
    let site = found.ok_or_else(ApiError::not_found)?;
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    match origin.is_some_and(|origin| site.origins.iter().any(|allowed| allowed == origin)) {
        true => Ok(site),
        false => Err(ApiError::forbidden("the page's origin is not one of the site's")),
    }
}

/// For the page that has asked; its origin has been found good.
fn readable(mut answer: Response, headers: &HeaderMap) -> Response {
    if let Some(origin) = headers.get(ORIGIN) {
        answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Origin"));
    answer
}

async fn take(state: &State, site: &Site, source: Option<IpAddr>, body: VisitBody) -> ApiResult<Option<i64>> {
    let now = state.clock.unix_ms();
    let limits = (site.per_source, site.per_site);
    let counted = state.visits().count((site.id, source), limits, now);
    counted.map_err(ApiError::too_many)?;
    let form = body.kind.as_deref() == Some(Kind::Form.name());
    let wanted = match form && !site.forms_call {
        true => None,
        false => wanted(state, site, body.call_at.as_deref())?,
    };
    if body.website.is_some_and(|text| !text.is_empty()) {
        metrics::counter!("frontdesk_site_requests_thrown_away_total").increment(1);
        return Ok(wanted);
    }
    let new = NewRequest {
        key: body.key,
        kind: body.kind,
        number: body.number,
        name: body.name,
        subject: body.subject,
        comment: body.comment,
        page: body.page,
    };
    let author = Author {
        account: site.account,
        actor: Actor {
            ip: source.map(|address| address.to_string()),
            ..Actor::program()
        },
        login: None,
        stamp: state.stamp(),
    };
    let made = requests::submit(&state.db, &author, site, new, wanted).await?;
    if let Some(number) = made.new_client {
        state.plan.clients_changed(site.account, vec![number]).await;
    }
    if let Some(lead) = made.lead {
        let data = json!({ "request_id": made.request.id.to_string(), "site_id": site.id.to_string() });
        let request = (site.account, made.request.id);
        tell_of(&state.live, &state.db, request, ("request.created", data)).await;
        state.visitors.notify_one();
        deals::arrived(state, site.account, lead).await?;
    }
    Ok(made.request.wanted_at)
}

/// When the visitor is to be called: at the moment chosen, at once, or when they open.
fn wanted(state: &State, site: &Site, typed: Option<&str>) -> ApiResult<Option<i64>> {
    let now = state.clock.unix_ms();
    let wrong = |code: &str, why: &str| ApiError::invalid_field("call_at", code, why);
    let chosen = match typed.map(str::parse::<jiff::Timestamp>) {
        Some(Ok(at)) => Some(at.as_millisecond()),
        Some(Err(_)) => return Err(wrong("invalid", "a moment, as in 2026-12-31T12:30:00Z")),
        None => None,
    };
    let within = now.saturating_sub(BEHIND_MS)..=now.saturating_add(AHEAD_MS);
    if chosen.is_some_and(|at| !within.contains(&at)) {
        return Err(wrong("invalid", "a moment within the next 14 days"));
    }
    let at = chosen.unwrap_or(now).max(now);
    let plan = state.live.plan();
    match hours::open_at(&plan, (site.account, site.to), site.schedule, at) {
        Open::Open => Ok(Some(at)),
        Open::Closed { .. } | Open::Unknown if chosen.is_some() => Err(wrong("closed", "nobody works then")),
        Open::Closed { opens_at } => Ok(opens_at),
        Open::Unknown => Ok(None),
    }
}
