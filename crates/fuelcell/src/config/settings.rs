//! Everything that can be set, with its defaults.

use crate::backups::BackupSettings;
use crate::retention::RetentionSettings;
use fuelcell_api::ApiConfig;
use fuelcell_domain::{FIXED, Isolation, PipelineId, ProjectId};
use fuelcell_notify::NotifyConfig;
use fuelcell_oidc::OidcConfig;
use fuelcell_outbound::OutboundConfig;
use fuelcell_scheduler::Concurrency;
use fuelcell_service::ServiceConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that an operator may set for a server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Directory of everything that the server keeps.
    pub(crate) data: PathBuf,
    /// Directory of compiled modules, which may be lost; absent = `compiled` in the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compiled: Option<PathBuf>,
    /// File of the secret that authenticates compiled modules, made when it is missing. Servers of one user that share
    /// `compiled` share it too: each throws away what it did not authenticate. Absent = the data directory's own secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compiled_secret: Option<PathBuf>,
    /// Address of a PostgreSQL database that keeps the records, such as `postgres://fuelcell@db.internal/fuelcell`; absent =
    /// the data directory keeps them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<String>,
    /// File of the database's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) store_password_file: Option<PathBuf>,
    /// Address of object storage that keeps the stored bytes, such as `s3://bucket/prefix`, beside a database; absent = the
    /// data directory keeps them. Credentials, region and endpoint come from the environment, such as `AWS_ACCESS_KEY_ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blobs: Option<String>,
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// The name of this process among those that run jobs.
    pub(crate) node: String,
    /// Jobs that run at the same time; absent = one per core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slots: Option<usize>,
    /// Where jobs run: `in-process`, or `process` for a process of its own for each.
    pub(crate) isolation: Isolation,
    /// Bytes that the memory limits of running jobs may add up to; absent = three quarters of the machine's memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_memory_bytes: Option<u64>,
    /// Bytes of log that an attempt leaves. While it runs, up to half of them are in memory.
    pub(crate) job_log_bytes: u64,
    /// Seconds that a running job gets to end by itself after it was cancelled, before it is stopped.
    pub(crate) cancel_seconds: u64,
    /// The same of a job whose partial results are wanted (`preservePartialResults`): it has to write them.
    pub(crate) cancel_partial_seconds: u64,
    /// Seconds that running jobs get to end after SIGTERM, before they are stopped and queued again.
    pub(crate) drain_seconds: u64,
    /// Milliseconds between two writes of running jobs' progress, live figures and log lines, and between two looks
    /// for recorded cancels; a write that finds nothing new is left out.
    pub(crate) pulse_milliseconds: u64,
    /// Seconds of waiting that raise a job by one priority; 0 = never.
    pub(crate) ageing_seconds: u64,
    /// What is logged: a level, or directives such as `info,fuelcell_scheduler=debug`.
    pub(crate) log: String,
    /// How it is logged.
    pub(crate) log_format: LogFormat,
    /// Settings of the HTTP interface.
    pub(crate) api: ApiConfig,
    /// Jobs of one project, pipeline or module that run at the same time.
    pub(crate) concurrency: ConcurrencySettings,
    /// What jobs may send over HTTP.
    pub(crate) outbound: OutboundConfig,
    /// How people and webhooks are told of the ends of jobs.
    pub(crate) notifications: NotifyConfig,
    /// The identity provider by which people sign in at the dashboard.
    pub(crate) oidc: OidcConfig,
    /// Figures for Prometheus.
    pub(crate) metrics: MetricsSettings,
    /// How long ended jobs are kept.
    pub(crate) retention: RetentionSettings,
    /// Backups that the server makes of itself.
    pub(crate) backup: BackupSettings,
    /// Spans of requests and jobs, for a collector of OpenTelemetry.
    pub(crate) traces: TraceSettings,
    /// Settings of the use cases.
    pub(crate) service: ServiceConfig,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "fuelcell-data".into(),
            compiled: None,
            compiled_secret: None,
            store: None,
            store_password_file: None,
            blobs: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 7300)),
            node: "worker-node-01".into(),
            slots: None,
            isolation: Isolation::InProcess,
            job_memory_bytes: None,
            job_log_bytes: FIXED.log_bytes,
            cancel_seconds: 1,
            cancel_partial_seconds: 10,
            drain_seconds: 20,
            pulse_milliseconds: 500,
            ageing_seconds: 600,
            concurrency: ConcurrencySettings::default(),
            outbound: OutboundConfig::default(),
            notifications: NotifyConfig::default(),
            oidc: OidcConfig::default(),
            metrics: MetricsSettings::default(),
            retention: RetentionSettings::default(),
            backup: BackupSettings::default(),
            traces: TraceSettings::default(),
            log: "info".into(),
            log_format: LogFormat::Text,
            api: ApiConfig::default(),
            service: ServiceConfig::default(),
        }
    }
}

/// Figures for Prometheus.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    /// Address on which `GET /metrics` is answered, to whoever asks; absent = nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) listen: Option<SocketAddr>,
}

/// Spans of requests and jobs, for a collector of OpenTelemetry.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TraceSettings {
    /// The collector that takes OTLP over HTTP, as protocol buffers, such as `http://127.0.0.1:4318`; `/v1/traces` is put
    /// behind it. Absent = there are no spans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// File of headers that the collector asks for, one `name: value` a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers_file: Option<PathBuf>,
    /// The part of the traces that begin here of which spans are sent. A client that sends a `traceparent` says it itself.
    pub(crate) sample: f64,
    /// What the server is called there.
    pub(crate) service_name: String,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { endpoint: None, headers_file: None, sample: 1.0, service_name: "fuelcell".into() }
    }
}

/// Limits on jobs that run at the same time; absent = as many as there are slots.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConcurrencySettings {
    /// Of each project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) per_project: Option<usize>,
    /// Of each pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) per_pipeline: Option<usize>,
    /// Of each module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) per_module: Option<usize>,
    /// Of single projects, by their ids.
    #[schemars(with = "BTreeMap<String, usize>")]
    pub(super) projects: BTreeMap<ProjectId, usize>,
    /// Of single pipelines, by their ids.
    #[schemars(with = "BTreeMap<String, usize>")]
    pub(super) pipelines: BTreeMap<PipelineId, usize>,
    /// Of single modules, by their names.
    pub(super) modules: BTreeMap<String, usize>,
}

impl From<ConcurrencySettings> for Concurrency {
    fn from(settings: ConcurrencySettings) -> Self {
        let ConcurrencySettings { per_project, per_pipeline, per_module, projects, pipelines, modules } =
            settings;
        Self { per_project, per_pipeline, per_module, projects, pipelines, modules }
    }
}
