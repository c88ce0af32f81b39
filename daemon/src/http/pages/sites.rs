//! Sites with what is to be pasted into them, and what their visitors have asked for.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::access::Scope;
use frontdesk_crm_core::{departments, schedules};
use serde::Deserialize;

use super::messages::Messages;
use super::view::{RequestRow, SiteRow, SitesPage};
use super::{PageError, ROWS, Reader, reader, render, show};
use crate::http::State;
use crate::http::api::requests::{RequestParams, RequestView, found};
use crate::http::api::sites::{SiteView, all};
use crate::http::api::staff::names;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

/// Id and name.
type Names = Vec<(String, String)>;

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::ClientsRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let params = RequestParams {
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
        ..RequestParams::default()
    };
    let list = found(&state, &reader.access, params).await;
    let list = list.map_err(|error| reader.failed(error))?;
    let may_read = reader.access.may(Right::SettingsRead);
    let (sites, staff, departments, schedules) = match may_read {
        true => settings(&state, &reader).await.map_err(|error| reader.failed(error))?,
        false => Default::default(),
    };
    let whom = |id: &Option<String>, of: &Names| {
        let found = id.as_ref().and_then(|id| of.iter().find(|(known, _)| known == id));
        found.map(|(_, name)| name.clone())
    };
    let site = |site: SiteView| SiteRow {
        to: whom(&site.department_id, &departments)
            .or_else(|| whom(&site.staff_id, &staff))
            .unwrap_or_default(),
        id: site.id,
        name: site.name,
        key: site.key,
        origins: site.origins.join(", "),
        enabled: site.enabled,
    };
    let page = SitesPage {
        sites: sites.into_iter().map(site).collect(),
        requests: list.items.iter().map(|request| row(&reader, request)).collect(),
        newest: asked.cursor.is_some(),
        older: list.next_cursor,
        may_read,
        may_write: reader.access.may(Right::SettingsWrite),
        may_serve: reader.access.may(Right::ClientsWrite),
        may_call: reader.access.may(Right::CallsMake),
        frame: reader.frame("sites", "sites.js"),
        staff,
        departments,
        schedules,
    };
    Ok(render(reader.t, &page))
}

async fn settings(state: &State, reader: &Reader) -> Result<(Vec<SiteView>, Names, Names, Names), ApiError> {
    let account = reader.access.account;
    let departments = departments::list(&state.db, account).await?;
    let department = |of: departments::Department| (of.plan.id.to_string(), of.plan.name.to_string());
    let schedules = schedules::list(&state.db, Scope::whole(account)).await?;
    Ok((
        all(state, &reader.access).await?,
        names(state, &reader.access).await?,
        departments.into_iter().map(department).collect(),
        schedules.into_iter().map(|of| (of.id.to_string(), of.name)).collect(),
    ))
}

fn row(reader: &Reader, request: &RequestView) -> RequestRow {
    let t = reader.t;
    let moment = |text: &Option<String>| {
        let at = text.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        at.map(|at| reader.moment(at.as_millisecond())).unwrap_or_default()
    };
    RequestRow {
        id: request.id.clone(),
        name: request.name.clone(),
        number: show::number(&request.number),
        site: request.site_name.clone(),
        subject: request.subject.clone(),
        comment: request.comment.clone(),
        when: moment(&Some(request.created_at.clone())),
        created_at: request.created_at.clone(),
        call_at: moment(&request.next_call_at),
        state: request.state,
        state_text: state_text(t, request.state),
        open: matches!(request.state, "new" | "missed"),
        known: request.client_id.is_some(),
    }
}

fn state_text(t: &Messages, state: &str) -> &'static str {
    match state {
        "new" => t.request_new,
        "called" => t.request_called,
        "missed" => t.request_missed,
        _ => t.request_done,
    }
}
