//! The API: a file per resource. Every handler names the right it needs in its first line.

pub mod account;
pub mod audit;
pub mod calls;
mod client_notes;
pub mod clients;
mod colleague;
pub mod deals;
pub mod departments;
mod destinations;
mod emergency;
pub mod explain;
mod export;
mod feature_codes;
pub mod forwarding;
mod greetings;
mod groups;
mod help;
pub(super) mod imports;
mod mailboxes;
pub mod me;
pub mod media;
mod media_links;
mod menus;
pub mod music;
mod norm;
pub mod notices;
pub mod numbers;
pub mod orders;
mod outbound_routes;
pub mod phone_book;
mod photo;
pub mod projects;
mod prompts;
pub mod reception;
pub mod recordings;
pub mod requests;
pub mod revisions;
pub mod roles;
pub mod schedules;
pub mod security;
pub mod sip;
pub mod sites;
pub mod staff;
mod timeline;
pub mod tokens;
pub mod trunks;
mod two_factor;
mod upload;
pub mod voicemails;
pub mod webhooks;
pub(super) mod widget;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{ETAG, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use frontdesk_crm_core::store::{Page, StoreError};
use utoipa_axum::router::OpenApiRouter;

use super::State;
use super::error::{ApiError, ApiResult, FieldProblem};
use super::extract::etag;

/// Rows in one answer when the request does not say.
pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 500;

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// All that there are; absent where counting would cost too much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Those that fit the search; absent where counting would cost too much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filtered: Option<u64>,
    /// Send it as `cursor` to go on; absent at the end and where only `offset` serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Listing<T> {
    /// All of a list, which is as long as it may become.
    fn whole(items: Vec<T>) -> Listing<T> {
        let total = u64::try_from(items.len()).ok();
        Listing {
            items,
            total,
            filtered: total,
            next_cursor: None,
        }
    }

    /// A part of a list that has been counted.
    fn part<U>(part: frontdesk_crm_core::store::Listing<U>, view: impl FnMut(U) -> T) -> Listing<T> {
        Listing {
            items: part.items.into_iter().map(view).collect(),
            total: Some(part.total),
            filtered: Some(part.filtered),
            next_cursor: part.next_cursor,
        }
    }
}

/// Which part of a list of what is configured: nearly always all of it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// 1 to 500; 500 when absent.
    limit: Option<u32>,
    /// From `next_cursor` of the answer before.
    cursor: Option<String>,
}

impl ListParams {
    fn page(self) -> ApiResult<Page> {
        page(Some(self.limit.unwrap_or(MAX_LIMIT)), None, self.cursor)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    #[default]
    Asc,
    Desc,
}

/// With the version as its `ETag`.
pub fn versioned<T: Serialize>(view: T, version: i64) -> Response {
    ([(ETAG, etag(version))], Json(view)).into_response()
}

/// 201 with the place of the new thing.
pub fn created<T: Serialize>(view: T, version: i64, location: String) -> Response {
    (
        StatusCode::CREATED,
        [(ETAG, etag(version)), (LOCATION, location)],
        Json(view),
    )
        .into_response()
}

/// Everything below `/api/v1`.
pub(super) fn routes() -> OpenApiRouter<State> {
    [
        me::routes(),
        two_factor::routes(),
        account::routes(),
        feature_codes::routes(),
        music::routes(),
        prompts::routes(),
        menus::routes(),
        greetings::routes(),
        tokens::routes(),
        staff::routes(),
        photo::routes(),
        roles::routes(),
        groups::routes(),
        help::routes(),
        sip::routes(),
        norm::routes(),
        notices::routes(),
        forwarding::routes(),
        clients::routes(),
        timeline::routes(),
        client_notes::routes(),
        deals::routes(),
        phone_book::routes(),
        departments::routes(),
        projects::routes(),
        reception::routes(),
        schedules::routes(),
        trunks::routes(),
        outbound_routes::routes(),
        emergency::routes(),
        revisions::routes(),
        numbers::routes(),
        calls::routes(),
        orders::routes(),
        explain::routes(),
        export::routes(),
        imports::routes(),
        recordings::routes(),
        mailboxes::routes(),
        voicemails::routes(),
        media_links::routes(),
        sites::routes(),
        requests::routes(),
        webhooks::routes(),
        widget::routes(),
        audit::routes(),
        security::routes(),
        super::events::routes(),
    ]
    .into_iter()
    .fold(OpenApiRouter::new(), OpenApiRouter::merge)
}

fn bad_query(field: &str, code: &str, message: impl Into<String>) -> ApiError {
    ApiError::bad_query(vec![FieldProblem {
        field: field.into(),
        code: code.into(),
        message: message.into(),
    }])
}

fn page(limit: Option<u32>, offset: Option<u32>, cursor: Option<String>) -> ApiResult<Page> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(bad_query("limit", "invalid", format!("1 to {MAX_LIMIT}")));
    }
    Ok(Page {
        limit,
        offset: offset.unwrap_or(0),
        cursor,
    })
}

/// A query's value that has to be one of ours.
fn named<T>(field: &str, text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> ApiResult<Option<T>> {
    text.map(|text| read(text).ok_or_else(|| bad_query(field, "invalid", format!("no such value: {text}"))))
        .transpose()
}

/// Faults of a query that only the store could see.
fn query_error(error: StoreError) -> ApiError {
    if let StoreError::Invalid(faults) = error {
        return ApiError::bad_query(faults.into_iter().map(FieldProblem::from).collect());
    }
    error.into()
}
