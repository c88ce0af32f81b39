//! The plan's publisher: builds the touched section anew and hands the engine the new snapshot as an ordered input.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::store::Db;
use frontdesk_routing::ids::AccountId;
use frontdesk_routing::number::PhoneNumber;
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
    /// Numbers that are to be looked up anew.
    numbers: BTreeSet<(AccountId, PhoneNumber)>,
}

/// So many numbers are looked up one by one; of more, the whole book is read.
const ONE_BY_ONE: usize = 2_000;

impl Publisher {
    /// Builds the whole plan and hands it to the engine.
    pub(crate) async fn start(db: Db, engine: EngineHandle, live: Arc<Live>) -> anyhow::Result<Publisher> {
        let plan = Arc::new(plan_build::full(&db).await.context("the dial plan cannot be built")?);
        live.set_plan(Arc::clone(&plan));
        engine.send(Input::Plan(Arc::clone(&plan)));
        let numbers = BTreeSet::new();
        Ok(Publisher {
            db,
            engine,
            live,
            plan,
            numbers,
        })
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
            let some = |change: &&PlanChange| !change.numbers.is_empty();
            for change in batch.iter().filter(some) {
                self.numbers
                    .extend(change.numbers.iter().map(|number| (change.account, *number)));
            }
            let whole = batch.iter().filter(|change| !some(change));
            let mut sections: BTreeSet<PlanSection> = whole.map(|change| change.section).collect();
            if self.numbers.len() > ONE_BY_ONE {
                sections.insert(PlanSection::Clients);
            }
            if let Err(error) = self.look_up().await {
                tracing::warn!(%error, "a client's change waits for the database before calls see it");
            }
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
            PlanSection::Routes => plan_build::refresh_routes(&self.db, &mut plan).await?,
            PlanSection::Clients => {
                plan_build::refresh_clients(&self.db, &mut plan).await?;
                self.numbers.clear();
            }
        }
        self.plan = Arc::new(plan);
        Ok(())
    }

    /// Whom the changed numbers find. Those that cannot be looked up now are, with the next change.
    async fn look_up(&mut self) -> anyhow::Result<()> {
        if self.numbers.is_empty() || self.numbers.len() > ONE_BY_ONE {
            return Ok(());
        }
        let mut plan = DialPlan::clone(&self.plan);
        for (account, number) in &self.numbers {
            plan_build::refresh_client(&self.db, &mut plan, *account, *number).await?;
        }
        self.numbers.clear();
        self.plan = Arc::new(plan);
        Ok(())
    }
}
