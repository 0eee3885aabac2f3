//! What the types of the settings do not say.

use super::public_url;
use super::ranges::{MAX_NODE, RANGES};
use super::refusal::refused;
use super::settings::Config;
use anyhow::{Context, Error, bail, ensure};
use fuelcell_store_objects::Place;
use serde::Serialize;
use serde_json::Value as Json;
use tracing_subscriber::EnvFilter;
use url::Url;

/// Refuses what cannot be meant: by the name of the setting, with what stands there and what it takes.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    ranges(config)?;
    let node = &config.node;
    let printable = !node.is_empty() && node.chars().all(|letter| letter.is_ascii_graphic());
    meant(printable && node.len() <= MAX_NODE, "node", node)?;
    store(config)?;
    blobs(config)?;
    backup(config)?;
    if let Err(error) = EnvFilter::try_new(&config.log) {
        bail!(refused("log", &config.log, &error.to_string()));
    }
    config.api.check().map_err(Error::msg)?;
    public_url::checked(&config.service.public_url)?;
    notifications(config)?;
    let provider = config.oidc.check();
    provider.map_err(|wrong| Error::msg(refused(wrong.path, &wrong.value, &wrong.reason)))?;
    traces(config)
}

fn meant(is_meant: bool, path: &str, value: &impl Serialize) -> anyhow::Result<()> {
    ensure!(is_meant, refused(path, value, ""));
    Ok(())
}

/// Refuses numbers beyond their ranges.
fn ranges(config: &Config) -> anyhow::Result<()> {
    let all = serde_json::to_value(config).context("the configuration cannot be looked at")?;
    for (path, range) in &RANGES {
        let Some(value) = all.pointer(&format!("/{}", path.replace('.', "/"))) else { continue };
        meant(numbers(value).all(|number| range.contains(&number)), path, value)?;
    }
    Ok(())
}

/// A number, or those of a list or a table.
fn numbers(value: &Json) -> impl Iterator<Item = u64> {
    let listed = value.as_array().into_iter().flatten();
    let named = value.as_object().into_iter().flat_map(|table| table.values());
    listed.chain(named).chain([value]).filter_map(Json::as_u64)
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

/// What cannot be read is not shown here, either.
fn blobs(config: &Config) -> anyhow::Result<()> {
    let Some(address) = &config.blobs else { return Ok(()) };
    ensure!(
        config.store.is_some(),
        "blobs names object storage, whose catalogue lies in a database, and store does not name one"
    );
    match Place::parse(address) {
        Ok(_) => Ok(()),
        Err(wrong) => bail!("blobs cannot be used: {wrong}"),
    }
}

fn backup(config: &Config) -> anyhow::Result<()> {
    let settings = &config.backup;
    let has_place = settings.folder.is_some() || settings.every_seconds == 0;
    ensure!(
        has_place,
        "backup.every_seconds is for backups, and backup.folder does not name a folder for them"
    );
    ensure!(
        settings.folder.is_none() || config.store.is_none(),
        "backup.folder is for records in the data directory, and store names a database: back that up by its own tools, and \
         the data directory, which has the stored bytes and the secret, with it"
    );
    Ok(())
}

fn notifications(config: &Config) -> anyhow::Result<()> {
    let settings = &config.notifications;
    meant(!settings.retries.is_empty(), "notifications.retries", &settings.retries)?;
    settings.smtp.check().map_err(Error::msg)
}

fn traces(config: &Config) -> anyhow::Result<()> {
    let settings = &config.traces;
    meant((0.0..=1.0).contains(&settings.sample), "traces.sample", &settings.sample)?;
    meant(!settings.service_name.is_empty(), "traces.service_name", &settings.service_name)?;
    let Some(endpoint) = &settings.endpoint else { return Ok(()) };
    let url = Url::parse(endpoint).ok();
    let usable = url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    });
    meant(usable, "traces.endpoint", endpoint)
}
