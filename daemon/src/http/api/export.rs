//! Lists as files, for spreadsheets and address books: read page by page while they are sent, and masked as the lists are.

mod card;
mod sheet;
mod staff;

use std::future::{Future, ready};

use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::audit;
use frontdesk_crm_core::import::Format;
use futures::StreamExt;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::sheet::Sheet;
use super::calls::{self, CallParams, CallView};
use super::clients::{self, ClientParams, ClientView};
use super::{Direction, MAX_LIMIT, named};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::Params;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(clients_file))
        .routes(routes!(calls_file))
        .merge(staff::routes())
}

/// Spreadsheets take a file without it for one of the country's old code page.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What a spreadsheet would take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// One row of a list.
trait Record: Send + 'static {
    /// What the list is called, also in the audit.
    const LIST: (&'static str, &'static str);
    const COLUMNS: &'static [&'static str];
    const FORMATS: &'static [Format];

    fn cells(self) -> Vec<Cell>;

    fn card(&self) -> String {
        String::new()
    }
}

/// What stands in a row's column.
enum Cell {
    /// A text of our own, or digits.
    Own(String),
    /// A text from outside.
    Text(String),
    Number(Option<i64>),
}

/// Which clients; as for the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClientsAsked {
    /// As for the list; of a search no more than the list shows.
    search: Option<String>,
    vip: Option<bool>,
    manager_id: Option<String>,
    /// `name`, `company`, `number` or `created_at`.
    order: Option<String>,
    direction: Option<Direction>,
    /// `csv` (not said), `xlsx` or `vcard`.
    format: Option<String>,
}

/// Which calls; as for the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CallsAsked {
    /// Not before this moment, RFC 3339.
    from: Option<String>,
    /// Before this moment, RFC 3339.
    until: Option<String>,
    /// `internal`, `inbound` or `outbound`.
    direction: Option<String>,
    /// The caller's or the called number; `*` stands for any digits.
    number: Option<String>,
    staff_id: Option<String>,
    client_id: Option<String>,
    recorded: Option<bool>,
    /// `answered`, `busy`, `no_answer`, `abandoned` or `failed`.
    status: Option<String>,
    /// `csv` (not said) or `xlsx`.
    format: Option<String>,
}

/// The address book as CSV (RFC 4180, UTF-8), as a workbook or as vCard 4.0 (RFC 6350). Stands in the audit.
#[utoipa::path(get, path = "/clients/export", tag = "clients", params(ClientsAsked), responses(
    (status = 200, content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/vcard"),
    )), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn clients_file(
    Extract(state): Extract<State>,
    access: Access,
    Params(asked): Params<ClientsAsked>,
) -> ApiResult<Response> {
    access.need(Right::DataExport)?;
    access.need(Right::ClientsRead)?;
    let format = format::<ClientView>(asked.format.as_deref())?;
    let part = move |state: State, access: Access, cursor: Option<String>| {
        let params = ClientParams {
            search: asked.search.clone(),
            vip: asked.vip,
            manager_id: asked.manager_id.clone(),
            order: asked.order.clone(),
            direction: asked.direction,
            limit: Some(MAX_LIMIT),
            cursor,
        };
        async move {
            let list = clients::found(&state, &access, params).await?;
            Ok((list.items, list.next_cursor))
        }
    };
    file(state, access, format, part).await
}

