//! The log and the metrics.

use std::sync::OnceLock;

use frontdesk_config::{Config, LogFormat};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that may wait for whoever reads the log; what comes when so many wait is lost, and counted.
const LINES: usize = 10_000;

static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// The log's writer. When it is dropped what still waits is written, unless nobody reads it for a second.
#[must_use = "without it nothing more is written"]
pub(crate) struct Log(#[expect(dead_code, reason = "kept for its end")] WorkerGuard);

/// Starts the log on standard error; a second start in one process (tests) changes nothing. A thread of its own writes it,
/// so that nobody who has something to say waits for whoever reads.
pub(crate) fn start(config: &Config) -> Log {
    let filter = EnvFilter::new(format!("{},sqlx=warn,hyper=warn", config.log.level.as_str()));
    let writer = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(LINES);
    let (writer, guard) = writer.thread_name("log").finish(std::io::stderr());
    let lost = writer.error_counter();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match config.log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if started.is_ok() {
        LOST.get_or_init(|| lost);
    }
    Log(guard)
}

/// Lines that are lost since the start.
pub(crate) fn lost_lines() -> u64 {
    let lost = LOST.get().map_or(0, ErrorCounter::dropped_lines);
    u64::try_from(lost).unwrap_or(u64::MAX)
}

/// The process's metrics; `None` when another daemon in the same process (tests) has them already.
pub(super) fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}
