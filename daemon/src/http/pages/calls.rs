//! Calls: those in progress on top, the history with its recordings below.

use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_routing::masking::Viewer;
use serde::Deserialize;

use super::messages::Messages;
use super::view::{CallRow, CallsPage, Choice, Filter, LiveRow, Side};
use super::{PageError, ROWS, Reader, reader, render, show};
use crate::engine::output::LiveCall;
use crate::http::State;
use crate::http::api::calls::{CallParams, CallView, found, going_on};
use crate::http::api::orders::{MissedParams, MissedView, missed_calls};
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;
use crate::http::extract::Params;
use crate::live::view::{LiveCallView, PartyView};

/// Missed calls on the page: the newest ones.
const MISSED: u32 = 10;

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    recorded: bool,
    #[serde(default)]
    cursor: String,
}

pub(super) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    asked: Result<Params<Asked>, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::CallsRead)?;
    let asked = asked.map(|Params(asked)| asked).unwrap_or_default();
    let params = params(&asked);
    let list = match found(&state, &reader.access, params).await {
        Ok(list) => list,
        // an address that was mended by hand: the newest calls instead of an error
        Err(error) if error.status().is_client_error() => {
            let newest = CallParams {
                limit: Some(ROWS),
                ..CallParams::default()
            };
            found(&state, &reader.access, newest)
                .await
                .map_err(|error| reader.failed(error))?
        }
        Err(error) => return Err(reader.failed(error)),
    };
    let asked_back = MissedParams {
        limit: Some(MISSED),
        ..MissedParams::default()
    };
    let missed = missed_calls(&state, &reader.access, asked_back).await;
    let missed = missed.map_err(|error| reader.failed(error))?;
    let live = going_on(&state, &reader.access).await;
    let live = live.map_err(|error| reader.failed(error))?;
    let plan = state.live.plan();
    let viewer = reader.access.viewer(&plan);
    let page = CallsPage {
        frame: reader.frame("calls", "calls.js"),
        live: live.iter().map(|call| live_row(&reader, call, viewer)).collect(),
        missed: missed.items.iter().map(|missed| missed_row(&reader, missed)).collect(),
        may_call: reader.access.may(Right::CallsMake),
        history: list.items.iter().map(|call| call_row(&reader, call)).collect(),
        filter: filter(reader.t, &asked),
        looked: reader.looked(list.next_cursor.as_deref()),
        newest: (!asked.cursor.is_empty()).then(|| link(&asked, "")),
        older: list.next_cursor.map(|cursor| link(&asked, &cursor)),
        may_hang_up: reader.access.may(Right::CallsHangUp),
        may_play: reader.access.may(Right::RecordingsPlay),
        may_download: reader.access.may(Right::RecordingsDownload),
        may_delete: reader.access.may(Right::RecordingsDelete),
        exports: match reader.access.may(Right::DataExport) {
            true => [("Excel", "xlsx"), ("CSV", "csv")]
                .map(|(kind, format)| (kind, export(&asked, format)))
                .to_vec(),
            false => Vec::new(),
        },
    };
    Ok(render(reader.t, &page))
}

fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn params(asked: &Asked) -> CallParams {
    CallParams {
        number: given(&asked.number).map(|number| wide(&number)),
        direction: given(&asked.direction),
        status: given(&asked.status),
        recorded: asked.recorded.then_some(true),
        limit: Some(ROWS),
        cursor: given(&asked.cursor),
        ..CallParams::default()
    }
}

/// People type a part of a number, with its blanks and dashes.
fn wide(typed: &str) -> String {
    let digits: String = typed
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '+' | '*'))
        .collect();
    if digits.contains('*') {
        digits
    } else {
        format!("*{digits}*")
    }
}

fn link(asked: &Asked, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("number", &*asked.number),
        ("direction", &asked.direction),
        ("status", &asked.status),
    ] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if asked.recorded {
        query.append_pair("recorded", "true");
    }
    if !cursor.is_empty() {
        query.append_pair("cursor", cursor);
    }
    format!("/calls?{}", query.finish())
}

