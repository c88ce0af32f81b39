//! The plan's publisher: builds the touched section anew and hands the engine the new snapshot as an ordered input.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::store::Db;
use frontdesk_routing::plan::DialPlan;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::engine::input::Input;
use crate::http::{PlanChange, PlanSection};
use crate::live::Live;
use crate::shell::EngineHandle;

/// The only writer of the plan.
#[derive(Debug)]
pub(crate) struct Publisher {
    db: Db,
    engine: EngineHandle,
    live: Arc<Live>,
    plan: Arc<DialPlan>,
}

impl Publisher {
    /// Builds the whole plan and hands it to the engine.
    pub(crate) async fn start(db: Db, engine: EngineHandle, live: Arc<Live>) -> anyhow::Result<Publisher> {
        let plan = Arc::new(plan_build::full(&db).await.context("the dial plan cannot be built")?);
        live.set_plan(Arc::clone(&plan));
        engine.send(Input::Plan(Arc::clone(&plan)));
        Ok(Publisher { db, engine, live, plan })
    }

    /// Serves changes until the shutdown. A change that cannot be read now is tried again with the next one;
    /// the database's answer to the admin was right in any case.
    pub(crate) async fn run(
        mut self,
        mut changes: mpsc::Receiver<PlanChange>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        loop {
            let first = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                change = changes.recv() => change,
            };
            let Some(first) = first else { return Ok(()) };
            let mut batch = vec![first];
            while let Ok(more) = changes.try_recv() {
                batch.push(more);
            }
            let sections: BTreeSet<PlanSection> = batch.iter().map(|change| change.section).collect();
            for section in sections {
                if let Err(error) = self.rebuild(section).await {
                    tracing::warn!(%error, "a change waits for the database before calls see it");
                }
            }
            self.live.set_plan(Arc::clone(&self.plan));
            self.engine.send(Input::Plan(Arc::clone(&self.plan)));
            for change in batch {
                let _ = change.done.send(());
            }
        }
    }

    async fn rebuild(&mut self, section: PlanSection) -> anyhow::Result<()> {
        let mut plan = DialPlan::clone(&self.plan);
        match section {
            PlanSection::Account => plan = plan_build::full(&self.db).await?,
            PlanSection::Staff => plan_build::refresh_staff(&self.db, &mut plan).await?,
            PlanSection::Reception => plan_build::refresh_reception(&self.db, &mut plan).await?,
            PlanSection::Features => plan_build::refresh_features(&self.db, &mut plan).await?,
            PlanSection::Clients => plan_build::refresh_clients(&self.db, &mut plan).await?,
        }
        self.plan = Arc::new(plan);
        Ok(())
    }
}
