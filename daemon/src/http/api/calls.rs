//! Calls: those in progress from the board, past ones from the records.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use frontdesk_crm_core::access::{Scope, circle};
use frontdesk_crm_core::audit;
use frontdesk_crm_core::calls::{self, Call, CallDirection, CallQuery, Disposition, EndedBy, Leg, Party};
use frontdesk_crm_core::recordings::{self, Recording};
use frontdesk_routing::ids::CallId;
use frontdesk_routing::masking::{self, Viewer};
use frontdesk_routing::number::ShortNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::recordings::RecordingView;
use super::{Listing, named, page, query_error};
use crate::engine::input::OperatorCommand;
use crate::engine::output::{self, LiveCall};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};
use crate::live::view::{LiveCallView, PartyView, time};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(live))
        .routes(routes!(read))
        .routes(routes!(hang_up))
        .routes(routes!(reveal))
}

/// A call of the records.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallView {
    pub id: String,
    /// `internal`, `inbound` or `outbound`.
    pub direction: &'static str,
    pub caller: PartyView,
    /// As dialled.
    pub called: String,
    /// Who answered, or else who was rung.
    pub callee: PartyView,
    pub client_id: Option<String>,
    /// `answered`, `busy`, `no_answer`, `abandoned`, `failed`; `null` while the call goes on. A call that nobody but a mailbox
    /// took is `no_answer`, and has an `answered_at`.
    pub disposition: Option<&'static str>,
    /// The rule that decided where it went.
    pub because: String,
    #[schema(format = DateTime)]
    pub started_at: String,
    /// The same for our own pages.
    #[serde(skip)]
    pub started_ms: i64,
    #[schema(format = DateTime)]
    pub answered_at: Option<String>,
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// `caller`, `callee` or `system`.
    pub ended_by: Option<&'static str>,
    /// The final SIP status towards the caller, or 200.
    pub status: u16,
    pub waited_ms: Option<i64>,
    pub talked_ms: Option<i64>,
    pub recordings: Vec<RecordingView>,
}

/// A call with its legs.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallDetailView {
    #[serde(flatten)]
    pub call: CallView,
    pub legs: Vec<LegView>,
}

