//! What the types of the settings do not say.

use super::settings::Config;
use anyhow::{Context, Error, bail, ensure};
use tracing_subscriber::EnvFilter;
use url::Url;

/// A page of WebAssembly's memory: with less no guest begins.
const PAGE: u64 = 64 * 1024;
/// The most jobs that a machine is asked to run at the same time.
const MAX_SLOTS: usize = 10_000;
/// Longer than this, and a person who watches a job believes that it stands still.
const MAX_PULSE_MILLISECONDS: u64 = 60_000;
/// Bytes of a node's name, which answers and receipts repeat.
const MAX_NODE: usize = 64;

/// Refuses what cannot be meant, by the name of the setting.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    between("slots", config.slots.unwrap_or(1) as u64, 1, MAX_SLOTS as u64)?;
    between("pulse_milliseconds", config.pulse_milliseconds, 1, MAX_PULSE_MILLISECONDS)?;
    let node = &config.node;
    let printable = !node.is_empty() && node.chars().all(|letter| letter.is_ascii_graphic());
    ensure!(
        printable && node.len() <= MAX_NODE,
        "node must be 1 to {MAX_NODE} ASCII characters without white space, not {:?}",
        node.chars().take(MAX_NODE).collect::<String>()
    );
    store(config)?;
    EnvFilter::try_new(&config.log).with_context(|| format!("log = {:?} is not a filter", config.log))?;
    concurrency(config)?;
    config.api.check().map_err(Error::msg)?;
    service(config)?;
    let outbound = &config.outbound;
    at_least("outbound.connect_seconds", outbound.connect_seconds, 1)?;
    at_least("outbound.read_seconds", outbound.read_seconds, 1)?;
    notifications(config)?;
    traces(config)?;
    at_least("retention.every_seconds", config.retention.every_seconds, 1)?;
    at_least("retention.sweep_every_seconds", config.retention.sweep_every_seconds, 1)
}

/// A password would stand in everybody's sight, where the configuration is printed.
fn store(config: &Config) -> anyhow::Result<()> {
    let Some(address) = &config.store else {
        let file = config.store_password_file.is_none();
        ensure!(file, "store_password_file is for a database, and store does not name one");
        return Ok(());
    };
    match fuelcell_store_postgres::has_password(address) {
        Some(false) => Ok(()),
        Some(true) => bail!(
            "store must not have a password in it; put it into a file, and name that as store_password_file"
        ),
        // What cannot be read is not shown: a password may be in it.
        None => bail!(
            "store cannot be used; it takes an address such as postgres://fuelcell@db.internal/fuelcell"
        ),
    }
}

fn concurrency(config: &Config) -> anyhow::Result<()> {
    let settings = &config.concurrency;
    for (name, limit) in [
        ("per_project", settings.per_project),
        ("per_pipeline", settings.per_pipeline),
        ("per_module", settings.per_module),
    ] {
        at_least(&format!("concurrency.{name}"), limit.unwrap_or(1) as u64, 1)?;
    }
    Ok(())
}

fn notifications(config: &Config) -> anyhow::Result<()> {
    let settings = &config.notifications;
    between("notifications.try_seconds", settings.try_seconds, 1, 600)?;
    at_least("notifications.max_at_once", settings.max_at_once as u64, 1)?;
    at_least("notifications.max_at_once_per_project", settings.max_at_once_per_project as u64, 1)?;
    ensure!(!settings.retries.is_empty(), "notifications.retries must hold at least one number of seconds");
    for &seconds in &settings.retries {
        between("notifications.retries", seconds, 1, 86_400)?;
    }
    Ok(())
}

fn traces(config: &Config) -> anyhow::Result<()> {
    let settings = &config.traces;
    let sample = settings.sample;
    ensure!((0.0..=1.0).contains(&sample), "traces.sample must be 0 to 1, not {sample}");
    ensure!(!settings.service_name.is_empty(), "traces.service_name must not be empty");
    let Some(endpoint) = &settings.endpoint else { return Ok(()) };
    let url = Url::parse(endpoint).ok();
    let usable = url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    });
    ensure!(
        usable,
        "traces.endpoint = {endpoint:?} cannot be used; it takes a URL, such as http://127.0.0.1:4318"
    );
    Ok(())
}

fn service(config: &Config) -> anyhow::Result<()> {
    let service = &config.service;
    at_least("service.max_dataset_bytes", service.max_dataset_bytes, 1)?;
    at_least("service.max_module_bytes", service.max_module_bytes, 1)?;
    at_least("service.caps.memory_bytes", service.caps.memory_bytes, PAGE)?;
    at_least("service.caps.disk_bytes", service.caps.disk_bytes, 1)?;
    at_least("service.session_idle_seconds", service.session_idle_seconds, 1)?;
    at_least("service.session_seconds", service.session_seconds, 1)?;
    at_least("service.caps.timeout_seconds", service.caps.timeout_seconds, 1)
}

fn at_least(name: &str, value: u64, least: u64) -> anyhow::Result<()> {
    ensure!(value >= least, "{name} must be at least {least}, not {value}");
    Ok(())
}

fn between(name: &str, value: u64, least: u64, most: u64) -> anyhow::Result<()> {
    ensure!((least..=most).contains(&value), "{name} must be {least} to {most}, not {value}");
    Ok(())
}
