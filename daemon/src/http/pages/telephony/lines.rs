//! Provider lines and how they do, which calls go out by which, and emergency numbers.

use askama::Template;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::HeaderMap;
use axum::response::Response;
use frontdesk_crm_core::emergency::{self, Emergency};
use frontdesk_crm_core::routes::{self, Route};
use frontdesk_crm_core::trunks::{self, Trunk};
use frontdesk_routing::emergency::ALWAYS;
use frontdesk_routing::plan::routes::RouteFor;
use serde_json::json;

use super::super::messages::in_language_of;
use super::super::view::Frame;
use super::super::{PageError, Reader, reader, render};
use super::words::LineWords;
use super::{Names, name_of};
use crate::engine::output::{TrunkRegistration, TrunkState};
use crate::http::State;
use crate::http::auth::{Access, Right};
use crate::http::error::ApiError;

#[derive(Template)]
#[template(path = "lines.html")]
struct LinesPage {
    frame: Frame,
    w: &'static LineWords,
    rows: Vec<Row>,
    routes: Vec<RouteRow>,
    emergency: Option<EmergencyRow>,
    may_write: bool,
    trunks: Names,
    codecs: Vec<(&'static str, &'static str)>,
    /// Fields of the API's answer to a new gateway, and their labels.
    sip_facts: Vec<(&'static str, &'static str)>,
}

struct Row {
    id: String,
    name: String,
    /// Where it leads: hosts, or the name that its gateway registers by.
    address: String,
    kind: &'static str,
    state: &'static str,
    text: &'static str,
    /// Since when and why it fails.
    why: String,
    limit: Option<u32>,
    prefixes: String,
}

struct RouteRow {
    id: String,
    name: String,
    /// For which numbers.
    calls: String,
    /// In order; none: such calls are refused.
    trunks: String,
}

struct EmergencyRow {
    /// Without 112, separated by blanks.
    numbers: String,
    prefix: String,
    before_short_numbers: bool,
    /// A short number, and whether whoever dials it reaches the emergency service.
    conflicts: Vec<(String, bool)>,
    version: i64,
}

