//! A member of one's own company whom a body names by identifier.

use frontdesk_crm_core::staff;
use frontdesk_crm_core::store::StoreError;
use frontdesk_routing::ids::StaffId;

use crate::http::State;
use crate::http::auth::Access;
use crate::http::error::{ApiError, ApiResult};

/// Whoever works or has worked in the reader's company; 422 that names the field for anybody else.
pub(super) async fn colleague(state: &State, access: &Access, (field, typed): (&str, &str)) -> ApiResult<StaffId> {
    let person = typed.trim().parse().map_err(|_| no_such(field))?;
    match staff::get(&state.db, access.account, person, state.clock.unix_ms()).await {
        Ok(_) => Ok(person),
        Err(StoreError::NotFound) => Err(no_such(field)),
        Err(other) => Err(other.into()),
    }
}

pub(super) fn no_such(field: &str) -> ApiError {
    ApiError::invalid_field(field, "unknown", "no such staff member")
}