/// Our side of one party of a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct LegView {
    pub id: String,
    /// The caller's side.
    pub caller: bool,
    pub staff_id: Option<String>,
    pub trunk_id: Option<String>,
    /// The SIP header's value.
    pub sip_call_id: String,
    pub peer: Option<String>,
    #[schema(format = DateTime)]
    pub started_at: String,
    #[schema(format = DateTime)]
    pub answered_at: Option<String>,
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    pub status: u16,
}

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallParams {
    /// Not before this moment, RFC 3339.
    pub from: Option<String>,
    /// Before this moment, RFC 3339.
    pub until: Option<String>,
    /// `internal`, `inbound` or `outbound`.
    pub direction: Option<String>,
    /// The caller's or the called number; `*` stands for any digits.
    pub number: Option<String>,
    /// Who called or was called.
    pub staff_id: Option<String>,
    pub client_id: Option<String>,
    /// With a recording, or without one.
    pub recorded: Option<bool>,
    /// `answered`, `busy`, `no_answer`, `abandoned` or `failed`.
    pub status: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

/// Past calls, newest first. Where few calls fit, a page may hold fewer than `limit`, or none, and go on at `next_cursor`.
#[utoipa::path(get, path = "/calls", tag = "calls", params(CallParams), responses(
    (status = 200, body = Listing<CallView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<CallParams>,
) -> ApiResult<Json<Listing<CallView>>> {
    found(&state, &access, params).await.map(Json)
}

/// The part of the history that is asked for, of the calls on which the right reaches.
pub async fn found(state: &State, access: &Access, params: CallParams) -> ApiResult<Listing<CallView>> {
    let within = access.within(Right::CallsRead)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let number = params.number.filter(|number| !number.trim().is_empty());
    let number = match number.map(|number| searchable(number, viewer)) {
        Some(None) => return Ok(nothing()),
        Some(Some(number)) => Some(number),
        None => None,
    };
    let query = CallQuery {
        from: moment("from", params.from.as_deref())?,
        until: moment("until", params.until.as_deref())?,
        direction: named("direction", params.direction.as_deref(), CallDirection::named)?,
        number,
        staff: named("staff_id", params.staff_id.as_deref(), |text| text.parse().ok())?,
        client: named("client_id", params.client_id.as_deref(), |text| text.parse().ok())?,
        recorded: params.recorded,
        disposition: named("status", params.status.as_deref(), Disposition::named)?,
    };
    let page = page(params.limit, None, params.cursor)?;
    let list = calls::list(&state.db, within, &query, &page)
        .await
        .map_err(query_error)?;
    let calls: Vec<CallId> = list.items.iter().map(|call| call.id).collect();
    let recordings = recordings_of(state, access, &calls).await?;
    let items = list
        .items
        .into_iter()
        .map(|call| view(call, &recordings, viewer))
        .collect();
    Ok(Listing {
        items,
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    })
}

/// Recordings of these calls, for who may know of them.
async fn recordings_of(state: &State, access: &Access, calls: &[CallId]) -> ApiResult<Vec<Recording>> {
    if !access.may(Right::RecordingsList) {
        return Ok(Vec::new());
    }
    let within = access.within(Right::RecordingsList)?;
    Ok(recordings::of_calls(&state.db, within, calls).await?)
}

/// A search that guesses digits of hidden numbers finds nothing; short numbers are found whole.
fn searchable(number: String, viewer: Viewer<'_>) -> Option<String> {
    if !viewer.is_masked() {
        return Some(number);
    }
    let short = number.trim().trim_matches('*');
    ShortNumber::read(short).ok().map(|short| short.to_string())
}

fn nothing<T>() -> Listing<T> {
    Listing {
        items: Vec::new(),
        total: None,
        filtered: None,
        next_cursor: None,
    }
}

pub(super) fn moment(field: &str, text: Option<&str>) -> ApiResult<Option<i64>> {
    let read = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    named(field, text, read)
}

pub(super) fn party(party: &Party, viewer: Viewer<'_>) -> PartyView {
    let (name, number) = viewer.party(masking::Party {
        staff: party.staff,
        number: party.number.as_deref(),
        name: party.name.as_deref(),
        restricted: party.restricted,
    });
    PartyView {
        staff_id: party.staff.map(|id| id.to_string()),
        trunk_id: party.trunk.map(|id| id.to_string()),
        number: number.map(|number| number.to_string()),
        name,
        number_withheld: party.restricted,
    }
}

pub(super) fn view(call: Call, recordings: &[Recording], viewer: Viewer<'_>) -> CallView {
    let until = call.answered_at.or(call.ended_at);
    let talked = call
        .answered_at
        .zip(call.ended_at)
        .filter(|_| call.disposition == Some(Disposition::Answered))
        .map(|(from, until)| until.saturating_sub(from));
    let own = recordings.iter().filter(|recording| recording.call == call.id);
    CallView {
        id: call.id.to_string(),
        direction: call.direction.name(),
        caller: party(&call.caller, viewer),
        called: viewer.number(&call.called).to_string(),
        callee: party(&call.callee, viewer),
        client_id: call.client.map(|id| id.to_string()),
        disposition: call.disposition.map(Disposition::name),
        because: viewer.text(&call.because),
        started_at: time(call.started_at),
        started_ms: call.started_at,
        answered_at: call.answered_at.map(time),
        ended_at: call.ended_at.map(time),
        ended_by: call.ended_by.map(EndedBy::name),
        status: call.status,
        waited_ms: until.map(|until| until.saturating_sub(call.started_at)),
        talked_ms: talked,
        recordings: own.map(super::recordings::view).collect(),
    }
}

fn leg_view(leg: Leg, viewer: Viewer<'_>) -> LegView {
    // A provider may write a number even there.
    let sip_call_id = match leg.trunk {
        Some(_) => viewer.text(&leg.sip_call_id),
        None => leg.sip_call_id,
    };
    LegView {
        id: leg.id.to_string(),
        caller: leg.caller,
        staff_id: leg.staff.map(|id| id.to_string()),
        trunk_id: leg.trunk.map(|id| id.to_string()),
        sip_call_id,
        peer: leg.peer,
        started_at: time(leg.started_at),
        answered_at: leg.answered_at.map(time),
        ended_at: leg.ended_at.map(time),
        status: leg.status,
    }
}

/// Calls in progress on which the right to read calls reaches, oldest first.
pub async fn going_on(state: &State, access: &Access) -> ApiResult<Vec<LiveCall>> {
    let circle = access.circle(state, access.within(Right::CallsRead)?).await?;
    Ok(state.live.calls_of(access.account, &circle))
}

/// Calls in progress, oldest first.
#[utoipa::path(get, path = "/calls/live", tag = "calls", responses(
    (status = 200, body = Listing<LiveCallView>), (status = 403, body = Problem),
))]
async fn live(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<LiveCallView>>> {
    let calls = going_on(&state, &access).await?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let items: Vec<LiveCallView> = calls.iter().map(|call| LiveCallView::of(call, viewer)).collect();
    Ok(Json(Listing::whole(items)))
}

/// One call of the records, with its legs.
#[utoipa::path(get, path = "/calls/{id}", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, body = CallDetailView), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<CallId>) -> ApiResult<Json<CallDetailView>> {
    let call = calls::get(&state.db, access.within(Right::CallsRead)?, id).await?;
    let legs = calls::legs(&state.db, access.account, id).await?;
    let recordings = recordings_of(&state, &access, &[call.id]).await?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    Ok(Json(CallDetailView {
        call: view(call, &recordings, viewer),
        legs: legs.into_iter().map(|leg| leg_view(leg, viewer)).collect(),
    }))
}

