//! Sources of SIP that are not listened to, as they are kept over a restart. They are the installation's, not an account's.

mod store;

pub use store::list;
pub(crate) use store::{ALL, remove, save};

/// What is kept of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBlock {
    pub address: String,
    pub reason: String,
    /// Unix milliseconds.
    pub since: i64,
    /// `None`: until it is lifted.
    pub until: Option<i64>,
}
