//! Roles of an account's own, and who has which roles: by themselves and by their groups.

mod duties;
pub(crate) mod rules;
mod store;

use frontdesk_routing::ids::RoleId;

use crate::access::Rights;

pub(crate) use duties::ALL as DUTIES;
pub use duties::{Cache, Duties, holders, load};
pub(crate) use store::{ALL, further, known, moved_on, set_further};
pub use store::{create, delete, get, list, of, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRole {
    pub id: RoleId,
    pub name: String,
    pub rights: Rights,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

/// A right and how far it reaches, by their names; without a reach it is `any`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant {
    pub right: String,
    pub reach: Option<String>,
}

/// What is absent stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RolePatch {
    pub name: Option<String>,
    pub rights: Option<Vec<Grant>>,
}
