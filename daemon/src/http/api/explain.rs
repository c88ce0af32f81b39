//! Why a call went as it did.

use axum::Json;
use axum::extract::State as Extract;
use frontdesk_crm_core::calls;
use frontdesk_routing::ids::CallId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::Id;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(call))
}

/// What decided where a call went, in order.
#[derive(Debug, Serialize, ToSchema)]
struct ExplainedView {
    call_id: String,
    sentences: Vec<String>,
}

/// Why a call of the records went as it did: the rule, who was passed over and why, its place in a line, the number that
/// was shown.
#[utoipa::path(get, path = "/calls/{id}/explain", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, body = ExplainedView), (status = 404, body = Problem),
))]
async fn call(Extract(state): Extract<State>, access: Access, Id(id): Id<CallId>) -> ApiResult<Json<ExplainedView>> {
    access.need(Right::CallsRead)?;
    let call = calls::get(&state.db, access.account, id).await?;
    let plan = state.live.plan();
    let because = access.viewer(&plan).text(&call.because);
    Ok(Json(ExplainedView {
        call_id: id.to_string(),
        sentences: because.split("; ").map(sentence).collect(),
    }))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
