//! Clients who came in without what they are found by: of an older version, or in a file whose end a stop cut off.

use std::time::Duration;

use frontdesk_crm_core::clients;
use frontdesk_crm_core::store::Db;
use tokio_util::sync::CancellationToken;

use crate::supervise::Supervisor;

/// After a failure.
const AGAIN: Duration = Duration::from_secs(30);

pub(super) fn start(db: &Db, supervisor: &Supervisor) {
    supervisor.critical("address book", index(db.clone(), supervisor.stopping()));
}

/// Makes them found, beside everything else: a start waits for none of it, and calls know all of them from the beginning.
async fn index(db: Db, stopping: CancellationToken) -> anyhow::Result<()> {
    tokio::select! {
        () = stopping.cancelled() => {}
        () = index_all(&db) => stopping.cancelled().await,
    }
    Ok(())
}

async fn index_all(db: &Db) {
    loop {
        match clients::index_all(db).await {
            Ok(0) => return,
            Ok(all) => return tracing::info!(clients = all, "the address book can be searched"),
            Err(error) => tracing::warn!(%error, "not all clients can be found by their words yet"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}
