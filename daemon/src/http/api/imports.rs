//! Files whose rows become clients or staff: looked at first, then brought in wholly or not at all.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State as Extract};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::accounts;
use frontdesk_crm_core::audit::Author;
use frontdesk_crm_core::clients;
use frontdesk_crm_core::import::{
    self, Duplicates, ImportError, Job, Kind, LARGEST, Mapping, Problem as Fault, Ready, StaffRows, Table,
};
use frontdesk_routing::ids::{AccountId, ImportId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::upload::whole;
use super::{Listing, named};
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, FieldProblem, Problem};
use crate::http::extract::{Id, Params};
use crate::http::{PlanSection, State};
use crate::live::view::time;

/// Rows that are shown of a file, and faults of it.
const SAMPLE: usize = 5;
const FAULTS: usize = 200;
const LONGEST_NAME: usize = 200;
/// How long a file waits for the one before it.
const TURN: Duration = Duration::from_secs(5);

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(preview))
        .routes(routes!(read))
}

/// A file that is brought in, or was.
#[derive(Debug, Serialize, ToSchema)]
struct ImportView {
    id: String,
    /// `clients` or `staff`.
    kind: String,
    file_name: String,
    /// `csv`, `vcard` or `xlsx`.
    format: String,
    /// `refuse`, `skip` or `update`.
    duplicates: String,
    /// `running`, `done`, `failed` or `interrupted`: of the last two nothing came in.
    state: &'static str,
    rows: i64,
    created: i64,
    updated: i64,
    skipped: i64,
    /// Why it failed.
    problem: Option<String>,
    author: String,
    author_id: Option<String>,
    #[schema(format = DateTime)]
    started_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewView {
    /// `csv`, `vcard` or `xlsx`.
    format: &'static str,
    /// `UTF-8`, `UTF-16LE`, `UTF-16BE` or `windows-1251`.
    encoding: Option<&'static str>,
    /// The workbook's sheet that was looked at.
    sheet: Option<String>,
    /// All that the workbook shows.
    sheets: Vec<String>,
    columns: Vec<ColumnView>,
    /// The fields that a column may be.
    fields: Vec<&'static str>,
    rows: usize,
    /// Rows of somebody who is known already.
    duplicates: usize,
    /// All that there are; `faults` names the first of them.
    fault_count: usize,
    faults: Vec<FaultView>,
    /// The first rows; none for whom clients' numbers are hidden.
    sample: Vec<Vec<String>>,
}

/// A column of the file.
#[derive(Debug, Serialize, ToSchema)]
struct ColumnView {
    name: String,
    /// What it becomes; absent: it stays out.
    field: Option<&'static str>,
}

/// What is wrong in a place of the file.
#[derive(Debug, Serialize, ToSchema)]
struct FaultView {
    /// From 1, the header's row.
    row: usize,
    /// As the header calls it; absent: the whole row.
    column: Option<String>,
    /// For programs.
    code: &'static str,
    /// For people: what is allowed.
    message: String,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// `clients` or `staff`; clients when it is not said.
    kind: Option<String>,
    /// Rows of somebody who is known already: `refuse` (not said), `skip` or, for clients, `update`.
    duplicates: Option<String>,
    /// For each column of the file the field that it is, with commas between them and nothing where it stays out; not said:
    /// found by the columns' names.
    columns: Option<String>,
    /// Which sheet of a workbook; the first when it is not said.
    sheet: Option<String>,
    /// What the file is called.
    file_name: Option<String>,
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

enum Rows {
    Clients(Ready),
    Staff(StaffRows),
}

/// The last hundred files that were brought in, newest first.
#[utoipa::path(get, path = "/imports", tag = "imports", responses(
    (status = 200, body = Listing<ImportView>), (status = 403, body = Problem),
))]
async fn list(Extract(state): Extract<State>, access: Access) -> ApiResult<Json<Listing<ImportView>>> {
    access.need(Right::DataImport)?;
    let jobs = import::list(&state.db, access.account).await?;
    let plan = state.live.plan();
    let viewer = access.viewer(&plan);
    Ok(Json(Listing {
        items: jobs.into_iter().map(|job| view(job.seen_by(viewer))).collect(),
        total: None,
        filtered: None,
        next_cursor: None,
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
/// an XLSX workbook or, for clients, vCard 3.0 and 4.0; at most 32 MiB and 250,000 rows.
#[utoipa::path(post, path = "/imports/preview", tag = "imports", params(ImportParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
        (status = 200, body = PreviewView), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem, description = "It cannot be read at all"),
        (status = 503, body = Problem, description = "Another file is being brought in"),
    ))]
