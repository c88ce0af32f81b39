//! Messages in mailboxes: listed, played, marked, deleted. Whoever has the mailbox, or is of its department, may; others
//! need the rights that recordings need, for the whole company.

use std::path::PathBuf;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use frontdesk_crm_core::access::{Reach, Scope};
use frontdesk_crm_core::recordings;
use frontdesk_crm_core::voicemails::{self, Reader, Voicemail, VoicemailQuery};
use frontdesk_routing::ids::{AccountId, RecordingId};
use frontdesk_routing::masking::Viewer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::party;
use super::media::{Sound, open};
use super::recordings::{playable, remove};
use super::{Listing, named, page, query_error};
use crate::engine::Messages;
use crate::engine::input::OperatorCommand;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Body, Id, Params};
use crate::http::range::Asked;
use crate::live::view::{PartyView, time};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read, mark, delete))
        .routes(routes!(media))
}

/// A message that a caller has left.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoicemailView {
    /// That of the recording too.
    pub id: String,
    pub mailbox_id: String,
    pub call_id: String,
    pub caller: PartyView,
    pub client_id: Option<String>,
    #[schema(format = DateTime)]
    pub left_at: String,
    /// The same for our own pages.
    #[serde(skip)]
    pub left_ms: i64,
    pub duration_ms: i64,
    /// When it was first heard; `null`: it was not yet.
    #[schema(format = DateTime)]
    pub heard_at: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VoicemailParams {
    pub mailbox_id: Option<String>,
    /// Those that were heard, or those that were not.
    pub heard: Option<bool>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    pub cursor: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MarkBody {
    heard: bool,
}

/// Messages, newest first: one's own and those of one's departments; all of them with `recordings:list`.
#[utoipa::path(get, path = "/voicemails", tag = "voicemail", params(VoicemailParams), responses(
    (status = 200, body = Listing<VoicemailView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<VoicemailParams>,
) -> ApiResult<Json<Listing<VoicemailView>>> {
    found(&state, &access, params).await.map(Json)
}

/// The same for our own pages.
pub async fn found(state: &State, access: &Access, params: VoicemailParams) -> ApiResult<Listing<VoicemailView>> {
    let reader = reader(access, Right::RecordingsList)?;
    let query = VoicemailQuery {
        mailbox: named("mailbox_id", params.mailbox_id.as_deref(), |text| text.parse().ok())?,
        heard: params.heard,
    };
    let page = page(params.limit, None, params.cursor)?;
    let found = voicemails::list(&state.db, reader, &query, &page)
        .await
        .map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    Ok(Listing {
        items: found.items.iter().map(|message| view(message, viewer)).collect(),
        total: None,
        filtered: None,
        next_cursor: found.next_cursor,
    })
}

/// One message.
#[utoipa::path(get, path = "/voicemails/{id}", tag = "voicemail", params(("id" = String, Path)), responses(
    (status = 200, body = VoicemailView), (status = 404, body = Problem),
))]
async fn read(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
) -> ApiResult<Json<VoicemailView>> {
    let reader = reader(&access, Right::RecordingsList)?;
    let message = voicemails::get(&state.db, reader, id).await?;
    let plan = state.live.plan();
    Ok(Json(view(&message, access.viewer(&plan))))
}

/// Marks a message as heard, or as not heard; the lamps follow.
#[utoipa::path(patch, path = "/voicemails/{id}", tag = "voicemail", request_body = MarkBody,
    params(("id" = String, Path)), responses(
        (status = 200, body = VoicemailView), (status = 404, body = Problem), (status = 422, body = Problem),
    ))]
async fn mark(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
    Body(body): Body<MarkBody>,
) -> ApiResult<Json<VoicemailView>> {
    let reader = reader(&access, Right::RecordingsPlay)?;
    voicemails::get(&state.db, reader, id).await?;
    heard(&state, &access, id, body.heard).await?;
    let message = voicemails::get(&state.db, reader, id).await?;
    let plan = state.live.plan();
    Ok(Json(view(&message, access.viewer(&plan))))
}

/// The sound, whole or the part that `Range` asks for. Each play is an audit row; the first one by whom the message is for
/// marks it as heard.
#[utoipa::path(get, path = "/voicemails/{id}/media", tag = "voicemail",
    params(("id" = String, Path), ("Range" = Option<String>, Header, description = "One byte range")),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 304), (status = 404, body = Problem), (status = 410, body = Problem, description = "Its file is lost"),
        (status = 416, body = Problem),
    ))]
