//! A person as a row of the tables.

use super::{CallerId, StaffMember};
use crate::access::Role;
use crate::store::StoreError;
use crate::store::text::id;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    account_id: String,
    account_number: i64,
    is_main: bool,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    position: Option<String>,
    short_number: Option<String>,
    login: Option<String>,
    role: Option<String>,
    sip_user: Option<String>,
    #[sqlx(flatten)]
    caller_id: CallerId,
    signed_in: bool,
    has_password: bool,
    last_login_at: Option<i64>,
    last_seen_at: Option<i64>,
    deleted_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

pub(super) fn read(row: Row) -> Result<StaffMember, StoreError> {
    Ok(StaffMember {
        id: id(&row.id)?,
        account: id(&row.account_id)?,
        account_number: row.account_number,
        is_main: row.is_main,
        surname: row.surname,
        given_name: row.given_name,
        patronymic: row.patronymic,
        phone: row.phone,
        email: row.email,
        position: row.position,
        short_number: row.short_number,
        login: row.login,
        role: row.role.as_deref().and_then(Role::named),
        sip_user: row.sip_user,
        caller_id: row.caller_id,
        signed_in: row.signed_in && row.deleted_at.is_none(),
        has_password: row.has_password,
        last_login_at: row.last_login_at,
        last_seen_at: row.last_seen_at,
        deleted_at: row.deleted_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}
