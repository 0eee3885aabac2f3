//! What commands print as JSON that is no answer of the API. `fuelcell schema` derives its schemas from these types.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

/// Whom the server takes the token for, and where commands go.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Who {
    pub(crate) subject: String,
    pub(crate) role: String,
    pub(crate) server: String,
    /// The profile; `null` = flags and variables alone.
    pub(crate) profile: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) project_id: Option<String>,
}

/// A profile, without its token.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownProfile<'a> {
    pub(crate) name: &'a str,
    /// Whether it holds when none is named.
    pub(crate) default: bool,
    pub(crate) server: &'a str,
    pub(crate) tenant_id: Option<&'a str>,
    pub(crate) project_id: Option<&'a str>,
}

/// What `doctor` found of one thing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) code: &'static str,
    pub(crate) state: State,
    pub(crate) detail: String,
    /// What helps; empty where nothing is to be done.
    pub(crate) remedy: String,
    /// The command that `--fix` stands for; `null` = it does nothing about this.
    pub(crate) fix: Option<String>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// Not there, and no fault.
    Missing,
    /// As it may be, and may not be meant.
    Warning,
    /// Not as it should be.
    Wrong,
    /// As it should be, now that `--fix` was at work.
    Fixed,
}

/// What is not the same of two things.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where: a path, such as `outputs/report.html` or `manifest/parameters/properties/month`.
    pub what: String,
    /// Of the first; `null` = it is not there.
    pub first: Value,
    /// Of the second.
    pub second: Value,
    /// What it means for those who use the first of two modules; `null` = nothing, and always so of jobs and folders.
    pub effect: Option<Effect>,
}

/// What a change of a module means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// What the first takes or gives, the second does not.
    Breaking,
    /// What the first takes, the second takes too.
    Compatible,
    /// Its project has to grant this: the second waits for a host or a secret to send, and fails when it signs with a secret.
    Grant,
    /// A server refuses the upload of one of them.
    Refused,
}

/// What happened to a job of a project. `job events` writes each on a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ToldEvent {
    /// The server's word, such as `started`; `reset` where events before are not kept any more.
    pub(crate) event: String,
    /// For `Last-Event-ID`.
    pub(crate) id: String,
    /// What the server says of it.
    #[serde(flatten)]
    #[schemars(with = "EventData")]
    pub(crate) data: Value,
}

/// What the server says of an event; of `reset` nothing.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EventData {
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    /// The number of the latest attempt; 0 before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    /// Of `progress` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentage: Option<u8>,
    /// Of `progress` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_stage: Option<String>,
    /// Of `failed` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
}

/// What `pipeline processed --forget --dry-run` would forget. Without `--dry-run` it prints the API's own answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToForget {
    pub(crate) items_to_clear: u64,
}

/// What was written here.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Files {
    pub(crate) files: Vec<PathBuf>,
}

/// As JSON.
pub(crate) fn document(of: &impl Serialize) -> Value {
    // Texts, numbers and lists of them under names that are texts: there is no other case.
    serde_json::to_value(of).unwrap_or_default()
}

/// The schema of what is printed of a type. Members that are always there are required, `null` or not.
pub fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// Commands, and the schema of what they print with `--output json`.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    let mut all = vec![
        ("whoami", schema_of::<Who>()),
        ("login", schema_of::<Who>()),
        ("profiles list", schema_of::<Vec<KnownProfile<'static>>>()),
        ("doctor", schema_of::<Vec<Finding>>()),
        ("diff", schema_of::<Vec<Difference>>()),
        ("job compare", schema_of::<Vec<Difference>>()),
        ("job events", schema_of::<ToldEvent>()),
        ("pipeline processed", schema_of::<ToForget>()),
    ];
    all.extend(["job download", "dataset get", "module get"].map(|command| (command, schema_of::<Files>())));
    all
}
