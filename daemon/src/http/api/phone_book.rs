//! The company's phone book: only ever read, and filled from numbers, departments, staff and clients.

use axum::Json;
use axum::extract::State as Extract;
use frontdesk_crm_core::numbers::grouped;
use frontdesk_crm_core::phone_book::{self, Entry};
use frontdesk_routing::ids::StaffId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{page, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiResult, Problem};
use crate::http::extract::{Id, Params};

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(read))
}

/// A person of the company and how to reach them.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookEntryView {
    pub staff_id: String,
    pub full_name: String,
    pub position: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// The same in the groups of its country.
    pub phone_display: Option<String>,
    pub short_number: Option<String>,
    /// The connected number by which the person is reached from outside, E.164.
    pub abc_number: Option<String>,
    pub abc_number_display: Option<String>,
    pub departments: Vec<BookDepartmentView>,
    /// How many clients the person looks after; `null` for who may not read clients.
    pub clients: Option<u64>,
    /// Where they are listed.
    pub clients_url: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BookDepartmentView {
    pub id: String,
    pub name: String,
}

/// A part of the company's phone book.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookListing {
    pub items: Vec<BookEntryView>,
    pub total: u64,
    /// Those that fit the search.
    pub filtered: u64,
    /// Send it as `cursor` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookParams {
    /// Parts of the name, or of the number in any form.
    pub search: Option<String>,
    /// 1 to 500.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Everybody of the company who has a number, by name.
#[utoipa::path(get, path = "/phone-book", tag = "phone book", params(BookParams), responses(
    (status = 200, body = BookListing), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<BookParams>,
) -> ApiResult<Json<BookListing>> {
    access.need(Right::StaffRead)?;
    found(&state, &access, params).await.map(Json)
}

/// The part of the book that is asked for; the caller has checked the right.
pub async fn found(state: &State, access: &Access, params: BookParams) -> ApiResult<BookListing> {
    let page = page(params.limit, None, params.cursor)?;
    let search = params.search.unwrap_or_default();
    let list = phone_book::list(&state.db, access.account, &search, &page)
        .await
        .map_err(query_error)?;
    Ok(BookListing {
        items: list.items.into_iter().map(|entry| view(access, entry)).collect(),
        total: list.total,
        filtered: list.filtered,
        next_cursor: list.next_cursor,
    })
}

/// One person's entry.
#[utoipa::path(get, path = "/phone-book/{id}", tag = "phone book", params(("id" = String, Path)), responses(
    (status = 200, body = BookEntryView), (status = 404, body = Problem, description = "Nobody, or without a number"),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<StaffId>) -> ApiResult<Json<BookEntryView>> {
    access.need(Right::StaffRead)?;
    let entry = phone_book::get(&state.db, access.account, id).await?;
    Ok(Json(view(&access, entry)))
}

fn view(access: &Access, entry: Entry) -> BookEntryView {
    let department = |(id, name)| BookDepartmentView { id, name };
    let counted = access.within(Right::ClientsRead).ok();
    let counted = counted.filter(|within| within.is_whole() || entry.staff == access.staff);
    BookEntryView {
        staff_id: entry.staff.to_string(),
        full_name: entry.full_name,
        position: entry.position,
        phone_display: entry.phone.as_deref().map(grouped),
        phone: entry.phone,
        short_number: entry.short_number,
        abc_number_display: entry.abc_number.as_deref().map(grouped),
        abc_number: entry.abc_number,
        departments: entry.departments.into_iter().map(department).collect(),
        clients: counted.map(|_| entry.clients),
        clients_url: format!("/api/v1/clients?manager_id={}", entry.staff),
    }
}
