//! The company's sites: who may ask by them, for whom, and how often.

mod rules;
mod store;

use frontdesk_routing::ids::{AccountId, DepartmentId, ScheduleId, SiteId, StaffId};

pub(crate) use store::ALL;
pub use store::{by_key, create, delete, get, list, update};

/// Requests of one source in ten minutes when nothing else is said.
pub const PER_SOURCE: u32 = 5;
/// Requests of one site in an hour when nothing else is said.
pub const PER_SITE: u32 = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub id: SiteId,
    pub account: AccountId,
    pub name: String,
    /// In the page's source for everybody to see: it tells the site, and protects nothing.
    pub key: String,
    /// As browsers send them: `https://shop.example`.
    pub origins: Vec<String>,
    /// What a visitor may order; none: in the visitor's own words.
    pub subjects: Vec<String>,
    pub to: Receiver,
    /// In the place of the receiver's own hours.
    pub schedule: Option<ScheduleId>,
    pub enabled: bool,
    /// Those who fill in the form are called too, not only those who want to be called back.
    pub forms_call: bool,
    /// E-mail addresses that are told of each request.
    pub letters_to: Vec<String>,
    /// Requests of one source in ten minutes.
    pub per_source: u32,
    /// Requests of all visitors in an hour.
    pub per_site: u32,
    pub created_at: i64,
    pub version: i64,
}

/// Who is rung first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    Staff(StaffId),
    /// Whoever is free in its line.
    Department(DepartmentId),
}

/// What is to change, as typed: an outer `None` stays, an inner one empties. One receiver takes the place of the other.
#[derive(Debug, Clone, Default)]
pub struct SitePatch {
    pub name: Option<String>,
    pub origins: Option<Vec<String>>,
    pub subjects: Option<Vec<String>>,
    pub staff: Option<String>,
    pub department: Option<String>,
    pub schedule: Option<Option<String>>,
    pub enabled: Option<bool>,
    pub forms_call: Option<bool>,
    pub letters_to: Option<Vec<String>>,
    pub per_source: Option<u32>,
    pub per_site: Option<u32>,
}
