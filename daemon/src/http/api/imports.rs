//! Files whose rows become clients or staff: looked at first, then brought in wholly or not at all.

pub(in crate::http) mod places;
mod rows;
mod view;
mod work;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State as Extract};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::import::{self, Duplicates, Kind, LARGEST, Mapping, Table};
use frontdesk_routing::ids::ImportId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::upload::whole;
use super::{ListParams, Listing, named, query_error};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::{Id, Params};

use rows::{checked, known};
use view::{ColumnView, ImportParams, ImportView, Part, PreviewParams, PreviewView, view, wrong};

/// Rows that are shown of a file.
const SAMPLE: usize = 5;
const LONGEST_NAME: usize = 200;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(preview))
        .routes(routes!(read))
}

/// How a file is to be taken.
#[derive(Clone)]
struct Order {
    kind: Kind,
    duplicates: Duplicates,
    columns: Option<String>,
    sheet: Option<String>,
    file_name: String,
}

/// The files that were brought in, newest first.
#[utoipa::path(get, path = "/imports", tag = "imports", params(ListParams), responses(
    (status = 200, body = Listing<ImportView>), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn list(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ListParams>,
) -> ApiResult<Json<Listing<ImportView>>> {
    access.need(Right::DataImport)?;
    let list = import::list(&state.db, access.account, &params.page()?).await;
    let list = list.map_err(query_error)?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    Ok(Json(Listing {
        items: list.items.into_iter().map(|job| view(job.seen_by(viewer))).collect(),
        total: None,
        filtered: None,
        next_cursor: list.next_cursor,
    }))
}

/// What became of a file.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = String, Path)), responses(
    (status = 200, body = ImportView), (status = 403, body = Problem), (status = 404, body = Problem),
))]
async fn read(Extract(state): Extract<State>, access: Access, Id(id): Id<ImportId>) -> ApiResult<Json<ImportView>> {
    access.need(Right::DataImport)?;
    let job = import::get(&state.db, access.account, id).await?;
    Ok(Json(view(job.seen_by(access.viewer(&state.live.plan())))))
}

/// Looks at a file without bringing it in: CSV (UTF-8, UTF-16 or windows-1251; with commas, semicolons or tabs), a sheet of
/// an XLSX workbook or, for clients, vCard 3.0 and 4.0; at most 32 MiB and 250,000 rows. Its faults are told part by part.
#[utoipa::path(post, path = "/imports/preview", tag = "imports", params(PreviewParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
        (status = 200, body = PreviewView), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem),
        (status = 422, body = Problem, description = "It cannot be read at all"),
        (status = 503, body = Problem, description = "Another file of the company's, or several of others, are being brought in"),
    ))]
async fn preview(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<PreviewParams>,
    request: Request,
) -> ApiResult<Json<PreviewView>> {
    access.need(Right::DataImport)?;
    let part = Part::asked(&params)?;
    let order = order(&access, params.file())?;
    let _place = state.imports().take(access.account).await?;
    let file = file(request).await?;
    let table = table(file, &order).await?;
    let mapping = mapping(&order, &table)?;
    let (duplicates, counts, faults) = match checked(&state, &access, (&order, &mapping), &table).await? {
        Ok(rows) => {
            let found = known(&state, &access, order.duplicates, &rows).await?;
            (
                found.known,
                found.counts(table.rows.len(), order.duplicates),
                found.faults,
            )
        }
        Err(faults) => (0, [0; 3], faults),
    };
    let [created, updated, skipped] = counts;
    let fault_count = faults.len();
    let (faults, next_after) = part.of(faults);
    let masked = access.viewer(&state.live.plan()).is_masked();
    let sample = table.rows.iter().take(if masked { 0 } else { SAMPLE });
    let columns = table.header.iter().zip(mapping.fields());
    Ok(Json(PreviewView {
        format: table.format.name(),
        encoding: table.encoding,
        sheet: table.sheet.clone(),
        sheets: table.sheets.clone(),
        columns: columns
            .map(|(name, field)| ColumnView {
                name: name.clone(),
                field: *field,
            })
            .collect(),
        fields: order.kind.fields().to_vec(),
        rows: table.rows.len(),
        duplicates,
        created,
        updated,
        skipped,
        fault_count,
        faults,
        next_after,
        sample: sample.map(|row| row.cells.clone()).collect(),
    }))
}