async fn preview(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ImportParams>,
    request: Request,
) -> ApiResult<Json<PreviewView>> {
    access.need(Right::DataImport)?;
    let order = order(&access, params)?;
    let _place = place(&state).await?;
    let file = file(request).await?;
    let table = table(file, &order).await?;
    let mapping = mapping(&order, &table)?;
    let (duplicates, faults) = match checked(&state, &access, (&order, &mapping), &table).await? {
        Ok(rows) => known(&state, &access, &order, &rows).await?,
        Err(faults) => (0, faults),
    };
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
        fault_count: faults.len(),
        faults: faults.into_iter().take(FAULTS).map(fault).collect(),
        sample: sample.map(|row| row.cells.clone()).collect(),
    }))
}

/// Brings a file in: all of its rows or none. How far it is, `import.progress` tells; that it has ended, `import.ended`.
#[utoipa::path(post, path = "/imports", tag = "imports", params(ImportParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
        (status = 202, body = ImportView, headers(("Location" = String))), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem, description = "Rows are wrong: each is named"),
        (status = 503, body = Problem, description = "Another file is being brought in"),
    ))]
async fn start(
    Extract(state): Extract<State>,
    access: Access,
    Params(params): Params<ImportParams>,
    request: Request,
) -> ApiResult<Response> {
    access.need(Right::DataImport)?;
    let order = order(&access, params)?;
    let place = place(&state).await?;
    let table = table(file(request).await?, &order).await?;
    let mapping = mapping(&order, &table)?;
    let hands_over = order.duplicates == Duplicates::Update && mapping.has("manager");
    if hands_over {
        access.need(Right::DataHandOver)?;
    }
    if order.kind == Kind::Staff && mapping.has("sip_user") {
        access.need(Right::SipWrite)?;
    }
    let rows = checked(&state, &access, (&order, &mapping), &table)
        .await?
        .map_err(wrong)?;
    let (_, faults) = known(&state, &access, &order, &rows).await?;
    if !faults.is_empty() {
        return Err(wrong(faults));
    }
    let author = access.author(&state);
    let what = (order.kind, table.format, order.file_name.as_str());
    let id = import::begin(&state.db, &author, what, (order.duplicates, table.rows.len())).await?;
    let job = import::get(&state.db, access.account, id).await?;
    let job = job.seen_by(access.viewer(&state.live.plan()));
    let author = access.author(&state);
    let work = work(state.clone(), author, (id, order.duplicates), rows, place);
    state.spawn(work);
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
    if kind == Kind::Staff && duplicates != Duplicates::Refuse {
        return Err(super::bad_query(
            "duplicates",
            "invalid",
            "staff who are known already are refused",
        ));
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

/// One file at a time, since each may take hundreds of megabytes for a moment; a small one before it is waited for.
async fn place(state: &State) -> ApiResult<OwnedSemaphorePermit> {
    let turn = Arc::clone(state.imports()).acquire_owned();
    let busy = || ApiError::unavailable("another file is being looked at or brought in");
    let place = timeout(TURN, turn).await.map_err(|_| busy())?;
    place.map_err(|_| busy())
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

/// The rows, or all that is wrong in the file itself.
async fn checked(
    state: &State,
    access: &Access,
    (order, mapping): (&Order, &Mapping),
    table: &Table,
) -> ApiResult<Result<Rows, Vec<Fault>>> {
    let account = accounts::get(&state.db, access.account).await?;
    let managers = import::look(&state.db, access.account).await?;
    let (kind, mapping, table) = (order.kind, mapping.clone(), table.clone());
    let work = move || match kind {
        Kind::Clients => import::check_clients(&table, &mapping, &managers, &account.region).map(Rows::Clients),
        Kind::Staff => import::check_staff(&table, &mapping, &account.region).map(Rows::Staff),
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ApiError::internal(&error))
}

/// How many rows are of somebody known, and what is wrong with that.
async fn known(state: &State, access: &Access, order: &Order, rows: &Rows) -> ApiResult<(usize, Vec<Fault>)> {
    match rows {
        Rows::Clients(ready) => match ready.duplicates(&state.db, access.account, order.duplicates).await {
            Ok(count) => Ok((count, Vec::new())),
            Err(ImportError::Problems(faults)) => Ok((faults.len(), faults)),
            Err(ImportError::Store(error)) => Err(error.into()),
        },
        Rows::Staff(rows) => {
            let faults = import::staff_taken(&state.db, access.account, rows).await?;
            Ok((faults.len(), faults))
        }
    }
}

fn fault(fault: Fault) -> FaultView {
    FaultView {
        row: fault.line,
        column: fault.column,
        code: fault.code,
        message: fault.message,
    }
}

fn wrong(faults: Vec<Fault>) -> ApiError {
    let named = |fault: Fault| FieldProblem {
        field: match fault.column {
            Some(column) => format!("rows[{}].{column}", fault.line),
            None => format!("rows[{}]", fault.line),
        },
        code: fault.code.to_owned(),
        message: fault.message,
    };
    ApiError::invalid(faults.into_iter().take(FAULTS).map(named).collect())
}

/// Runs on after the answer. What the database has not taken when the daemon ends, never was.
async fn work(
    state: State,
    author: Author,
    (job, duplicates): (ImportId, Duplicates),
    rows: Rows,
    _place: OwnedSemaphorePermit,
) {
    let account = author.account;
    let ended = match rows {
        Rows::Clients(ready) => {
            let progress = progress(&state, (account, job), ready.count());
            let entered =
                import::enter_clients(&state.db, &author, (job, duplicates), ready, |rows| progress(rows, 0)).await;
            match entered {
                Ok((ended, numbers)) => {
                    state.plan.clients_changed(account, numbers).await;
                    state.live.publish(account, "clients.changed", json!({}));
                    index(&state, account, |indexed| progress(ended.rows(), indexed)).await;
                    Ok(())
                }
                Err(error) => Err(error),
            }
        }
        Rows::Staff(rows) => match import::enter_staff(&state.db, &author, job, rows).await {
            Ok(_) => {
                state.plan.changed(account, PlanSection::Staff).await;
                state.live.publish(account, "staff.changed", json!({}));
                Ok(())
            }
            Err(error) => Err(error),
        },
    };
    if let Err(error) = ended {
        failed(&state, job, &error).await;
    }
    let data = json!({ "import_id": job.to_string() });
    state.live.publish(account, "import.ended", data);
}

/// Tells how far it is: half of the work is to bring rows in, the other to make them found.
fn progress(
    state: &State,
    (account, job): (AccountId, ImportId),
    total: usize,
) -> impl Fn(usize, usize) + Send + Sync + use<> {
    let (live, id) = (Arc::clone(&state.live), job.to_string());
    move |rows, indexed| {
        let done = rows.saturating_add(indexed) / 2;
        let data = json!({ "import_id": id, "done": done.min(total), "total": total });
        live.publish(account, "import.progress", data);
    }
}

/// What fails of it, the next import or the next start makes up for.
async fn index(state: &State, account: AccountId, progress: impl Fn(usize)) {
    let mut indexed = 0_usize;
    loop {
        match clients::index_new(&state.db, account).await {
            Ok(0) => return,
            Ok(more) => {
                indexed = indexed.saturating_add(more);
                progress(indexed);
            }
            Err(error) => return tracing::warn!(%account, %error, "what came in cannot be found by its words yet"),
        }
    }
}

async fn failed(state: &State, job: ImportId, error: &ImportError) {
    let why = match error {
        ImportError::Problems(faults) => faults.first().map(ToString::to_string).unwrap_or_default(),
        ImportError::Store(_) => "the database did not take it; nothing came in".to_owned(),
    };
    tracing::warn!(%job, "an import failed");
    if let Err(error) = import::fail(&state.db, job, &why, state.clock.unix_ms()).await {
        tracing::warn!(%job, %error, "that an import failed could not be noted");
    }
}

fn view(job: Job) -> ImportView {
    ImportView {
        id: job.id.to_string(),
        kind: job.kind,
        file_name: job.file_name,
        format: job.format,
        duplicates: job.duplicates,
        state: job.state.name(),
        rows: job.rows,
        created: job.created,
        updated: job.updated,
        skipped: job.skipped,
        problem: job.problem,
        author: job.author,
        author_id: job.staff.map(|staff| staff.to_string()),
        started_at: time(job.started_at),
        ended_at: job.ended_at.map(time),
    }
}
