//! Starts tasks and threads, and notices when one of them ends by itself: that is a shutdown with exit code 1.

use std::future::Future;
use std::io;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the shutdown waits for what is to be finished.
const FINISH: Duration = Duration::from_secs(5);

/// What must run for the daemon to be of use.
#[derive(Debug, Clone)]
pub struct Supervisor {
    /// Set when the shutdown begins: from then on an end is no failure.
    stopping: CancellationToken,
    tasks: TaskTracker,
    /// Those that have something to finish when the shutdown begins.
    finishing: TaskTracker,
    ended: mpsc::UnboundedSender<String>,
}

/// Tells which critical part ended by itself.
#[derive(Debug)]
pub struct Ends(mpsc::UnboundedReceiver<String>);

impl Ends {
    /// The name of the part that ended, with its reason.
    pub async fn first(&mut self) -> String {
        match self.0.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }
}

pub fn supervisor() -> (Supervisor, Ends) {
    let (ended, receiver) = mpsc::unbounded_channel();
    (
        Supervisor {
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            finishing: TaskTracker::new(),
            ended,
        },
        Ends(receiver),
    )
}

impl Supervisor {
    /// Cancelled when the shutdown begins.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    pub fn begin_stop(&self) {
        self.stopping.cancel();
    }

    /// Runs a task that must not end before the shutdown.
    pub fn critical<F>(&self, name: &'static str, future: F) -> JoinHandle<()>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.tasks.spawn(self.clone().watched(name, future))
    }

    /// The same for a task that [`Supervisor::finished`] waits for.
    pub fn finishing<F>(&self, name: &'static str, future: F) -> JoinHandle<()>
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.finishing.spawn(self.clone().watched(name, future))
    }

    /// After [`Supervisor::begin_stop`]: waits for what has something to finish, for a while.
    pub async fn finished(&self) {
        self.finishing.close();
        let _ = tokio::time::timeout(FINISH, self.finishing.wait()).await;
    }

    async fn watched(self, name: &'static str, future: impl Future<Output = anyhow::Result<()>>) {
        let how = match future.await {
            Ok(()) => "it ended".to_owned(),
            Err(error) => format!("{error:#}"),
        };
        self.tell(name, &how);
    }

    /// Runs an OS thread that must not end before the shutdown.
    pub fn thread<F>(&self, name: &'static str, body: F) -> io::Result<thread::JoinHandle<()>>
    where
        F: FnOnce() -> anyhow::Result<()> + Send + 'static,
    {
        let this = self.clone();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let how = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
                Ok(Ok(())) => "it ended".to_owned(),
                Ok(Err(error)) => format!("{error:#}"),
                Err(_) => "it panicked".to_owned(),
            };
            this.tell(name, &how);
        })
    }

    fn tell(&self, name: &str, how: &str) {
        if !self.stopping.is_cancelled() {
            let _ = self.ended.send(format!("{name}: {how}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_by_itself_is_told_and_one_that_is_stopped_is_not() {
        let (supervisor, mut ends) = supervisor();
        let stopping = supervisor.stopping();
        supervisor.critical("patient", async move {
            stopping.cancelled().await;
            Ok(())
        });
        supervisor.critical("hasty", async { anyhow::bail!("no more work") });
        assert_eq!(ends.first().await, "hasty: no more work");
        supervisor.begin_stop();
        supervisor.tasks.close();
        supervisor.tasks.wait().await;
        assert!(ends.0.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_panic_in_a_thread_is_told() {
        let (supervisor, mut ends) = supervisor();
        supervisor.thread("shaky", || panic!("ouch")).unwrap().join().unwrap();
        assert_eq!(ends.first().await, "shaky: it panicked");
    }
}
