//! Emergency numbers of the account.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::accounts;
use frontdesk_crm_core::emergency::{self, Conflict, Emergency, EmergencyPatch};
use frontdesk_routing::emergency::ALWAYS;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::versioned;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, IfMatch, given};
use crate::http::plan::PlanSection;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, update))
}

#[derive(Debug, Serialize, ToSchema)]
struct EmergencyView {
    /// Those that are dialled; 112 is always among them.
    numbers: Vec<String>,
    /// Digits after which each of them is an emergency number whoever has it as a short number.
    prefix: Option<String>,
    /// They come before short numbers that are the same; else only 112 does, and any after the prefix.
    before_short_numbers: bool,
    /// Short numbers of the account that are emergency numbers as well.
    conflicts: Vec<ConflictView>,
    /// What such calls show: `emergency_number` of the account, E.164.
    shows: Option<String>,
    /// What `If-Match` takes, in quotes; 0 until something is changed.
    version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ConflictView {
    short_number: String,
    /// Whoever dials it reaches `emergency`, or the `short_number`'s owner.
    reaches: &'static str,
}

/// What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmergencyBody {
    /// Beside 112; 2 to 6 digits each, 20 at most.
    numbers: Option<Vec<String>>,
    /// 1 to 3 digits; `null`: there is no prefix.
    #[serde(default, deserialize_with = "given")]
    prefix: Option<Option<String>>,
    before_short_numbers: Option<bool>,
}

/// Which numbers are emergency numbers, and how they are dialled.
#[utoipa::path(get, path = "/emergency", tag = "account", responses(
    (status = 200, body = EmergencyView, headers(("ETag" = String))), (status = 403, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let emergency = emergency::get(&state.db, access.account).await?;
    answer(&state, emergency).await
}

/// Changes them; the next call goes by it.
#[utoipa::path(patch, path = "/emergency", tag = "account", request_body = EmergencyBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = EmergencyView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    IfMatch(version): IfMatch,
    Body(body): Body<EmergencyBody>,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let patch = EmergencyPatch {
        numbers: body.numbers,
        prefix: body.prefix,
        before_short_numbers: body.before_short_numbers,
    };
    let emergency = emergency::update(&state.db, &access.author(&state), patch, version).await?;
    state.plan.changed(access.account, PlanSection::Routes).await;
    answer(&state, emergency).await
}

async fn answer(state: &State, emergency: Emergency) -> ApiResult<Response> {
    let account = accounts::get(&state.db, emergency.account).await?;
    let numbers = emergency.settings.numbers.iter().map(ToString::to_string);
    let view = EmergencyView {
        numbers: std::iter::once(ALWAYS.to_owned()).chain(numbers).collect(),
        prefix: emergency.settings.prefix.map(String::from),
        before_short_numbers: emergency.settings.before_short_numbers,
        conflicts: emergency.conflicts.into_iter().map(ConflictView::from).collect(),
        shows: account.caller_id.emergency_number,
        version: emergency.version,
    };
    Ok(versioned(view, emergency.version))
}

impl From<Conflict> for ConflictView {
    fn from(conflict: Conflict) -> ConflictView {
        ConflictView {
            short_number: conflict.short_number,
            reaches: if conflict.is_emergency {
                "emergency"
            } else {
                "short_number"
            },
        }
    }
}
