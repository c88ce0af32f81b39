//! What people are told outside of calls: their switches, and what has become of each notice.

use axum::Json;
use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::notices::{
    self, Channel, Kind, Language, NewSettings, Notice, NoticeQuery, Settings, State as Stage,
};
use frontdesk_routing::ids::{NoticeId, StaffId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Listing, named, page, query_error, staff, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Body, Id, IfMatch, Params};
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(read, replace))
        .routes(routes!(read_own, replace_own))
        .routes(routes!(list))
        .routes(routes!(read_notice))
        .routes(routes!(retry))
}

/// What somebody is told, and how.
#[derive(Debug, Serialize, ToSchema)]
struct SwitchesView {
    /// By short message to the person's telephone number.
    sms: bool,
    /// By e-mail to the person's address.
    email: bool,
    /// `missed_call`, `voicemail`, `request`.
    kinds: Vec<&'static str>,
    /// `ru` or `en`; `null`: that of the account's country.
    language: Option<&'static str>,
    /// What `If-Match` takes, in quotes; 0 until something is set.
    version: i64,
}

/// All switches: what is absent is off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwitchesBody {
    /// Needs a telephone number.
    #[serde(default)]
    sms: bool,
    /// Needs an e-mail address.
    #[serde(default)]
    email: bool,
    /// `missed_call`, `voicemail`, `request`; all when absent.
    kinds: Option<Vec<String>>,
    /// `ru` or `en`; that of the account's country when absent.
    language: Option<String>,
}

/// Something that somebody is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeView {
    pub id: String,
    /// `sms` or `email`.
    pub channel: &'static str,
    /// `missed_call`, `voicemail` or `request`.
    pub kind: &'static str,
    /// `null`: an address that is nobody's of the staff.
    pub staff_id: Option<String>,
    /// E.164 or an e-mail address.
    pub recipient: String,
    /// Of an e-mail; `null` as `body` is.
    pub subject: Option<String>,
    /// `null` for whoever may not read what it tells of, which may be anybody's of the company, unless they are told it
    /// themselves.
    pub body: Option<String>,
    /// `waiting`, `sending`, `sent`, or `failed`: given up.
    pub state: &'static str,
    pub attempts: i64,
    /// Of a waiting one.
    #[schema(format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// Why the last attempt came to nothing.
    pub problem: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was delivered or given up.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoticeParams {
    /// `waiting`, `sending`, `sent` or `failed`.
    pub state: Option<String>,
    /// `sms` or `email`.
    pub channel: Option<String>,
    /// `missed_call`, `voicemail` or `request`.
    pub kind: Option<String>,
    pub staff_id: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

/// What a staff member is told.
#[utoipa::path(get, path = "/staff/{id}/notices", tag = "notices", params(("id" = String, Path)), responses(
    (status = 200, body = SwitchesView, headers(("ETag" = String))), (status = 403, body = Problem),
    (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    switches_of(&state, &access, id).await
}

/// Replaces a staff member's switches, from the next notice on.
#[utoipa::path(put, path = "/staff/{id}/notices", tag = "notices", request_body = SwitchesBody,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = SwitchesView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn replace(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    Body(body): Body<SwitchesBody>,
) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    staff::own_only_if_main(&state, &access, id).await?;
    put(&state, &access, id, (body, version)).await
}

/// What oneself is told.
#[utoipa::path(get, path = "/me/notices", tag = "notices", responses(
    (status = 200, body = SwitchesView, headers(("ETag" = String))), (status = 401, body = Problem),
))]
async fn read_own(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    switches_of(&state, &access, access.staff).await
}

/// Replaces one's own switches. Needs a session; a program uses the staff member's.
#[utoipa::path(put, path = "/me/notices", tag = "notices", request_body = SwitchesBody,
    params(("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 200, body = SwitchesView, headers(("ETag" = String))), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
    ))]
async fn replace_own(
    Extract(state): Extract<State>,
    access: Access,
    IfMatch(version): IfMatch,
    Body(body): Body<SwitchesBody>,
) -> ApiResult<Response> {
    access.need_session()?;
    put(&state, &access, access.staff, (body, version)).await
}

/// Notices of the account, newest first. Those that are done with are kept for 90 days.
#[utoipa::path(get, path = "/notices", tag = "notices", params(NoticeParams), responses(
    (status = 200, body = Listing<NoticeView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<NoticeParams>,
) -> ApiResult<Json<Listing<NoticeView>>> {
    found(&state, &access, params).await.map(Json)
}

