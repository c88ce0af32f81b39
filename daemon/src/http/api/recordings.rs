//! Recordings: listed, played, downloaded, deleted; each with its own right.

use std::path::PathBuf;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use frontdesk_crm_core::access::{Scope, Whose};
use frontdesk_crm_core::audit::Author;
use frontdesk_crm_core::calls;
use frontdesk_crm_core::recordings::{self, Recording, RecordingState};
use frontdesk_recordings::remove::remove as remove_files;
use frontdesk_routing::ids::{AccountId, CallId, RecordingId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::media::{Sound, inside, open};
use super::{Listing, named, page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};
use crate::http::range::Asked;
use crate::live::view::time;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(read, delete))
        .routes(routes!(media))
}

/// A call's recording: stereo, the caller left, the callee right.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingView {
    pub id: String,
    pub call_id: String,
    /// `recording`, `ready`, `failed` or `deleted`.
    pub state: &'static str,
    /// Why it failed.
    pub problem: Option<String>,
    pub duration_ms: Option<i64>,
    pub bytes: Option<i64>,
    #[schema(format = DateTime)]
    pub started_at: String,
    #[schema(format = DateTime)]
    pub deleted_at: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MediaParams {
    /// As a file to keep instead of a sound to play; needs `recordings:download`.
    download: Option<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordingParams {
    /// `recording`, `ready`, `failed` or `deleted`.
    state: Option<String>,
    /// 1 to 500.
    limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// Recordings, newest first. Where few fit, a page may hold fewer than `limit`, or none, and go on at `next_cursor`.
#[utoipa::path(get, path = "/recordings", tag = "recordings", params(RecordingParams), responses(
    (status = 200, body = Listing<RecordingView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<RecordingParams>,
) -> ApiResult<Json<Listing<RecordingView>>> {
    let within = access.within(Right::RecordingsList)?;
    let wanted = named("state", params.state.as_deref(), RecordingState::named)?;
    let page = page(params.limit, None, params.cursor)?;
    let found = recordings::list(&state.db, within, wanted, &page)
        .await
        .map_err(query_error)?;
    let items = found.items.iter().map(view).collect();
    Ok(Json(Listing {
        items,
        total: None,
        filtered: None,
        next_cursor: found.next_cursor,
    }))
}

/// One recording.
#[utoipa::path(get, path = "/recordings/{id}", tag = "recordings", params(("id" = String, Path)), responses(
    (status = 200, body = RecordingView), (status = 404, body = Problem),
))]
async fn read(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
) -> ApiResult<Json<RecordingView>> {
    let within = access.within(Right::RecordingsList)?;
    Ok(Json(view(&recordings::get(&state.db, within, id).await?)))
}

pub(super) fn view(recording: &Recording) -> RecordingView {
    RecordingView {
        id: recording.id.to_string(),
        call_id: recording.call.to_string(),
        state: recording.state.name(),
        problem: recording.problem.clone(),
        duration_ms: recording.duration_ms,
        bytes: recording.bytes,
        started_at: time(recording.started_at),
        deleted_at: recording.deleted_at.map(time),
    }
}

/// Where its file lies, if it can be played. One that failed half way plays as far as it goes.
pub(super) fn playable(state: &State, recording: &Recording) -> ApiResult<PathBuf> {
    match recording.state {
        RecordingState::Recording => Err(ApiError::conflict("not_ready", "the call still goes on")),
        RecordingState::Deleted => Err(ApiError::gone("the recording was deleted")),
        RecordingState::Ready | RecordingState::Failed => {
            inside(&state.settings.recordings, &recording.path).ok_or_else(ApiError::not_found)
        }
    }
}

/// The sound, whole or the part that `Range` asks for. Each play is an audit row.
#[utoipa::path(get, path = "/recordings/{id}/media", tag = "recordings",
    params(("id" = String, Path), MediaParams, ("Range" = Option<String>, Header, description = "One byte range")),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 304), (status = 404, body = Problem), (status = 409, body = Problem, description = "Not ready yet"),
        (status = 410, body = Problem, description = "Deleted, or its file is lost"), (status = 416, body = Problem),
    ))]
async fn media(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
    Params(params): Params<MediaParams>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    play(&state, &access, (id, params.download.unwrap_or(false)), &headers).await
}

/// To be played, or as a file to keep.
pub(super) fn right(download: bool) -> Right {
    match download {
        true => Right::RecordingsDownload,
        false => Right::RecordingsPlay,
    }
}

/// Its sound as the request asks for it, by whatever the one who asks was let in.
pub(super) async fn play(
    state: &State,
    access: &Access,
    (id, download): (RecordingId, bool),
    headers: &HeaderMap,
) -> ApiResult<Response> {
    let within = access.within(right(download))?;
    let recording = recordings::get(&state.db, within, id).await?;
    let path = playable(state, &recording)?;
    let (file, size) = open(&path).await?;
    let sound = Sound {
        file,
        size,
        name: id.to_string(),
        download,
    };
    let from_start = match sound.asked(headers) {
        Asked::Whole => true,
        Asked::Part(first, _) => first == 0,
        Asked::Unsatisfiable => false,
    };
    let listening = (access.staff, id, access.link());
    if state.plays().begins(listening, from_start, state.clock.unix_ms()) {
        recordings::played(&state.db, &access.author(state), id).await?;
        let data = json!({ "recording_id": id.to_string(), "staff_id": access.staff.to_string() });
        let whose = whose(state, recording.account, recording.call).await;
        state.live.publish_of(access.account, "recording.played", whose, data);
    }
    sound.answer(headers).await
}

/// Destroys the sound; the call stays.
#[utoipa::path(delete, path = "/recordings/{id}", tag = "recordings", params(("id" = String, Path)), responses(
    (status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "Not ready yet"),
    (status = 410, body = Problem, description = "Deleted already"),
))]
async fn delete(Extract(state): Extract<State>, access: Access, Id(id): Id<RecordingId>) -> ApiResult<StatusCode> {
    let within = access.within(Right::RecordingsDelete)?;
    remove(&state, &access.author(&state), (within, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose its call is.
async fn whose(state: &State, account: AccountId, call: CallId) -> Option<Whose> {
    let call = calls::get(&state.db, Scope::whole(account), call).await;
    call.ok().map(|call| call.whose())
}

/// Tells readers that there is no sound of it any more.
pub(super) async fn tell_deleted(state: &State, account: AccountId, (id, call): (RecordingId, CallId)) {
    let data = json!({ "recording_id": id.to_string(), "call_id": call.to_string() });
    let whose = whose(state, account, call).await;
    state.live.publish_of(account, "recording.deleted", whose, data);
}

/// Destroys the sound of one that is within.
pub(super) async fn remove(state: &State, author: &Author, (within, id): (Scope, RecordingId)) -> ApiResult<()> {
    let recording = recordings::get(&state.db, within, id).await?;
    let path = playable(state, &recording)?;
    // the file first: what the database calls deleted must be gone
    let removed = tokio::task::spawn_blocking(move || remove_files(&path)).await;
    removed
        .map_err(|error| ApiError::internal(&error))?
        .map_err(|error| ApiError::internal(&error))?;
    recordings::delete(&state.db, author, id).await?;
    tell_deleted(state, author.account, (id, recording.call)).await;
    super::voicemails::light(state, author.account).await
}
