//! Running and stopping: a signal lets calls end, a second one ends them; then recorder, journal and pools.

use std::time::Duration;

use frontdesk_routing::ids::AccountId;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::App;
use crate::engine::input::Input;
use crate::http::PlanSection;

/// How long phones have to answer our BYEs.
const FAREWELL: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

impl App {
    /// Runs until SIGTERM, SIGINT, or until something critical ends by itself: that is an error.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);
        let mut hangup = signal(SignalKind::hangup())?;
        let failed = loop {
            tokio::select! {
                _ = terminate.recv() => break None,
                _ = interrupt.recv() => break None,
                ended = self.ends.first() => break Some(ended),
                _ = hangup.recv() => self.reload().await,
            }
        };
        let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
        if failed.is_none() {
            tracing::info!(
                calls = self.ground.live.call_count(),
                "stopping: no new calls, those in progress may end"
            );
            self.ground.engine.send(Input::Drain);
            self.drain(&mut terminate, &mut interrupt).await;
        }
        self.shut_down().await;
        match failed {
            None => Ok(()),
            Some(ended) => anyhow::bail!("stopped because a part of the daemon ended: {ended}"),
        }
    }

    /// SIGHUP: what another program (an import) has written to the database reaches calls.
    async fn reload(&self) {
        tracing::info!("reading the dial plan anew");
        self.plan.changed(AccountId::from_u128(0), PlanSection::Account).await;
    }

    /// Waits for the calls to end, for `calls.drain_timeout`, or for a second signal.
    async fn drain(&self, terminate: &mut Signal, interrupt: &mut Signal) {
        tokio::select! {
            () = self.no_calls() => {}
            () = tokio::time::sleep(self.ground.config.calls.drain_timeout) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if self.ground.live.call_count() > 0 {
            self.ground.engine.send(Input::HangUpAll);
            let _ = tokio::time::timeout(FAREWELL, self.no_calls()).await;
        }
    }

    async fn no_calls(&self) {
        while self.ground.live.call_count() > 0 {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn shut_down(self) {
        self.supervisor.begin_stop();
        self.ground.engine.stop();
        let App {
            ground,
            shell,
            media,
            recorder,
            journal,
            supervisor,
            ..
        } = self;
        let threads = tokio::task::spawn_blocking(move || {
            // The engine's thread lets go of its ends of every queue; the taps end with the media threads.
            let _ = shell.join();
            drop(media);
            recorder.stop();
        });
        let _ = threads.await;
        let _ = journal.await;
        supervisor.finished().await;
        ground.db.close().await;
    }
}
