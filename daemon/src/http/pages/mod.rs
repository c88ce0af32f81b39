//! The pages: rendered here, kept fresh by small scripts that speak to the API.

mod book;
mod calls;
mod clients;
mod deals;
mod forwarding;
mod help;
mod mailbox;
mod messages;
mod own;
mod phone;
mod settings;
mod show;
mod sites;
mod staff;
mod telephony;
mod timeline;
mod view;
mod voicemail;

use askama::Template;
use axum::Router;
use axum::extract::{OriginalUri, State as Extract};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use frontdesk_crm_core::store::page::Place;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use self::messages::{Messages, chosen};
use self::view::{Frame, LoginPage, May, Pages, ProblemPage};
use super::State;
use super::api::account::AccountView;
use super::auth::{Access, Right};
use super::error::ApiError;

/// Rows of a page's list.
const ROWS: u32 = 50;

pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/", get(start))
        .route("/login", get(login))
        .route("/me", get(own::page))
        .route("/staff", get(staff::page))
        .route("/staff/{id}/sip", get(phone::page))
        .route("/clients", get(clients::page))
        .route("/deals", get(deals::page))
        .route("/phone-book", get(book::page))
        .route("/calls", get(calls::page))
        .route("/voicemail", get(voicemail::page))
        .route("/sites", get(sites::page))
        .route("/help", get(help::first))
        .route("/help/{id}", get(help::page))
        .route("/departments", get(telephony::departments::page))
        .route("/menus", get(telephony::menus::page))
        .route("/numbers", get(telephony::numbers::page))
        .route("/lines", get(telephony::lines::page))
        .route("/schedules", get(telephony::schedules::page))
        .route("/sounds", get(telephony::sounds::page))
        .route("/codes", get(telephony::codes::page))
        .route("/roles", get(settings::roles::page))
        .route("/projects", get(settings::projects::page))
        .route("/import", get(settings::import::page))
        .route("/notices", get(settings::notices::page))
        .route("/webhooks", get(settings::webhooks::page))
        .route("/security", get(settings::security::page))
        .route("/history", get(settings::history::page))
        .route("/audit", get(settings::audit::page))
}

/// The language that is answered in: `en` or `ru`.
pub(super) fn language(headers: &HeaderMap) -> &'static str {
    chosen(headers).lang
}

/// What goes wrong with a page.
enum PageError {
    /// Log in first, then come back.
    LogIn(Uri),
    /// Set up the second factor first.
    Enrol,
    Forbidden(&'static Messages),
    Failed(&'static Messages, ApiError),
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            PageError::LogIn(uri) => {
                let place = uri.path_and_query().map_or("/", |place| place.as_str());
                let next: String = form_urlencoded::byte_serialize(place.as_bytes()).collect();
                Redirect::to(&format!("/login?next={next}")).into_response()
            }
            PageError::Enrol => Redirect::to("/me").into_response(),
            PageError::Forbidden(t) => problem(t, StatusCode::FORBIDDEN, t.forbidden),
            PageError::Failed(t, error) => problem(t, error.status(), t.failed),
        }
    }
}

/// Who reads a page, in which language, and what stands around it.
struct Reader {
    access: Access,
    account: AccountView,
    zone: TimeZone,
    t: &'static Messages,
    now: i64,
    since: u64,
    /// Messages that the reader has not heard; `None`: there are none for the reader to hear.
    messages: Option<i64>,
}

/// The credentials, the language and the account of who opens a page.
async fn reader(
    state: &State,
    access: Result<Access, ApiError>,
    headers: &HeaderMap,
    uri: Uri,
) -> Result<Reader, PageError> {
    let t = chosen(headers);
    let access = access.map_err(|error| match error.status() {
        StatusCode::UNAUTHORIZED => PageError::LogIn(uri),
        _ if must_enrol(&error) => PageError::Enrol,
        _ => PageError::Failed(t, error),
    })?;
    // taken before the rows are read: an event in between is told again rather than lost
    let since = state.live.last_event();
    let account = super::api::account::view(state, access.account)
        .await
        .map_err(|error| PageError::Failed(t, error))?;
    let zone = show::zone(&account.time_zone);
    let messages = voicemail::waiting(state, &access)
        .await
        .map_err(|error| PageError::Failed(t, error))?;
    Ok(Reader {
        messages,
        access,
        account,
        zone,
        t,
        now: state.clock.unix_ms(),
        since,
    })
}

