//! Photos of people.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Extract};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::staff::{self, StaffMember};
use frontdesk_routing::ids::StaffId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::staff::{changed, one, own_only_if_main};
use super::upload::{blocking, whole};
use super::{named, versioned};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, IfMatch, Params};
use crate::photos::{self, Photo, Refused, Size};

/// The largest file that is taken.
const LARGEST: usize = 8 * 1024 * 1024;
/// What is shown for who has none.
const PLACEHOLDER: &str = "/static/person.svg";

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(read, replace, remove))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PhotoParams {
    /// `small`: 128 pixels a side instead of 512.
    size: Option<String>,
    /// The photo's mark; a browser may keep what it got for it.
    mark: Option<String>,
}

/// Where the photo is, or the placeholder.
pub(super) fn url(member: &StaffMember) -> String {
    match &member.photo {
        Some(mark) => format!("/api/v1/staff/{}/photo?mark={mark}", member.id),
        None => PLACEHOLDER.to_owned(),
    }
}

/// A person's photo.
#[utoipa::path(get, path = "/staff/{id}/photo", tag = "staff", params(("id" = String, Path), PhotoParams), responses(
    (status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = 403, body = Problem),
    (status = 404, body = Problem, description = "Nobody, or without a photo"),
))]
async fn read(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    Params(params): Params<PhotoParams>,
) -> ApiResult<Response> {
    access.need(Right::StaffRead)?;
    let size = named("size", params.size.as_deref(), |size| {
        (size == "small").then_some(Size::Small)
    })?;
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    let mark = member.photo.ok_or_else(ApiError::not_found)?;
    let keep = params.mark.is_some_and(|asked| asked == mark);
    let folder = state.settings.photos.clone();
    let file = blocking(move || {
        let read = photos::read(&folder, (id, &mark), size.unwrap_or(Size::Large));
        read.map_err(|error| ApiError::internal(&error))
    });
    let file = file.await?.ok_or_else(ApiError::not_found)?;
    let caching = if keep { "private, max-age=86400" } else { "no-store" };
    let head = [(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, caching)];
    Ok((head, Bytes::from(file)).into_response())
}

/// Gives a person a photo: a JPEG, PNG or WebP of at most 8 MiB and 40 megapixels. Its middle is kept as a square JPEG;
/// where and by what it was taken is not.
#[utoipa::path(put, path = "/staff/{id}/photo", tag = "staff",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read")),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses(
        (status = 200, body = super::staff::StaffView, headers(("ETag" = String))), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem, description = "None of these formats, whatever it is called"),
    ))]
async fn replace(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
    request: Request,
) -> ApiResult<Response> {
    access.need(Right::StaffWrite)?;
    own_only_if_main(&state, &access, id).await?;
    let (head, body) = request.into_parts();
    let file = file(&head.headers, body).await?;
    let place = state.pictures().acquire().await;
    let place = place.map_err(|error| ApiError::internal(&error))?;
    let folder = state.settings.photos.clone();
    let mark = state.stamp().ids().secret(16);
    let kept = mark.clone();
    blocking(move || {
        let photo = Photo::of(&file).map_err(refused)?;
        photo
            .keep(&folder, (id, &kept))
            .map_err(|error| ApiError::internal(&error))
    })
    .await?;
    drop(place);
    let set = staff::set_photo(&state.db, &access.author(&state), id, Some(mark.clone()), version).await;
    let (before, after) = match set {
        Ok(set) => set,
        Err(error) => {
            forget(&state, id, Some(mark)).await?;
            return Err(error.into());
        }
    };
    forget(&state, id, before.photo).await?;
    changed(&state, access.account, id).await;
    Ok(versioned(one(&state, &access, &after).await?, after.version))
}

/// Takes a person's photo away.
#[utoipa::path(delete, path = "/staff/{id}/photo", tag = "staff",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn remove(
    Extract(state): Extract<State>,
    access: Access,
    Id(id): Id<StaffId>,
    IfMatch(version): IfMatch,
) -> ApiResult<StatusCode> {
    access.need(Right::StaffWrite)?;
    own_only_if_main(&state, &access, id).await?;
    let member = staff::get(&state.db, access.account, id, state.clock.unix_ms()).await?;
    if member.photo.is_none() {
        return Err(ApiError::not_found());
    }
    let (before, _) = staff::set_photo(&state.db, &access.author(&state), id, None, version).await?;
    forget(&state, id, before.photo).await?;
    changed(&state, access.account, id).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn file(headers: &HeaderMap, body: Body) -> ApiResult<Bytes> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let kind = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("image/") {
        return Err(refused(Refused::NoImage));
    }
    whole(headers, body, LARGEST).await
}

fn refused(refused: Refused) -> ApiError {
    match refused {
        Refused::NoImage => ApiError::unsupported_media_type().detail("This resource takes JPEG, PNG and WebP"),
        Refused::TooLarge => ApiError::too_large().detail("At most 40 megapixels"),
    }
}

async fn forget(state: &State, staff: StaffId, mark: Option<String>) -> ApiResult<()> {
    let Some(mark) = mark else { return Ok(()) };
    let folder = state.settings.photos.clone();
    blocking(move || photos::forget(&folder, (staff, &mark)).map_err(|error| ApiError::internal(&error))).await
}
