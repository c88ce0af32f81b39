//! The address book.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::view::{ClientRow, ClientsPage};
use super::{PageError, ROWS, leaf, reader, render, show};
use crate::http::State;
use crate::http::api::clients::{ClientParams, ClientView, found};
use crate::http::api::staff::names;
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
    reader.need(Right::ClientsRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let params = ClientParams {
        search: Some(asked.search.clone()).filter(|search| !search.trim().is_empty()),
        limit: Some(ROWS),
        offset: Some(asked.offset),
        ..ClientParams::default()
    };
    let list = found(&state, &reader.access, params)
        .await
        .map_err(|error| reader.failed(error))?;
    let managers = names(&state, &reader.access)
        .await
        .map_err(|error| reader.failed(error))?;
    let count = list.filtered.unwrap_or(0);
    let rows: Vec<ClientRow> = list.items.into_iter().map(|client| row(client, &managers)).collect();
    let page = ClientsPage {
        frame: reader.frame("clients", "clients.js"),
        pages: leaf("/clients", &asked.search, asked.offset, rows.len(), count),
        rows,
        search: asked.search,
        count,
        may_write: reader.access.may(Right::ClientsWrite),
        managers,
    };
    Ok(render(reader.t, &page))
}

fn row(client: ClientView, managers: &[(String, String)]) -> ClientRow {
    let manager = client
        .manager_id
        .and_then(|id| managers.iter().find(|(known, _)| *known == id));
    ClientRow {
        id: client.id,
        name: client.name,
        vip: client.vip,
        number: show::number(&client.number),
        company: client.company.unwrap_or_default(),
        position: client.position.unwrap_or_default(),
        manager: manager.map(|(_, name)| name.clone()).unwrap_or_default(),
    }
}
