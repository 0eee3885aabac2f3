//! Settings of retention: how long ended jobs are kept, and when bytes that nothing needs go.

use fuelcell_domain::{Digest, ProjectId};
use fuelcell_scheduler::{Keep, KeepAudit, RetentionConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// No call to the server takes longer from looking something up to recording that it is needed.
const SETTLE: Duration = Duration::from_secs(60);

/// What an operator may set. Tables come last, as TOML wants them.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// Days from its end for which a job is kept; 0 = for ever.
    pub(crate) max_age_days: u64,
    /// Ended jobs of a project that are kept at most; 0 = any number.
    pub(crate) max_ended_jobs: u64,
    /// Days for which an entry of the audit log is kept; 0 = for ever.
    pub(crate) audit_max_age_days: u64,
    /// Entries of the audit log that are kept at most, the newest; 0 = any number.
    pub(crate) audit_max_entries: u64,
    /// How often ended jobs are looked at, in seconds.
    pub(crate) every_seconds: u64,
    /// How often stored bytes are swept, in seconds.
    pub(crate) sweep_every_seconds: u64,
    /// Bytes that came within this time stay, in seconds; an upload must be recorded by then.
    pub(crate) blob_grace_seconds: u64,
    /// Rules of single projects, by their ids.
    #[schemars(with = "BTreeMap<String, ProjectRetention>")]
    pub(crate) projects: BTreeMap<ProjectId, ProjectRetention>,
}

/// A project's own rule; what it leaves out is as for all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ProjectRetention {
    /// See [`RetentionSettings::max_age_days`].
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age_days: Option<u64>,
    /// See [`RetentionSettings::max_ended_jobs`].
    #[serde(skip_serializing_if = "Option::is_none")]
    max_ended_jobs: Option<u64>,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            max_age_days: 90,
            max_ended_jobs: 0,
            audit_max_age_days: 365,
            audit_max_entries: 10_000_000,
            every_seconds: 600,
            sweep_every_seconds: DAY.as_secs(),
            blob_grace_seconds: 3600,
            projects: BTreeMap::new(),
        }
    }
}

impl RetentionSettings {
    /// What the scheduler goes by. `built_in` are the digests of the modules that come with the server.
    pub(crate) fn config(&self, built_in: Vec<Digest>) -> RetentionConfig {
        let own = |rule: &ProjectRetention| {
            keep(
                rule.max_age_days.unwrap_or(self.max_age_days),
                rule.max_ended_jobs.unwrap_or(self.max_ended_jobs),
            )
        };
        RetentionConfig {
            keep: keep(self.max_age_days, self.max_ended_jobs),
            projects: self.projects.iter().map(|(project, rule)| (*project, own(rule))).collect(),
            audit: KeepAudit {
                age: keep(self.audit_max_age_days, 0).age,
                entries: (self.audit_max_entries > 0).then_some(self.audit_max_entries),
            },
            every: Duration::from_secs(self.every_seconds.max(1)),
            sweep_every: Duration::from_secs(self.sweep_every_seconds.max(1)),
            blob_grace: Duration::from_secs(self.blob_grace_seconds),
            settle: SETTLE.min(Duration::from_secs(self.blob_grace_seconds)),
            built_in,
        }
    }
}

fn keep(age_days: u64, jobs: u64) -> Keep {
    let age = Duration::from_secs(DAY.as_secs().saturating_mul(age_days));
    Keep { age: (age_days > 0).then_some(age), jobs: (jobs > 0).then_some(jobs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_rule_leaves_the_rest_as_for_all() {
        let project = ProjectId::random();
        let rule = ProjectRetention { max_ended_jobs: Some(5), ..ProjectRetention::default() };
        let settings =
            RetentionSettings { projects: [(project, rule)].into(), ..RetentionSettings::default() };
        let config = settings.config(Vec::new());
        assert_eq!(config.keep, Keep { age: Some(DAY * 90), jobs: None });
        assert_eq!(config.projects[&project], Keep { age: Some(DAY * 90), jobs: Some(5) });
        assert_eq!(keep(0, 0), Keep::default());
        assert_eq!(config.audit, KeepAudit { age: Some(DAY * 365), entries: Some(10_000_000) });
        let for_ever =
            RetentionSettings { audit_max_age_days: 0, audit_max_entries: 0, ..RetentionSettings::default() };
        assert_eq!(for_ever.config(Vec::new()).audit, KeepAudit::default());
    }
}
