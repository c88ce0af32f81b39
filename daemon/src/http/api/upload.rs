//! Files that are sent as a request's body.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;

use crate::http::error::{ApiError, ApiResult};

/// All of the body; 413 beyond so many octets, before anything is read where the length is announced.
pub(super) async fn whole(headers: &HeaderMap, body: Body, most: usize) -> ApiResult<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(ApiError::too_large());
    }
    to_bytes(body, most).await.map_err(|_| ApiError::too_large())
}

/// Reads, writes and computes away from what serves others.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::internal(&error))?
}
