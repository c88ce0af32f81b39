//! Leads and deals: who has them, and when the next step is due.

mod body;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use frontdesk_crm_core::access::{Reach, Scope, Whose};
use frontdesk_crm_core::audit;
use frontdesk_crm_core::deals::{self, Deal, DealId, DealQuery, Kind, Looker, Order, Stage, Which};
use frontdesk_routing::ids::{AccountId, StaffId};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::colleague::colleague;
use super::{Listing, created, named, page, query_error, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};

pub(super) use body::change_view;
pub use body::{ChangeView, DealParams, DealView};
use body::{DealBody, HandOverBody, HandedOver, HistoryParams, NewDealBody, view};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(hand_over))
        .routes(routes!(read, update, delete))
        .routes(routes!(history))
}

/// Who looks; without the right to read, at what is theirs to change.
pub(super) fn looker(state: &State, access: &Access, right: Right) -> Looker {
    let right = match access.may(Right::DealsRead) {
        true => Right::DealsRead,
        false => right,
    };
    Looker {
        within: access.within_or_own(right),
        sees_new: access.may(Right::LeadsSeeNew),
        now: state.clock.unix_ms(),
    }
}

/// Leads and deals, newest first. While own leads are overdue, other leads are shown only to whom `leads:see_new` is given.
/// Where few fit, a page may hold fewer than `limit`, or none, and go on at `next_cursor`.
#[utoipa::path(get, path = "/deals", tag = "deals", params(DealParams), responses(
    (status = 200, body = Listing<DealView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<DealParams>,
) -> ApiResult<Json<Listing<DealView>>> {
    access.need(Right::DealsRead)?;
    found(&state, &access, params).await.map(Json)
}

/// The part of the list that is asked for; the caller has checked the right.
pub async fn found(state: &State, access: &Access, params: DealParams) -> ApiResult<Listing<DealView>> {
    let order = |name: &str| match name {
        "created_at" => Some(Order::CreatedAt),
        "step_at" => Some(Order::StepAt),
        _ => None,
    };
    let query = DealQuery {
        kind: named("kind", params.kind.as_deref(), Kind::named)?,
        stage: named("stage", params.stage.as_deref(), Stage::named)?,
        client: named("client_id", params.client_id.as_deref(), |text| text.parse().ok())?,
        project: named("project_id", params.project_id.as_deref(), |text| text.parse().ok())?,
        staff: named("staff_id", params.staff_id.as_deref(), |text| text.parse().ok())?,
        open: params.open,
        overdue: params.overdue,
        no_step: params.no_step,
        order: named("order", params.order.as_deref(), order)?.unwrap_or_default(),
    };
    let page = page(params.limit, None, params.cursor)?;
    let looker = looker(state, access, Right::DealsRead);
    let list = deals::list(&state.db, &query, looker, &page).await;
    let list = list.map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let shown = |deal| view(deal, viewer, looker.now);
    Ok(Listing {
        items: list.items.into_iter().map(shown).collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    })
}

/// Adds a lead or a deal.
#[utoipa::path(post, path = "/deals", tag = "deals", request_body = NewDealBody, responses(
    (status = 201, body = DealView, headers(("Location" = String), ("ETag" = String))),
    (status = 403, body = Problem), (status = 422, body = Problem),
))]
async fn create(Extract(state): Extract<State>, access: Access, Body(body): Body<NewDealBody>) -> ApiResult<Response> {
    access.need(Right::DealsWrite)?;
    let new = body.read();
    open_project(&access, new.project.as_deref())?;
    let mine = access.staff.to_string();
    if matches!(&new.staff, Some(Some(staff)) if staff.trim() != mine) {
        access.need(Right::DataHandOver)?;
    }
    let deal = deals::create(&state.db, &access.author(&state), &new, access.here.project).await?;
    tell(&state, "deal.created", &deal, None);
    let (location, version) = (format!("/api/v1/deals/{}", deal.id), deal.version);
    let plan = state.live.plan();
    let shown = view(deal, access.viewer(&plan), state.clock.unix_ms());
    Ok(created(shown, version, location))
}

/// One lead or deal.
#[utoipa::path(get, path = "/deals/{id}", tag = "deals", params(("id" = String, Path)), responses(
    (status = 200, body = DealView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<DealId>) -> ApiResult<Response> {
    access.need(Right::DealsRead)?;
    let looker = looker(&state, &access, Right::DealsRead);
    let deal = deals::get(&state.db, id, looker).await?;
    Ok(shown(&state, &access, deal))
}

/// Changes a lead or a deal. Where its step's date is moved, `reason` says why, unless that may be left out.
#[utoipa::path(patch, path = "/deals/{id}", tag = "deals", request_body = DealBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = DealView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn update(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DealId>,
    IfMatch(version): IfMatch,
    Body(body): Body<DealBody>,
) -> ApiResult<Response> {
    access.need(Right::DealsWrite)?;
    let patch = body.read();
    let looker = looker(&state, &access, Right::DealsWrite);
    let before = deals::get(&state.db, id, looker).await?;
    reached(&state, &access, id, Right::DealsWrite).await?;
    let owner = before.staff.map(|staff| staff.to_string());
    if patch.staff.as_ref().is_some_and(|staff| *staff != owner) {
        reached(&state, &access, id, Right::DataHandOver).await?;
    }
    open_project(
        &access,
        patch
            .project
            .as_deref()
            .filter(|project| *project != before.project.to_string()),
    )?;
    let how = (version, access.may(Right::LeadsOmitReason));
    let deal = deals::update(&state.db, &access.author(&state), id, &patch, how).await?;
    tell(&state, "deal.changed", &deal, before.staff);
    Ok(shown(&state, &access, deal))
}

