//! Delivery of notices and to webhooks, and removal of files, beside everything else: the workers are waited for when the
//! daemon stops.

use std::sync::Arc;

use frontdesk_crm_core::notices::Channel;

use super::Ground;
use super::pages::SystemClock;
use crate::notices::{Deliverer, WORKERS};
use crate::removals::{Folders, Remover};
use crate::supervise::Supervisor;
use crate::webhooks::{self, Hooks};

pub(super) fn start(ground: &Ground, supervisor: &Supervisor) -> anyhow::Result<()> {
    let deliverer = Deliverer::new(&ground.config, ground.db.clone(), Arc::new(SystemClock))?;
    let deliverer = Arc::new(deliverer);
    for channel in Channel::ALL {
        for _ in 0..WORKERS {
            let worker = Arc::clone(&deliverer).run(*channel, supervisor.stopping());
            supervisor.finishing("notices", worker);
        }
    }
    let hooks = Arc::new(Hooks::new(
        &ground.config,
        ground.db.clone(),
        Arc::new(SystemClock),
        Arc::clone(&ground.live),
    )?);
    // From here on: what happens while the daemon starts is told too.
    let events = ground.live.subscribe_to_all();
    let collector = Arc::clone(&hooks).collect(events, supervisor.stopping());
    supervisor.finishing("webhooks", collector);
    for _ in 0..webhooks::WORKERS {
        supervisor.finishing("webhooks", Arc::clone(&hooks).run(supervisor.stopping()));
    }
    let remover = Remover {
        db: ground.db.clone(),
        folders: Folders {
            recordings: ground.config.recordings_dir(),
            notices: ground.config.notices_dir(),
        },
        clock: Arc::new(SystemClock),
    };
    supervisor.finishing("removals", remover.run(supervisor.stopping()));
    Ok(())
}
