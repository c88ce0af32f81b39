//! Looks servers up for the engine, beside it: few at once, each name once at a time.

mod dns;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::QueueReader;
use crate::engine::names::{Resolution, ServerName};

/// Names that may wait to be looked up: the engine asks again for one that is lost here.
pub const NAMES: usize = 1_024;
/// Names that are looked up at the same time.
pub const AT_ONCE: usize = 16;
/// A whole look-up may take so long.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What a look-up gave, or the reason for people why it gave nothing.
pub type Answer = Result<Resolution, String>;

/// Finds the servers of a name (RFC 3263 section 4.2).
#[derive(Debug, Clone)]
pub struct Resolver {
    name_servers: Arc<[SocketAddr]>,
    patience: Duration,
}

impl Resolver {
    /// Without name servers those of the system are asked; its own list of hosts comes first in any case.
    pub fn new(name_servers: &[SocketAddr], patience: Duration) -> Resolver {
        Resolver {
            name_servers: name_servers.into(),
            patience,
        }
    }

    /// SRV records, then the addresses of their targets; only addresses for a name with a port, or without SRV records.
    ///
    /// # Errors
    /// The name does not exist, has no address, offers no such service, or no name server answered (in time).
    pub async fn resolve(&self, name: &ServerName) -> Answer {
        match tokio::time::timeout(self.patience, self.look_up(name)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!(
                "no name server answered within {} ms for {}",
                self.patience.as_millis(),
                name.host
            )),
        }
    }

    async fn look_up(&self, name: &ServerName) -> Answer {
        let (servers, patience) = (Arc::clone(&self.name_servers), self.patience);
        // The system's files are read each time, so that their changes count without a restart.
        let client = tokio::task::spawn_blocking(move || dns::Client::new(&servers, patience))
            .await
            .map_err(|error| format!("the resolver failed: {error}"))??;
        client.resolve(name).await
    }

    /// Serves the queue until the shutdown, or until nobody can ask any more.
    ///
    /// # Errors
    /// None so far; the type is that of all parts of the daemon.
    pub async fn run<F>(
        self,
        mut asked: QueueReader<ServerName>,
        stopping: CancellationToken,
        answer: F,
    ) -> anyhow::Result<()>
    where
        F: Fn(ServerName, Answer),
    {
        let mut running = JoinSet::new();
        let mut names: BTreeSet<ServerName> = BTreeSet::new();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                taken = asked.take(1), if running.len() < AT_ONCE => {
                    if taken.is_empty() {
                        return Ok(());
                    }
                    asked.done(taken.len());
                    for name in taken {
                        if names.insert(name.clone()) {
                            running.spawn(self.clone().named(name));
                        }
                    }
                }
                Some(done) = running.join_next() => match done {
                    Ok((name, found)) => {
                        names.remove(&name);
                        tell(&name, &found);
                        answer(name, found);
                    }
                    Err(error) => anyhow::bail!("a look-up broke off: {error}"),
                },
            }
        }
    }

    async fn named(self, name: ServerName) -> (ServerName, Answer) {
        // What name servers answer is anybody's word: a fault in reading it is the fault of one name.
        let found = AssertUnwindSafe(self.resolve(&name)).catch_unwind().await;
        let found = found.unwrap_or_else(|_| Err("the answer could not be read".to_owned()));
        (name, found)
    }
}

fn tell(name: &ServerName, found: &Answer) {
    match found {
        Ok(resolution) => tracing::debug!(host = %name.host, servers = resolution.servers.len(), "server looked up"),
        Err(reason) => {
            metrics::counter!("frontdesk_lookups_failed_total").increment(1);
            tracing::warn!(host = %name.host, reason, "a server cannot be looked up");
        }
    }
}