/// Deletes a lead or a deal.
#[utoipa::path(delete, path = "/deals/{id}", tag = "deals",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem),
    ))]
async fn delete(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DealId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    let looker = looker(&state, &access, Right::DataDelete);
    let allowed = match access.need(Right::DataDelete) {
        Ok(()) => {
            deals::get(&state.db, id, looker).await?;
            reached(&state, &access, id, Right::DataDelete).await
        }
        refused => refused,
    };
    if let Err(refusal) = allowed {
        let deed = ("deal.delete_refused", "deal");
        audit::note(&state.db, &access.author(&state), deed, id.to_string()).await?;
        return Err(refusal);
    }
    let deal = deals::delete(&state.db, &access.author(&state), id, version).await?;
    tell(&state, "deal.changed", &deal, None);
    Ok(StatusCode::NO_CONTENT)
}

/// Hands leads and deals over to a colleague: those that are named, or all that somebody has and is not done with.
#[utoipa::path(post, path = "/deals/hand-over", tag = "deals", request_body = HandOverBody, responses(
    (status = 200, body = HandedOver), (status = 403, body = Problem), (status = 422, body = Problem),
))]
async fn hand_over(
    Extract(state): Extract<State>,
    access: Access,
    Body(body): Body<HandOverBody>,
) -> ApiResult<Json<HandedOver>> {
    access.need(Right::DataHandOver)?;
    let to = match body.to_staff_id.as_deref() {
        Some(to) => Some(colleague(&state, &access, ("to_staff_id", to)).await?),
        None => None,
    };
    let (which, before) = match (body.deal_ids, body.from_staff_id) {
        (Some(deals), None) => (Which::These(deals), None),
        (None, Some(from)) => {
            let from = colleague(&state, &access, ("from_staff_id", &from)).await?;
            (Which::OpenOf(from), Some(from))
        }
        (Some(_), Some(_)) | (None, None) => {
            let why = "either `deal_ids` or `from_staff_id`";
            return Err(ApiError::invalid_field("deal_ids", "required", why));
        }
    };
    let seen = looker(&state, &access, Right::DataHandOver).within;
    let within = access.within(Right::DataHandOver)?.and(seen);
    let moved = deals::hand_over(&state.db, &access.author(&state), &which, within, to).await?;
    for deal in &moved {
        tell(&state, "deal.changed", deal, before);
    }
    let deals = u64::try_from(moved.len()).unwrap_or(u64::MAX);
    Ok(Json(HandedOver { deals }))
}

/// What has become of a lead or a deal, newest first.
#[utoipa::path(get, path = "/deals/{id}/history", tag = "deals", params(("id" = String, Path), HistoryParams), responses(
    (status = 200, body = Listing<ChangeView>), (status = 400, body = Problem), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn history(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<DealId>,
    Params(params): Params<HistoryParams>,
) -> ApiResult<Json<Listing<ChangeView>>> {
    access.need(Right::DealsRead)?;
    let page = page(params.limit, None, params.cursor)?;
    let looker = looker(&state, &access, Right::DealsRead);
    deals::get(&state.db, id, looker).await?;
    let list = deals::history(&state.db, access.account, id, &page).await;
    let list = list.map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let items = list.items.into_iter().map(|change| change_view(change, viewer));
    Ok(Json(Listing {
        items: items.collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    }))
}

/// A lead has come by itself.
pub(super) async fn arrived(state: &State, account: AccountId, lead: DealId) -> ApiResult<()> {
    let everything = Looker {
        within: Scope::whole(account),
        sees_new: true,
        now: state.clock.unix_ms(),
    };
    let deal = deals::get(&state.db, lead, everything).await?;
    tell(state, "deal.created", &deal, None);
    Ok(())
}

/// A right that somebody has, but not for this one, is none.
async fn reached(state: &State, access: &Access, deal: DealId, right: Right) -> ApiResult<()> {
    match deals::reaches(&state.db, deal, access.within(right)?).await? {
        true => Ok(()),
        false => Err(ApiError::forbidden(format!(
            "`{}` does not reach this one",
            right.name()
        ))),
    }
}

/// Only who may write in all projects names another than the one that is looked at.
fn open_project(access: &Access, project: Option<&str>) -> ApiResult<()> {
    let here = access.here.project.to_string();
    let everywhere = access.rights.reach(Right::DealsWrite) == Some(Reach::Any);
    match project.is_none_or(|project| project.trim() == here) || everywhere {
        true => Ok(()),
        false => Err(ApiError::invalid_field(
            "project_id",
            "unknown",
            "not a project that is open to you",
        )),
    }
}

fn shown(state: &State, access: &Access, deal: Deal) -> Response {
    let version = deal.version;
    let plan = state.live.plan();
    versioned(view(deal, access.viewer(&plan), state.clock.unix_ms()), version)
}

/// Tells whose right reaches on it, or did so before.
fn tell(state: &State, event: &'static str, deal: &Deal, before: Option<StaffId>) {
    let whose = Whose {
        project: Some(deal.project),
        ..Whose::of(deal.staff.into_iter().chain(before))
    };
    let person = |staff: Option<StaffId>| staff.map(|staff| staff.to_string());
    let data = json!({
        "deal_id": deal.id.to_string(),
        "kind": deal.kind.name(),
        "client_id": deal.client.as_ref().map(|client| client.id.to_string()),
        "staff_id": person(deal.staff),
        "staff_id_before": person(before),
    });
    state.live.publish_of(deal.account, event, Some(whose), data);
}
