//! Lists as files for a spreadsheet: read page by page while they are sent, and masked as the lists are.

use std::future::Future;

use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use frontdesk_crm_core::audit;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::calls::{self, CallParams, CallView};
use super::clients::{self, ClientParams, ClientView};
use super::{Direction, MAX_LIMIT};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::{ApiError, ApiResult, Problem};
use crate::http::extract::Params;

pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(clients_file))
        .routes(routes!(calls_file))
}

/// Spreadsheets take a file without it for one of the country's old code page.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What a spreadsheet would take for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

const CLIENT_COLUMNS: [&str; 9] = [
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
const CALL_COLUMNS: [&str; 13] = [
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
}

/// The address book as CSV (RFC 4180, UTF-8). Stands in the audit.
#[utoipa::path(get, path = "/clients/export", tag = "clients", params(ClientsAsked), responses(
    (status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn clients_file(
    Extract(state): Extract<State>,
    access: Access,
    Params(asked): Params<ClientsAsked>,
) -> ApiResult<Response> {
    access.need(Right::DataExport)?;
    access.need(Right::ClientsRead)?;
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
            Ok((list.items.into_iter().map(client_row).collect(), list.next_cursor))
        }
    };
    file(state, access, ("clients", "clients.exported"), CLIENT_COLUMNS, part).await
}

/// The history of calls as CSV (RFC 4180, UTF-8), newest first. Stands in the audit.
#[utoipa::path(get, path = "/calls/export", tag = "calls", params(CallsAsked), responses(
    (status = 200, content_type = "text/csv", body = String), (status = 400, body = Problem), (status = 403, body = Problem),
))]
async fn calls_file(
    Extract(state): Extract<State>,
    access: Access,
    Params(asked): Params<CallsAsked>,
) -> ApiResult<Response> {
    access.need(Right::DataExport)?;
    access.need(Right::CallsRead)?;
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
            Ok((list.items.into_iter().map(call_row).collect(), list.next_cursor))
        }
    };
    file(state, access, ("calls", "calls.exported"), CALL_COLUMNS, part).await
}

fn client_row(client: ClientView) -> [String; 9] {
    [
        harmless(client.name),
        client.number,
        client.other_numbers.join(" "),
        harmless(client.company.unwrap_or_default()),
        harmless(client.position.unwrap_or_default()),
        client.vip.to_string(),
        client.manager_id.unwrap_or_default(),
        client.created_at,
        client.id,
    ]
}

fn call_row(call: CallView) -> [String; 13] {
    let span = |ms: Option<i64>| ms.map(|ms| ms.to_string()).unwrap_or_default();
    let recordings: Vec<String> = call.recordings.into_iter().map(|recording| recording.id).collect();
    [
        call.started_at,
        call.direction.to_owned(),
        harmless(call.caller.name.unwrap_or_default()),
        harmless(call.caller.number.unwrap_or_default()),
        harmless(call.called),
        harmless(call.callee.name.unwrap_or_default()),
        harmless(call.callee.number.unwrap_or_default()),
        call.disposition.unwrap_or_default().to_owned(),
        span(call.waited_ms),
        span(call.talked_ms),
        recordings.join(" "),
        harmless(call.because),
        call.id,
    ]
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

/// Rows of a page, and where the next one begins.
type Part<const N: usize> = (Vec<[String; N]>, Option<String>);

/// The first page is read before the answer begins, so that what was asked wrongly is still refused as such; what
/// fails later breaks the transfer off, and no file that looks whole is left.
async fn file<const N: usize, F>(
    state: State,
    access: Access,
    (name, deed): (&'static str, &'static str),
    columns: [&'static str; N],
    part: impl Fn(State, Access, Option<String>) -> F + Send + 'static,
) -> ApiResult<Response>
where
    F: Future<Output = ApiResult<Part<N>>> + Send,
{
    let (rows, mut next) = part(state.clone(), access.clone(), None).await?;
    audit::note(
        &state.db,
        &access.author(&state),
        (deed, "account"),
        access.account.to_string(),
    )
    .await?;
    let mut begin = BYTE_ORDER_MARK.as_bytes().to_vec();
    begin.extend(lines(&[columns.map(str::to_owned)])?);
    begin.extend(lines(&rows)?);
    let chunks = async_stream::stream! {
        yield Ok(Bytes::from(begin));
        while let Some(cursor) = next.take() {
            let page = part(state.clone(), access.clone(), Some(cursor)).await;
            match page.and_then(|(rows, after)| Ok((lines(&rows)?, after))) {
                Ok((rows, after)) => {
                    yield Ok(Bytes::from(rows));
                    next = after;
                }
                Err(error) => yield Err(broken(name, &error)),
            }
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

fn broken(name: &str, error: &ApiError) -> std::io::Error {
    tracing::warn!(list = name, status = error.status().as_u16(), "an export broke off");
    std::io::Error::other("the export broke off")
}

fn lines<const N: usize>(rows: &[[String; N]]) -> ApiResult<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|error| ApiError::internal(&error))?;
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
