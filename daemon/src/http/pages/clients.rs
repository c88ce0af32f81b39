//! The address book.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::messages::Messages;
use super::timeline::TimelinePart;
use super::view::{ClientRow, ClientsPage, Frame, Pages, SortLink};
use super::{PageError, ROWS, reader, render, show};
use crate::http::State;
use crate::http::api::Direction;
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
    order: Option<String>,
    direction: Option<Direction>,
    manager_id: Option<String>,
}

impl Asked {
    fn descending(&self) -> bool {
        self.direction == Some(Direction::Desc)
    }

    fn column(&self) -> &str {
        self.order.as_deref().unwrap_or("name")
    }

    /// The address of a part of this list.
    fn link(&self, (order, descending): (&str, bool), cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let pairs = [
            ("search", text(&self.search)),
            ("manager_id", self.manager_id.clone()),
            ("order", text(order).filter(|order| order != "name" || descending)),
            ("direction", descending.then(|| "desc".to_owned())),
            ("cursor", cursor.map(str::to_owned)),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        format!("/clients?{}", query.finish())
    }
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
        order: asked.order.clone(),
        direction: asked.direction,
        manager_id: asked.manager_id.clone(),
        ..ClientParams::default()
    };
    let list = found(&state, &reader.access, params)
        .await
        .map_err(|error| reader.failed(error))?;
    let managers = names(&state, &reader.access)
        .await
        .map_err(|error| reader.failed(error))?;
    let masked = reader.access.viewer(&state.live.plan()).is_masked();
    let pages = pages(&asked, list.next_cursor.as_deref());
    let (count, more) = (list.filtered, list.more);
    let rows: Vec<ClientRow> = list.items.into_iter().map(|client| row(client, &managers)).collect();
    let formats = [("Excel", "xlsx"), ("CSV", "csv"), ("vCard", "vcard")];
    let exports = match reader.access.may(Right::DataExport) {
        true => formats.map(|(kind, format)| (kind, export(&asked, format))).to_vec(),
        false => Vec::new(),
    };
    let manager = asked.manager_id.as_ref();
    let timeline = TimelinePart::of(&reader);
    let page = ClientsPage {
        frame: Frame {
            texts: timeline.texts(&reader),
            ..reader.frame("clients", "clients.js")
        },
        timeline,
        pages,
        rows,
        orders: orders(reader.t, &asked, masked),
        kept: kept(&asked),
        client_of: manager.map(|id| name_of(id, &managers)),
        count,
        more,
        may_write: reader.access.may(Right::ClientsWrite),
        may_delete: reader.access.may(Right::DataDelete),
        exports,
        managers,
        search: asked.search,
    };
    Ok(render(reader.t, &page))
}

/// The columns name, phone and company; whoever sees no numbers learns nothing of their order either.
fn orders(t: &Messages, asked: &Asked, masked: bool) -> Vec<SortLink> {
    let columns = [("name", t.client_name), ("number", t.phone), ("company", t.company)];
    let link = |(order, text): (&'static str, &'static str)| {
        let current = asked.column() == order;
        let turned = current && !asked.descending();
        let may = order != "number" || !masked;
        SortLink {
            text,
            href: may.then(|| asked.link((order, turned), None)),
            sorted: current.then_some(if asked.descending() { "descending" } else { "ascending" }),
        }
    };
    columns.into_iter().map(link).collect()
}

fn kept(asked: &Asked) -> Vec<(&'static str, String)> {
    let direction = asked.descending().then(|| "desc".to_owned());
    let kept = [
        ("manager_id", asked.manager_id.clone()),
        ("order", asked.order.clone()),
        ("direction", direction),
    ];
    kept.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn name_of(id: &str, names: &[(String, String)]) -> String {
    let found = names.iter().find(|(known, _)| known == id);
    found.map(|(_, name)| name.clone()).unwrap_or_default()
}

/// The same clients as a file.
fn export(asked: &Asked, format: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/api/v1/clients/export?order=name"));
    if !asked.search.is_empty() {
        query.append_pair("search", &asked.search);
    }
    if let Some(manager) = &asked.manager_id {
        query.append_pair("manager_id", manager);
    }
    query.append_pair("format", format).finish()
}

/// On to what follows, and back to the beginning.
fn pages(asked: &Asked, next: Option<&str>) -> Pages {
    let link = |cursor: Option<&str>| asked.link((asked.column(), asked.descending()), cursor);
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
