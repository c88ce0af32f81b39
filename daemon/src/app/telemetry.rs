//! The log and the metrics.

use frontdesk_config::{Config, LogFormat};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Starts the log on standard error; a second start in one process (tests) changes nothing.
pub(crate) fn start(config: &Config) {
    let filter = EnvFilter::new(format!("{},sqlx=warn,hyper=warn", config.log.level.as_str()));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let _ = match config.log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// The process's metrics; `None` when another daemon in the same process (tests) has them already.
pub(super) fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}
