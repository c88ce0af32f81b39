//! Groups: people who have roles in common.

mod store;

use frontdesk_routing::ids::{GroupId, StaffId};

use crate::access::Role;

pub(crate) use store::{ALL, leave_all};
pub use store::{create, delete, get, list, of, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    /// Nobody who was deleted.
    pub members: Vec<StaffId>,
    /// What each member may do beside their own roles.
    pub roles: Vec<Role>,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

/// What is absent stays as it is.
#[derive(Debug, Clone, Default)]
pub struct GroupPatch {
    pub name: Option<String>,
    /// Ids.
    pub members: Option<Vec<String>>,
    pub roles: Option<Vec<String>>,
}
