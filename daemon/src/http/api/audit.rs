//! The audit: who did what, when, before and after. Read only.

use axum::Json;
use axum::extract::State as Extract;
use frontdesk_crm_core::audit::{self, AuditQuery, AuditRow, Place};
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::moment;
use super::{Listing, bad_query, named, page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::Params;
use crate::live::view::time;

/// Rows of the chain that one request reads.
const MOST_VERIFIED: u32 = 20_000;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

/// One deed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    pub id: String,
    #[schema(format = DateTime)]
    pub at: String,
    /// `null` is the program itself.
    pub actor_staff_id: Option<String>,
    pub actor_name: String,
    /// `staff.created`, `client.updated`, `recording.played`, ...
    pub action: String,
    pub entity: String,
    pub entity_id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub ip: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    pub action: Option<String>,
    /// `staff`, `client`, `call`, `recording`, `token`, `account`, ...
    pub entity: Option<String>,
    pub entity_id: Option<String>,
    pub actor_staff_id: Option<String>,
    /// Not before this moment, RFC 3339.
    pub from: Option<String>,
    /// Before this moment, RFC 3339.
    pub until: Option<String>,
    /// The address that it was done from.
    pub ip: Option<String>,
    /// What stands in `before` or `after`, letter for letter; for those who see clients' numbers.
    pub text: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

/// What was done, newest first. Where few deeds fit, a page may hold fewer than `limit`, or none, and go on at `next_cursor`.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditParams), responses(
    (status = 200, body = Listing<AuditView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<AuditParams>,
) -> ApiResult<Json<Listing<AuditView>>> {
    found(&state, &access, params).await.map(Json)
}

pub async fn found(state: &State, access: &Access, params: AuditParams) -> ApiResult<Listing<AuditView>> {
    access.need(Right::AuditRead)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let text = params.text.filter(|text| !text.is_empty());
    if text.is_some() && viewer.is_masked() {
        return Err(ApiError::forbidden(
            "clients' numbers are hidden from you: search without `text`",
        ));
    }
    let query = AuditQuery {
        action: params.action,
        entity: params.entity,
        entity_id: params.entity_id,
        actor: named("actor_staff_id", params.actor_staff_id.as_deref(), |text| {
            text.parse().ok()
        })?,
        from: moment("from", params.from.as_deref())?,
        until: moment("until", params.until.as_deref())?,
        ip: params.ip,
        text,
    };
    let page = page(params.limit, None, params.cursor)?;
    let found = audit::list(&state.db, access.account, &query, &page)
        .await
        .map_err(query_error)?;
    let items = found.items.into_iter().map(|row| view(row, viewer)).collect();
    Ok(Listing {
        items,
        total: None,
        filtered: None,
        next_cursor: found.next_cursor,
    })
}

/// Whether the audit still says what was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedView {
    /// `null`: as far as it was read, and there is more (`next`).
    pub intact: Option<bool>,
    /// Rows that are as they were written, from the first one on; those before `from` are taken on trust.
    pub rows: i64,
    /// Of those that this request has read the ones whose `before` and `after` were erased together with a client.
    pub blanked: i64,
    /// The hash of the last of them. Noted elsewhere it shows later that the chain was not made anew.
    pub hash: String,
    /// The first row that is not as it was written.
    pub broken: Option<BrokenView>,
    /// What `from` of the next request is, which goes on from here; `null`: the end was reached, or a broken row.
    pub next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BrokenView {
    /// Its place in the chain.
    pub seq: i64,
    /// `null` where there should be a row and is none.
    pub id: Option<String>,
    /// `missing`, `link` (it does not follow from the one before), `row` (who, what, when or from where was changed),
    /// `content` (before or after was), `blanked` (they are gone, and nobody has erased them) or `unchained` (it was put
    /// in beside the chain).
    pub fault: String,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VerifyParams {
    /// `next` of the answer before; the beginning when absent.
    from: Option<String>,
    /// Rows that are read at most: 1 to 20000, which is what is read when it is absent.
    limit: Option<u32>,
}

/// Reads the account's chain of deeds, a part at a time.
#[utoipa::path(get, path = "/audit/verify", tag = "audit", params(VerifyParams), responses(
    (status = 200, body = VerifiedView), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn verify(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<VerifyParams>,
) -> ApiResult<Json<VerifiedView>> {
    access.need(Right::AuditRead)?;
    let from = named("from", params.from.as_deref(), place)?.unwrap_or_default();
    let most = params.limit.unwrap_or(MOST_VERIFIED);
    if !(1..=MOST_VERIFIED).contains(&most) {
        return Err(bad_query("limit", "invalid", format!("1 to {MOST_VERIFIED}")));
    }
    let found = audit::verify_part(&state.db, access.account, from, most.into()).await?;
    let broken = found.broken.map(|broken| BrokenView {
        seq: broken.seq,
        id: broken.id,
        fault: broken.fault.name().to_owned(),
    });
    let next = found.next.map(|next| format!("{}.{}", next.seq, next.hash));
    Ok(Json(VerifiedView {
        intact: next.is_none().then_some(broken.is_none()),
        rows: found.rows,
        blanked: found.blanked,
        hash: found.hash,
        broken,
        next,
    }))
}

/// As `next` says it: the number of a row, a dot and its hash.
fn place(text: &str) -> Option<Place> {
    let (seq, hash) = text.split_once('.')?;
    let seq = seq.parse().ok().filter(|seq| *seq > 0)?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| Place {
        seq,
        hash: hash.to_ascii_lowercase(),
    })
}

/// What was there is told without numbers to whom they are hidden from.
pub(super) fn discreet(value: Value, viewer: Viewer<'_>) -> Value {
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