/// Brings a file in: all of its rows or none. How far it is, `import.progress` tells; that it has ended, `import.ended`.
#[utoipa::path(post, path = "/imports", tag = "imports", params(ImportParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
        (status = 202, body = ImportView, headers(("Location" = String))), (status = 403, body = Problem),
        (status = 413, body = Problem),
        (status = 422, body = Problem, description = "Rows are wrong: the first 200 faults are named; the preview has all"),
        (status = 503, body = Problem, description = "Another file of the company's, or several of others, are being brought in"),
    ))]
async fn start(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ImportParams>,
    request: Request,
) -> ApiResult<Response> {
    access.need(Right::DataImport)?;
    let order = order(&access, params)?;
    let place = state.imports().take(access.account).await?;
    let table = table(file(request).await?, &order).await?;
    let mapping = mapping(&order, &table)?;
    let hands_over = order.duplicates == Duplicates::Update && mapping.has("manager");
    if hands_over {
        access.need(Right::DataHandOver)?;
    }
    if order.kind == Kind::Staff && mapping.has("sip_password") {
        access.need(Right::SipWrite)?;
    }
    let rows = checked(&state, &access, (&order, &mapping), &table)
        .await?
        .map_err(wrong)?;
    let found = known(&state, &access, order.duplicates, &rows).await?;
    if !found.faults.is_empty() {
        return Err(wrong(found.faults));
    }
    let author = access.author(&state);
    let what = (order.kind, table.format, order.file_name.as_str());
    let id = import::begin(&state.db, &author, what, (order.duplicates, table.rows.len())).await?;
    let job = import::get(&state.db, access.account, id).await?;
    let job = job.seen_by(access.viewer(&state.live.plan()));
    let author = access.author(&state);
    let rows = (rows, found.changes);
    state.spawn(work::work(state.clone(), author, (id, order.duplicates), rows, place));
    let location = format!("/api/v1/imports/{id}");
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(view(job))).into_response())
}

fn order(access: &Access, params: ImportParams) -> ApiResult<Order> {
    let kind = named("kind", params.kind.as_deref(), Kind::read)?.unwrap_or(Kind::Clients);
    let duplicates = named("duplicates", params.duplicates.as_deref(), Duplicates::read)?.unwrap_or_default();
    match kind {
        Kind::Clients => access.need(Right::ClientsWrite)?,
        Kind::Staff => access.need(Right::StaffWrite)?,
    }
    if kind == Kind::Clients && duplicates == Duplicates::Update && !access.within(Right::ClientsWrite)?.is_whole() {
        let why = "whoever may not change every client updates none by a file";
        return Err(ApiError::forbidden(why));
    }
    let file_name: String = params
        .file_name
        .unwrap_or_default()
        .chars()
        .take(LONGEST_NAME)
        .collect();
    Ok(Order {
        kind,
        duplicates,
        columns: params.columns,
        sheet: params.sheet.filter(|sheet| !sheet.is_empty()),
        file_name: file_name.trim().to_owned(),
    })
}

async fn file(request: Request) -> ApiResult<Bytes> {
    let (head, body) = request.into_parts();
    let file = whole(&head.headers, body, LARGEST).await;
    file.map_err(|error| error.detail("At most 32 MiB"))
}

async fn table(file: Bytes, order: &Order) -> ApiResult<Table> {
    let sheet = order.sheet.clone();
    let read = tokio::task::spawn_blocking(move || import::read(&file, sheet.as_deref())).await;
    let read = read.map_err(|error| ApiError::internal(&error))?;
    read.map_err(|fault| {
        let line = if fault.line > 1 {
            format!("row {}: ", fault.line)
        } else {
            String::new()
        };
        ApiError::invalid_field("file", fault.code, format!("{line}{}", fault.message))
    })
}

fn mapping(order: &Order, table: &Table) -> ApiResult<Mapping> {
    let Some(columns) = &order.columns else {
        return Ok(Mapping::guess(order.kind, &table.header));
    };
    let chosen: Vec<&str> = columns.split(',').map(str::trim).collect();
    let chosen = Mapping::chosen(order.kind, &table.header, &chosen);
    chosen.map_err(|message| super::bad_query("columns", "invalid", message))
}