/// The numbers of a call, of one in progress too, for somebody from whom they are hidden but who may have them shown;
/// those that their callers keep back, too. Each time stands in the audit.
#[utoipa::path(post, path = "/calls/{id}/reveal", tag = "calls", params(("id" = String, Path)), responses(
    (status = 200, body = RevealedCallView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn reveal(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<CallId>,
) -> ApiResult<Json<RevealedCallView>> {
    let within = access.within(Right::NumbersReveal)?;
    let parties = parties_of(&state, within, id).await?;
    let author = access.author(&state);
    audit::note(&state.db, &author, ("call.number_revealed", "call"), id.to_string()).await?;
    Ok(Json(RevealedCallView {
        caller: parties.caller,
        called: parties.called,
        callee: parties.callee,
    }))
}

/// Numbers as they are.
#[derive(Debug, Serialize, ToSchema)]
struct RevealedCallView {
    caller: Option<String>,
    /// As dialled.
    called: String,
    callee: Option<String>,
}

/// The numbers of a call's parties.
pub(super) struct Parties {
    caller: Option<String>,
    called: String,
    callee: Option<String>,
    /// Of the one outside, unless it is kept back.
    pub(super) outside: Option<String>,
}

pub(super) async fn parties_of(state: &State, within: Scope, id: CallId) -> ApiResult<Parties> {
    let circle = circle(&state.db, within).await?;
    if let Some(live) = state.live.call((within.account, id), &circle) {
        let outside = match live.direction {
            output::CallDirection::Inbound => Some(&live.caller),
            output::CallDirection::Outbound => Some(&live.callee),
            output::CallDirection::Internal => None,
        };
        let outside = outside.filter(|party| !party.restricted);
        let outside = outside.and_then(|party| party.number.clone());
        return Ok(Parties {
            caller: live.caller.number,
            called: live.called,
            callee: live.callee.number,
            outside,
        });
    }
    let call = calls::get(&state.db, within, id).await?;
    let outside = match call.direction {
        CallDirection::Inbound => Some(&call.caller),
        CallDirection::Outbound => Some(&call.callee),
        CallDirection::Internal => None,
    };
    let outside = outside.filter(|party| !party.restricted);
    let outside = outside.and_then(|party| party.number.clone());
    Ok(Parties {
        caller: call.caller.number,
        called: call.called,
        callee: call.callee.number,
        outside,
    })
}

/// Ends a call in progress. The stream tells `call.ended` when it has.
#[utoipa::path(post, path = "/calls/{id}/hangup", tag = "calls", params(("id" = String, Path)), responses(
    (status = 202, description = "The call is being ended"), (status = 404, body = Problem), (status = 503, body = Problem),
))]
async fn hang_up(Extract(state): Extract<State>, access: Access, Id(call): Id<CallId>) -> ApiResult<StatusCode> {
    let circle = access.circle(&state, access.within(Right::CallsHangUp)?).await?;
    let live = state.live.call((access.account, call), &circle);
    live.ok_or_else(ApiError::not_found)?;
    let author = access.author(&state);
    audit::note(&state.db, &author, ("call.hung_up", "call"), call.to_string()).await?;
    let command = OperatorCommand::HangUp { call };
    state
        .operator
        .send(command)
        .await
        .map_err(|_| ApiError::unavailable("the engine is stopping"))?;
    Ok(StatusCode::ACCEPTED)
}
