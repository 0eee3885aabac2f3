//! What the process says of itself.

use crate::config::{Config, LogFormat};
use anyhow::{Context, anyhow};
use tracing_subscriber::EnvFilter;

/// Sends log lines to standard error, as the configuration says.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&config.log).with_context(|| format!("log = {:?} is not a filter", config.log))?;
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    }
    .map_err(|error| anyhow!("the log cannot be set up: {error}"))
}
