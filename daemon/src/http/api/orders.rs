//! Calls that people order with a click, and missed calls that ask for one.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::access::{Scope, Whose};
use frontdesk_crm_core::audit::Author;
use frontdesk_crm_core::calls::{self, CallDirection, OrderKey};
use frontdesk_crm_core::numbers::e164;
use frontdesk_crm_core::voicemails::{self, Reader};
use frontdesk_crm_core::{accounts, audit, clients, requests};
use frontdesk_routing::because::Ordered;
use frontdesk_routing::ids::{CallId, ClientId, StaffId};
use frontdesk_routing::masking;
use frontdesk_routing::number::ShortNumber;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::{CallView, view};
use super::colleague::{colleague, no_such};
use super::voicemails::everywhere;
use super::{Listing, page, query_error};
use crate::engine::input::{First, OperatorCommand, Originate};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Params};

/// Longest `Idempotency-Key`.
const LONGEST_KEY: usize = 128;
/// Missed calls of so many milliseconds back are shown when nothing else is asked.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(order)).routes(routes!(missed))
}

/// Whom to call: exactly one of `number`, `client_id`, `call_id` and `request_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OrderBody {
    /// A short number, or a number in any usual form. The stub or a token means the client to whom it was shown last on
    /// one's phone, where the account lets the stub dial back.
    number: Option<String>,
    client_id: Option<String>,
    /// A call of the records, such as a missed one: its party outside; of one in which a message was left, its caller.
    call_id: Option<String>,
    /// What a visitor of a site has asked for: none is called by itself any more, and when this call is answered the
    /// request is `called`.
    request_id: Option<String>,
    /// Whose phone rings first; one's own when absent.
    staff_id: Option<String>,
}

impl OrderBody {
    /// The same for bodies that ask for the same, whatever their spaces and the order of their fields.
    fn wish(&self) -> String {
        let parts = [
            &self.number,
            &self.client_id,
            &self.call_id,
            &self.request_id,
            &self.staff_id,
        ];
        format!("{parts:?}")
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct OrderView {
    /// By which the live board, events and the records know it.
    call_id: String,
}

/// Rings one's own phone, or the telephone outside by which one takes calls, and calls the other party when it is answered.
/// The stream tells how it goes on. The same `Idempotency-Key` within a day is the same call, however often it is sent and
/// whether or not it has ended: nobody is rung again. With another body it is refused.
#[utoipa::path(post, path = "/calls", tag = "calls", request_body = OrderBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Up to 128 characters")),
    responses(
        (status = 202, body = OrderView, headers(("Location" = String))), (status = 403, body = Problem),
        (status = 409, body = Problem, description = "There is no telephone that could ring"),
        (status = 422, body = Problem), (status = 503, body = Problem),
    ))]
async fn order(
    Extract(state): Extract<State>,
    access: Access,
    headers: HeaderMap,
    Body(body): Body<OrderBody>,
) -> ApiResult<Response> {
    access.need(Right::CallsMake)?;
    let (key, wish) = (key_of(&headers)?, body.wish());
    let key = key.as_deref().map(|key| OrderKey {
        account: access.account,
        staff: access.staff,
        key,
        wish: &wish,
    });
    if let Some(key) = key
        && let Some(call) = known(calls::ordered(&state.db, key, state.clock.unix_ms()).await?)?
    {
        return Ok(accepted(call));
    }
    let staff = whose(&state, &access, body.staff_id.as_deref()).await?;
    let to = number_of(&state, (&access, staff), &body).await?;
    if !state.live.rings(&state.live.plan(), staff) {
        let why = "no phone of theirs is registered, and no line leads to a telephone by which they take calls";
        return Err(ApiError::conflict("offline", why));
    }
    let author = access.author(&state);
    let mut ids = author.stamp.ids();
    let call = CallId::new(ids.now, ids.random());
    if let Some(key) = key
        && let Some(call) = known(calls::order(&state.db, key, (call, ids.now)).await?)?
    {
        return Ok(accepted(call));
    }
    let order = Originate {
        call,
        account: access.account,
        first: First::Staff(staff),
        to,
        kind: Ordered::Crm,
    };
    let begun = begin(&state, &author, order, body.request_id.as_deref()).await;
    if let (Err(_), Some(key)) = (&begun, key) {
        calls::take_back(&state.db, key, call).await?;
    }
    begun.map(|()| accepted(call))
}

