//! A staff member as the tables hold it.

use serde_json::{Value, json};

use super::rules::Checked;
use super::{CallerId, StaffMember, WorkPlace};
use crate::access::Role;
use crate::reception;
use crate::store::text::{fold, haystack, id, maybe_id};
use crate::store::{Arg, StoreError, args};

macro_rules! member {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.sort_name, s.account_id, a.number AS account_number, s.is_main, s.surname, s.given_name, s.patronymic, \
             s.phone, s.email, s.position, s.work_place, s.supervisor_id, \
             (SELECT COALESCE(v.short_number, v.login, v.id) FROM staff v WHERE v.id = s.supervisor_id) AS supervisor_called, \
             s.short_number, s.login, s.role, s.access_until, p.sip_user, s.displayed_number, \
             s.show_number_on_system_calls, s.hide_client_number, s.raise_card, s.emergency_number, s.last_login_at, s.last_seen_at, \
             s.deleted_at, s.created_at, s.updated_at, s.version, s.receiving, s.reception, s.sim_trunk_id, \
             s.schedule_id, s.photo, EXISTS (SELECT 1 FROM logins l WHERE l.staff_id = s.id AND l.ended_at IS NULL AND l.expires_at > $2 AND l.last_seen_at > $2 - 30000) AS signed_in, \
             s.password_hash IS NOT NULL AS has_password, (s.access_until IS NOT NULL AND s.access_until <= $2) AS access_ended FROM staff s JOIN accounts a ON a.id = s.account_id \
             LEFT JOIN sip_accounts p ON p.staff_id = s.id WHERE s.account_id = $1 ",
            $rest
        )
    };
}
pub(super) use member;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) sort_name: String,
    account_id: String,
    account_number: i64,
    is_main: bool,
    surname: Option<String>,
    given_name: Option<String>,
    patronymic: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    pub(super) position: Option<String>,
    work_place: String,
    supervisor_id: Option<String>,
    supervisor_called: Option<String>,
    pub(super) short_number: Option<String>,
    login: Option<String>,
    role: Option<String>,
    access_until: Option<i64>,
    access_ended: bool,
    sip_user: Option<String>,
    #[sqlx(flatten)]
    caller_id: CallerId,
    photo: Option<String>,
    signed_in: bool,
    has_password: bool,
    last_login_at: Option<i64>,
    pub(super) last_seen_at: Option<i64>,
    pub(super) deleted_at: Option<i64>,
    pub(super) created_at: i64,
    updated_at: i64,
    version: i64,
    receiving: bool,
    reception: String,
    sim_trunk_id: Option<String>,
    schedule_id: Option<String>,
}

impl Checked {
    /// From `surname` to `search`, as the statements want them.
    pub(crate) fn into_row(self) -> Vec<Arg> {
        let parts = [&self.surname, &self.given_name, &self.patronymic];
        let sort_name = parts
            .into_iter()
            .flatten()
            .map(|part| fold(part))
            .collect::<Vec<_>>()
            .join(" ");
        let search = haystack(&[
            Some(&sort_name),
            self.phone.as_deref(),
            self.email.as_deref(),
            self.position.as_deref(),
            self.short_number.as_deref(),
            self.login.as_deref(),
        ]);
        args![
            self.surname,
            self.given_name,
            self.patronymic,
            self.phone,
            self.email,
            self.position,
            self.work_place.name(),
            self.short_number,
            self.login,
            self.role.map(|role| role.name().into_owned()),
            sort_name,
            search,
        ]
    }
}

impl From<&StaffMember> for Checked {
    fn from(member: &StaffMember) -> Checked {
        Checked {
            surname: member.surname.clone(),
            given_name: member.given_name.clone(),
            patronymic: member.patronymic.clone(),
            phone: member.phone.clone(),
            email: member.email.clone(),
            position: member.position.clone(),
            work_place: member.work_place,
            short_number: member.short_number.clone(),
            login: member.login.clone(),
            role: member.role,
        }
    }
}

pub(crate) fn told(checked: &Checked) -> Value {
    json!({
        "surname": checked.surname,
        "given_name": checked.given_name,
        "patronymic": checked.patronymic,
        "phone": checked.phone,
        "email": checked.email,
        "position": checked.position,
        "work_place": checked.work_place.name(),
        "short_number": checked.short_number,
        "login": checked.login,
        "role": checked.role.map(|role| role.name().into_owned()),
    })
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
        work_place: WorkPlace::named(&row.work_place).ok_or_else(|| StoreError::Corrupt(row.work_place.clone()))?,
        supervisor: maybe_id(&row.supervisor_id)?,
        supervisor_called: row.supervisor_called,
        short_number: row.short_number,
        login: row.login,
        role: row.role.as_deref().and_then(Role::named),
        access_until: row.access_until,
        access_ended: row.access_ended,
        sip_user: row.sip_user,
        caller_id: row.caller_id,
        photo: row.photo,
        signed_in: row.signed_in && row.deleted_at.is_none() && !row.access_ended,
        has_password: row.has_password,
        last_login_at: row.last_login_at,
        last_seen_at: row.last_seen_at,
        deleted_at: row.deleted_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
        receiving: row.receiving,
        method: reception::method(&row.reception, &row.sim_trunk_id)?,
        schedule: maybe_id(&row.schedule_id)?,
    })
}