fn must_enrol(error: &ApiError) -> bool {
    error.code() == ApiError::two_factor_required().code()
}

impl Reader {
    fn need(&self, right: Right) -> Result<(), PageError> {
        if self.access.may(right) {
            Ok(())
        } else {
            Err(PageError::Forbidden(self.t))
        }
    }

    fn failed(&self, error: ApiError) -> PageError {
        PageError::Failed(self.t, error)
    }

    fn frame(&self, active: &'static str, script: &'static str) -> Frame {
        Frame {
            t: self.t,
            csrf: self.access.csrf().to_owned(),
            user: self.access.name.clone(),
            account: format!("{} · {}", self.account.name, self.account.number),
            active,
            script,
            texts: texts(self.t, json!({ "time_zone": self.account.time_zone })),
            telephony: telephony::links(self.t, may(&self.access)),
            help: help::links(self.t),
            settings: settings::links(self.t, may(&self.access)),
            since: self.since,
            now: self.now,
            may: may(&self.access),
            messages: self.messages,
        }
    }

    /// Up to which moment a page has looked that goes on at a cursor.
    fn looked(&self, cursor: Option<&str>) -> Option<String> {
        let place = Place::read(cursor?).ok()?;
        Some(self.moment(place.at))
    }

    fn moment(&self, unix_ms: i64) -> String {
        show::moment(unix_ms, self.now, &self.zone, self.t)
    }
}

fn may(access: &Access) -> May {
    May {
        calls: access.may(Right::CallsRead),
        staff: access.may(Right::StaffRead),
        clients: access.may(Right::ClientsRead),
        deals: access.may(Right::DealsRead),
        departments: access.may(Right::DepartmentsRead),
        lines: access.may(Right::TrunksRead),
        make_calls: access.may(Right::CallsMake),
        audit: access.may(Right::AuditRead),
        settings: access.may(Right::SettingsRead),
        roles: access.may(Right::RolesWrite),
        import: access.may(Right::DataImport),
    }
}

/// The words that scripts show, by the API's codes where they have one; `more` are a page's own.
fn texts(t: &Messages, more: Value) -> String {
    let texts = [
        ("lang", t.lang),
        ("live", t.live),
        ("offline", t.offline_page),
        ("failed", t.failed),
        ("copied", t.copied),
        ("delete", t.delete),
        ("delete_staff", t.delete_staff),
        ("delete_staff_text", t.delete_staff_text),
        ("token_end", t.token_end),
        ("token_end_ask", t.token_end_ask),
        ("token_end_text", t.token_end_text),
        ("token_used", t.token_used),
        ("token_unused", t.token_unused),
        ("token_until", t.token_until),
        ("photo_kind", t.photo_kind),
        ("photo_size", t.photo_size),
        ("own_number", t.error_own_number),
        ("phone.own_number", t.error_own_number),
        ("delete_client", t.delete_client),
        ("delete_client_text", t.delete_client_text),
        ("call", t.call),
        ("calling", t.calling),
        ("overdue", t.overdue),
        ("phone_offline", t.phone_offline),
        ("delete_site", t.delete_site),
        ("delete_site_text", t.delete_site_text),
        ("delete_recording", t.delete_recording),
        ("delete_recording_text", t.delete_recording_text),
        ("card_open", t.card_open),
        ("card_new", t.card_new),
        ("unknown_caller", t.unknown),
        ("withheld", t.withheld),
        ("close", t.close),
        ("not_connected", t.error_not_connected),
        ("displayed_number.invalid", t.error_number),
        ("emergency_number.invalid", t.error_number),
        ("hang_up", t.hang_up),
        ("hang_up_ask", t.hang_up_ask),
        ("required", t.error_required),
        ("invalid", t.error_invalid),
        ("number.invalid", t.error_number),
        ("phone.invalid", t.error_number),
        ("short_number.invalid", t.error_short_number),
        ("login.invalid", t.error_login),
        ("email.invalid", t.error_email),
        ("password.too_short", t.error_password),
        ("access_until.past", t.error_past),
        ("supervisor_id.circle", t.error_circle),
        ("taken", t.error_taken),
        ("too_long", t.error_too_long),
        ("too_short", t.error_too_short),
        ("wrong_login", t.error_wrong_login),
        ("code_required", t.error_code_required),
        ("wrong_code", t.error_wrong_code),
        ("too_many", t.error_too_many),
        ("stale", t.error_stale),
        ("forbidden", t.error_forbidden),
        ("not_found", t.error_not_found),
        ("in_use", t.error_in_use),
        ("range", t.error_range),
        ("unknown", t.error_not_found),
    ];
    let texts = texts.into_iter().map(|(name, text)| (name.to_owned(), text.into()));
    let mut texts: Map<String, Value> = texts.collect();
    if let Value::Object(more) = more {
        texts.extend(more);
    }
    Value::Object(texts).to_string()
}