pub(in crate::http::pages) async fn page(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, PageError> {
    let reader = reader(&state, access, &headers, uri).await?;
    reader.need(Right::TrunksRead)?;
    let page = filled(&state, &reader).await.map_err(|error| reader.failed(error))?;
    Ok(render(reader.t, &page))
}

async fn filled(state: &State, reader: &Reader) -> Result<LinesPage, ApiError> {
    let (account, t) = (reader.access.account, reader.t);
    let w = in_language_of!(t, LineWords);
    let lines = trunks::list(&state.db, account).await?;
    let names = lines
        .iter()
        .map(|of| (of.plan.id.to_string(), of.plan.name.to_string()));
    let names: Names = names.collect();
    let routes = routes::list(&state.db, account).await?;
    let may_set = reader.access.may(Right::SettingsWrite);
    let emergency = match may_set {
        true => Some(emergency_row(emergency::get(&state.db, account).await?)),
        false => None,
    };
    let more = json!({
        "delete_line": w.delete_line,
        "delete_line_text": w.delete_line_text,
        "delete_route": w.delete_route,
        "delete_route_text": w.delete_route_text,
        "saved": w.saved,
        "prefix.invalid": w.error_prefix,
        "prefix.taken": w.error_route_taken,
        "prefix.required": w.error_prefix,
        "sources.invalid": w.error_source,
        "sources.taken": w.error_source_taken,
        "numbers.invalid": w.error_emergency,
        "shown_number.invalid": t.error_number,
    });
    Ok(LinesPage {
        rows: lines
            .iter()
            .map(|line| row(reader, line, state.live.trunk(line.plan.id), w))
            .collect(),
        routes: routes.iter().map(|route| route_row(route, &names, w)).collect(),
        emergency,
        may_write: reader.access.may(Right::TrunksWrite),
        frame: reader.telephony("/lines", "lines.js", more),
        trunks: names,
        codecs: vec![
            ("pcma", "G.711 A-law"),
            ("pcmu", "G.711 µ-law"),
            ("g722", "G.722"),
            ("opus", "Opus"),
        ],
        sip_facts: vec![
            ("server", t.sip_server),
            ("port", t.sip_port),
            ("tls_port", t.sip_tls_port),
            ("transports", t.sip_transport),
            ("user", t.sip_user),
            ("password", t.password),
        ],
        w,
    })
}

fn row(reader: &Reader, line: &Trunk, state: Option<TrunkState>, w: &LineWords) -> Row {
    let plan = &line.plan;
    let provider = plan.provider.as_ref();
    let servers = provider.map(|provider| {
        provider.servers.iter().map(|server| match server.port {
            Some(port) => format!("{}:{port}", server.host),
            None => server.host.to_string(),
        })
    });
    let servers: Vec<String> = servers.into_iter().flatten().collect();
    let registers = provider.and_then(|provider| provider.registration.as_ref());
    let sources = plan.sources.iter().map(ToString::to_string);
    let (kind, address) = match (&plan.sip, registers) {
        (Some(sip), _) => (w.kind_gateway, sip.user.to_string()),
        (None, Some(line)) => (w.kind_registration, format!("{} · {}", line.user, servers.join(", "))),
        (None, None) if servers.is_empty() => (w.kind_address, sources.collect::<Vec<_>>().join(", ")),
        (None, None) => (w.kind_address, servers.join(", ")),
    };
    let (state, text, why) = told(reader, state, w);
    Row {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        address,
        kind,
        state,
        text,
        why,
        limit: plan.limits.calls,
        prefixes: plan
            .prefixes
            .iter()
            .map(|digits| format!("+{digits}"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// How a line does: a kind of dot, its word, and since when and why it fails.
fn told(reader: &Reader, state: Option<TrunkState>, w: &LineWords) -> (&'static str, &'static str, String) {
    let Some(state) = state else {
        return ("no_access", w.state_none, String::new());
    };
    match (state.registration, state.reachable) {
        (Some(TrunkRegistration::Failing { since, reason }), _) => {
            let since = reader.moment(since);
            ("failed", w.state_failing, format!("{}: {since} — {reason}", w.since))
        }
        (_, Some(false)) => ("failed", w.state_silent, String::new()),
        (Some(TrunkRegistration::Registered), _) => ("online", w.state_registered, String::new()),
        (Some(TrunkRegistration::Trying), _) => ("ringing", w.state_trying, String::new()),
        (None, Some(true)) => ("online", w.state_answers, String::new()),
        (None, None) => ("no_access", w.state_none, String::new()),
    }
}

fn route_row(route: &Route, trunks: &Names, w: &LineWords) -> RouteRow {
    let plan = &route.plan;
    let named = plan
        .trunks
        .iter()
        .filter_map(|trunk| name_of(&trunk.to_string(), trunks));
    RouteRow {
        id: plan.id.to_string(),
        name: plan.name.to_string(),
        calls: match &plan.calls {
            RouteFor::Emergency => w.for_emergencies.to_owned(),
            RouteFor::Prefix(digits) if digits.is_empty() => w.for_all.to_owned(),
            RouteFor::Prefix(digits) => format!("+{digits}…"),
        },
        trunks: named.collect::<Vec<_>>().join(" → "),
    }
}

fn emergency_row(emergency: Emergency) -> EmergencyRow {
    let numbers = emergency.settings.numbers.iter().map(ToString::to_string);
    let numbers: Vec<String> = numbers.filter(|number| number != ALWAYS).collect();
    let conflicts = emergency.conflicts.into_iter();
    EmergencyRow {
        numbers: numbers.join(" "),
        prefix: emergency.settings.prefix.map(String::from).unwrap_or_default(),
        before_short_numbers: emergency.settings.before_short_numbers,
        conflicts: conflicts.map(|one| (one.short_number, one.is_emergency)).collect(),
        version: emergency.version,
    }
}
