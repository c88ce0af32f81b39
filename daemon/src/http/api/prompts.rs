//! Sounds of the company's own: what menus ask, greetings, and what is said in the place of built-in prompts.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State as Extract};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::prompts::{self as kept, NewPrompt, Prompt};
use frontdesk_media::sound::Sound;
use frontdesk_routing::ids::{AccountId, PromptId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::music::file;
use super::upload::blocking;
use super::{Listing, created, versioned};
use crate::engine::input::{OperatorCommand, Phrase};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, IfMatch, Params};
use crate::live::view::time;
use crate::prompts;

/// Nobody listens to a longer one.
const LONGEST_MS: u64 = 5 * 60 * 1_000;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, remove))
        .routes(routes!(play))
}

#[derive(Debug, Serialize, ToSchema)]
struct PromptView {
    id: String,
    name: String,
    /// The built-in prompt in whose place it is said.
    replaces: Option<String>,
    duration_ms: i64,
    #[schema(format = DateTime)]
    created_at: String,
    version: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NewPromptParams {
    #[serde(default)]
    name: String,
    /// The built-in one in whose place it is said: `please_wait`, `place` and `minutes` (each before a number), `press_one`,
    /// `department` (before its number), `vip_client`, `recorded`, `leave_message`, `no_messages`, `messages_over`, or
    /// `digit_0` to `digit_9` of at most three seconds.
    replaces: Option<String>,
}

/// All sounds of the company's own: 200 at most.
#[utoipa::path(get, path = "/prompts", tag = "prompts", responses(
    (status = 200, body = Listing<PromptView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<PromptView>>> {
    access.need(Right::SettingsRead)?;
    let all = kept::list(&state.db, access.account).await?;
    Ok(Json(Listing::whole(all.into_iter().map(view).collect())))
}

/// Takes a WAV: 16-bit PCM, mono or stereo, 8000 to 48000 samples a second, at most five minutes and 20 MiB. It is kept as
/// telephone lines carry it, mono with 8000 samples a second.
#[utoipa::path(post, path = "/prompts", tag = "prompts", params(NewPromptParams),
    request_body(content = Vec<u8>, content_type = "audio/wav"), responses(
        (status = 201, body = PromptView, headers(("Location" = String), ("ETag" = String))),
        (status = 403, body = Problem), (status = 409, body = Problem, description = "Something else replaces that prompt"),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
    ))]
async fn create(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<NewPromptParams>,
    request: Request,
) -> ApiResult<Response> {
    access.need(Right::SettingsWrite)?;
    let new = NewPrompt {
        name: params.name,
        replaces: params.replaces,
    };
    kept::check(&new)?;
    let (head, body) = request.into_parts();
    let file = file(&head.headers, body).await?;
    let author = access.author(&state);
    let id = PromptId::new(author.stamp.unix_ms, author.stamp.ids().random());
    let folder = state.settings.prompts.clone();
    let sound = blocking(move || {
        let wrong = |code, why: String| ApiError::invalid_field("body", code, why);
        let sound = Sound::from_wav(&file).map_err(|error| wrong("invalid", error.to_string()))?;
        match sound.duration_ms() {
            0 => return Err(wrong("invalid", "there is nothing to be heard".to_owned())),
            LONGEST_MS.. => return Err(wrong("too_long", "five minutes at most".to_owned())),
            _ => {}
        }
        let sound = sound.for_lines();
        prompts::keep(&folder, id, &sound).map_err(|error| ApiError::internal(&error))?;
        Ok(Arc::new(sound))
    });
    let sound = sound.await?;
    let duration = i64::try_from(sound.duration_ms()).unwrap_or(i64::MAX);
    let prompt = match kept::create(&state.db, &author, (id, new), duration).await {
        Ok(prompt) => prompt,
        Err(error) => {
            forget(&state, id).await?;
            return Err(error.into());
        }
    };
    tell(&state, access.account, &prompt, Some(sound)).await?;
    let (location, version) = (format!("/api/v1/prompts/{id}"), prompt.version);
    Ok(created(view(prompt), version, location))
}

/// One of them.
#[utoipa::path(get, path = "/prompts/{id}", tag = "prompts", params(("id" = String, Path)), responses(
    (status = 200, body = PromptView, headers(("ETag" = String))), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<PromptId>) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    let prompt = kept::get(&state.db, access.account, id).await?;
    let version = prompt.version;
    Ok(versioned(view(prompt), version))
}

/// The sound itself.
#[utoipa::path(get, path = "/prompts/{id}/media", tag = "prompts", params(("id" = String, Path)), responses(
    (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 404, body = Problem),
))]
async fn play(Extract(state): Extract<State>, access: Access, Id(id): Id<PromptId>) -> ApiResult<Response> {
    access.need(Right::SettingsRead)?;
    kept::get(&state.db, access.account, id).await?;
    let folder = state.settings.prompts.clone();
    let sound = blocking(move || prompts::read(&folder, id).map_err(|error| ApiError::internal(&error)));
    Ok(([(CONTENT_TYPE, "audio/wav")], Bytes::from(sound.await?.to_wav())).into_response())
}

/// Deletes a sound that nothing says.
#[utoipa::path(delete, path = "/prompts/{id}", tag = "prompts",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    responses(
        (status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "Something says it"),
        (status = 412, body = Problem),
    ))]
async fn remove(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<PromptId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::SettingsWrite)?;
    let prompt = kept::get(&state.db, access.account, id).await?;
    kept::delete(&state.db, &access.author(&state), id, version).await?;
    forget(&state, id).await?;
    tell(&state, access.account, &prompt, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn forget(state: &State, id: PromptId) -> ApiResult<()> {
    let folder = state.settings.prompts.clone();
    blocking(move || prompts::forget(&folder, id).map_err(|error| ApiError::internal(&error))).await
}

async fn tell(state: &State, account: AccountId, prompt: &Prompt, sound: Option<Arc<Sound>>) -> ApiResult<()> {
    let command = OperatorCommand::Prompt {
        account,
        prompt: prompt.id,
        replaces: prompt.replaces.as_deref().and_then(Phrase::named),
        sound,
    };
    let sent = state.operator.send(command).await;
    sent.map_err(|_| ApiError::unavailable("the engine is stopping"))
}

fn view(prompt: Prompt) -> PromptView {
    PromptView {
        id: prompt.id.to_string(),
        name: prompt.name,
        replaces: prompt.replaces,
        duration_ms: prompt.duration_ms,
        created_at: time(prompt.created_at),
        version: prompt.version,
    }
}