/// The history of calls as CSV (RFC 4180, UTF-8) or as a workbook, newest first. Stands in the audit.
#[utoipa::path(get, path = "/calls/export", tag = "calls", params(CallsAsked), responses(
    (status = 200, content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn calls_file(
    Extract(state): Extract<State>,
    access: Access,
    Params(asked): Params<CallsAsked>,
) -> ApiResult<Response> {
    access.need(Right::DataExport)?;
    access.need(Right::CallsRead)?;
    let format = format::<CallView>(asked.format.as_deref())?;
    let wanted = CallParams {
        from: asked.from,
        until: asked.until,
        direction: asked.direction,
        number: asked.number,
        staff_id: asked.staff_id,
        client_id: asked.client_id,
        recorded: asked.recorded,
        status: asked.status,
        limit: Some(MAX_LIMIT),
        cursor: None,
    };
    let part = move |state: State, access: Access, cursor: Option<String>| {
        let params = CallParams {
            cursor,
            ..wanted.clone()
        };
        async move {
            let list = calls::found(&state, &access, params).await?;
            Ok((list.items, list.next_cursor))
        }
    };
    file(state, access, format, part).await
}

impl Record for ClientView {
    const LIST: (&'static str, &'static str) = ("clients", "clients.exported");
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "number",
        "other_numbers",
        "company",
        "position",
        "vip",
        "manager_id",
        "created_at",
        "id",
    ];
    const FORMATS: &'static [Format] = &[Format::Csv, Format::Xlsx, Format::Vcard];

    fn cells(self) -> Vec<Cell> {
        vec![
            Cell::Text(self.name),
            Cell::Own(self.number),
            Cell::Own(self.other_numbers.join(" ")),
            Cell::Text(self.company.unwrap_or_default()),
            Cell::Text(self.position.unwrap_or_default()),
            Cell::Own(self.vip.to_string()),
            Cell::Own(self.manager_id.unwrap_or_default()),
            Cell::Own(self.created_at),
            Cell::Own(self.id),
        ]
    }

    fn card(&self) -> String {
        card::of(self)
    }
}

impl Record for CallView {
    const LIST: (&'static str, &'static str) = ("calls", "calls.exported");
    const COLUMNS: &'static [&'static str] = &[
        "started_at",
        "direction",
        "caller_name",
        "caller_number",
        "called",
        "callee_name",
        "callee_number",
        "status",
        "waited_ms",
        "talked_ms",
        "recordings",
        "because",
        "id",
    ];
    const FORMATS: &'static [Format] = &[Format::Csv, Format::Xlsx];

    fn cells(self) -> Vec<Cell> {
        let recordings: Vec<String> = self.recordings.into_iter().map(|recording| recording.id).collect();
        vec![
            Cell::Own(self.started_at),
            Cell::Own(self.direction.to_owned()),
            Cell::Text(self.caller.name.unwrap_or_default()),
            Cell::Text(number(self.caller.number, self.caller.number_withheld)),
            Cell::Text(self.called),
            Cell::Text(self.callee.name.unwrap_or_default()),
            Cell::Text(number(self.callee.number, self.callee.number_withheld)),
            Cell::Own(self.disposition.unwrap_or_default().to_owned()),
            Cell::Number(self.waited_ms),
            Cell::Number(self.talked_ms),
            Cell::Own(recordings.join(" ")),
            Cell::Text(self.because),
            Cell::Own(self.id),
        ]
    }
}

fn number(number: Option<String>, withheld: bool) -> String {
    match withheld {
        true => "anonymous".to_owned(),
        false => number.unwrap_or_default(),
    }
}

/// A text from outside that a spreadsheet would work out becomes a text again. A number with its plus stays.
fn harmless(text: String) -> String {
    let number = text
        .strip_prefix('+')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if text.starts_with(FORMULA) && !number {
        return format!("'{text}");
    }
    text
}

fn format<T: Record>(asked: Option<&str>) -> ApiResult<Format> {
    let of_name = |name: &str| T::FORMATS.iter().find(|format| format.name() == name).copied();
    Ok(named("format", asked, of_name)?.unwrap_or(Format::Csv))
}

/// How rows become octets.
enum Writer {
    Csv,
    Xlsx(Box<Sheet>),
    Vcard,
}

