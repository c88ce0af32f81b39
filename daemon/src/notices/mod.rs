//! Delivery of what stands in the outbox. Each notice is leased, so that of many workers, in many daemons over one database,
//! one delivers it; what could not be delivered waits and is tried again. Calls never wait for any of it.
//!
//! A notice may come twice only where nobody can know better: when its server took it and the answer was lost. Then the
//! second has the same Message-ID, or the same id for the gateway, as the first.

mod files;
mod mail;
mod sms;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use frontdesk_config::Config;
use frontdesk_crm_core::notices::{self, Channel, Failure, Notice};
use frontdesk_crm_core::store::{Db, StoreError};
use tokio_util::sync::CancellationToken;

use crate::http::Clock;
use crate::http_client::{Client, Reach};
use crate::shell::tls::trust::Trust;
use files::Files;
use mail::Mail;
use sms::Sms;

/// Deliveries of one channel at the same time: a server that hangs holds up one of them.
pub const WORKERS: usize = 3;
/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// While the database is away.
const LATE: Duration = Duration::from_secs(10);
/// Longer than any delivery takes.
const LEASE_MS: i64 = 120_000;
const LONGEST_DELIVERY: Duration = Duration::from_secs(90);
/// How long a delivery may go on when the daemon stops.
const GRACE: Duration = Duration::from_secs(3);
const HOUR_MS: i64 = 3_600_000;

/// Delivers notices.
pub struct Deliverer {
    db: Db,
    clock: Arc<dyn Clock>,
    mail: Mail,
    sms: Sms,
    files: Files,
    first_pause_ms: i64,
}

impl Deliverer {
    /// # Errors
    /// What the configuration says cannot be.
    pub fn new(config: &Config, db: Db, clock: Arc<dyn Clock>) -> anyhow::Result<Deliverer> {
        let ca = config.sip.tls_ca.as_deref();
        let trust = Arc::new(Trust::new(ca).context("sip.tls_ca")?);
        Ok(Deliverer {
            db,
            clock,
            mail: Mail::new(&config.notices, ca)?,
            sms: Sms::new(&config.notices, Client::new(trust, Reach::Everywhere))?,
            files: Files::new(config.notices_dir()),
            first_pause_ms: i64::try_from(config.notices.retry_after.as_millis()).unwrap_or(i64::MAX),
        })
    }

    /// One worker of a channel, until the shutdown.
    pub async fn run(self: Arc<Self>, channel: Channel, stop: CancellationToken) -> anyhow::Result<()> {
        let mut forgotten_at = 0;
        let mut pause = LOOK;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.turn(channel, &stop, &mut forgotten_at).await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, channel = channel.name(), "notices wait for the database");
                    LATE
                }
            };
        }
    }

    /// All that is due.
    async fn turn(&self, channel: Channel, stop: &CancellationToken, forgotten_at: &mut i64) -> Result<(), StoreError> {
        let now = self.clock.unix_ms();
        if now.saturating_sub(*forgotten_at) >= HOUR_MS {
            *forgotten_at = now;
            notices::forget(&self.db, now).await?;
        }
        while !stop.is_cancelled() {
            let due = notices::next(&self.db, channel).await?;
            let now = self.clock.unix_ms();
            if due.is_none_or(|due| due > now) {
                return Ok(());
            }
            // Another worker may have been quicker.
            if let Some(notice) = notices::claim(&self.db, channel, now, LEASE_MS).await? {
                self.serve(&notice, stop).await?;
            }
        }
        Ok(())
    }

    async fn serve(&self, notice: &Notice, stop: &CancellationToken) -> Result<(), StoreError> {
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(LONGEST_DELIVERY, self.deliver(notice)) => {
                outcome.unwrap_or_else(|_| Err(for_now("it took too long")))
            }
            () = stopped => Err(for_now("the daemon stopped meanwhile")),
        };
        let now = self.clock.unix_ms();
        let (channel, kind) = (notice.channel.name(), notice.kind.name());
        let became = match outcome {
            Ok(()) => {
                if !notices::sent(&self.db, notice, now).await? {
                    self.forget(notice).await?;
                }
                tracing::debug!(notice = %notice.id, channel, kind, "a notice is delivered");
                "sent"
            }
            Err(failure) => {
                let pause = (now, self.first_pause_ms);
                let last = notices::failed(&self.db, notice, &failure, pause).await?;
                // The reason may name the recipient: it stands with the notice, not in the log.
                match last {
                    true => {
                        tracing::warn!(notice = %notice.id, channel, kind, "a notice is given up; see /api/v1/notices")
                    }
                    false => tracing::debug!(notice = %notice.id, channel, kind, "a notice is tried again later"),
                }
                if last { "failed" } else { "delayed" }
            }
        };
        metrics::counter!("frontdesk_notices_total", "channel" => channel, "outcome" => became).increment(1);
        Ok(())
    }

    /// One whose client was erased while it was written is no file either.
    async fn forget(&self, notice: &Notice) -> Result<(), StoreError> {
        if !notices::known(&self.db, notice.id).await? {
            self.files.remove(&file_of(notice)).await;
        }
        Ok(())
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Failure> {
        match notice.channel {
            Channel::Email => {
                let letter = self.mail.letter(notice)?;
                match self.mail.send(&letter).await {
                    Some(sent) => sent,
                    None => self.files.write(file_of(notice), letter.formatted()).await,
                }
            }
            Channel::Sms => match self.sms.send(notice).await {
                Some(sent) => sent,
                None => {
                    let text = format!("{}\n\n{}\n", notice.recipient, notice.body);
                    self.files.write(file_of(notice), text.into_bytes()).await
                }
            },
        }
    }
}

fn file_of(notice: &Notice) -> String {
    notice.channel.file(&notice.id.to_string())
}

fn for_now(problem: impl Into<String>) -> Failure {
    Failure {
        problem: problem.into(),
        for_good: false,
    }
}

fn for_good(problem: impl Into<String>) -> Failure {
    Failure {
        problem: problem.into(),
        for_good: true,
    }
}
