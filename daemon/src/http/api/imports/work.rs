//! What goes on after the answer: rows come in, and those who wait are told how far it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use frontdesk_crm_core::audit::Author;
use frontdesk_crm_core::clients;
use frontdesk_crm_core::import::{self, Duplicates, ImportError};
use frontdesk_routing::ids::{AccountId, ImportId, StaffId};
use serde_json::json;

use super::places::Place;
use super::rows::Rows;
use crate::http::{PlanSection, State};

/// Runs on after the answer. What the database has not taken when the daemon ends, never was.
pub(super) async fn work(
    state: State,
    author: Author,
    (job, duplicates): (ImportId, Duplicates),
    (rows, changes): (Rows, BTreeSet<StaffId>),
    _place: Place,
) {
    let account = author.account;
    let _turn = state.imports().turn_to_write(&state.db).await;
    let ended = match rows {
        Rows::Clients(ready) => {
            let progress = progress(&state, (account, job), ready.count());
            let entered =
                import::enter_clients(&state.db, &author, (job, duplicates), ready, |rows| progress(rows, 0)).await;
            match entered {
                Ok((ended, numbers)) => {
                    state.plan.clients_changed(account, numbers).await;
                    state.live.publish(account, "clients.changed", json!({}));
                    index(&state, account, |indexed| progress(ended.rows(), indexed)).await;
                    // rows that stayed out or changed nobody's words are found already
                    progress(ended.rows(), ended.rows());
                    Ok(())
                }
                Err(error) => Err(error),
            }
        }
        Rows::Staff(rows) => {
            let progress = progress(&state, (account, job), rows.count());
            let told = |rows| progress(rows, rows);
            let entered = import::enter_staff(&state.db, &author, (job, duplicates), (rows, &changes), told).await;
            match entered {
                Ok(_) => {
                    state.plan.changed(account, PlanSection::Staff).await;
                    state.live.publish(account, "staff.changed", json!({}));
                    Ok(())
                }
                Err(error) => Err(error),
            }
        }
    };
    if let Err(error) = ended {
        failed(&state, job, &error).await;
    }
    let data = json!({ "import_id": job.to_string() });
    state.live.publish(account, "import.ended", data);
}

/// Tells how far it is: of clients, half of the work is to bring rows in, the other to make them found.
fn progress(
    state: &State,
    (account, job): (AccountId, ImportId),
    total: usize,
) -> impl Fn(usize, usize) + Send + Sync + use<> {
    let (live, id) = (Arc::clone(&state.live), job.to_string());
    move |rows, indexed| {
        let done = rows.saturating_add(indexed) / 2;
        let data = json!({ "import_id": id, "done": done.min(total), "total": total });
        live.publish(account, "import.progress", data);
    }
}

/// What fails of it, the next import or the next start makes up for.
async fn index(state: &State, account: AccountId, progress: impl Fn(usize)) {
    let mut indexed = 0_usize;
    loop {
        match clients::index_new(&state.db, account).await {
            Ok(0) => return,
            Ok(more) => {
                indexed = indexed.saturating_add(more);
                progress(indexed);
            }
            Err(error) => return tracing::warn!(%account, %error, "what came in cannot be found by its words yet"),
        }
    }
}

async fn failed(state: &State, job: ImportId, error: &ImportError) {
    let why = match error {
        ImportError::Problems(faults) => faults.first().map(ToString::to_string).unwrap_or_default(),
        ImportError::Store(_) => "the database did not take it; nothing came in".to_owned(),
    };
    tracing::warn!(%job, "an import failed");
    if let Err(error) = import::fail(&state.db, job, &why, state.clock.unix_ms()).await {
        tracing::warn!(%job, %error, "that an import failed could not be noted");
    }
}