impl Writer {
    fn begin<T: Record>(format: Format) -> ApiResult<(Writer, Vec<u8>)> {
        Ok(match format {
            Format::Csv => {
                let columns = T::COLUMNS.iter().map(|column| Cell::Own((*column).to_owned()));
                let mut begin = BYTE_ORDER_MARK.as_bytes().to_vec();
                begin.extend(lines([columns.collect()])?);
                (Writer::Csv, begin)
            }
            Format::Xlsx => (Writer::Xlsx(Box::new(Sheet::begin(T::LIST.0, T::COLUMNS)?)), Vec::new()),
            Format::Vcard => (Writer::Vcard, Vec::new()),
        })
    }

    /// What of the file is certain so far; of a workbook nothing before its end.
    fn write<T: Record>(&mut self, rows: Vec<T>) -> ApiResult<Vec<u8>> {
        match self {
            Writer::Csv => lines(rows.into_iter().map(T::cells)),
            Writer::Xlsx(sheet) => {
                for row in rows {
                    sheet.add(row.cells())?;
                }
                Ok(Vec::new())
            }
            Writer::Vcard => Ok(rows.iter().map(T::card).collect::<String>().into_bytes()),
        }
    }
}

/// Rows of a page, and where the next one begins.
type Part<T> = (Vec<T>, Option<String>);

/// The first page is read before the answer begins, so that what was asked wrongly is still refused as such; what
/// fails later breaks the transfer off, and no file that looks whole is left.
async fn file<T: Record, F>(
    state: State,
    access: Access,
    format: Format,
    part: impl Fn(State, Access, Option<String>) -> F + Send + 'static,
) -> ApiResult<Response>
where
    F: Future<Output = ApiResult<Part<T>>> + Send,
{
    let (rows, mut next) = part(state.clone(), access.clone(), None).await?;
    let (name, deed) = T::LIST;
    let author = access.author(&state);
    audit::note(&state.db, &author, (deed, "account"), access.account.to_string()).await?;
    let (mut writer, mut begin) = Writer::begin::<T>(format)?;
    begin.extend(writer.write(rows)?);
    let chunks = async_stream::stream! {
        yield Ok(Bytes::from(begin));
        while let Some(cursor) = next.take() {
            let page = part(state.clone(), access.clone(), Some(cursor)).await;
            match page.and_then(|(rows, after)| Ok((writer.write(rows)?, after))) {
                Ok((rows, after)) => {
                    yield Ok(Bytes::from(rows));
                    next = after;
                }
                Err(error) => {
                    yield Err(broken(name, error.status()));
                    return;
                }
            }
        }
        if let Writer::Xlsx(sheet) = writer {
            let mut octets = sheet.octets();
            while let Some(octets) = octets.recv().await {
                yield octets;
            }
        }
    };
    let chunks = chunks.filter(|chunk| ready(!chunk.as_ref().is_ok_and(Bytes::is_empty)));
    let (kind, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Xlsx => (sheet::MEDIA_TYPE, "xlsx"),
        Format::Vcard => ("text/vcard; charset=utf-8", "vcf"),
    };
    let attachment = format!("attachment; filename=\"{name}.{ending}\"");
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, attachment)];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn broken(name: &str, why: impl std::fmt::Display) -> std::io::Error {
    tracing::warn!(list = name, %why, "an export broke off");
    std::io::Error::other("the export broke off")
}

fn lines(rows: impl IntoIterator<Item = Vec<Cell>>) -> ApiResult<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        let cells = row.into_iter().map(|cell| match cell {
            Cell::Own(text) => text,
            Cell::Text(text) => harmless(text),
            Cell::Number(number) => number.map(|number| number.to_string()).unwrap_or_default(),
        });
        writer.write_record(cells).map_err(|error| ApiError::internal(&error))?;
    }
    writer.into_inner().map_err(|error| ApiError::internal(error.error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts_and_numbers_stay() {
        for (text, written) in [
            ("+79161234567", "+79161234567"),
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("\t=1", "'\t=1"),
            ("+", "'+"),
            ("Иванов", "Иванов"),
            ("", ""),
        ] {
            assert_eq!(harmless(text.to_owned()), written);
        }
    }
}