async fn media(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    play(&state, &access, id, &headers).await
}

/// A message that the one who asks may hear, and its file.
pub(super) async fn heard_by(state: &State, access: &Access, id: RecordingId) -> ApiResult<PathBuf> {
    let message = voicemails::get(&state.db, reader(access, Right::RecordingsPlay)?, id).await?;
    let recording = recordings::get(&state.db, Scope::whole(access.account), message.recording).await?;
    playable(state, &recording)
}

/// Its sound as the request asks for it, by whatever the one who asks was let in.
pub(super) async fn play(state: &State, access: &Access, id: RecordingId, headers: &HeaderMap) -> ApiResult<Response> {
    let (file, size) = open(&heard_by(state, access, id).await?).await?;
    let sound = Sound {
        file,
        size,
        name: id.to_string(),
        download: false,
    };
    let from_start = match sound.asked(headers) {
        Asked::Whole => true,
        Asked::Part(first, _) => first == 0,
        Asked::Unsatisfiable => false,
    };
    let listening = (access.staff, id, access.link());
    if state.plays().begins(listening, from_start, state.clock.unix_ms()) {
        voicemails::played(&state.db, &access.author(state), id).await?;
        let own = Reader {
            all: false,
            ..reader(access, Right::RecordingsPlay)?
        };
        if voicemails::get(&state.db, own, id).await.is_ok() {
            heard(state, access, id, true).await?;
        }
    }
    sound.answer(headers).await
}

/// Deletes a message and destroys its sound; the call stays.
#[utoipa::path(delete, path = "/voicemails/{id}", tag = "voicemail", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = Problem),
))]
async fn delete(Extract(state): Extract<State>, access: Access, Id(id): Id<RecordingId>) -> ApiResult<StatusCode> {
    let reader = reader(&access, Right::RecordingsDelete)?;
    voicemails::get(&state.db, reader, id).await?;
    remove(&state, &access.author(&state), (Scope::whole(access.account), id)).await?;
    let data = json!({ "voicemail_id": id.to_string() });
    state.live.publish(access.account, "voicemail.deleted", data);
    Ok(StatusCode::NO_CONTENT)
}

/// Which messages the one who asks may use so. A token needs the right, whoever's it is.
pub(super) fn reader(access: &Access, right: Right) -> ApiResult<Reader> {
    let all = everywhere(access, right);
    if !access.may(right) {
        access.need_person()?;
    }
    Ok(Reader {
        account: access.account,
        staff: access.staff,
        all,
    })
}

/// The right reaches on all messages of the company.
pub fn everywhere(access: &Access, right: Right) -> bool {
    access.may(right) && access.rights.reach(right) == Some(Reach::Any)
}

async fn heard(state: &State, access: &Access, id: RecordingId, heard: bool) -> ApiResult<()> {
    if voicemails::hear(&state.db, &access.author(state), id, heard).await? {
        let data = json!({ "voicemail_id": id.to_string(), "heard": heard });
        state.live.publish(access.account, "voicemail.changed", data);
        light(state, access.account).await?;
    }
    Ok(())
}

/// The account's lamps show what stands in the mailboxes.
pub(super) async fn light(state: &State, account: AccountId) -> ApiResult<()> {
    for lamp in voicemails::lamps(&state.db, Some(account)).await? {
        let messages = Messages::from(&lamp);
        let staff = lamp.staff;
        let sent = state.operator.send(OperatorCommand::Messages { staff, messages }).await;
        sent.map_err(|_| ApiError::unavailable("the engine is stopping"))?;
    }
    Ok(())
}

pub(super) fn view(message: &Voicemail, viewer: Viewer<'_>) -> VoicemailView {
    VoicemailView {
        id: message.recording.to_string(),
        mailbox_id: message.mailbox.to_string(),
        call_id: message.call.to_string(),
        caller: party(&message.caller, viewer),
        client_id: message.client.map(|id| id.to_string()),
        left_at: time(message.left_at),
        left_ms: message.left_at,
        duration_ms: message.duration_ms,
        heard_at: message.heard_at.map(time),
    }
}
