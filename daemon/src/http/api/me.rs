//! Logging in and out, and who is logged in.

use std::net::{IpAddr, Ipv4Addr};

use axum::Json;
use axum::extract::State as Extract;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::logins::{self, Known};
use frontdesk_crm_core::two_factor::{self, Checked};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::account::{self, AccountView};
use super::projects::{self, HereView};
use crate::http::State;
use crate::http::auth::{self, Access, COOKIE_NAME, How, Peer, Right, by_session, same_origin};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::Body;

/// Of a login or a password, in bytes; a longer one is nobody's.
const LONGEST: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(me))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    /// The account's number, `_` and the login (`19079_ivan`); the main account's e-mail.
    login: String,
    password: String,
    /// Of the authenticator, or a recovery code, where the login needs a second factor: without it the answer is
    /// `code_required`.
    code: Option<String>,
}

/// Who is logged in, or whose token it is.
#[derive(Debug, Serialize, ToSchema)]
struct MeView {
    id: String,
    name: String,
    /// `main`, `admin`, `supervisor`, `receptionist`, `employee`, `specialist`, `external`, or the id of a role of the account's own.
    role: String,
    /// What may be done, as scopes of a token are called; how far each reaches tells `GET /staff/{id}/roles`.
    rights: Vec<&'static str>,
    account: AccountView,
    /// The project that is looked at.
    project: HereView,
    /// The account wants a second factor of this login: before it is set up, nothing else can be done.
    must_set_up_two_factor: bool,
    /// To be sent as `X-CSRF-Token` with every change; sessions only.
    csrf_token: Option<String>,
}

/// Opens a session: a cookie that scripts cannot read, and a token against forged requests. A session that the browser had
/// before ends.
#[utoipa::path(post, path = "/login", tag = "login", request_body = LoginBody, security(()), responses(
    (status = 200, body = MeView, headers(("Set-Cookie" = String))),
    (status = 401, body = Problem), (status = 422, body = Problem),
    (status = 429, body = Problem, headers(("Retry-After" = u64))),
))]
async fn log_in(
    Extract(state): Extract<State>,
    Peer(peer): Peer,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> ApiResult<Response> {
    if !same_origin(&headers) {
        return Err(ApiError::csrf());
    }
    let address = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    if body.login.len() > LONGEST || body.password.len() > LONGEST {
        return Err(ApiError::wrong_login());
    }
    state
        .throttle()
        .attempt(&body.login, address, state.clock.unix_ms())
        .map_err(ApiError::too_many)?;
    let place = state
        .passwords()
        .acquire()
        .await
        .map_err(|error| ApiError::internal(&error))?;
    let now = state.clock.unix_ms();
    let known = logins::authenticate(&state.db, body.login.trim(), body.password, now).await?;
    drop(place);
    let known = known.ok_or_else(ApiError::wrong_login)?;
    second_factor(&state, &known, body.code.as_deref(), peer).await?;
    state.throttle().succeeded(&body.login, address);
    let agent = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let from = logins::From {
        ip: peer.map(|peer| peer.to_string()),
        user_agent: agent,
        session: auth::cookie(&headers),
    };
    let opened = logins::open(&state.db, &known, from, state.lifetime(), state.stamp()).await?;
    let access = by_session(&state, &opened.token, peer)
        .await?
        .ok_or_else(ApiError::wrong_login)?;
    if let Some((account, staff)) = opened.ended.filter(|(_, staff)| *staff != known.staff) {
        let status = json!({ "staff_id": staff.to_string(), "system_status": "offline" });
        state.live.publish(account, "staff.system_status", status);
    }
    let status = json!({ "staff_id": known.staff.to_string(), "system_status": "online" });
    state.live.publish(known.account, "staff.system_status", status);
    let cookie = session_cookie(&state, &opened.token);
    Ok(([(SET_COOKIE, cookie)], Json(view(&state, &access).await?)).into_response())
}

/// Where the login needs one: a code that has not been used, and not too many attempts.
async fn second_factor(state: &State, known: &Known, code: Option<&str>, peer: Option<IpAddr>) -> ApiResult<()> {
    if code.is_some() {
        let attempt = state.throttle().code(known.staff, state.clock.unix_ms());
        attempt.map_err(ApiError::too_many)?;
    }
    let from = peer.map(|peer| peer.to_string());
    match two_factor::check(&state.db, known, (code, from), state.stamp().ids()).await? {
        Checked::Missing => return Err(ApiError::code_required()),
        Checked::Wrong => return Err(ApiError::wrong_code()),
        Checked::NotNeeded | Checked::Right => {}
    }
    state.throttle().code_was_right(known.staff);
    Ok(())
}

/// Ends the session.
#[utoipa::path(post, path = "/logout", tag = "login", responses((status = 204), (status = 401, body = Problem)))]
async fn log_out(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    let login = access.need_session()?;
    logins::end(&state.db, login, state.clock.unix_ms()).await?;
    let status = json!({ "staff_id": access.staff.to_string(), "system_status": "offline" });
    state.live.publish(access.account, "staff.system_status", status);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie(&state, "", 0))]).into_response())
}

/// Who is asking.
#[utoipa::path(get, path = "/me", tag = "login", responses((status = 200, body = MeView), (status = 401, body = Problem)))]
async fn me(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<MeView>> {
    view(&state, &access).await.map(Json)
}

async fn view(state: &State, access: &Access) -> ApiResult<MeView> {
    Ok(MeView {
        id: access.staff.to_string(),
        name: access.name.clone(),
        role: access.role.name().into_owned(),
        rights: Right::ALL
            .iter()
            .filter(|right| access.may(**right))
            .map(|right| right.name())
            .collect(),
        account: account::view(state, access.account).await?,
        project: projects::here(&access.here),
        must_set_up_two_factor: access.must_enrol,
        csrf_token: Some(access.csrf().to_owned()).filter(|csrf| !csrf.is_empty()),
    })
}

/// A token that one's own session can be shown by from a change on; `None`: it is no session that asks.
pub(super) fn next_token(state: &State, access: &Access) -> Option<String> {
    match access.how {
        How::Session { .. } => Some(logins::fresh_token(&mut state.stamp().ids())),
        How::Token { .. } | How::Link { .. } => None,
    }
}

/// The cookie of a session, for as long as a session may last.
pub(super) fn session_cookie(state: &State, token: &str) -> String {
    cookie(state, token, state.settings.session_ms / 1000)
}

fn cookie(state: &State, value: &str, seconds: i64) -> String {
    let secure = if state.settings.secure_cookies { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}")
}
