//! Staff as the API takes and tells them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::Direction;
use crate::http::extract::given;

/// A staff member.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffView {
    pub id: String,
    /// The main account: every right, cannot be restricted or deleted.
    pub is_main: bool,
    /// All parts of the name in one text.
    pub name: String,
    pub surname: Option<String>,
    pub given_name: Option<String>,
    pub patronymic: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub position: Option<String>,
    /// `office` or `remote`; calls do not depend on it.
    pub work_place: &'static str,
    /// To whom they report: a staff member who works here.
    pub supervisor_id: Option<String>,
    /// How an import names that one.
    #[serde(skip)]
    pub supervisor: Option<String>,
    pub short_number: Option<String>,
    pub login: Option<String>,
    /// What is typed to log in: the account's number, `_` and the login; the main account's e-mail.
    pub effective_login: Option<String>,
    /// `main`, `admin`, `supervisor`, `receptionist`, `employee`, `specialist`, `external`, or the id of a role of the
    /// account's own; `null` is no access. Further roles: `/staff/{id}/roles`.
    pub role: Option<String>,
    /// From this moment on there is no access; `null`: for ever.
    #[schema(format = DateTime)]
    pub access_until: Option<String>,
    /// That moment has come.
    pub access_ended: bool,
    /// The same for our own pages.
    #[serde(skip)]
    pub until_ms: Option<i64>,
    /// `no_access`, `offline`, `online` or `deleted`.
    pub system_status: &'static str,
    /// `not_created`, `offline` or `online`.
    pub sip_status: &'static str,
    pub sip_user: Option<String>,
    /// A picture in any case: the person's photo, or the placeholder.
    pub photo_url: String,
    pub has_photo: bool,
    /// What their calls show: a connected number, E.164.
    pub displayed_number: Option<String>,
    /// What their emergency calls show, a connected number; `null`: the account's `emergency_number`.
    pub emergency_number: Option<String>,
    /// Calls that the CRM makes for them show the displayed number too, instead of the account's single number.
    pub show_number_on_system_calls: bool,
    /// They see no client's number, on no phone and no page.
    pub hide_client_number: bool,
    /// Their event stream gets `call.card` when their phone rings.
    pub raise_card: bool,
    /// Calls and leads of clients are given to the person at all: see `/staff/{id}/reception`.
    pub receiving: bool,
    /// `sip`, `mobile` or `sim`: by what the person takes calls.
    pub reception_method: &'static str,
    /// The hours in which the person is given calls.
    pub schedule_id: Option<String>,
    /// `working` or `not_working`, in the project that is looked at.
    pub work_status: &'static str,
    #[schema(format = DateTime)]
    pub last_login_at: Option<String>,
    #[schema(format = DateTime)]
    pub last_seen_at: Option<String>,
    /// The same for our own pages.
    #[serde(skip)]
    pub seen_ms: Option<i64>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub updated_at: String,
    #[schema(format = DateTime)]
    pub deleted_at: Option<String>,
    /// What `If-Match` takes, in quotes.
    pub version: i64,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StaffParams {
    /// Any part of the name, a number, the login, the e-mail or the position.
    pub search: Option<String>,
    /// Exactly this position.
    pub position: Option<String>,
    /// `office` or `remote`.
    pub work_place: Option<String>,
    /// Only those who report to this staff member, directly.
    pub supervisor_id: Option<String>,
    /// Those deleted too; they are left out when `false`.
    pub deleted: Option<bool>,
    /// Those who work in this project; when absent the one that is looked at.
    pub project: Option<String>,
    /// `all`: those of all projects.
    pub scope: Option<String>,
    /// `name`, `short_number`, `position`, `last_seen_at` or `created_at`.
    pub order: Option<String>,
    pub direction: Option<Direction>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// So many are passed over; not together with `cursor`.
    pub offset: Option<u32>,
    /// From `next_cursor` of the answer before, with the same order.
    pub cursor: Option<String>,
}

/// A new staff member. Only the name is needed; a login, password and role give access.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStaffBody {
    pub(super) surname: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) patronymic: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) position: Option<String>,
    /// `office` (when absent) or `remote`.
    pub(super) work_place: Option<String>,
    /// To whom they report: the id of a staff member who works here.
    pub(super) supervisor_id: Option<String>,
    pub(super) short_number: Option<String>,
    pub(super) login: Option<String>,
    pub(super) password: Option<String>,
    /// `admin`, `supervisor`, `receptionist`, `employee`, `specialist`, `external`, or the id of one of the account's own;
    /// giving one needs `roles:write`.
    pub(super) role: Option<String>,
    /// From this moment on there is no access: RFC 3339 with an offset, or a time of day in the company's zone, as in
    /// 2026-12-31T15:30; in the future. Setting it needs `roles:write`.
    pub(super) access_until: Option<String>,
    /// A connected number.
    pub(super) displayed_number: Option<String>,
    /// A connected number: what their emergency calls show who do not sit where the account's says.
    pub(super) emergency_number: Option<String>,
    pub(super) show_number_on_system_calls: Option<bool>,
    pub(super) hide_client_number: Option<bool>,
    pub(super) raise_card: Option<bool>,
}

/// What is to change; an absent field stays, `null` empties it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffPatchBody {
    #[serde(default, deserialize_with = "given")]
    pub(super) surname: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) given_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) patronymic: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) position: Option<Option<String>>,
    /// `office` or `remote`.
    pub(super) work_place: Option<String>,
    /// To whom they report: the id of a staff member who works here, who does not report to them in turn.
    #[serde(default, deserialize_with = "given")]
    pub(super) supervisor_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) short_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub(super) login: Option<Option<String>>,
    pub(super) password: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) role: Option<Option<String>>,
    /// From this moment on there is no access: RFC 3339 with an offset, or a time of day in the company's zone, as in
    /// 2026-12-31T15:30; in the future. Changing it needs `roles:write`; one's own stays.
    #[serde(default, deserialize_with = "given")]
    pub(super) access_until: Option<Option<String>>,
    /// A connected number.
    #[serde(default, deserialize_with = "given")]
    pub(super) displayed_number: Option<Option<String>>,
    /// A connected number: what their emergency calls show who do not sit where the account's says.
    #[serde(default, deserialize_with = "given")]
    pub(super) emergency_number: Option<Option<String>>,
    pub(super) show_number_on_system_calls: Option<bool>,
    pub(super) hide_client_number: Option<bool>,
    pub(super) raise_card: Option<bool>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteParams {
    /// To whom those report from now on who report to this one: the id of a staff member; nobody when it is not said.
    pub(super) successor_id: Option<String>,
}