/// Notes the call and has it made.
async fn begin(state: &State, author: &Author, order: Originate, request: Option<&str>) -> ApiResult<()> {
    let (call, account) = (order.call, order.account);
    if let Some(request) = request.and_then(|request| request.parse().ok()) {
        requests::call_by_hand(&state.db, account, request, (call, author.stamp.ids().now)).await?;
        state.visitors.notify_one();
    }
    audit::note(&state.db, author, ("call.ordered", "call"), call.to_string()).await?;
    let sent = state.operator.send(OperatorCommand::Originate(Box::new(order))).await;
    sent.map_err(|_| ApiError::unavailable("the engine is stopping"))
}

/// The call that was made when the same order came before.
fn known(ordered: calls::Ordered) -> ApiResult<Option<CallId>> {
    match ordered {
        calls::Ordered::New => Ok(None),
        calls::Ordered::Known(call) => Ok(Some(call)),
        calls::Ordered::Differs => Err(ApiError::invalid_field(
            "Idempotency-Key",
            "used",
            "another call was ordered with this key within a day: take a new one",
        )),
    }
}

fn accepted(call: CallId) -> Response {
    let location = format!("/api/v1/calls/{call}");
    let view = OrderView {
        call_id: call.to_string(),
    };
    (StatusCode::ACCEPTED, [(LOCATION, location)], Json(view)).into_response()
}

fn key_of(headers: &HeaderMap) -> ApiResult<Option<String>> {
    let Some(key) = headers.get("Idempotency-Key") else {
        return Ok(None);
    };
    let key = key.to_str().ok().map(str::trim);
    let key = key.filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let bad = || ApiError::invalid_field("Idempotency-Key", "invalid", "1 to 128 characters of ASCII");
    key.map(|key| Some(key.to_owned())).ok_or_else(bad)
}

/// Others' phones ring only for those who may end those others' calls, too.
async fn whose(state: &State, access: &Access, staff: Option<&str>) -> ApiResult<StaffId> {
    let Some(staff) = staff else { return Ok(access.staff) };
    let staff = colleague(state, access, ("staff_id", staff)).await?;
    if staff != access.staff {
        let circle = access.circle(state, access.within(Right::CallsHangUp)?).await?;
        if !circle.holds(&Whose::of([staff])) {
            return Err(no_such("staff_id"));
        }
    }
    Ok(staff)
}

/// Whoever keeps the number back is called only as the client that they are known as.
async fn number_of_known(state: &State, access: &Access, client: Option<ClientId>) -> ApiResult<String> {
    let withheld = || ApiError::invalid_field("call_id", "withheld", "the caller keeps the number back");
    let client = client.ok_or_else(withheld)?;
    let client = clients::get(&state.db, access.within_or_own(Right::ClientsRead), client).await;
    Ok(client.map_err(|_| withheld())?.number.reveal())
}

