//! Trunks: provider lines that register with us and are trusted to say who calls.

mod store;

use frontdesk_routing::ids::TrunkId;

pub(crate) use store::ALL;
pub use store::{create, delete, list};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    pub id: TrunkId,
    pub name: String,
    pub sip_user: String,
    pub version: i64,
}
