//! Staff with their statuses, and their SIP data.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::forwarding::ForwardingPart;
use super::mailbox::MailboxPart;
use super::messages::Messages;
use super::view::{Pages, StaffPage, StaffRow};
use super::{PageError, ROWS, Reader, leaf, reader, render, show};
use crate::http::State;
use crate::http::api::staff::{StaffParams, StaffView, found, names};
use crate::http::auth::{Access, Right, Role};
use crate::http::error::ApiError;
use crate::http::extract::Params;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    offset: u32,
    /// `all`: those of all projects.
    scope: Option<String>,
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::StaffRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let all = asked.scope.as_deref() == Some("all");
    let params = StaffParams {
        search: Some(asked.search.clone()).filter(|search| !search.trim().is_empty()),
        limit: Some(ROWS),
        offset: Some(asked.offset),
        scope: all.then(|| "all".to_owned()),
        ..StaffParams::default()
    };
    let own = frontdesk_crm_core::roles::list(&state.db, reader.access.account)
        .await
        .map_err(|error| reader.failed(error.into()))?;
    let list = found(&state, &reader.access, params)
        .await
        .map_err(|error| reader.failed(error))?;
    let count = list.filtered.unwrap_or(0);
    let may_hand_over = reader.access.may(Right::DataHandOver);
    let may_write = reader.access.may(Right::StaffWrite);
    let managers = match may_hand_over || may_write {
        true => names(&state, &reader.access)
            .await
            .map_err(|error| reader.failed(error))?,
        false => Vec::new(),
    };
    let mailbox = MailboxPart::of(&state, &reader, "staff_id")
        .await
        .map_err(|error| reader.failed(error))?;
    let rows: Vec<StaffRow> = list
        .items
        .iter()
        .map(|member| row(&reader, member, &managers))
        .collect();
    let t = reader.t;
    let page = StaffPage {
        frame: reader.frame("staff", "staff.js"),
        pages: pages(leaf("/staff", &asked.search, asked.offset, rows.len(), count), all),
        mailbox,
        forwarding: ForwardingPart::of(&state, &reader),
        scopes: scopes(t, &asked.search, all),
        all,
        managers,
        may_hand_over,
        rows,
        roles: roles(t)
            .into_iter()
            .map(|(role, name)| (role.name().into_owned(), name.to_owned()))
            .chain(own.into_iter().map(|role| (role.id.to_string(), role.name)))
            .collect(),
        exports: match reader.access.may(Right::DataExport) {
            true => vec![
                ("CSV", export(&asked.search, all, "csv")),
                ("XLSX", export(&asked.search, all, "xlsx")),
            ],
            false => Vec::new(),
        },
        hours: super::telephony::hours_of(&asked.search, asked.offset),
        search: asked.search,
        count,
        may_write,
        may_sip: reader.access.may(Right::SipWrite),
        login_prefix: reader.account.number.to_string(),
        sip_facts: vec![
            ("server", t.sip_server),
            ("port", t.sip_port),
            ("tls_port", t.sip_tls_port),
            ("transports", t.sip_transport),
            ("user", t.sip_user),
            ("password", t.password),
        ],
    };
    Ok(render(t, &page))
}

/// Those that may be chosen, of those that are built in.
fn roles(t: &'static Messages) -> [(Role, &'static str); 6] {
    [
        (Role::Employee, t.role_employee),
        (Role::Specialist, t.role_specialist),
        (Role::Receptionist, t.role_receptionist),
        (Role::Supervisor, t.role_supervisor),
        (Role::Admin, t.role_admin),
        (Role::External, t.role_external),
    ]
}

/// Those of the project that is looked at, or everybody: address, text, and whether it is shown.
fn scopes(t: &Messages, search: &str, all: bool) -> Vec<(String, &'static str, bool)> {
    let link = |scope: Option<&str>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("search", search);
        }
        if let Some(scope) = scope {
            query.append_pair("scope", scope);
        }
        format!("/staff?{}", query.finish())
    };
    vec![
        (link(None), t.scope_project, !all),
        (link(Some("all")), t.scope_all, all),
    ]
}

/// The same people as a file.
fn export(search: &str, all: bool, format: &str) -> String {
    const PATH: &str = "/api/v1/staff/export?";
    let mut query = form_urlencoded::Serializer::for_suffix(PATH.to_owned(), PATH.len());
    if !search.is_empty() {
        query.append_pair("search", search);
    }
    if all {
        query.append_pair("scope", "all");
    }
    query.append_pair("format", format).finish()
}

fn pages(mut pages: Pages, all: bool) -> Pages {
    for link in [&mut pages.previous, &mut pages.next].into_iter().flatten() {
        if all {
            link.push_str("&scope=all");
        }
    }
    pages
}

fn row(reader: &Reader, member: &StaffView, colleagues: &[(String, String)]) -> StaffRow {
    let supervisor = member.supervisor_id.as_ref();
    let supervisor = colleagues.iter().find(|(id, _)| supervisor == Some(id));
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    StaffRow {
        id: member.id.clone(),
        name: member.name.clone(),
        main: member.is_main,
        deleted: member.deleted_at.is_some(),
        position: text(&member.position),
        remote: member.work_place == "remote",
        supervisor: supervisor.map_or_else(String::new, |(_, name)| name.clone()),
        short_number: text(&member.short_number),
        phone: show::number(&text(&member.phone)),
        login: text(&member.effective_login),
        sip_status: member.sip_status,
        sip_text: sip_text(reader.t, member.sip_status),
        system_status: member.system_status,
        system_text: system_text(reader.t, member.system_status),
        access: access(reader, member),
        access_ended: member.access_ended,
        photo: member.has_photo.then(|| format!("{}&size=small", member.photo_url)),
        initials: initials(member),
        receiving: member.receiving,
        work_status: member.work_status,
        work_text: match member.work_status {
            "working" => reader.t.working,
            _ => reader.t.not_working,
        },
        last_seen: member.seen_ms.map(|seen| reader.moment(seen)).unwrap_or_default(),
    }
}

fn access(reader: &Reader, member: &StaffView) -> String {
    let word = match member.access_ended {
        true => reader.t.access_ended,
        false => reader.t.access_until,
    };
    let until = member.until_ms.filter(|_| member.deleted_at.is_none());
    until.map_or_else(String::new, |until| format!("{word}: {}", reader.moment(until)))
}

/// What stands in the place of a photo.
fn initials(member: &StaffView) -> String {
    let parts = [&member.surname, &member.given_name];
    let first = parts.into_iter().flatten().filter_map(|part| part.chars().next());
    first.flat_map(char::to_uppercase).collect()
}

fn sip_text(t: &Messages, status: &str) -> &'static str {
    match status {
        "online" => t.sip_online,
        "offline" => t.sip_offline,
        _ => t.sip_not_created,
    }
}

fn system_text(t: &Messages, status: &str) -> &'static str {
    match status {
        "online" => t.status_online,
        "offline" => t.status_offline,
        "deleted" => t.status_deleted,
        _ => t.status_no_access,
    }
}
