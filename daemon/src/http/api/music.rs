//! The music that whoever is held or parked hears.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Extract};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::audit;
use frontdesk_media::sound::{self, Sound};
use frontdesk_routing::ids::AccountId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::upload::{blocking, whole};
use crate::engine::input::OperatorCommand;
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::music;

/// The largest file that is taken: ten minutes of 8 kHz stereo, or nearly two of a CD.
const LARGEST: usize = 20 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(read, replace, remove))
        .routes(routes!(play))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MusicView {
    /// False: it is the one that the daemon brings along.
    pub own: bool,
    pub duration_ms: u64,
    /// Samples a second.
    pub rate: u32,
}

/// What whoever waits hears.
#[utoipa::path(get, path = "/music", tag = "account", responses(
    (status = 200, body = MusicView), (status = 403, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<MusicView>> {
    heard(&state, &access).await.map(Json)
}

/// What whoever waits hears at present.
///
/// # Errors
/// The right is missing, or the folder cannot be read.
pub async fn heard(state: &State, access: &Access) -> ApiResult<MusicView> {
    access.need(Right::SettingsRead)?;
    let own = own(state, access.account).await?;
    let view = own.as_ref().map(|sound| view(sound, true));
    Ok(view.unwrap_or_else(view_of_ours))
}

/// The sound itself.
#[utoipa::path(get, path = "/music/media", tag = "account", responses(
    (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 403, body = Problem),
))]
async fn play(Extract(state): Extract<State>, access: Access) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let own = own(&state, access.account).await?;
    let file = own.as_ref().map_or_else(|| sound::music().to_wav(), Sound::to_wav);
    Ok(([(CONTENT_TYPE, "audio/wav")], Bytes::from(file)).into_response())
}

/// Plays a WAV of the account's own from the next hold on: 16-bit PCM, mono or stereo, 8000 to 48000 samples a second, at
/// most ten minutes and 20 MiB.
#[utoipa::path(put, path = "/music", tag = "account", request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses(
        (status = 200, body = MusicView), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem, description = "What is wrong with the file"),
    ))]
async fn replace(Extract(state): Extract<State>, access: Access, request: Request) -> ApiResult<Json<MusicView>> {
    access.need(Right::SettingsWrite)?;
    let (head, body) = request.into_parts();
    let file = file(&head.headers, body).await?;
    let (folder, account) = (state.settings.music.clone(), access.account);
    let kept = blocking(move || {
        let sound = Sound::from_wav(&file)
            .map_err(|error| ApiError::invalid_field("body", "invalid", error.to_string()))?
            .for_phones();
        music::keep(&folder, account, &sound).map_err(|error| ApiError::internal(&error))?;
        Ok(Arc::new(sound))
    });
    let sound = kept.await?;
    audit::note(
        &state.db,
        &access.author(&state),
        ("music.replaced", "account"),
        account.to_string(),
    )
    .await?;
    let view = view(&sound, true);
    tell(&state, account, Some(sound)).await?;
    Ok(Json(view))
}

/// Goes back to the music that the daemon brings along.
#[utoipa::path(delete, path = "/music", tag = "account", responses(
    (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn remove(Extract(state): Extract<State>, access: Access) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    let (folder, account) = (state.settings.music.clone(), access.account);
    let gone = blocking(move || music::forget(&folder, account).map_err(|error| ApiError::internal(&error)));
    if !gone.await? {
        return Err(ApiError::not_found());
    }
    audit::note(
        &state.db,
        &access.author(&state),
        ("music.removed", "account"),
        account.to_string(),
    )
    .await?;
    tell(&state, account, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn file(headers: &HeaderMap, body: Body) -> ApiResult<Bytes> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(CONTENT_TYPE)
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim();
    let wav = ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"];
    if !wav.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(ApiError::unsupported_media_type().detail("This resource takes audio/wav"));
    }
    whole(headers, body, LARGEST).await
}

async fn own(state: &State, account: AccountId) -> ApiResult<Option<Sound>> {
    let folder = state.settings.music.clone();
    blocking(move || music::read(&folder, account).map_err(|error| ApiError::internal(&error))).await
}

async fn tell(state: &State, account: AccountId, sound: Option<Arc<Sound>>) -> ApiResult<()> {
    let command = OperatorCommand::Music { account, sound };
    let sent = state.operator.send(command).await;
    sent.map_err(|_| ApiError::unavailable("the engine is stopping"))
}

fn view(sound: &Sound, own: bool) -> MusicView {
    MusicView {
        own,
        duration_ms: sound.duration_ms(),
        rate: sound.rate,
    }
}

fn view_of_ours() -> MusicView {
    view(&sound::music(), false)
}
