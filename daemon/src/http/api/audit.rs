//! The audit: who did what, when, before and after. Read only.

use axum::Json;
use axum::extract::State as Extract;
use frontdesk_crm_core::audit::{self, AuditQuery, AuditRow};
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, named, page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::Params;
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list))
}

/// One deed.
#[derive(Debug, Serialize, ToSchema)]
struct AuditView {
    id: String,
    #[schema(format = DateTime)]
    at: String,
    /// `null` is the program itself.
    actor_staff_id: Option<String>,
    actor_name: String,
    /// `staff.created`, `client.updated`, `recording.played`, ...
    action: String,
    entity: String,
    entity_id: String,
    before: Option<Value>,
    after: Option<Value>,
    ip: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditParams {
    action: Option<String>,
    /// `staff`, `client`, `call`, `recording`, `token`, `account`, ...
    entity: Option<String>,
    entity_id: Option<String>,
    actor_staff_id: Option<String>,
    /// 1 to 500.
    limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// What was done, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditParams), responses(
    (status = 200, body = Listing<AuditView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<AuditParams>,
) -> ApiResult<Json<Listing<AuditView>>> {
    access.need(Right::AuditRead)?;
    let query = AuditQuery {
        action: params.action,
        entity: params.entity,
        entity_id: params.entity_id,
        actor: named("actor_staff_id", params.actor_staff_id.as_deref(), |text| {
            text.parse().ok()
        })?,
    };
    let page = page(params.limit, None, params.cursor)?;
    let found = audit::list(&state.db, access.account, &query, &page)
        .await
        .map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let items = found.items.into_iter().map(|row| view(row, viewer)).collect();
    Ok(Json(Listing {
        items,
        total: None,
        filtered: None,
        next_cursor: found.next_cursor,
    }))
}

/// What was there is told without numbers to whom they are hidden from.
fn discreet(value: Value, viewer: Viewer<'_>) -> Value {
    match value {
        Value::String(text) if !is_id(&text) => Value::String(viewer.text(&text)),
        Value::Array(all) => all.into_iter().map(|value| discreet(value, viewer)).collect(),
        Value::Object(all) => {
            let discreet = |(name, value)| (name, discreet(value, viewer));
            Value::Object(all.into_iter().map(discreet).collect())
        }
        value @ (Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn view(row: AuditRow, viewer: Viewer<'_>) -> AuditView {
    AuditView {
        id: row.id.to_string(),
        at: time(row.at),
        actor_staff_id: row.actor_staff.map(|staff| staff.to_string()),
        actor_name: row.actor_name,
        action: row.action,
        entity: row.entity,
        entity_id: row.entity_id,
        before: row.before.map(|value| discreet(value, viewer)),
        after: row.after.map(|value| discreet(value, viewer)),
        ip: row.ip,
    }
}
