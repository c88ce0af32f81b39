//! A recording's sound: whole or in parts, never a path from outside.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use frontdesk_routing::ids::{RecordingId, StaffId};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::http::error::{ApiError, ApiResult};
use crate::http::range::{Asked, asked};

const CHUNK: usize = 64 * 1024;

/// A file of the recordings' folder as it is served.
pub(super) struct Sound {
    pub(super) file: File,
    pub(super) size: u64,
    /// The recording's id: the file's name for who downloads it.
    pub(super) name: String,
    pub(super) download: bool,
}

/// The file of a stored relative path. A path that would leave the folder is not found.
pub(super) fn inside(root: &Path, relative: &str) -> Option<PathBuf> {
    let relative = Path::new(relative);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && relative.components().next().is_some()).then(|| root.join(relative))
}

pub(super) async fn open(path: &Path) -> ApiResult<(File, u64)> {
    let missing = || ApiError::gone("the file is not in the recordings' folder");
    let file = match File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(ApiError::internal(&error)),
    };
    let meta = file.metadata().await.map_err(|error| ApiError::internal(&error))?;
    if meta.is_file() {
        Ok((file, meta.len()))
    } else {
        Err(missing())
    }
}

impl Sound {
    /// A recording never changes once it is ready: its id and length are its version.
    fn tag(&self) -> String {
        format!("\"{}-{}\"", self.name, self.size)
    }

    /// Which part the request wants; a range for another version is the whole.
    pub(super) fn asked(&self, request: &HeaderMap) -> Asked {
        let text = |name| request.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        match text(IF_RANGE) {
            Some(version) if version != self.tag() => Asked::Whole,
            Some(_) | None => asked(text(RANGE), self.size),
        }
    }

    fn is_known(&self, request: &HeaderMap) -> bool {
        request.get(IF_NONE_MATCH).is_some_and(|known| {
            known.to_str().is_ok_and(|known| {
                known
                    .split(',')
                    .any(|tag| tag.trim() == self.tag() || tag.trim() == "*")
            })
        })
    }

    pub(super) async fn answer(self, request: &HeaderMap) -> ApiResult<Response> {
        if self.is_known(request) {
            return Ok((StatusCode::NOT_MODIFIED, [(ETAG, self.tag())]).into_response());
        }
        let (status, first, last) = match self.asked(request) {
            Asked::Unsatisfiable => return Err(ApiError::range_not_satisfiable(self.size)),
            Asked::Whole => (StatusCode::OK, 0, self.size.saturating_sub(1)),
            Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last),
        };
        let length = if self.size == 0 {
            0
        } else {
            last.saturating_sub(first).saturating_add(1)
        };
        let kind = if self.download { "attachment" } else { "inline" };
        let head = [
            (CONTENT_TYPE, "audio/wav".to_owned()),
            (CONTENT_LENGTH, length.to_string()),
            (ACCEPT_RANGES, "bytes".to_owned()),
            (ETAG, self.tag()),
            (CACHE_CONTROL, "private, no-cache".to_owned()),
            (CONTENT_DISPOSITION, format!("{kind}; filename=\"{}.wav\"", self.name)),
        ];
        let mut response = (status, head).into_response();
        if status == StatusCode::PARTIAL_CONTENT {
            let range = HeaderValue::from_str(&format!("bytes {first}-{last}/{}", self.size));
            response
                .headers_mut()
                .insert(CONTENT_RANGE, range.map_err(|error| ApiError::internal(&error))?);
        }
        let mut file = self.file;
        file.seek(SeekFrom::Start(first))
            .await
            .map_err(|error| ApiError::internal(&error))?;
        *response.body_mut() = Body::from_stream(ReaderStream::with_capacity(file.take(length), CHUNK));
        Ok(response)
    }
}

/// A pause after which going on in the middle counts as another play.
const SAME_PLAY_MS: i64 = 10 * 60_000;
/// Players ask for the beginning more than once when they open a sound.
const SAME_START_MS: i64 = 5_000;
const MAX_PLAYS: usize = 10_000;

/// Who listens to what: a player asks for one sound in many parts, and that is one play.
#[derive(Debug, Default)]
pub struct Plays(Mutex<HashMap<Listening, i64>>);

/// Who, to what, and by which link, told by its end: whoever follows one may be somebody else.
type Listening = (StaffId, RecordingId, Option<i64>);

impl Plays {
    /// Whether this request begins a play.
    pub(super) fn begins(&self, listening: Listening, from_start: bool, now: i64) -> bool {
        let mut plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if plays.len() >= MAX_PLAYS {
            plays.retain(|_, last| now.saturating_sub(*last) < SAME_PLAY_MS);
        }
        if plays.len() >= MAX_PLAYS {
            return true;
        }
        let before = plays.insert(listening, now);
        let pause = if from_start { SAME_START_MS } else { SAME_PLAY_MS };
        before.is_none_or(|last| now.saturating_sub(last) >= pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_folder() {
        let check = |relative: &str, expected: Option<&str>| {
            assert_eq!(
                inside(Path::new("/rec"), relative),
                expected.map(PathBuf::from),
                "{relative}"
            );
        };
        check("A/2026/11/23/R.wav", Some("/rec/A/2026/11/23/R.wav"));
        check("../x.wav", None);
        check("A/../../x.wav", None);
        check("/etc/passwd", None);
        check("", None);
    }
}
