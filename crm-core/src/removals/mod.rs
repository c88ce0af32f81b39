//! Files that are to be removed. Each stands here from the transaction that makes it superfluous until it is gone, so that
//! neither a crash nor a file that cannot be removed leaves one behind.

mod store;

use frontdesk_routing::ids::{AccountId, RecordingId};

pub(crate) use store::{ALL, add, end, lost};
pub use store::{done, due, later};

/// Where a file lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// The recordings' folder; a recording's later parts belong to its path.
    Recordings,
    /// That of notices which were written as files.
    Notices,
}

impl Folder {
    pub fn name(self) -> &'static str {
        match self {
            Folder::Recordings => "recordings",
            Folder::Notices => "notices",
        }
    }

    pub fn named(name: &str) -> Option<Folder> {
        match name {
            "recordings" => Some(Folder::Recordings),
            "notices" => Some(Folder::Notices),
            _ => None,
        }
    }
}

/// A file that is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    pub folder: Folder,
    /// Below the folder.
    pub path: String,
    pub account: AccountId,
    pub recording: Option<RecordingId>,
    /// How often it could not be removed.
    pub attempts: i64,
}
