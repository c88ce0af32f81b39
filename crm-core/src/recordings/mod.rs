//! Recordings: which call has which file, and what became of it.

mod store;

use frontdesk_routing::ids::{AccountId, CallId, RecordingId};

pub(crate) use store::{ALL, Started, failed, ready, started};
pub use store::{delete, get, list, of_calls, of_client, played, unfinished};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingState {
    /// Being made.
    Recording,
    Ready,
    Failed,
    Deleted,
}

impl RecordingState {
    pub fn name(self) -> &'static str {
        match self {
            RecordingState::Recording => "recording",
            RecordingState::Ready => "ready",
            RecordingState::Failed => "failed",
            RecordingState::Deleted => "deleted",
        }
    }

    pub fn named(name: &str) -> Option<RecordingState> {
        match name {
            "recording" => Some(RecordingState::Recording),
            "ready" => Some(RecordingState::Ready),
            "failed" => Some(RecordingState::Failed),
            "deleted" => Some(RecordingState::Deleted),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub id: RecordingId,
    pub account: AccountId,
    pub call: CallId,
    /// Below the recordings' folder.
    pub path: String,
    pub state: RecordingState,
    /// Why it failed.
    pub problem: Option<String>,
    pub duration_ms: Option<i64>,
    pub bytes: Option<i64>,
    pub started_at: i64,
    pub deleted_at: Option<i64>,
}
