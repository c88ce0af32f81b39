//! Do not disturb and forwarding: of a staff member, and one's own.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::forwardings::{self, NewSettings, Settings};
use frontdesk_routing::forwarding::{Condition, Target};
use frontdesk_routing::ids::StaffId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{staff, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(read, replace))
        .routes(routes!(read_own, replace_own))
}

/// Where somebody's calls go. A target is a short number, E.164 or `voicemail`; `null` forwards nothing.
#[derive(Debug, Serialize, ToSchema)]
struct ForwardingView {
    /// Do not disturb: calls go where those while busy go, else the caller gets 480.
    dnd: bool,
    /// All calls.
    always: Option<String>,
    /// Calls that all phones of the person refuse as busy.
    busy: Option<String>,
    /// Calls that nobody has answered after `no_answer_after` seconds.
    no_answer: Option<String>,
    no_answer_after: u16,
    /// Calls while no phone is registered.
    offline: Option<String>,
    /// What `If-Match` takes, in quotes; 0 until something is set.
    version: i64,
}

/// All settings: what is absent is off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ForwardingBody {
    #[serde(default)]
    dnd: bool,
    /// A short number of the account, a telephone number in any usual form, or `voicemail`: the person's own mailbox.
    always: Option<String>,
    busy: Option<String>,
    no_answer: Option<String>,
    /// Seconds, 5 to 120; 20 when absent.
    no_answer_after: Option<i64>,
    offline: Option<String>,
}

/// A staff member's do not disturb and forwarding.
#[utoipa::path(get, path = "/staff/{id}/forwarding", tag = "forwarding", params(("id" = String, Path)), responses(
    (status = 200, body = ForwardingView, headers(("ETag" = String))), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    found(&state, &access, id).await
}

/// Replaces a staff member's do not disturb and forwarding; the next call follows it.
#[utoipa::path(put, path = "/staff/{id}/forwarding", tag = "forwarding", request_body = ForwardingBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = ForwardingView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn replace(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Body(body): Body<ForwardingBody>,
) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    staff::own_only_if_main(&state, &access, id).await?;
    put(&state, &access, id, (body, version)).await
}

/// One's own do not disturb and forwarding.
#[utoipa::path(get, path = "/me/forwarding", tag = "forwarding", responses(
    (status = 200, body = ForwardingView, headers(("ETag" = String))), (status = 401, body = Problem),
))]
async fn read_own(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    found(&state, &access, access.staff).await
}

/// Replaces one's own do not disturb and forwarding. Needs a session; a program uses the staff member's.
#[utoipa::path(put, path = "/me/forwarding", tag = "forwarding", request_body = ForwardingBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = ForwardingView, headers(("ETag" = String))), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn replace_own(
    Extract(state): Extract<State>,
    access: Access,
    IfMatch(version): IfMatch,
    Body(body): Body<ForwardingBody>,
) -> ApiResult<Response> {
    access.need_session()?;
    put(&state, &access, access.staff, (body, version)).await
}

async fn found(state: &State, access: &Access, id: StaffId) -> ApiResult<Response> {
    let settings = forwardings::get(&state.db, access.account, id).await?;
    Ok(versioned(view(&settings), settings.version))
}

async fn put(
    state: &State,
    access: &Access,
    id: StaffId,
    (body, version): (ForwardingBody, Option<i64>),
) -> ApiResult<Response> {
    let new = NewSettings {
        dnd: body.dnd,
        always: body.always,
        busy: body.busy,
        no_answer: body.no_answer,
        no_answer_after: body.no_answer_after,
        offline: body.offline,
    };
    let settings = forwardings::put(&state.db, &access.author(state), id, new, version).await?;
    state.plan.changed(access.account, PlanSection::Features).await;
    let told = json!({ "staff_id": id.to_string() });
    state.live.publish(access.account, "staff.changed", told);
    Ok(versioned(view(&settings), settings.version))
}

fn view(settings: &Settings) -> ForwardingView {
    let forwarding = &settings.forwarding;
    let to = |condition| forwarding.to(condition).map(Target::dialled);
    ForwardingView {
        dnd: forwarding.dnd,
        always: to(Condition::Always),
        busy: to(Condition::Busy),
        no_answer: to(Condition::NoAnswer),
        no_answer_after: forwarding.no_answer_after,
        offline: to(Condition::Offline),
        version: settings.version,
    }
}
