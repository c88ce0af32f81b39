//! Styles, scripts and pictures of the pages, carried in the binary.

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::State;
use super::error::ApiError;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal $kind:literal)*) => {
        static ASSETS: &[Asset] =
            &[$(Asset { name: $name, kind: $kind, bytes: include_bytes!(concat!("../web/", $name)) }),*];
    };
}

assets! {
    "style.css" "text/css; charset=utf-8"
    "icons.svg" "image/svg+xml"
    "icon.svg" "image/svg+xml"
    "person.svg" "image/svg+xml"
    "api.js" "text/javascript; charset=utf-8"
    "forms.js" "text/javascript; charset=utf-8"
    "editor.js" "text/javascript; charset=utf-8"
    "timer.js" "text/javascript; charset=utf-8"
    "menus.js" "text/javascript; charset=utf-8"
    "numbers.js" "text/javascript; charset=utf-8"
    "lines.js" "text/javascript; charset=utf-8"
    "schedules.js" "text/javascript; charset=utf-8"
    "sounds.js" "text/javascript; charset=utf-8"
    "codes.js" "text/javascript; charset=utf-8"
    "help.js" "text/javascript; charset=utf-8"
    "roles.js" "text/javascript; charset=utf-8"
    "projects.js" "text/javascript; charset=utf-8"
    "import.js" "text/javascript; charset=utf-8"
    "notices.js" "text/javascript; charset=utf-8"
    "webhooks.js" "text/javascript; charset=utf-8"
    "security.js" "text/javascript; charset=utf-8"
    "audit.js" "text/javascript; charset=utf-8"
    "history.js" "text/javascript; charset=utf-8"
    "departments.js" "text/javascript; charset=utf-8"
    "calling.js" "text/javascript; charset=utf-8"
    "card.js" "text/javascript; charset=utf-8"
    "player.js" "text/javascript; charset=utf-8"
    "page.js" "text/javascript; charset=utf-8"
    "login.js" "text/javascript; charset=utf-8"
    "staff.js" "text/javascript; charset=utf-8"
    "own.js" "text/javascript; charset=utf-8"
    "phone.js" "text/javascript; charset=utf-8"
    "book.js" "text/javascript; charset=utf-8"
    "deals.js" "text/javascript; charset=utf-8"
    "clients.js" "text/javascript; charset=utf-8"
    "timeline.js" "text/javascript; charset=utf-8"
    "voicemail.js" "text/javascript; charset=utf-8"
    "forwarding.js" "text/javascript; charset=utf-8"
    "mailbox.js" "text/javascript; charset=utf-8"
    "calls.js" "text/javascript; charset=utf-8"
    "sites.js" "text/javascript; charset=utf-8"
    "widget.js" "text/javascript; charset=utf-8"
}

pub(super) async fn asset(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .ok_or_else(ApiError::not_found)?;
    let bytes = match &state.settings.web_folder {
        Some(folder) => tokio::fs::read(folder.join(asset.name))
            .await
            .map_err(|_| ApiError::not_found())?
            .into(),
        None => axum::body::Bytes::from_static(asset.bytes),
    };
    let tag = tag(&bytes);
    let fresh = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let head = [
        (CONTENT_TYPE, asset.kind.to_owned()),
        (CACHE_CONTROL, "no-cache".to_owned()),
        (ETAG, tag),
    ];
    if fresh {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    Ok((head, Body::from(bytes)).into_response())
}

/// The script that the company's sites embed: pages of any origin may load it.
pub(super) async fn widget(state: Extract<State>, headers: HeaderMap) -> Result<Response, ApiError> {
    let mut response = asset(state, Path("widget.js".to_owned()), headers).await?;
    let anywhere = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert("cross-origin-resource-policy", anywhere);
    Ok(response)
}

fn tag(bytes: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in Sha256::digest(bytes).iter().take(12) {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    tag
}
