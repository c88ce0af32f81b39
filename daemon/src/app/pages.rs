//! The HTTP side as this daemon serves it: what it is lent, and who hears what it changes.

use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

use super::Ground;
use crate::callbacks::Caller;
use crate::engine::input::{Input, OperatorCommand};
use crate::http::{self, Clock, Parts, PlanHandle, Settings, State};
use crate::shell::upgraded::UpgradeHandle;
use crate::shell::{EngineHandle, clock};
use crate::supervise::Supervisor;
use crate::{music, photos, prompts};

/// Commands that may wait.
const WAITING: usize = 64;

pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn unix_ms(&self) -> i64 {
        clock::unix_ms()
    }

    fn random(&self) -> u128 {
        clock::random_u128()
    }
}

/// Starts the operators' way to the engine and the server.
pub(super) fn serve(
    ground: &Ground,
    listener: TcpListener,
    (plan, upgrades): (PlanHandle, UpgradeHandle),
    supervisor: &Supervisor,
) {
    let (operator, operators) = mpsc::channel(WAITING);
    let stopping = supervisor.stopping();
    supervisor.critical("operators", pass_on(operators, ground.engine.clone()));
    let (clock, visitors): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Arc::new(Notify::new()));
    let callbacks = Caller {
        db: ground.db.clone(),
        live: Arc::clone(&ground.live),
        operator: operator.clone(),
        clock: Arc::clone(&clock),
        news: Arc::clone(&visitors),
    };
    supervisor.critical("callbacks", callbacks.run(supervisor.stopping()));
    let state = State::new(Parts {
        db: ground.db.clone(),
        live: Arc::clone(&ground.live),
        plan,
        operator,
        visitors,
        clock,
        settings: settings(ground),
        upgrades: Some(upgrades),
        metrics: ground.metrics.clone(),
        closing: stopping,
    });
    supervisor.critical("pages", async move {
        http::serve(listener, state).await.context("the listener failed")
    });
}

fn settings(ground: &Ground) -> Settings {
    let config = &ground.config;
    let transports = [
        ("UDP", !config.sip.udp.is_empty()),
        ("TCP", !config.sip.tcp.is_empty()),
        ("TLS", ground.sip_tls.is_some()),
    ];
    Settings {
        recordings: config.recordings_dir(),
        notices: config.notices_dir(),
        music: config.data.dir.join(music::FOLDER),
        greetings: config.data.dir.join(music::GREETINGS),
        prompts: config.data.dir.join(prompts::FOLDER),
        photos: config.data.dir.join(photos::FOLDER),
        sip_host: config.nat.public_address.map(|address| address.to_string()),
        sip_port: ground.sip.port(),
        sip_realm: config.sip.realm.clone(),
        sip_tls_port: ground.sip_tls.map(|address| address.port()),
        sip_transports: transports
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| name)
            .collect(),
        never_blocked: config.guard.allow.clone(),
        operators: config.guard.operators.iter().copied().map(i64::from).collect(),
        private_webhooks: config.webhooks.allow_private,
        secure_cookies: config.http.secure_cookie,
        session_ms: i64::try_from(config.http.session_lifetime.as_millis()).unwrap_or(i64::MAX),
        web_folder: None,
    }
}

/// People's commands reach the engine in order.
async fn pass_on(mut commands: mpsc::Receiver<OperatorCommand>, engine: EngineHandle) -> anyhow::Result<()> {
    while let Some(command) = commands.recv().await {
        engine.send(Input::Operator(command));
    }
    Ok(())
}
