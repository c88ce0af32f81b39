//! The second factor of one's own login, and taking it off somebody who has lost theirs.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::{logins, two_factor};
use frontdesk_routing::ids::StaffId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::me::session_cookie;
use super::staff;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id};
use crate::provisioning::qr;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(read, begin))
        .routes(routes!(confirm))
        .routes(routes!(disable))
        .routes(routes!(reset))
}

/// How one's own login stands.
#[derive(Debug, Serialize, ToSchema)]
struct TwoFactorView {
    enabled: bool,
    /// The account wants it of everybody: until it is on, nothing else can be done by a login.
    required: bool,
    /// Recovery codes that have not been used.
    recovery_codes: i64,
}

/// An authenticator to be set up; shown this once, and good for nothing until a code of it has been given.
#[derive(Debug, Serialize, ToSchema)]
struct BegunView {
    /// For typing over, in base32: SHA-1, 6 digits, 30 seconds.
    secret: String,
    /// The same as authenticators read it.
    uri: String,
    /// That as a picture, SVG.
    qr: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    /// What the authenticator shows, or a recovery code.
    code: String,
}

/// Each is good once in place of a code; shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryView {
    recovery_codes: Vec<String>,
}

/// Whether one's own login needs a code.
#[utoipa::path(get, path = "/me/two-factor", tag = "login", responses(
    (status = 200, body = TwoFactorView), (status = 401, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<TwoFactorView>> {
    let status = two_factor::status(&state.db, access.account, access.staff).await?;
    Ok(Json(TwoFactorView {
        enabled: status.enabled,
        required: status.required,
        recovery_codes: status.recovery_codes,
    }))
}

/// Makes a secret for an authenticator. Needs a session.
#[utoipa::path(post, path = "/me/two-factor", tag = "login", responses(
    (status = 201, body = BegunView), (status = 401, body = Problem), (status = 403, body = Problem),
    (status = 409, body = Problem),
))]
async fn begin(Extract(state): Extract<State>, access: Access) -> ApiResult<(StatusCode, Json<BegunView>)> {
    access.need_session()?;
    let begun = two_factor::begin(&state.db, &access.author(&state), access.staff).await?;
    let view = BegunView {
        qr: qr::svg(&begun.uri),
        secret: begun.secret,
        uri: begun.uri,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Switches it on by a first code, ends one's other logins, gives this one a new cookie, and gives the recovery codes. Needs a
/// session.
#[utoipa::path(post, path = "/me/two-factor/confirm", tag = "login", request_body = CodeBody, responses(
    (status = 200, body = RecoveryView, headers(("Set-Cookie" = String))), (status = 401, body = Problem),
    (status = 403, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem, headers(("Retry-After" = u64))),
))]
async fn confirm(Extract(state): Extract<State>, access: Access, Body(body): Body<CodeBody>) -> ApiResult<Response> {
    access.need_session()?;
    attempt(&state, &access)?;
    let author = access.author(&state);
    let token = logins::fresh_token(&mut state.stamp().ids());
    let recovery_codes = two_factor::confirm(&state.db, &author, access.staff, (&body.code, &token)).await?;
    state.throttle().code_was_right(access.staff);
    let cookie = [(SET_COOKIE, session_cookie(&state, &token))];
    Ok((cookie, Json(RecoveryView { recovery_codes })).into_response())
}

/// Switches it off by a code. Needs a session.
#[utoipa::path(post, path = "/me/two-factor/disable", tag = "login", request_body = CodeBody, responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem), (status = 429, body = Problem, headers(("Retry-After" = u64))),
))]
async fn disable(Extract(state): Extract<State>, access: Access, Body(body): Body<CodeBody>) -> ApiResult<StatusCode> {
    access.need_session()?;
    attempt(&state, &access)?;
    two_factor::disable(&state.db, &access.author(&state), access.staff, &body.code).await?;
    state.throttle().code_was_right(access.staff);
    Ok(StatusCode::NO_CONTENT)
}

/// Takes it off somebody who has lost authenticator and recovery codes, and ends their logins and tokens.
#[utoipa::path(delete, path = "/staff/{id}/two-factor", tag = "staff", params(("id" = String, Path)), responses(
    (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn reset(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<StatusCode> {
    access.need(Right::StaffWrite)?;
    staff::own_only_if_main(&state, &access, id).await?;
    two_factor::reset(&state.db, &access.author(&state), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn attempt(state: &State, access: &Access) -> ApiResult<()> {
    let attempt = state.throttle().code(access.staff, state.clock.unix_ms());
    attempt.map_err(ApiError::too_many)
}
