//! Bearer tokens for programs: scopes, an expiry, a secret shown once.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::tokens::{self, NewToken, Token};
use frontdesk_routing::ids::TokenId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Listing;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id};
use crate::live::view::time;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS: u32 = 365;
const MAX_DAYS: u32 = 3650;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct TokenView {
    id: String,
    name: String,
    scopes: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

/// A new token: its secret is told this once.
#[derive(Debug, Serialize, ToSchema)]
struct NewTokenView {
    #[serde(flatten)]
    token_data: TokenView,
    /// `Authorization: Bearer ...`
    token: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTokenBody {
    name: String,
    /// Names of rights: `staff:read`, `calls:read`, ...
    scopes: Vec<String>,
    /// 1 to 3650; 365 when absent.
    expires_in_days: Option<u32>,
}

/// One's own tokens, without their secrets.
#[utoipa::path(get, path = "/tokens", tag = "tokens", responses(
    (status = 200, body = Listing<TokenView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<TokenView>>> {
    access.need(Right::TokensWrite)?;
    let tokens = tokens::list(&state.db, access.account, access.staff).await?;
    let total = u64::try_from(tokens.len()).ok();
    Ok(Json(Listing {
        items: tokens.into_iter().map(view).collect(),
        total,
        filtered: total,
        next_cursor: None,
    }))
}

/// Makes a token. It does what both its scopes and its owner's role allow; only a person can make one.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewTokenBody, responses(
    (status = 201, body = NewTokenView), (status = 403, body = Problem), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<NewTokenBody>) -> ApiResult<Response> {
    access.need(Right::TokensWrite)?;
    access.need_session()?;
    let days = body.expires_in_days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ApiError::invalid_field(
            "expires_in_days",
            "invalid",
            format!("1 to {MAX_DAYS}"),
        ));
    }
    let lifetime_ms = i64::from(days).saturating_mul(DAY_MS);
    let new = NewToken {
        name: body.name,
        scopes: body.scopes,
        lifetime_ms,
    };
    let (token, secret) = tokens::create(&state.db, &access.author(&state), access.staff, new).await?;
    let location = format!("/api/v1/tokens/{}", token.id);
    let view = NewTokenView {
        token_data: view(token),
        token: secret,
    };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view)).into_response())
}

/// Ends a token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = Problem),
))]
async fn revoke(Extract(state): Extract<State>, access: Access, Id(id): Id<TokenId>) -> ApiResult<StatusCode> {
    access.need(Right::TokensWrite)?;
    tokens::revoke(&state.db, &access.author(&state), access.staff, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(token: Token) -> TokenView {
    TokenView {
        id: token.id.to_string(),
        name: token.name,
        scopes: token.scopes.iter().map(|right| right.name().to_owned()).collect(),
        created_at: time(token.created_at),
        expires_at: time(token.expires_at),
        revoked_at: token.revoked_at.map(time),
    }
}
