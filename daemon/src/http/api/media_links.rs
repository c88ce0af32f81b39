//! Links by which a recording or a message is played, or fetched, without a log-in: in another program's page, or in a player.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use frontdesk_crm_core::audit;
use frontdesk_crm_core::media_links::{self, MediaLink, Sound};
use frontdesk_crm_core::recordings as recording_store;
use frontdesk_routing::ids::RecordingId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{bad_query, recordings, sip, voicemails};
use crate::http::State;
use crate::http::auth::{Access, Peer, by_link};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};
use crate::live::view::time;

/// How long a link is good when nothing else is asked for, in seconds.
const USUAL_S: i64 = 5 * 60;
const LONGEST_S: i64 = 60 * 60;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(of_recording))
        .routes(routes!(of_message))
        .routes(routes!(recording))
        .routes(routes!(message))
}

/// A link to a sound; whoever has it can play it for a while.
#[derive(Debug, Serialize, ToSchema)]
struct MediaLinkView {
    url: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RecordingLinkParams {
    /// Seconds that the link is good for: 1 to 3600, 300 when absent.
    lifetime_s: Option<i64>,
    /// To a file to keep instead of a sound to play; needs `recordings:download`.
    download: Option<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MessageLinkParams {
    /// Seconds that the link is good for: 1 to 3600, 300 when absent.
    lifetime_s: Option<i64>,
}

/// What stands in a link; the signature covers all of it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SignedParams {
    /// Who has asked for it.
    by: String,
    /// The project that they looked at.
    project: String,
    /// Until when it is good, unix seconds.
    expires: i64,
    /// To a file to keep.
    download: Option<bool>,
    /// HMAC-SHA256 in hexadecimal.
    signature: String,
}

impl SignedParams {
    fn read(&self, sound: Sound, recording: RecordingId) -> Option<MediaLink> {
        Some(MediaLink {
            sound,
            recording,
            staff: self.by.parse().ok()?,
            project: self.project.parse().ok()?,
            expires: self.expires,
        })
    }

    fn download(&self) -> bool {
        self.download.unwrap_or(false)
    }
}

/// Makes a link by which a recording is played without a log-in, for a few minutes. Whether the one who asks for it may still
/// play the recording is looked at again whenever the link is followed; each play is an audit row.
#[utoipa::path(post, path = "/recordings/{id}/link", tag = "recordings", params(("id" = String, Path), RecordingLinkParams),
    responses(
        (status = 201, body = MediaLinkView), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "Not ready yet"),
        (status = 410, body = Problem, description = "Deleted"),
    ))]
async fn of_recording(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
    Params(params): Params<RecordingLinkParams>,
    headers: HeaderMap,
) -> ApiResult<(StatusCode, Json<MediaLinkView>)> {
    let download = params.download.unwrap_or(false);
    let within = access.within(recordings::right(download))?;
    let found = recording_store::get(&state.db, within, id).await?;
    recordings::playable(&state, &found)?;
    let sound = match download {
        true => Sound::RecordingFile,
        false => Sound::Recording,
    };
    make(&state, &access, &headers, ((sound, id), params.lifetime_s)).await
}

/// Makes a link by which a message is played without a log-in, for a few minutes, as that of a recording is.
#[utoipa::path(post, path = "/voicemails/{id}/link", tag = "voicemail", params(("id" = String, Path), MessageLinkParams),
    responses(
        (status = 201, body = MediaLinkView), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ))]
async fn of_message(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<RecordingId>,
    Params(params): Params<MessageLinkParams>,
    headers: HeaderMap,
) -> ApiResult<(StatusCode, Json<MediaLinkView>)> {
    voicemails::heard_by(&state, &access, id).await?;
    make(&state, &access, &headers, ((Sound::Message, id), params.lifetime_s)).await
}

/// The sound of a recording, for whoever has a link to it.
#[utoipa::path(get, path = "/media/recordings/{id}", tag = "recordings", security(()),
    params(("id" = String, Path), SignedParams, ("Range" = Option<String>, Header, description = "One byte range")),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 304), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Wrongly signed, too old, or whose link it is may not play it any more"),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "Not ready yet"),
        (status = 410, body = Problem, description = "Deleted, or its file is lost"), (status = 416, body = Problem),
    ))]
