//! The composition: configuration, database, plan, sockets, threads; and the way back down.

mod bind;
mod greeting;
mod startup;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::store::db::Db;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::engine::input::{Input, OperatorCommand};
use crate::engine::{Engine, EngineConfig};
use crate::http;
use crate::journal;
use crate::live::Live;
use crate::plan::Publisher;
use crate::recorder;
use crate::shell::{EngineHandle, Outlets, Shell, Sockets, clock, queue};
use crate::supervise::{Ends, Supervisor, supervisor};

/// Journal entries that may wait for the database: some minutes of a busy day.
const JOURNAL: usize = 100_000;
const BOARD: usize = 100_000;
/// How long phones have to answer our BYEs at the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Everything is bound and known; nothing is served before [`App::run`].
pub struct App {
    config: Config,
    db: Db,
    live: Arc<Live>,
    supervisor: Supervisor,
    ends: Ends,
    engine: EngineHandle,
    media: frontdesk_media::io::Handle,
    recorder: recorder::Recorder,
    journal: journal::Task,
    shell: std::thread::JoinHandle<()>,
    http: SocketAddr,
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
}
