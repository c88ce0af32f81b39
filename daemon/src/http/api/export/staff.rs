//! The staff as a file: what an import takes, and how each person stands.

use axum::extract::State as Extract;
use axum::response::Response;
use frontdesk_crm_core::import::Format;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Cell, Record, file, format};
use crate::http::State;
use crate::http::api::MAX_LIMIT;
use crate::http::api::staff::{self, StaffParams, StaffView};
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::Params;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(staff_file))
}

/// Which people; as for the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StaffAsked {
    /// Any part of the name, a number, the login, the e-mail or the position.
    search: Option<String>,
    /// Exactly this position.
    position: Option<String>,
    /// `office` or `remote`.
    work_place: Option<String>,
    /// Only those who report to this staff member, directly.
    supervisor_id: Option<String>,
    /// Those deleted too; they are left out when `false`.
    deleted: Option<bool>,
    /// Those who work in this project; when absent the one that is looked at.
    project: Option<String>,
    /// `all`: those of all projects.
    scope: Option<String>,
    /// `csv` (not said) or `xlsx`.
    format: Option<String>,
}

/// The staff as CSV (RFC 4180, UTF-8) or as a workbook, by name. Stands in the audit.
#[utoipa::path(get, path = "/staff/export", tag = "staff", params(StaffAsked), responses(
    (status = 200, content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn staff_file(
    Extract(state): Extract<State>,
    access: Access,
    Params(asked): Params<StaffAsked>,
) -> ApiResult<Response> {
    access.need(Right::DataExport)?;
    access.need(Right::StaffRead)?;
    let format = format::<StaffView>(asked.format.as_deref())?;
    let part = move |state: State, access: Access, cursor: Option<String>| {
        let params = StaffParams {
            search: asked.search.clone(),
            position: asked.position.clone(),
            work_place: asked.work_place.clone(),
            supervisor_id: asked.supervisor_id.clone(),
            deleted: asked.deleted,
            project: asked.project.clone(),
            scope: asked.scope.clone(),
            limit: Some(MAX_LIMIT),
            cursor,
            ..StaffParams::default()
        };
        async move {
            let list = staff::found(&state, &access, params).await?;
            Ok((list.items, list.next_cursor))
        }
    };
    file(state, access, format, part).await
}

impl Record for StaffView {
    const LIST: (&'static str, &'static str) = ("staff", "staff.exported");
    const COLUMNS: &'static [&'static str] = &[
        "surname",
        "given_name",
        "patronymic",
        "position",
        "work_place",
        "supervisor",
        "phone",
        "email",
        "short_number",
        "sip_user",
        "login",
        "role",
        "system_status",
        "sip_status",
        "last_login_at",
        "created_at",
        "id",
    ];
    const FORMATS: &'static [Format] = &[Format::Csv, Format::Xlsx];

    fn cells(self) -> Vec<Cell> {
        let text = |text: Option<String>| Cell::Text(text.unwrap_or_default());
        let own = |text: Option<String>| Cell::Own(text.unwrap_or_default());
        vec![
            text(self.surname),
            text(self.given_name),
            text(self.patronymic),
            text(self.position),
            Cell::Own(self.work_place.to_owned()),
            own(self.supervisor),
            own(self.phone),
            text(self.email),
            own(self.short_number),
            text(self.sip_user),
            text(self.effective_login),
            own(self.role),
            Cell::Own(self.system_status.to_owned()),
            Cell::Own(self.sip_status.to_owned()),
            own(self.last_login_at),
            Cell::Own(self.created_at),
            Cell::Own(self.id),
        ]
    }
}
