//! The composition: configuration, database, plan, sockets, threads; and the way back down.

mod address_book;
mod bind;
mod greeting;
mod notices;
mod pages;
mod settings;
mod startup;
mod stop;
pub(crate) mod telemetry;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::calls;
use frontdesk_crm_core::journal as kept;
use frontdesk_crm_core::store::Db;
use frontdesk_media::io as media;
use frontdesk_sip::flow::Transport;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::engine::input::Input;
use crate::engine::names::ServerName;
use crate::engine::output::{BoardChange, InboxCommand};
use crate::http::PlanHandle;
use crate::inbox::{self, Inbox};
use crate::journal;
use crate::live::Live;
use crate::plan::Publisher;
use crate::recorder::Recorder;
use crate::shell::resolve::{self, Resolver};
use crate::shell::{EngineHandle, Outlets, QueueReader, Shell, clock, queue};
use crate::supervise::{Ends, Supervisor, supervisor};
use crate::terminal::say;
pub use startup::{database as open_database, stamp};

/// Journal entries that may wait for the database: some minutes of a busy day.
const JOURNAL: usize = 100_000;
/// Changes of the plan that may wait for its publisher.
const PLAN_CHANGES: usize = 64;
const BOARD: usize = 100_000;
/// What a page may be behind.
const BOARD_PAUSE: Duration = Duration::from_millis(20);
const BOARD_BATCH: usize = 4_096;

/// What all parts of a running daemon stand on.
pub struct Ground {
    pub config: Config,
    pub db: Db,
    pub live: Arc<Live>,
    pub engine: EngineHandle,
    metrics: Option<PrometheusHandle>,
    pub http: SocketAddr,
    pub sip: SocketAddr,
    /// Where SIP over TLS is spoken.
    pub sip_tls: Option<SocketAddr>,
}

/// A daemon that runs; its ports are known.
pub struct App {
    pub ground: Ground,
    plan: PlanHandle,
    supervisor: Supervisor,
    ends: Ends,
    shell: JoinHandle<()>,
    media: Arc<media::Handle>,
    recorder: Recorder,
    journal: tokio::task::JoinHandle<()>,
}

/// Builds, greets, runs until a signal or until something critical ends.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let _log = telemetry::start(&config);
    let app = App::build(config).await?;
    app.run().await
}

impl App {
    /// Binds first, so that a taken port is known before anything is made; serves when it returns.
    pub async fn build(config: Config) -> anyhow::Result<App> {
        let metrics = telemetry::metrics();
        let mut sockets = bind::sip(&config)?;
        let listener = bind::http(&config).await?;
        bind::certificate(&config, &mut sockets)?;
        let (db, welcome) = startup::data(&config).await?;

        let (supervisor, ends) = supervisor();
        let live = Arc::new(Live::new(clock::unix_ms()));
        let engine = sockets.handle();
        let (http, sip) = (listener.local_addr()?, sockets.sip_address());
        let sip_tls = sockets.bound(Transport::Tls);
        let upgrades = sockets.upgrades(http);

        let notices = engine.clone();
        let (media, taps) = media::start(&settings::media(&config), move |notice| {
            notices.send(Input::Media(notice));
        })
        .with_context(|| no_ports(&config))?;
        let media = Arc::new(media);
        let (journal_queue, journal_reader) = queue::<kept::Entry>(JOURNAL);
        let told = (journal_queue.clone(), engine.clone());
        let recorder = Recorder::start(config.recordings_dir(), taps, told).context("the recorder does not start")?;
        let (board, board_reader) = queue::<BoardChange>(BOARD);
        let (names, asked) = queue::<ServerName>(resolve::NAMES);
        let (heard, to_hear) = queue::<InboxCommand>(inbox::WAITING);
        let outlets = Outlets::new(
            Arc::clone(&media),
            recorder.handle(),
            journal_queue,
            board,
            (names, heard),
        );

        let (changes, changed) = mpsc::channel(PLAN_CHANGES);
        let plan = PlanHandle::new(changes);
        let stopping = supervisor.stopping();
        let readers = journal::Readers::new((&live, &plan, &engine), config.recordings_dir());
        let journal = journal::run(db.clone(), journal_reader, readers, stopping);
        let journal = supervisor.critical("journal", journal);
        supervisor.critical("board", keep_board(Arc::clone(&live), board_reader));

        supervisor.critical(
            "resolver",
            look_up(&config, asked, engine.clone(), supervisor.stopping()),
        );
        let reading = Inbox::new((&db, &live, &engine), config.recordings_dir());
        supervisor.critical("inbox", reading.run(to_hear, supervisor.stopping()));
        let publisher = Publisher::start(db.clone(), engine.clone(), Arc::clone(&live)).await?;
        remind(&engine, &db, &config).await?;
        let core = Engine::new(settings::engine(&config), clock::random(), clock::now());
        let shell = Shell::new(core, sockets, outlets, u64::from_le_bytes(clock::random()));
        let shell = supervisor.thread("engine", move || {
            shell.run().context("the SIP sockets cannot be polled")
        })?;
        let ground = Ground {
            config,
            db,
            live,
            engine,
            metrics,
            http,
            sip,
            sip_tls,
        };
        supervisor.critical("plan", publisher.run(changed, supervisor.stopping()));
        pages::serve(&ground, listener, (plan.clone(), upgrades), &supervisor);
        address_book::start(&ground.db, &supervisor);
        notices::start(&ground, &supervisor)?;

        say(&match welcome {
            Some(welcome) => greeting::first(&welcome, http, (sip, sip_tls)),
            None => greeting::again(http, (sip, sip_tls)),
        });
        Ok(App {
            ground,
            plan,
            supervisor,
            ends,
            shell,
            media,
            recorder,
            journal,
        })
    }
}

