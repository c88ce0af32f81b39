//! Clients: the address book by which callers are named.

mod rules;
mod store;

use frontdesk_routing::ids::{ClientId, StaffId};

pub(crate) use store::ALL;
pub use store::{create, delete, get, list, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    /// E.164.
    pub number: String,
    pub name: String,
    pub company: Option<String>,
    pub position: Option<String>,
    pub manager: Option<StaffId>,
    pub vip: bool,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

/// As typed; number and name are needed.
#[derive(Debug, Clone, Default)]
pub struct NewClient {
    pub number: Option<String>,
    pub name: Option<String>,
    pub company: Option<String>,
    pub position: Option<String>,
    pub manager: Option<String>,
    pub vip: bool,
}

/// What is to change: an outer `None` stays, an inner one empties.
#[derive(Debug, Clone, Default)]
pub struct ClientPatch {
    pub number: Option<Option<String>>,
    pub name: Option<Option<String>>,
    pub company: Option<Option<String>>,
    pub position: Option<Option<String>>,
    pub manager: Option<Option<String>>,
    pub vip: Option<bool>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientOrder {
    #[default]
    Name,
    Company,
    Number,
    CreatedAt,
}

#[derive(Debug, Clone, Default)]
pub struct ClientQuery {
    pub search: Option<String>,
    pub vip: Option<bool>,
    pub manager: Option<StaffId>,
    pub order: ClientOrder,
    pub descending: bool,
}