/// The same calls as a file.
fn export(asked: &Asked, format: &str) -> String {
    let asked = params(asked);
    let wanted = [
        ("number", asked.number),
        ("direction", asked.direction),
        ("status", asked.status),
        ("recorded", asked.recorded.map(|recorded| recorded.to_string())),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in wanted {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    query.append_pair("format", format);
    format!("/api/v1/calls/export?{}", query.finish())
}

fn filter(t: &Messages, asked: &Asked) -> Filter {
    let directions = [
        ("internal", t.internal),
        ("inbound", t.inbound),
        ("outbound", t.outbound),
    ];
    let results =
        ["answered", "no_answer", "busy", "abandoned", "failed"].map(|value| (value, result_text(t, Some(value))));
    let choices = |options: &[(&'static str, &'static str)], chosen: &str| {
        options
            .iter()
            .map(|(value, text)| Choice {
                value,
                text,
                chosen: *value == chosen,
            })
            .collect()
    };
    Filter {
        number: asked.number.clone(),
        directions: choices(&directions, &asked.direction),
        results: choices(&results, &asked.status),
        recorded: asked.recorded,
        used: !asked.number.is_empty() || !asked.direction.is_empty() || !asked.status.is_empty() || asked.recorded,
    }
}

fn live_row(reader: &Reader, call: &LiveCall, viewer: Viewer<'_>) -> LiveRow {
    let view = LiveCallView::of(call, viewer);
    let t = reader.t;
    LiveRow {
        id: view.id,
        caller: side(t, &view.caller, ""),
        callee: side(t, &view.callee, &view.called),
        direction: view.direction,
        direction_text: direction_text(t, view.direction),
        state: view.state,
        state_text: match view.state {
            "talking" => t.talking,
            "held" => t.held,
            "waiting" => t.waiting,
            _ => t.ringing,
        },
        from_ms: call.answered_at.map(|at| at.to_string()).unwrap_or_default(),
        elapsed: call
            .answered_at
            .map(|at| show::duration(reader.now.saturating_sub(at)))
            .unwrap_or_default(),
        recording: view.recording_id.is_some(),
    }
}

fn call_row(reader: &Reader, call: &CallView) -> CallRow {
    let t = reader.t;
    let ready = call.recordings.iter().find(|recording| recording.state == "ready");
    CallRow {
        id: call.id.clone(),
        caller: side(t, &call.caller, ""),
        callee: side(t, &call.callee, &call.called),
        callable: can_be_called(&call.caller, call.client_id.as_ref()),
        direction: call.direction,
        direction_text: direction_text(t, call.direction),
        started_at: call.started_at.clone(),
        when: reader.moment(call.started_ms),
        result: call.disposition.unwrap_or("ringing"),
        result_text: result_text(t, call.disposition),
        talked: call.talked_ms.map(show::duration).unwrap_or_default(),
        recording: ready.map(|recording| recording.id.clone()),
        recording_failed: ready.is_none() && call.recordings.iter().any(|recording| recording.state == "failed"),
    }
}

fn missed_row(reader: &Reader, missed: &MissedView) -> CallRow {
    let row = call_row(reader, &missed.call);
    match missed.left_message {
        true => CallRow {
            result_text: reader.t.left_message,
            ..row
        },
        false => row,
    }
}

/// Whoever keeps the number back can be called only as a client.
pub(super) fn can_be_called(caller: &PartyView, client: Option<&String>) -> bool {
    !caller.number_withheld || client.is_some()
}

/// A name over its number; a number alone; at least what was dialled.
pub(super) fn side(t: &Messages, party: &PartyView, dialled: &str) -> Side {
    let number = party.number.clone().unwrap_or_else(|| dialled.to_owned());
    let number = match party.number_withheld {
        true => t.withheld.to_owned(),
        false => show::number(&number),
    };
    match party.name.clone().filter(|name| !name.is_empty()) {
        Some(name) => Side { name, number },
        None if number.is_empty() => Side {
            name: t.unknown.to_owned(),
            number: String::new(),
        },
        None => Side {
            name: number,
            number: String::new(),
        },
    }
}

fn direction_text(t: &Messages, direction: &str) -> &'static str {
    match direction {
        "inbound" => t.inbound,
        "outbound" => t.outbound,
        _ => t.internal,
    }
}

fn result_text(t: &Messages, disposition: Option<&str>) -> &'static str {
    match disposition {
        Some("answered") => t.answered,
        Some("busy") => t.busy,
        Some("no_answer") => t.no_answer,
        Some("abandoned") => t.abandoned,
        Some(_) => t.failed_call,
        None => t.in_progress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_part_of_a_number_finds_it_anywhere() {
        let check = |typed: &str, expected: &str| assert_eq!(wide(typed), expected);
        check("901", "*901*");
        check("+7 901 111-22", "*+790111122*");
        check("+7901*", "+7901*");
    }

    #[test]
    fn links_keep_the_filter() {
        let asked = Asked {
            number: "+7 9".into(),
            recorded: true,
            ..Asked::default()
        };
        assert_eq!(link(&asked, "abc"), "/calls?number=%2B7+9&recorded=true&cursor=abc");
        assert_eq!(link(&Asked::default(), ""), "/calls?");
        let expected = "/api/v1/calls/export?number=*%2B79*&recorded=true&format=xlsx";
        assert_eq!(export(&asked, "xlsx"), expected);
    }
}