fn no_ports(config: &Config) -> String {
    let ports = &config.rtp.ports;
    format!("audio ports {}-{} (rtp.ports) cannot be bound", ports.low, ports.high)
}

/// Gives the engine what it knew before, and the sounds that it plays.
async fn remind(engine: &EngineHandle, db: &Db, config: &Config) -> anyhow::Result<()> {
    // Before the registrations: what waits for a phone's next connection is there when that of its last one goes.
    engine.send(Input::RestoreSubscriptions(subscriptions(db).await?));
    engine.send(Input::Restore(restored(db).await?));
    engine.send(Input::RestoreBlocks(blocks(db).await?));
    let clients = calls::seen_hidden(db).await;
    engine.send(Input::RestoreClients(clients.context("the last calls cannot be read")?));
    startup::music(db, &config.data.dir, engine).await?;
    startup::prompts(db, &config.data.dir, engine).await
}

/// Serves the engine's look-ups; it never waits for them.
fn look_up(
    config: &Config,
    asked: QueueReader<ServerName>,
    engine: EngineHandle,
    stopping: CancellationToken,
) -> impl Future<Output = anyhow::Result<()>> + use<> {
    let resolver = Resolver::new(&config.sip.name_servers, resolve::PATIENCE);
    resolver.run(asked, stopping, move |name, answer| {
        engine.send(Input::Resolved { name, answer });
    })
}

/// Applies what the engine saw change, in order.
async fn keep_board(live: Arc<Live>, mut reader: QueueReader<BoardChange>) -> anyhow::Result<()> {
    loop {
        let changes = reader.take(BOARD_BATCH).await;
        if changes.is_empty() {
            return Ok(());
        }
        let count = changes.len();
        changes.into_iter().for_each(|change| live.apply(change));
        reader.done(count);
        // A call's changes come close together; each would wake this task by itself.
        tokio::time::sleep(BOARD_PAUSE).await;
    }
}

async fn blocks(db: &Db) -> anyhow::Result<Vec<frontdesk_sip::guard::Block>> {
    let rows = frontdesk_crm_core::blocks::list(db, clock::unix_ms())
        .await
        .context("kept blocks cannot be read")?;
    Ok(rows.iter().filter_map(journal::kept_block).collect())
}

async fn subscriptions(db: &Db) -> anyhow::Result<Vec<crate::engine::output::StoredSubscription>> {
    let rows = frontdesk_crm_core::subscriptions::list(db, clock::unix_ms())
        .await
        .context("kept subscriptions cannot be read")?;
    Ok(rows.into_iter().filter_map(journal::stored_subscription).collect())
}

async fn restored(db: &Db) -> anyhow::Result<Vec<crate::engine::output::StoredBinding>> {
    let rows = kept::bindings(db, clock::unix_ms())
        .await
        .context("kept registrations cannot be read")?;
    Ok(rows.into_iter().filter_map(journal::stored_binding).collect())
}
