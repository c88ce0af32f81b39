//! The company's phone book.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::view::{Frame, Pages};
use super::{PageError, ROWS, reader, render, show};
use crate::http::State;
use crate::http::api::phone_book::{BookEntryView, BookParams, found};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    search: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "book.html")]
struct BookPage {
    frame: Frame,
    rows: Vec<BookRow>,
    search: String,
    total: u64,
    filtered: u64,
    pages: Pages,
}

struct BookRow {
    id: String,
    name: String,
    position: String,
    short_number: String,
    phone: String,
    /// The city number, or nothing.
    abc: String,
    departments: Vec<String>,
    /// `None` for who may not read clients.
    clients: Option<u64>,
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
    let params = BookParams {
        search: Some(asked.search.clone()),
        limit: Some(ROWS),
        cursor: asked.cursor.clone(),
    };
    let list = found(&state, &reader.access, params).await;
    let list = list.map_err(|error| reader.failed(error))?;
    let page = BookPage {
        frame: reader.frame("book", "book.js"),
        rows: list.items.into_iter().map(row).collect(),
        pages: Pages {
            previous: asked.cursor.as_ref().map(|_| link(&asked.search, None)),
            next: list.next_cursor.as_deref().map(|next| link(&asked.search, Some(next))),
            ..Pages::default()
        },
        search: asked.search,
        total: list.total,
        filtered: list.filtered,
    };
    Ok(render(reader.t, &page))
}

fn link(search: &str, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.is_empty() {
        query.append_pair("search", search);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    format!("/phone-book?{}", query.finish())
}

fn row(entry: BookEntryView) -> BookRow {
    let number = |number: Option<String>| show::number(&number.unwrap_or_default());
    BookRow {
        id: entry.staff_id,
        name: entry.full_name,
        position: entry.position.unwrap_or_default(),
        short_number: entry.short_number.unwrap_or_default(),
        phone: number(entry.phone),
        abc: number(entry.abc_number),
        departments: entry.departments.into_iter().map(|one| one.name).collect(),
        clients: entry.clients,
    }
}
