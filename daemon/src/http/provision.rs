//! What phones fetch by the link that was made together with their password; nobody is logged in there.

use axum::extract::{Path, State as Extract};
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::audit::{self, Actor, Author};
use frontdesk_crm_core::staff;

use super::State;
use super::auth::Peer;
use super::error::{ApiError, ApiResult};

/// Told once; whoever only asks whether it is there, or asks for a person without access, uses nothing up.
pub(super) async fn file(
    Extract(state): Extract<State>,
    method: Method,
    Peer(peer): Peer,
    Path((token, model, name)): Path<(String, String, String)>,
) -> ApiResult<Response> {
    if method == Method::HEAD {
        return Err(ApiError::method_not_allowed());
    }
    let now = state.clock.unix_ms();
    let (account, staff) = state.tickets().whose(&token).ok_or_else(ApiError::not_found)?;
    let member = staff::get(&state.db, account, staff, now).await?;
    if member.deleted_at.is_some() || member.access_ended {
        return Err(ApiError::not_found());
    }
    let found = state.tickets().redeem(&token, (&model, &name), now);
    let (file, settings) = found.ok_or_else(ApiError::not_found)?;
    let author = Author {
        account: settings.account,
        actor: Actor {
            ip: peer.map(|peer| peer.to_string()),
            ..Actor::program()
        },
        login: None,
        stamp: state.stamp(),
    };
    audit::note(
        &state.db,
        &author,
        ("sip.provisioned", "staff"),
        settings.staff.to_string(),
    )
    .await?;
    let head = [(CONTENT_TYPE, file.kind), (CACHE_CONTROL, "no-store")];
    Ok((head, file.text).into_response())
}
