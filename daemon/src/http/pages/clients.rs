//! The address book.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::view::{ClientRow, ClientsPage, Pages};
use super::{PageError, ROWS, reader, render, show};
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
    cursor: Option<String>,
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
        cursor: asked.cursor.clone(),
        ..ClientParams::default()
    };
    let list = found(&state, &reader.access, params)
        .await
        .map_err(|error| reader.failed(error))?;
    let managers = names(&state, &reader.access)
        .await
        .map_err(|error| reader.failed(error))?;
    let pages = pages(&asked, list.next_cursor.as_deref());
    let (count, more) = (list.filtered, list.more);
    let rows: Vec<ClientRow> = list.items.into_iter().map(|client| row(client, &managers)).collect();
    let export = reader.access.may(Right::DataExport).then(|| export(&asked));
    let page = ClientsPage {
        frame: reader.frame("clients", "clients.js"),
        pages,
        rows,
        search: asked.search,
        count,
        more,
        may_write: reader.access.may(Right::ClientsWrite),
        export,
        managers,
    };
    Ok(render(reader.t, &page))
}

/// The same clients as a file.
fn export(asked: &Asked) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/api/v1/clients/export?order=name"));
    if !asked.search.is_empty() {
        query.append_pair("search", &asked.search);
    }
    query.finish()
}

/// On to what follows, and back to the beginning.
fn pages(asked: &Asked, next: Option<&str>) -> Pages {
    let link = |cursor: Option<&str>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !asked.search.is_empty() {
            query.append_pair("search", &asked.search);
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        format!("/clients?{}", query.finish())
    };
    Pages {
        previous: asked.cursor.as_ref().map(|_| link(None)),
        next: next.map(|next| link(Some(next))),
        from: 0,
        to: 0,
    }
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
