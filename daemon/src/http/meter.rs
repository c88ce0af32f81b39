//! Counts requests by route, method and status.

use std::net::IpAddr;

use axum::extract::{MatchedPath, Request, State as Extract};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::State;
use super::auth::{Access, Peer};
use super::error::{ApiError, ApiResult};

pub(super) async fn count(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().into());
    let began = state.clock.unix_ms();
    let response = next.run(request).await;
    let took = u32::try_from(state.clock.unix_ms().saturating_sub(began)).unwrap_or(0);
    let status = response.status().as_str().to_owned();
    let labels = [("method", method), ("route", route), ("status", status)];
    metrics::counter!("frontdesk_http_requests_total", &labels).increment(1);
    metrics::counter!("frontdesk_http_request_milliseconds_total", &labels).increment(u64::from(took));
    response
}

/// Prometheus' text. Told to this machine; to others only with the right to read settings.
pub(super) async fn metrics(
    Extract(state): Extract<State>,
    Peer(peer): Peer,
    access: Result<Access, ApiError>,
) -> ApiResult<Response> {
    if !peer.is_some_and(|peer: IpAddr| peer.is_loopback()) {
        access?.need(super::auth::Right::SettingsRead)?;
    }
    let Some(handle) = &state.metrics else {
        return Err(ApiError::unavailable("metrics are switched off"));
    };
    metrics::gauge!("frontdesk_staff_online").set(whole(state.live.online_count()));
    metrics::gauge!("frontdesk_calls_in_progress").set(whole(state.live.call_count()));
    Ok((
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        handle.render(),
    )
        .into_response())
}

fn whole(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
