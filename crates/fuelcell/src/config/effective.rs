//! What holds in place of settings that nobody set.

use super::settings::Config;
use crate::nodes::machine_memory;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::thread::available_parallelism;

/// Values that the server chooses, by the paths of their settings.
pub(crate) struct Effective(BTreeMap<&'static str, String>);

impl Effective {
    /// What a server on this machine would choose.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let mut chosen = BTreeMap::from([
            ("slots", slots(config).to_string()),
            ("job_memory_bytes", job_memory_bytes(config)?.to_string()),
            ("compiled", config.data.join("compiled").display().to_string()),
            ("compiled_secret", config.data.join("secret").display().to_string()),
            ("service.caps.fuel", "no limit".to_owned()),
            ("notifications.smtp.host", "no e-mail is sent".to_owned()),
            ("notifications.smtp.port", config.notifications.smtp.port().to_string()),
            ("notifications.smtp.user", "nobody".to_owned()),
            ("oidc.issuer", "people sign in with tokens alone".to_owned()),
        ]);
        for path in ["concurrency.per_project", "concurrency.per_pipeline", "concurrency.per_module"] {
            chosen.insert(path, "no limit".to_owned());
        }
        Ok(Self(chosen))
    }

    /// The end of a sentence that begins with the setting; empty when there is nothing to say.
    pub(super) fn shown(&self, path: &str) -> String {
        self.0.get(path).map(|value| format!("; what holds here: {value}")).unwrap_or_default()
    }
}

/// Jobs that run at the same time.
pub(crate) fn slots(config: &Config) -> usize {
    config.slots.unwrap_or_else(|| available_parallelism().map_or(1, NonZero::get))
}

/// Bytes that the memory limits of running jobs may add up to.
pub(crate) fn job_memory_bytes(config: &Config) -> anyhow::Result<u64> {
    match config.job_memory_bytes {
        Some(bytes) => Ok(bytes),
        None => Ok(machine_memory()? / 4 * 3),
    }
}