async fn recording(
    Extract(state): Extract<State>,
    peer: Peer,
    Id(id): Id<RecordingId>,
    Params(signed): Params<SignedParams>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let sound = match signed.download() {
        true => Sound::RecordingFile,
        false => Sound::Recording,
    };
    let access = follow(&state, peer, (sound, id), &signed).await?;
    let played = recordings::play(&state, &access, (id, signed.download()), &headers).await?;
    Ok(for_any_page(played))
}

/// The sound of a message, for whoever has a link to it.
#[utoipa::path(get, path = "/media/voicemails/{id}", tag = "voicemail", security(()),
    params(("id" = String, Path), SignedParams, ("Range" = Option<String>, Header, description = "One byte range")),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>), (status = 206, content_type = "audio/wav", body = Vec<u8>),
        (status = 304), (status = 400, body = Problem),
        (status = 403, body = Problem, description = "Wrongly signed, too old, or whose link it is may not play it any more"),
        (status = 404, body = Problem), (status = 410, body = Problem, description = "Its file is lost"),
        (status = 416, body = Problem),
    ))]
async fn message(
    Extract(state): Extract<State>,
    peer: Peer,
    Id(id): Id<RecordingId>,
    Params(signed): Params<SignedParams>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    // a link to a message leads to no file
    if signed.download() {
        return Err(ApiError::bad_link());
    }
    let access = follow(&state, peer, (Sound::Message, id), &signed).await?;
    let played = voicemails::play(&state, &access, id, &headers).await?;
    Ok(for_any_page(played))
}

/// Signs a link of the one who asks; that they may play it has been looked at.
async fn make(
    state: &State,
    access: &Access,
    headers: &HeaderMap,
    ((sound, id), lifetime_s): ((Sound, RecordingId), Option<i64>),
) -> ApiResult<(StatusCode, Json<MediaLinkView>)> {
    let lifetime = lifetime_s.unwrap_or(USUAL_S);
    if !(1..=LONGEST_S).contains(&lifetime) {
        let allowed = format!("1 to {LONGEST_S} seconds");
        return Err(bad_query("lifetime_s", "out_of_range", allowed));
    }
    let now = state.clock.unix_ms().div_euclid(1000);
    let link = MediaLink {
        sound,
        recording: id,
        staff: access.staff,
        project: access.here.project,
        expires: now.saturating_add(lifetime),
    };
    let signature = media_links::sign(&state.db, access.account, &link).await?;
    let (place, deed, more) = match sound {
        Sound::Recording => ("recordings", ("recording.linked", "recording"), ""),
        Sound::RecordingFile => ("recordings", ("recording.linked", "recording"), "&download=true"),
        Sound::Message => ("voicemails", ("voicemail.linked", "voicemail"), ""),
    };
    audit::note(&state.db, &access.author(state), deed, id.to_string()).await?;
    let (by, project, expires) = (link.staff, link.project, link.expires);
    let said = format!("by={by}&project={project}&expires={expires}{more}");
    let view = MediaLinkView {
        url: format!(
            "{}/api/v1/media/{place}/{id}?{said}&signature={signature}",
            sip::base(state, headers)
        ),
        expires_at: time(expires.saturating_mul(1000)),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Whose the link is, with their rights of this moment. Whoever is not told why is not told whom there is either.
async fn follow(
    state: &State,
    Peer(address): Peer,
    (sound, id): (Sound, RecordingId),
    signed: &SignedParams,
) -> ApiResult<Access> {
    let now = state.clock.unix_ms();
    let link = signed.read(sound, id).ok_or_else(ApiError::bad_link)?;
    let owner = media_links::owner(&state.db, &link, &signed.signature, now).await?;
    let owner = owner.ok_or_else(ApiError::bad_link)?;
    if link.expires.saturating_mul(1000) <= now {
        return Err(ApiError::link_expired());
    }
    let access = by_link(state, owner, &link, address).await?;
    access.ok_or_else(|| ApiError::forbidden("whose link this is does not work in that project any more"))
}

/// Pages of other origins may play it.
fn for_any_page(mut played: Response) -> Response {
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    played
        .headers_mut()
        .insert(policy, HeaderValue::from_static("cross-origin"));
    played
}
