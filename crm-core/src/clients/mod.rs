//! Clients: the address book by which callers are named.

mod erase;
mod erasures;
pub(crate) mod incoming;
mod index;
mod list;
mod notes;
mod pages;
mod rules;
mod store;
mod strangers;
mod terms;
mod timeline;
mod visitors;

use frontdesk_routing::ids::{ClientId, SiteId, StaffId};
use frontdesk_routing::number::PhoneNumber;

use crate::access::Whose;

pub use erase::{Erased, erase};
pub use erasures::{forget_erasures, last_erased};
pub use index::{index_all, index_new};
pub use list::{Clients, SHOWN, list};
pub use store::{create, delete, get, reassign, update};

pub(crate) use erase::ALL as ERASE;
pub(crate) use erasures::{ALL as ERASURES, Erasures};
pub(crate) use incoming::ALL as INCOMING;
pub(crate) use index::ALL as INDEX;
pub use notes::{Note, add_note, correct_note, delete_note, note};
pub(crate) use pages::{ALL as COUNTS, PAGES};
pub use strangers::Stranger;
pub use timeline::{Beside, Happening, timeline};

pub(crate) use notes::ALL as NOTES;
pub(crate) use store::ALL;
pub(crate) use strangers::{ALL as STRANGERS, settle};
pub(crate) use visitors::{ALL as VISITORS, of_visitor};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    /// The one by which the client is listed and called.
    pub number: PhoneNumber,
    /// Further numbers, in the order in which they were given.
    pub other_numbers: Vec<PhoneNumber>,
    pub name: String,
    pub company: Option<String>,
    pub position: Option<String>,
    pub manager: Option<StaffId>,
    pub vip: bool,
    /// Made by the program for an unknown caller; the first change by a person ends it.
    pub stub: bool,
    /// The site by which the client came to us.
    pub source: Option<Source>,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

/// A site, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub site: SiteId,
    pub name: String,
}

impl Client {
    pub fn whose(&self) -> Whose {
        Whose::of(self.manager)
    }

    pub fn numbers(&self) -> Vec<PhoneNumber> {
        std::iter::once(self.number)
            .chain(self.other_numbers.iter().copied())
            .collect()
    }
}

/// As typed; number and name are needed.
#[derive(Debug, Clone, Default)]
pub struct NewClient {
    pub number: Option<String>,
    pub other_numbers: Vec<String>,
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
    /// In place of all that there were.
    pub other_numbers: Option<Vec<String>>,
    pub name: Option<Option<String>>,
    pub company: Option<Option<String>>,
    pub position: Option<Option<String>>,
    pub manager: Option<Option<String>>,
    pub vip: Option<bool>,
}

/// What came of a change, and the numbers whose callers may be shown differently now: those before and those after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed<T> {
    pub now: T,
    pub numbers: Vec<PhoneNumber>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientOrder {
    #[default]
    Name,
    Company,
    /// As numbers, not as texts.
    Number,
    CreatedAt,
}

#[derive(Debug, Clone, Default)]
pub struct ClientQuery {
    /// Beginnings of words of the name, the company and the position, in any order, and parts of numbers.
    pub search: Option<String>,
    /// The reader may not see numbers: digits do not find them.
    pub numbers_hidden: bool,
    pub vip: Option<bool>,
    pub manager: Option<StaffId>,
    pub order: ClientOrder,
    pub descending: bool,
}
