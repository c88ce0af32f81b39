//! What readers say of the pages of the help.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use frontdesk_crm_core::help::{self, Topic};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Listing;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(say))
}

/// What people say of a page of the help; of one person's words the last counts.
#[derive(Debug, Serialize, ToSchema)]
struct OpinionView {
    /// `phone`, `calls`, `away` or `hidden`.
    topic: &'static str,
    useful: u32,
    useless: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpinionBody {
    useful: bool,
}

/// All pages of the help and how many people have found each useful.
#[utoipa::path(get, path = "/help", tag = "account", responses(
    (status = 200, body = Listing<OpinionView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<OpinionView>>> {
    access.need(Right::SettingsRead)?;
    let mut items = Vec::new();
    for topic in Topic::ALL {
        let opinion = help::opinion(&state.db, access.account, *topic).await?;
        items.push(OpinionView {
            topic: topic.name(),
            useful: opinion.useful,
            useless: opinion.useless,
        });
    }
    Ok(Json(Listing::whole(items)))
}

/// Says whether a page of the help was useful to oneself. Needs a session.
#[utoipa::path(put, path = "/help/{id}/opinion", tag = "account", request_body = OpinionBody,
    params(("id" = String, Path, description = "The topic")), responses(
        (status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ))]
async fn say(
    Extract(state): Extract<State>,
    access: Access,
    Id(topic): Id<String>,
    Body(body): Body<OpinionBody>,
) -> ApiResult<StatusCode> {
    access.need_session()?;
    let topic = Topic::named(&topic).ok_or_else(ApiError::not_found)?;
    help::say(&state.db, &access.author(&state), topic, body.useful).await?;
    Ok(StatusCode::NO_CONTENT)
}
