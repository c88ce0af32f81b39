//! Sources of SIP that are not listened to: those that the guard has blocked, and those that people block. They are the
//! installation's: where several accounts share it, its operator's administrators see and change them, and nobody else.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use frontdesk_crm_core::{accounts, audit, journal};
use frontdesk_sip::guard::source_of;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Listing;
use crate::engine::input::OperatorCommand;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id};
use crate::journal::read_flow;
use crate::live::blocks::BlockView;

/// A year.
const LONGEST_S: u32 = 366 * 86_400;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list, block)).routes(routes!(lift))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBlockBody {
    /// An IPv4 or IPv6 address; of IPv6 the whole /64 is blocked.
    #[schema(value_type = String)]
    address: IpAddr,
    /// For how long, up to a year; until it is lifted when absent.
    expires_in_s: Option<u32>,
}

/// All blocks, the newest first. Where several accounts share the installation they are shown to its operator alone: the first
/// account, or those that `guard.operators` names; others are shown none.
#[utoipa::path(get, path = "/security/blocks", tag = "security", responses(
    (status = 200, body = Listing<BlockView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<BlockView>>> {
    access.need(Right::SettingsRead)?;
    let items: Vec<BlockView> = match is_operator(&state, &access).await? {
        true => state.live.blocks().iter().map(BlockView::from).collect(),
        false => Vec::new(),
    };
    Ok(Json(Listing::whole(items)))
}

/// Blocks an address for everybody behind it. Phones of that address that are registered are no longer heard either; one from
/// which another account's phones are registered is not blocked. For the operator alone, as the list.
#[utoipa::path(post, path = "/security/blocks", tag = "security", request_body = NewBlockBody, responses(
    (status = 202, description = "The stream tells `security.blocked`"), (status = 403, body = Problem),
    (status = 422, body = Problem, description = "No address, one of `guard.allow`, or one of another account's phones"),
))]
async fn block(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<NewBlockBody>,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    if !is_operator(&state, &access).await? {
        return Err(ApiError::forbidden(
            "blocks concern all accounts here: only the operator's makes them",
        ));
    }
    let address = source_of(body.address);
    if state
        .settings
        .never_blocked
        .iter()
        .any(|net| net.contains(&body.address.to_canonical()))
    {
        let message = "guard.allow of the configuration holds it: it is never blocked";
        return Err(ApiError::invalid_field("address", "allowed", message));
    }
    if body.address.is_unspecified() || body.address.is_multicast() {
        return Err(ApiError::invalid_field("address", "invalid", "nobody sends from there"));
    }
    let until = match body.expires_in_s {
        Some(seconds) if (1..=LONGEST_S).contains(&seconds) => {
            let lasting = i64::from(seconds).saturating_mul(1000);
            Some(state.clock.unix_ms().saturating_add(lasting))
        }
        Some(_) => {
            let message = format!("1 to {LONGEST_S}");
            return Err(ApiError::invalid_field("expires_in_s", "invalid", message));
        }
        None => None,
    };
    if others_are_there(&state, &access, address).await? {
        let message = "another account's phones are registered from there";
        return Err(ApiError::invalid_field("address", "in_use", message));
    }
    note(&state, &access, "security.blocked", address).await?;
    command(&state, OperatorCommand::Block { address, until }).await
}

/// Lifts a block.
#[utoipa::path(delete, path = "/security/blocks/{id}", tag = "security",
    params(("id" = String, Path, description = "The address, or one of its /64")), responses(
    (status = 202, description = "The stream tells `security.unblocked`"), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn lift(Extract(state): Extract<State>, access: Access, Id(address): Id<String>) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    let address = address.parse().map(source_of).map_err(|_| ApiError::not_found())?;
    if !is_operator(&state, &access).await? {
        return Err(ApiError::not_found());
    }
    state.live.block(address).ok_or_else(ApiError::not_found)?;
    note(&state, &access, "security.unblocked", address).await?;
    command(&state, OperatorCommand::Unblock { address }).await
}

/// Whether blocks are this account's business.
///
/// # Errors
/// The database is away.
pub async fn is_operator(state: &State, access: &Access) -> ApiResult<bool> {
    let named = &state.settings.operators;
    Ok(accounts::is_operator(&state.db, access.account, named).await?)
}

/// Whether phones of another account are registered from an address, as it was last written down.
async fn others_are_there(state: &State, access: &Access, address: IpAddr) -> ApiResult<bool> {
    let flows = journal::flows_of_others(&state.db, access.account, state.clock.unix_ms()).await?;
    let mut sources = flows.iter().filter_map(|flow| read_flow(flow));
    Ok(sources.any(|flow| source_of(flow.peer.ip()) == address))
}

async fn note(state: &State, access: &Access, action: &'static str, address: IpAddr) -> ApiResult<()> {
    let author = access.author(state);
    audit::note(&state.db, &author, (action, "block"), address.to_string()).await?;
    Ok(())
}

async fn command(state: &State, command: OperatorCommand) -> ApiResult<StatusCode> {
    state
        .operator
        .send(command)
        .await
        .map_err(|_| ApiError::unavailable("the engine is stopping"))?;
    Ok(StatusCode::ACCEPTED)
}
