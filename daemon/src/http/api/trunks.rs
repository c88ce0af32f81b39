//! Trunks: provider lines that register with us.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use frontdesk_crm_core::trunks::{self, Trunk};
use frontdesk_routing::ids::TrunkId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Listing;
use super::sip::{self, SipDataView};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(delete))
}

/// A provider line.
#[derive(Debug, Serialize, ToSchema)]
struct TrunkView {
    id: String,
    name: String,
    sip_user: String,
}

/// A new line with what its other end registers with. The password is told this once.
#[derive(Debug, Serialize, ToSchema)]
struct NewTrunkView {
    #[serde(flatten)]
    trunk: TrunkView,
    sip: SipDataView,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTrunkBody {
    name: String,
}

/// The account's lines.
#[utoipa::path(get, path = "/trunks", tag = "trunks", responses(
    (status = 200, body = Listing<TrunkView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<TrunkView>>> {
    access.need(Right::TrunksRead)?;
    let trunks = trunks::list(&state.db, access.account).await?;
    let total = u64::try_from(trunks.len()).ok();
    Ok(Json(Listing {
        items: trunks.into_iter().map(view).collect(),
        total,
        filtered: total,
        next_cursor: None,
    }))
}

/// Adds a line.
#[utoipa::path(post, path = "/trunks", tag = "trunks", request_body = NewTrunkBody, responses(
    (status = 201, body = NewTrunkView), (status = 403, body = Problem), (status = 422, body = Problem),
))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    headers: HeaderMap,
    Body(body): Body<NewTrunkBody>,
) -> ApiResult<(StatusCode, Json<NewTrunkView>)> {
    access.need(Right::TrunksWrite)?;
    let (trunk, data) = trunks::create(&state.db, &access.author(&state), &body.name).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok((
        StatusCode::CREATED,
        Json(NewTrunkView {
            trunk: view(trunk),
            sip: sip::view(&state, &headers, data),
        }),
    ))
}

/// Deletes a line.
#[utoipa::path(delete, path = "/trunks/{id}", tag = "trunks", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = Problem),
))]
async fn delete(Extract(state): Extract<State>, access: Access, Id(id): Id<TrunkId>) -> ApiResult<StatusCode> {
    access.need(Right::TrunksWrite)?;
    trunks::delete(&state.db, &access.author(&state), id).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(StatusCode::NO_CONTENT)
}

fn view(trunk: Trunk) -> TrunkView {
    TrunkView {
        id: trunk.id.to_string(),
        name: trunk.name,
        sip_user: trunk.sip_user,
    }
}
