//! The HTTP side: the API under `/api/v1`, the pages that speak to it, health and metrics.
//!
//! Deliberately absent: anything that the engine is asked and waited for. Handlers read the board and the database;
//! what they change reaches the engine as an ordered plan change or an operator's command.

#![expect(
    unused_qualifications,
    reason = "utoipa's macros write the parameters' types in full"
)]

pub mod api;
mod assets;
pub mod auth;
pub mod clock;
mod directory;
pub mod error;
mod events;
mod extract;
mod headers;
mod health;
mod language;
mod linger;
mod meter;
pub mod openapi;
mod pages;
pub mod plan;
mod provision;
mod range;
mod streams;
mod throttle;
mod visits;
mod websocket;

use std::any::Any;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, options};
use frontdesk_crm_core::logins::Lifetime;
use frontdesk_crm_core::roles::Cache;
use frontdesk_crm_core::store::{Db, Stamp};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::engine::input::OperatorCommand;
use crate::live::Live;
use crate::provisioning::Tickets;
use crate::shell::upgraded::UpgradeHandle;
use api::imports::places::Places;
use api::media::Plays;
pub use clock::Clock;
use directory::Digests;
use error::ApiError;
pub use plan::{PlanChange, PlanHandle, PlanSection};
use streams::Streams;
use throttle::Throttle;
use visits::Visits;

/// Longest JSON body.
const BODY_LIMIT: usize = 64 * 1024;
/// A handler that has not begun its answer by then never will.
const HANDLER_LIMIT: Duration = Duration::from_secs(30);
/// Password checks at the same time: each takes tens of megabytes.
const PASSWORD_CHECKS: usize = 2;
/// Pictures that are opened at the same time: each may take hundreds of megabytes for a moment.
const PICTURES: usize = 1;

/// What the handlers are given.
#[derive(Clone)]
pub struct State(Arc<(Parts, Guards)>);

struct Guards {
    throttle: Throttle,
    visits: Visits,
    passwords: Semaphore,
    pictures: Semaphore,
    imports: Places,
    /// What goes on after its answer; it ends with the daemon.
    running: Mutex<JoinSet<()>>,
    streams: Streams,
    tickets: Tickets,
    digests: Digests,
    plays: Plays,
    duties: Cache,
}

/// What the rest of the daemon lends to this side.
pub struct Parts {
    pub db: Db,
    pub live: Arc<Live>,
    pub plan: PlanHandle,
    pub operator: mpsc::Sender<OperatorCommand>,
    /// Told when a visitor of a site wants to be called.
    pub visitors: Arc<Notify>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the daemon begins to stop: `/health/ready` says so and event streams end.
    pub closing: CancellationToken,
    /// Takes WebSocket connections that phones open at `/ws`; `None`: they are not served.
    pub upgrades: Option<UpgradeHandle>,
}

/// The part of the configuration that this side reads.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where recordings lie.
    pub recordings: PathBuf,
    /// Where notices lie that were written as files.
    pub notices: PathBuf,
    /// Where the accounts' music lies.
    pub music: PathBuf,
    /// Where the mailboxes' greetings lie.
    pub greetings: PathBuf,
    /// Where the accounts' prompts lie.
    pub prompts: PathBuf,
    /// Where people's photos lie.
    pub photos: PathBuf,
    /// What phones are told to register with; `None`: the host that the page was opened with.
    pub sip_host: Option<String>,
    pub sip_port: u16,
    /// In which phones' passwords are digested.
    pub sip_realm: String,
    /// The port for TLS, when that is spoken.
    pub sip_tls_port: Option<u16>,
    /// `UDP`, `TCP`, ...
    pub sip_transports: Vec<&'static str>,
    /// `guard.allow`.
    pub never_blocked: Vec<ipnet::IpNet>,
    /// `guard.operators`.
    pub operators: Vec<i64>,
    /// `webhooks.allow_private`.
    pub private_webhooks: bool,
    /// Cookies for HTTPS only.
    pub secure_cookies: bool,
    /// `http.session_lifetime`, in milliseconds: no login lasts longer.
    pub session_ms: i64,
    /// Styles and scripts are read from here instead of from the binary.
    pub web_folder: Option<PathBuf>,
}

impl State {
    pub fn new(parts: Parts) -> Self {
        let guards = Guards {
            throttle: Throttle::default(),
            visits: Visits::default(),
            passwords: Semaphore::new(PASSWORD_CHECKS),
            pictures: Semaphore::new(PICTURES),
            imports: Places::default(),
            running: Mutex::default(),
            streams: Streams::default(),
            tickets: Tickets::default(),
            digests: Digests::new(&parts.settings.sip_realm),
            plays: Plays::default(),
            duties: Cache::default(),
        };
        State(Arc::new((parts, guards)))
    }

    fn throttle(&self) -> &Throttle {
        &self.0.1.throttle
    }

    fn visits(&self) -> &Visits {
        &self.0.1.visits
    }

    fn passwords(&self) -> &Semaphore {
        &self.0.1.passwords
    }

    fn pictures(&self) -> &Semaphore {
        &self.0.1.pictures
    }

    fn imports(&self) -> &Places {
        &self.0.1.imports
    }

    /// Goes on with something after the answer.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.0.1.running.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(work);
    }

    fn streams(&self) -> &Streams {
        &self.0.1.streams
    }

    /// Of phones that read directories.
    fn digests(&self) -> &Digests {
        &self.0.1.digests
    }

    /// Links for phones that nobody has followed yet.
    fn tickets(&self) -> &Tickets {
        &self.0.1.tickets
    }

    fn plays(&self) -> &Plays {
        &self.0.1.plays
    }

    fn duties(&self) -> &Cache {
        &self.0.1.duties
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime {
            idle_ms: auth::SESSION_MS,
            longest_ms: self.settings.session_ms,
        }
    }

    /// The moment and the randomness of one change.
    fn stamp(&self) -> Stamp {
        Stamp {
            unix_ms: self.clock.unix_ms(),
            random: self.clock.random(),
        }
    }
}

impl Deref for State {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.0
    }
}

/// The whole side: API, docs, pages, health, metrics.
pub fn router(state: State) -> Router {
    let plain = Router::new()
        .route("/metrics", get(meter::metrics))
        .route("/static/{name}", get(assets::asset))
        .route("/widget.js", get(assets::widget))
        .route("/api/v1/widget/{key}/requests", options(api::widget::preflight))
        .route("/ws", get(websocket::upgrade))
        .route("/directory/{maker}/{file}", get(directory::book))
        .route("/provision/{token}/{model}/{file}", get(provision::file))
        .merge(pages::routes())
        .merge(openapi::routes());
    plain
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .fallback(pages::nowhere)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(
            ServiceBuilder::new()
                .layer(middleware::from_fn(headers::secure))
                .layer(middleware::from_fn_with_state(state.clone(), meter::count))
                .layer(middleware::from_fn(linger::linger))
                .layer(CatchPanicLayer::custom(panicked))
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::SERVICE_UNAVAILABLE,
                    HANDLER_LIMIT,
                )),
        )
        .with_state(state)
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().cloned();
    let text = text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    ApiError::internal(&text.unwrap_or_else(|| "a handler panicked".to_owned())).into_response()
}

/// Serves until the daemon begins to stop; then requests in progress are finished.
pub async fn serve(listener: TcpListener, state: State) -> std::io::Result<()> {
    let closing = state.closing.clone();
    axum::serve(
        listener,
        router(state).into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(closing.cancelled_owned())
    .await
}
