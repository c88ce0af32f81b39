//! What callers of a number hear before their call goes on.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::numbers::{self, NewGreeting};
use frontdesk_routing::ids::NumberId;
use frontdesk_routing::plan::Greeting;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::versioned;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, set))
}

#[derive(Debug, Serialize, ToSchema)]
struct GreetingView {
    /// The prompt that is said first; `null`: none.
    greeting_id: Option<String>,
    /// Callers are told that the call is recorded, unless the account records none.
    says_recorded: bool,
    /// The number's.
    version: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GreetingBody {
    greeting_id: Option<String>,
    #[serde(default)]
    says_recorded: bool,
}

/// What callers of a number hear first.
#[utoipa::path(get, path = "/numbers/{id}/greeting", tag = "numbers", params(("id" = String, Path)), responses(
    (status = 200, body = GreetingView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<NumberId>) -> ApiResult<Response> {
    access.need(Right::TrunksRead)?;
    Ok(view(numbers::greeting(&state.db, access.account, id).await?))
}

/// Says anew what callers of a number hear before their call goes on; they are answered for it.
#[utoipa::path(put, path = "/numbers/{id}/greeting", tag = "numbers", request_body = GreetingBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = GreetingView, headers(("ETag" = String))), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn set(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NumberId>,
    IfMatch(version): IfMatch,
    Body(body): Body<GreetingBody>,
) -> ApiResult<Response> {
    access.need(Right::TrunksWrite)?;
    let new = NewGreeting {
        prompt: body.greeting_id,
        says_recorded: body.says_recorded,
    };
    let set = numbers::set_greeting(&state.db, &access.author(&state), id, new, version).await?;
    state.plan.changed(access.account, PlanSection::Staff).await;
    Ok(view(set))
}

fn view((greeting, version): (Greeting, i64)) -> Response {
    let view = GreetingView {
        greeting_id: greeting.prompt.map(|prompt| prompt.to_string()),
        says_recorded: greeting.says_recorded,
        version,
    };
    versioned(view, version)
}
