//! Outbound routes: by which lines calls go outside.

mod rules;
mod store;

use frontdesk_routing::plan::routes::PlanRoute;

pub(crate) use store::{ALL, planned};
pub use store::{create, delete, get, list, page, update};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub plan: PlanRoute,
    pub version: i64,
}

/// As typed; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RoutePatch {
    pub name: Option<String>,
    /// `+` and the digits that numbers begin with; `+` alone: all numbers.
    pub prefix: Option<String>,
    /// Settled when the route is made.
    pub emergency: Option<bool>,
    /// Lines by their ids, the first one first.
    pub trunks: Option<Vec<String>>,
}