/// Leafing through a list by offset, keeping what else the address says.
fn leaf(path: &str, search: &str, offset: u32, shown: usize, of: u64) -> Pages {
    let link = |offset: u32| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !search.is_empty() {
            query.append_pair("search", search);
        }
        if offset > 0 {
            query.append_pair("offset", &offset.to_string());
        }
        format!("{path}?{}", query.finish())
    };
    let to = u64::from(offset).saturating_add(u64::try_from(shown).unwrap_or(0));
    Pages {
        previous: (offset > 0).then(|| link(offset.saturating_sub(ROWS))),
        next: (to < of).then(|| link(offset.saturating_add(ROWS))),
        from: u64::from(offset).saturating_add(1),
        to,
    }
}

fn render<T: Template>(t: &'static Messages, page: &T) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => problem(t, ApiError::internal(&error).status(), t.failed),
    }
}

fn problem(t: &'static Messages, status: StatusCode, text: &'static str) -> Response {
    match (ProblemPage { t, text }).render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

async fn start(
    Extract(state): Extract<State>,
    access: Result<Access, ApiError>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Redirect, PageError> {
    let access = access.map_err(|error| match must_enrol(&error) {
        true => PageError::Enrol,
        false => PageError::LogIn(uri),
    })?;
    let may = may(&access);
    match (may.calls, may.staff, may.clients) {
        (true, _, _) => Ok(Redirect::to("/calls")),
        (false, true, _) => Ok(Redirect::to("/staff")),
        (false, false, true) => Ok(Redirect::to("/clients")),
        (false, false, false) if voicemail::shown(&state, &access) => Ok(Redirect::to("/voicemail")),
        (false, false, false) => Err(PageError::Forbidden(chosen(&headers))),
    }
}

async fn login(access: Result<Access, ApiError>, headers: HeaderMap) -> Response {
    if access.as_ref().map_or_else(must_enrol, |_| true) {
        return Redirect::to("/").into_response();
    }
    let t = chosen(&headers);
    render(
        t,
        &LoginPage {
            t,
            texts: texts(t, json!({})),
        },
    )
}

/// What does not exist: a page for people, a problem body for programs.
pub(super) async fn nowhere(headers: HeaderMap, OriginalUri(uri): OriginalUri) -> Response {
    let wants_page = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kinds| kinds.contains("text/html"));
    if wants_page && !uri.path().starts_with("/api/") {
        let t = chosen(&headers);
        problem(t, StatusCode::NOT_FOUND, t.not_found)
    } else {
        ApiError::not_found().into_response()
    }
}
