//! For supervisors and balancers.

use axum::Json;
use axum::extract::State as Extract;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::error::{ApiError, ApiResult};

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 200, body = Health)))]
pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// New work can be sent here: the database answers and no shutdown has begun.
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()), responses(
    (status = 200, body = Health),
    (status = 503, body = super::error::Problem),
))]
pub(super) async fn ready(Extract(state): Extract<State>) -> ApiResult<Json<Health>> {
    if state.closing.is_cancelled() {
        return Err(ApiError::unavailable("the daemon is stopping"));
    }
    state.db.ping().await.map_err(|error| {
        tracing::warn!(%error, "the database does not answer");
        ApiError::unavailable("the database does not answer")
    })?;
    Ok(Json(Health { status: "ok" }))
}

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready))
}
