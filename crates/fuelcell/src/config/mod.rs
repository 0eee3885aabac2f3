//! Configuration: defaults, then one TOML file, then `FUELCELL_*` variables, then flags. Unknown keys are refused.

mod checks;
#[cfg(test)]
mod document;
pub(crate) mod effective;
mod public_url;
mod ranges;
mod reference;
mod refusal;
mod settings;
mod takes;
pub(crate) mod units;

pub(crate) use checks::check;
pub(crate) use settings::{Config, LogFormat, TraceSettings};

use crate::cli::{DataFlag, ServeFlags};
use crate::identity;
use anyhow::{Context, ensure};
use effective::Effective;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use fuelcell_domain::Isolation;
use std::path::{Path, PathBuf, absolute};
use units::Human;

/// The configuration that holds.
pub(crate) fn load(file: Option<PathBuf>, flags: ServeFlags) -> anyhow::Result<Config> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(file) = file {
        ensure!(file.is_file(), "the configuration file {} does not exist", file.display());
        figment = figment.merge(Human(Toml::file_exact(file)));
    }
    // Those of clients are no settings, and a secret is none that is printed.
    let variables = Env::prefixed("FUELCELL_").ignore(&["config", identity::SECRET_VARIABLE]);
    let variables = variables.ignore(fuelcell_cli::VARIABLES);
    figment = figment.merge(Human(variables.split("__")));
    let mut config: Config = figment
        .extract()
        .map_err(|error| anyhow::anyhow!(refusal::told(&figment, &error)))
        .context("the configuration is not usable")?;
    let ServeFlags { data, listen, public_url, slots, isolation } = flags;
    config.data = data.unwrap_or(config.data);
    config.listen = listen.unwrap_or(config.listen);
    config.slots = slots.or(config.slots);
    config.isolation = isolation.map_or(config.isolation, Isolation::from);
    config.service.public_url = public_url::checked(&public_url.unwrap_or(config.service.public_url))?;
    make_absolute(&mut config)?;
    check(&config)?;
    Ok(config)
}

/// Paths are taken from where the program was started, once: its children work in a directory of their own.
fn make_absolute(config: &mut Config) -> anyhow::Result<()> {
    config.data = absolute_path("data", &config.data)?;
    let tls = &mut config.api.tls;
    for (name, path) in [
        ("api.tls.certificate", &mut tls.certificate),
        ("api.tls.key", &mut tls.key),
        ("backup.folder", &mut config.backup.folder),
        ("compiled", &mut config.compiled),
        ("compiled_secret", &mut config.compiled_secret),
        ("store_password_file", &mut config.store_password_file),
        ("notifications.smtp.password_file", &mut config.notifications.smtp.password_file),
        ("oidc.client_secret_file", &mut config.oidc.client_secret_file),
        ("traces.headers_file", &mut config.traces.headers_file),
    ] {
        *path = path.as_deref().map(|path| absolute_path(name, path)).transpose()?;
    }
    Ok(())
}

fn absolute_path(name: &str, path: &Path) -> anyhow::Result<PathBuf> {
    absolute(path).with_context(|| format!("{name}: \"{}\" is not a usable path", path.display()))
}

/// The data directory that holds.
pub(crate) fn data(file: Option<PathBuf>, flag: DataFlag) -> anyhow::Result<PathBuf> {
    Ok(load(file, ServeFlags { data: flag.data, ..ServeFlags::default() })?.data)
}

/// Writes the configuration as commented TOML to standard output.
pub(crate) fn print(config: &Config) -> anyhow::Result<()> {
    let text = reference::text(config, &Effective::of(config)?)?;
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests;