async fn number_of(state: &State, (access, staff): (&Access, StaffId), body: &OrderBody) -> ApiResult<String> {
    let unknown = |field: &str, what: &str| ApiError::invalid_field(field, "unknown", what);
    match (&body.number, &body.client_id, &body.call_id, &body.request_id) {
        (Some(number), None, None, None) => {
            if let Ok(short) = ShortNumber::read(number.trim()) {
                return Ok(short.to_string());
            }
            if let Some(hidden) = hidden(state, staff, number.trim())? {
                return Ok(hidden);
            }
            let account = accounts::get(&state.db, access.account).await?;
            e164("number", number, &account.region).map_err(|fault| ApiError::invalid(vec![fault.into()]))
        }
        (None, Some(client), None, None) => {
            let no_client = || unknown("client_id", "no such client");
            let client = client.parse().map_err(|_| no_client())?;
            let client = clients::get(&state.db, access.within_or_own(Right::ClientsRead), client).await;
            Ok(client.map_err(|_| no_client())?.number.reveal())
        }
        (None, None, Some(call), None) => {
            let no_call = || unknown("call_id", "no such call with a number outside");
            let call = call.parse().map_err(|_| no_call())?;
            let message = left_for(state, access, call).await?;
            let within = match message {
                true => Scope::whole(access.account),
                false => access.within_or_own(Right::CallsRead),
            };
            let call = calls::get(&state.db, within, call).await.map_err(|_| no_call())?;
            let outside = match call.direction {
                CallDirection::Inbound => call.caller,
                CallDirection::Outbound | CallDirection::Internal if message => call.caller,
                CallDirection::Outbound | CallDirection::Internal => call.callee,
            };
            match outside.restricted {
                true => number_of_known(state, access, call.client).await,
                false => outside.number.ok_or_else(no_call),
            }
        }
        (None, None, None, Some(request)) => {
            let found = match request.parse() {
                Ok(id) => requests::get(&state.db, access.within_or_own(Right::ClientsRead), id)
                    .await
                    .ok(),
                Err(_) => None,
            };
            let known = found.filter(|request| request.client.is_some());
            let known = known.ok_or_else(|| unknown("request_id", "no such request"))?;
            Ok(known.number.reveal())
        }
        _ => {
            let why = "exactly one of number, client_id, call_id and request_id";
            Err(ApiError::invalid_field("number", "invalid", why))
        }
    }
}

/// The stub or a token, by which somebody from whom numbers are hidden means a client; the engine knows which one.
fn hidden(state: &State, staff: StaffId, typed: &str) -> ApiResult<Option<String>> {
    let plan = state.live.plan();
    let person = plan.staff.get(staff);
    match person.and_then(|person| masking::means_hidden(&plan, person, typed)) {
        None => Ok(None),
        Some(true) => Ok(Some(typed.to_owned())),
        Some(false) => Err(ApiError::invalid_field(
            "number",
            "hidden",
            "clients whose numbers are hidden are not called by the stub or a token",
        )),
    }
}

/// In the call a message was left for whoever calls now.
async fn left_for(state: &State, access: &Access, call: CallId) -> ApiResult<bool> {
    let reader = Reader {
        account: access.account,
        staff: access.staff,
        all: everywhere(access, Right::RecordingsList),
    };
    Ok(voicemails::of_call(&state.db, reader, call).await?.is_some())
}

/// A call from outside that nobody took: a mailbox or a menu is nobody.
#[derive(Debug, Serialize, ToSchema)]
pub struct MissedView {
    #[serde(flatten)]
    pub call: CallView,
    /// The first conversation with the same number, or with the same client, since.
    pub handled_by: Option<String>,
    /// The caller has left a message.
    pub left_message: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MissedParams {
    /// Not before this moment, RFC 3339; a week ago when absent.
    pub from: Option<String>,
    /// Those too whose callers have been talked to since.
    #[serde(default)]
    pub all: bool,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

/// Missed calls, newest first: those whose callers nobody has talked to since.
#[utoipa::path(get, path = "/calls/missed", tag = "calls", params(MissedParams), responses(
    (status = 200, body = Listing<MissedView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn missed(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<MissedParams>,
) -> ApiResult<Json<Listing<MissedView>>> {
    missed_calls(&state, &access, params).await.map(Json)
}

/// The part of the list that is asked for, of the calls on which the right reaches.
pub async fn missed_calls(state: &State, access: &Access, params: MissedParams) -> ApiResult<Listing<MissedView>> {
    let within = access.within(Right::CallsRead)?;
    let since = super::calls::moment("from", params.from.as_deref())?;
    let since = since.unwrap_or_else(|| state.clock.unix_ms().saturating_sub(WEEK_MS));
    let page = page(params.limit, None, params.cursor)?;
    let list = calls::missed(&state.db, within, (since, params.all), &page);
    let list = list.await.map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let items = list.items.into_iter().map(|missed| MissedView {
        handled_by: missed.handled_by.map(|call| call.to_string()),
        left_message: missed.left_message,
        call: view(missed.call, &[], viewer),
    });
    Ok(Listing {
        items: items.collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    })
}
