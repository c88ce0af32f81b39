//! Staff with their statuses, and their SIP data.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::messages::Messages;
use super::view::{StaffPage, StaffRow};
use super::{PageError, ROWS, Reader, leaf, reader, render, show};
use crate::http::State;
use crate::http::api::staff::{StaffParams, StaffView, found};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    search: String,
    #[serde(default)]
    offset: u32,
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
    let params = StaffParams {
        search: Some(asked.search.clone()).filter(|search| !search.trim().is_empty()),
        limit: Some(ROWS),
        offset: Some(asked.offset),
        ..StaffParams::default()
    };
    let list = found(&state, &reader.access, params)
        .await
        .map_err(|error| reader.failed(error))?;
    let count = list.filtered.unwrap_or(0);
    let rows: Vec<StaffRow> = list.items.iter().map(|member| row(&reader, member)).collect();
    let t = reader.t;
    let page = StaffPage {
        frame: reader.frame("staff", "staff.js"),
        pages: leaf("/staff", &asked.search, asked.offset, rows.len(), count),
        rows,
        search: asked.search,
        count,
        may_write: reader.access.may(Right::StaffWrite),
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

fn row(reader: &Reader, member: &StaffView) -> StaffRow {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    StaffRow {
        id: member.id.clone(),
        name: member.name.clone(),
        main: member.is_main,
        deleted: member.deleted_at.is_some(),
        position: text(&member.position),
        short_number: text(&member.short_number),
        phone: show::number(&text(&member.phone)),
        login: text(&member.effective_login),
        sip_status: member.sip_status,
        sip_text: sip_text(reader.t, member.sip_status),
        system_status: member.system_status,
        system_text: system_text(reader.t, member.system_status),
        last_seen: member.seen_ms.map(|seen| reader.moment(seen)).unwrap_or_default(),
    }
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
