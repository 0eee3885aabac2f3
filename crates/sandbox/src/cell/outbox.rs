//! What a program left in `/out`: files become artifacts, `.fuelcell/report.json` becomes the report.

use super::told::Told;
use crate::files::disk::Disk;
use crate::files::{Found, Tree, TreeFile};
use crate::text::clip;
use fuelcell_domain::output_name::extension;
use fuelcell_domain::{
    ArtifactDescription, ArtifactKind, ArtifactRole, DataValidation, ErrorCode, Finding, HostError, JobError,
    JobHost, LogLevel, Report,
};
use parking_lot::Mutex;
use serde::Deserialize;
use std::sync::Arc;

/// Where a program may leave its figures.
const REPORT: &str = ".fuelcell/report.json";

/// Largest report in bytes.
const MAX_REPORT: usize = 1 << 20;

/// The stage of our lines in the job's log.
const STAGE: &str = "outputs";

/// Longest title in bytes.
const MAX_TITLE: usize = 256;

/// What is read of a file at once.
const PIECE: usize = 1 << 20;

/// The stem of the one file that holds the records which could not be used.
const FAILED_RECORDS: &str = "failed-records";

/// Kind, type name and media type by extension; what is not here is data of an unknown type.
const TYPES: [(&str, ArtifactKind, &str); 22] = [
    ("html", ArtifactKind::Report, "text/html"),
    ("htm", ArtifactKind::Report, "text/html"),
    ("md", ArtifactKind::Report, "text/markdown"),
    ("pdf", ArtifactKind::Report, "application/pdf"),
    ("txt", ArtifactKind::Report, "text/plain"),
    ("csv", ArtifactKind::Data, "text/csv"),
    ("tsv", ArtifactKind::Data, "text/tab-separated-values"),
    ("json", ArtifactKind::Data, "application/json"),
    ("jsonl", ArtifactKind::Data, "application/x-ndjson"),
    ("parquet", ArtifactKind::Data, "application/vnd.apache.parquet"),
    ("xlsx", ArtifactKind::Data, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", ArtifactKind::Data, "application/xml"),
    ("zip", ArtifactKind::Data, "application/zip"),
    ("onnx", ArtifactKind::Model, "application/octet-stream"),
    ("pkl", ArtifactKind::Model, "application/octet-stream"),
    ("safetensors", ArtifactKind::Model, "application/octet-stream"),
    ("svg", ArtifactKind::Visualization, "image/svg+xml"),
    ("png", ArtifactKind::Visualization, "image/png"),
    ("jpg", ArtifactKind::Visualization, "image/jpeg"),
    ("jpeg", ArtifactKind::Visualization, "image/jpeg"),
    ("gif", ArtifactKind::Visualization, "image/gif"),
    ("webp", ArtifactKind::Visualization, "image/webp"),
];

/// Where a guest left its outputs, and who takes them.
pub(crate) struct Outbox {
    pub(crate) out: Tree,
    pub(crate) host: Arc<dyn JobHost>,
    pub(crate) disk: Disk,
    /// What its program said of them.
    pub(crate) told: Arc<Mutex<Told>>,
}

/// Hands what lies in `/out` to the job's host. Gives way between pieces, so that a deadline or a stop is seen.
pub(crate) async fn publish(outbox: &Outbox) -> Result<(), JobError> {
    let Outbox { out, host, disk, told } = outbox;
    // The program has ended, and says no more.
    let told = std::mem::take(&mut *told.lock());
    if let Some(Found::File(file)) = out.find(REPORT) {
        host.set_report(report(&file)?);
    }
    for link in out.links() {
        let message = format!("{} is not published: it is a symbolic link", clip(&link, 128));
        host.log(LogLevel::Warn, STAGE, &message);
    }
    let files = out.outputs();
    // A module that makes artifacts through the job interface has chosen its primary one there.
    let chosen = disk.artifacts() > 0 || told.has_primary(files.iter().map(|(name, _)| name.as_str()));
    let primary = if chosen { None } else { primary(&files) };
    for name in told.names().filter(|name| !files.iter().any(|(file, _)| file == name)) {
        let message = format!("{} was described and is not in /out", clip(name, 128));
        host.log(LogLevel::Warn, STAGE, &message);
    }
    for (name, file) in &files {
        let description = told.applied_to(describe(name, primary == Some(name)));
        store(host.as_ref(), description, file).await.map_err(|error| refused(name, error))?;
    }
    Ok(())
}

/// The same after a failure: what cannot be published is told to the log, and the failure stays the job's end.
pub(crate) async fn publish_what_is_good(outbox: &Outbox) {
    if let Err(error) = publish(outbox).await {
        outbox.host.log(LogLevel::Warn, STAGE, &error.message);
    }
}

/// The only file, or the only one named `report` that lies in no folder.
fn primary<File>(files: &[(String, File)]) -> Option<&String> {
    let names = || files.iter().map(|(name, _)| name);
    let mut outputs = names().filter(|name| stem(name) != FAILED_RECORDS);
    if let (Some(only), None) = (outputs.next(), outputs.next()) {
        return Some(only);
    }
    let mut reports = names().filter(|name| stem(name) == "report");
    reports.next().filter(|_| reports.next().is_none())
}

fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

fn describe(name: &str, primary: bool) -> ArtifactDescription {
    let extension = extension(name).to_ascii_lowercase();
    let known = TYPES.iter().find(|(known, ..)| *known == extension);
    let (kind, media_type) = known
        .map_or((ArtifactKind::Data, "application/octet-stream"), |(_, kind, media_type)| {
            (*kind, *media_type)
        });
    ArtifactDescription {
        name: name.to_owned(),
        kind,
        type_name: format!("{kind:?}"),
        title: clip(name, MAX_TITLE).to_owned(),
        media_type: media_type.into(),
        primary,
        role: if stem(name) == FAILED_RECORDS { ArtifactRole::FailedRecords } else { ArtifactRole::Output },
        record_count: None,
        accuracy: None,
    }
}

/// File and bytes were counted when they were made in `/out`, so they are not counted again.
async fn store(
    host: &dyn JobHost,
    description: ArtifactDescription,
    file: &TreeFile,
) -> Result<(), HostError> {
    let mut writer = host.create_artifact(description)?;
    let mut position = 0;
    while position < file.size() {
        let piece = file.read(position, PIECE).map_err(|code| HostError::Storage(code.to_string()))?;
        writer.write(&piece)?;
        position += piece.len() as u64;
        tokio::task::yield_now().await;
    }
    writer.finish()
}

fn refused(name: &str, error: HostError) -> JobError {
    let name = clip(name, 128).escape_debug();
    match error {
        HostError::Invalid(reason) => {
            JobError::new(ErrorCode::InvalidOutput, format!("/out/{name} cannot be an artifact: {reason}"))
        }
        HostError::Limit(reason) => {
            JobError::new(ErrorCode::HostLimit, format!("/out/{name} cannot be an artifact: {reason}"))
        }
        HostError::Storage(reason) => {
            JobError::new(ErrorCode::Storage, format!("/out/{name} cannot be kept: {reason}")).transient()
        }
    }
}

fn report(file: &TreeFile) -> Result<Report, JobError> {
    let invalid =
        |reason: String| JobError::new(ErrorCode::InvalidOutput, format!("/out/{REPORT}: {reason}"));
    if file.size() > MAX_REPORT as u64 {
        return Err(invalid(format!("it has {} bytes; at most {MAX_REPORT} are read", file.size())));
    }
    let bytes = file.read(0, MAX_REPORT).map_err(|code| invalid(code.to_string()))?;
    parse_report(&bytes).map_err(invalid)
}

/// A report from its JSON text.
pub(crate) fn parse_report(bytes: &[u8]) -> Result<Report, String> {
    let written: WrittenReport = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(written.into())
}

/// The report of the job interface, as JSON.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct WrittenReport {
    records_processed: u64,
    records_total: Option<u64>,
    errors: u64,
    warnings: Vec<WrittenFinding>,
    processing_errors: Vec<WrittenFinding>,
    quality_score: Option<f64>,
    data_validation: Option<WrittenValidation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenFinding {
    #[serde(rename = "type")]
    kind: String,
    message: String,
    #[serde(default = "one")]
    count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenValidation {
    total: u64,
    valid: u64,
    duplicates_removed: u64,
    invalid: u64,
}

fn one() -> u64 {
    1
}

impl From<WrittenReport> for Report {
    fn from(written: WrittenReport) -> Self {
        let findings = |list: Vec<WrittenFinding>| {
            let finding = |found: WrittenFinding| Finding {
                kind: found.kind,
                message: found.message,
                count: found.count,
            };
            list.into_iter().map(finding).collect()
        };
        Self {
            records_processed: written.records_processed,
            records_total: written.records_total,
            errors: written.errors,
            warnings: findings(written.warnings),
            processing_errors: findings(written.processing_errors),
            quality_score: written.quality_score,
            validation: written.data_validation.map(|found| DataValidation {
                total: found.total,
                valid: found.valid,
                duplicates_removed: found.duplicates_removed,
                invalid: found.invalid,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_primary_output_is_the_only_one_or_the_report() {
        let primary = |names: &[&str]| {
            let files: Vec<(String, ())> = names.iter().map(|name| ((*name).to_owned(), ())).collect();
            primary(&files).cloned()
        };
        assert_eq!(primary(&["a.csv"]).as_deref(), Some("a.csv"));
        assert_eq!(primary(&["a.csv", "failed-records.csv"]).as_deref(), Some("a.csv"));
        assert_eq!(primary(&["a.csv", "report.html"]).as_deref(), Some("report.html"));
        assert_eq!(primary(&["a.csv", "b.csv"]), None);
        assert_eq!(primary(&["a.csv", "b/report.html"]), None);
        assert_eq!(primary(&["charts/1.svg"]).as_deref(), Some("charts/1.svg"));
        assert_eq!(primary(&["report.html", "report.pdf"]), None);
        assert_eq!(primary(&[]), None);
    }

    #[test]
    fn kinds_follow_extensions() {
        for (name, kind) in [
            ("a.HTML", ArtifactKind::Report),
            ("a.tar.csv", ArtifactKind::Data),
            ("map.svg", ArtifactKind::Visualization),
            ("net.onnx", ArtifactKind::Model),
            ("plain", ArtifactKind::Data),
        ] {
            assert_eq!(describe(name, false).kind, kind, "{name}");
        }
        assert_eq!(describe("failed-records.csv", false).role, ArtifactRole::FailedRecords);
    }
}