/// A part of the list of notices, as its reader may see it.
///
/// # Errors
/// The right is missing, or the query is wrong.
pub async fn found(state: &State, access: &Access, params: NoticeParams) -> ApiResult<Listing<NoticeView>> {
    access.need(Right::SettingsRead)?;
    let query = NoticeQuery {
        state: named("state", params.state.as_deref(), Stage::named)?,
        channel: named("channel", params.channel.as_deref(), Channel::named)?,
        kind: named("kind", params.kind.as_deref(), Kind::named)?,
        staff: named("staff_id", params.staff_id.as_deref(), |text| text.parse().ok())?,
    };
    let page = page(params.limit, None, params.cursor)?;
    let list = notices::list(&state.db, access.account, &query, &page).await;
    let list = list.map_err(query_error)?;
    Ok(Listing {
        items: list
            .items
            .into_iter()
            .map(|notice| view((state, access), notice))
            .collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    })
}

/// One notice.
#[utoipa::path(get, path = "/notices/{id}", tag = "notices", params(("id" = String, Path)), responses(
    (status = 200, body = NoticeView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn read_notice(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<NoticeId>,
) -> ApiResult<Json<NoticeView>> {
    access.need(Right::SettingsRead)?;
    let notice = notices::get(&state.db, access.account, id).await?;
    Ok(Json(view((&state, &access), notice)))
}

/// Has a notice that was given up (`failed`) tried anew.
#[utoipa::path(post, path = "/notices/{id}/retry", tag = "notices", params(("id" = String, Path)), responses(
    (status = 200, body = NoticeView), (status = 403, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "It was not given up"),
))]
async fn retry(Extract(state): Extract<State>, access: Access, Id(id): Id<NoticeId>) -> ApiResult<Json<NoticeView>> {
    access.need(Right::SettingsWrite)?;
    let notice = notices::again(&state.db, &access.author(&state), id).await?;
    Ok(Json(view((&state, &access), notice)))
}

async fn switches_of(state: &State, access: &Access, id: StaffId) -> ApiResult<Response> {
    let settings = notices::settings(&state.db, access.account, id).await?;
    Ok(versioned(switches(&settings), settings.version))
}

async fn put(
    state: &State,
    access: &Access,
    id: StaffId,
    (body, version): (SwitchesBody, Option<i64>),
) -> ApiResult<Response> {
    let new = NewSettings {
        sms: body.sms,
        email: body.email,
        kinds: body.kinds,
        language: body.language,
    };
    let settings = notices::put_settings(&state.db, &access.author(state), id, new, version).await?;
    Ok(versioned(switches(&settings), settings.version))
}

fn switches(settings: &Settings) -> SwitchesView {
    SwitchesView {
        sms: settings.sms,
        email: settings.email,
        kinds: settings.kinds.iter().map(|kind| kind.name()).collect(),
        language: settings.language.map(Language::name),
        version: settings.version,
    }
}

/// Without this right, on everybody's things, nobody reads what others are told.
fn right_of(kind: Kind) -> Right {
    match kind {
        Kind::MissedCall => Right::CallsRead,
        Kind::Voicemail => Right::RecordingsList,
        Kind::Request => Right::ClientsRead,
    }
}

/// The text is its reader's; whoever looks at the list may have to see less of it, or nothing.
fn view((state, access): (&State, &Access), notice: Notice) -> NoticeView {
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    let right = right_of(notice.kind);
    let own = notice.staff == Some(access.staff);
    let shown = own || access.may(right) && access.within_or_own(right).is_whole();
    let text = |text: &str| shown.then(|| viewer.text(text));
    let waiting = notice.state == Stage::Waiting;
    NoticeView {
        id: notice.id.to_string(),
        channel: notice.channel.name(),
        kind: notice.kind.name(),
        staff_id: notice.staff.map(|staff| staff.to_string()),
        recipient: notice.recipient,
        subject: text(&notice.subject),
        body: text(&notice.body),
        state: notice.state.name(),
        attempts: notice.attempts,
        next_attempt_at: Some(notice.due_at).filter(|_| waiting).map(time),
        problem: notice.problem.map(|problem| viewer.text(&problem)),
        created_at: time(notice.created_at),
        finished_at: notice.finished_at.map(time),
    }
}
