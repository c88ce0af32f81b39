//! The tasks of the simulated phones: they end when the demonstration does.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Debug, Clone, Default)]
pub(super) struct Crew {
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Crew {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Cancelled when everybody is to hang up and go.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Lets everybody go.
    pub(super) fn dismiss(&self) {
        self.stopping.cancel();
    }
}
