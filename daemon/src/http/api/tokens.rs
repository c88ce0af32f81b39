//! Bearer tokens for programs: scopes, an expiry, a secret shown once.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::tokens::{self, NewToken, Token};
use frontdesk_routing::ids::{StaffId, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ListParams, Listing, query_error, staff};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, Params};
use crate::live::view::time;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS: u32 = 365;
const MAX_DAYS: u32 = 3650;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(list_of))
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
    /// When a program last showed it, give or take five minutes; `null`: never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
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

/// One's own tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(ListParams), responses(
    (status = 200, body = Listing<TokenView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<TokenView>>> {
    access.need(Right::TokensWrite)?;
    part_of(&state, &access, access.staff, params).await.map(Json)
}

/// A staff member's tokens, newest first, without their secrets; for whoever may change that person.
#[utoipa::path(get, path = "/staff/{id}/tokens", tag = "tokens", params(("id" = String, Path), ListParams), responses(
    (status = 200, body = Listing<TokenView>), (status = 400, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn list_of(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<TokenView>>> {
    access.need(Right::StaffWrite)?;
    staff::own_only_if_main(&state, &access, id).await?;
    part_of(&state, &access, id, params).await.map(Json)
}

async fn part_of(state: &State, access: &Access, owner: StaffId, params: ListParams) -> ApiResult<Listing<TokenView>> {
    let list = tokens::list(&state.db, access.account, owner, &params.page()?).await;
    Ok(Listing::part(list.map_err(query_error)?, view))
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

/// Ends a token: one's own, or with `staff:write` that of a person whom one may change.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tokens", params(("id" = String, Path)), responses(
    (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn revoke(Extract(state): Extract<State>, access: Access, Id(id): Id<TokenId>) -> ApiResult<StatusCode> {
    access.need(Right::TokensWrite)?;
    let owner = tokens::get(&state.db, access.account, id).await?.staff;
    if owner != access.staff {
        // whoever may not see that there is such a token does not learn it here
        access.need(Right::StaffWrite).map_err(|_| ApiError::not_found())?;
        staff::own_only_if_main(&state, &access, owner).await?;
    }
    tokens::revoke(&state.db, &access.author(&state), owner, id).await?;
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
        last_used_at: token.last_used_at.map(time),
    }
}
