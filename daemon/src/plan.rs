//! The plan's publisher: builds the touched section anew and hands the engine the new snapshot as an ordered input.

use std::sync::Arc;

use anyhow::Context;
use frontdesk_crm_core::plan_build;
use frontdesk_crm_core::store::Db;
use frontdesk_routing::plan::DialPlan;

use crate::engine::input::Input;
use crate::shell::EngineHandle;

/// The only writer of the plan.
#[derive(Debug)]
pub struct Publisher {
    db: Db,
    engine: EngineHandle,
    plan: Arc<DialPlan>,
}

impl Publisher {
    /// Builds the whole plan and hands it to the engine.
    pub async fn start(db: Db, engine: EngineHandle) -> anyhow::Result<Publisher> {
        let plan = Arc::new(plan_build::full(&db).await.context("the dial plan cannot be built")?);
        engine.send(Input::Plan(Arc::clone(&plan)));
        Ok(Publisher { db, engine, plan })
    }
}
