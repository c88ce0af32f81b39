//! Departments: groups that answer a short number together.

mod store;

use frontdesk_routing::ids::{DepartmentId, StaffId};

pub(crate) use store::ALL;
pub use store::{create, delete, list};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    pub id: DepartmentId,
    pub name: String,
    pub short_number: String,
    pub members: Vec<StaffId>,
    pub version: i64,
}

#[derive(Debug, Clone, Default)]
pub struct NewDepartment {
    pub name: String,
    pub short_number: String,
    pub members: Vec<StaffId>,
}
