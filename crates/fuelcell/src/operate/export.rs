//! `fuelcell export`: jobs for other tools, one JSON object a line.

use super::{Source, spinner};
use crate::data_dir::DataDir;
use anyhow::{Context, ensure};
use chrono::SecondsFormat;
use fuelcell_api::receipt_document;
use fuelcell_domain::job::JobEnd;
use fuelcell_domain::{Artifact, Completion, Job, Parameters, ProjectRef, Receipt, Timestamp};
use fuelcell_store::{Accounts, JobFilter, Jobs};
use fuelcell_store_sled::{Options, SledStore, exists};
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Jobs that are read at a time.
const PAGE: usize = 500;

/// Writes all jobs to a file or to standard output.
pub(crate) async fn export(data: &Path, out: Option<&Path>) -> anyhow::Result<()> {
    let source = Source::of(&DataDir::existing(data)?)?;
    let directory = &source.store;
    ensure!(exists(directory), "{} holds no records", data.display());
    // Left as it is: an export changes nothing.
    let options = Options { compact_at_bytes: u64::MAX, ..Options::default() };
    let store =
        SledStore::open(directory, options).with_context(|| format!("cannot export {}", data.display()))?;
    let mut out: Box<dyn Write> = match out {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let bar = spinner("jobs");
    for tenant in store.tenants().await? {
        for project in store.projects(tenant.id).await? {
            export_project(&store, project.id, &mut out, &bar).await?;
        }
    }
    bar.finish_and_clear();
    Ok(out.flush()?)
}

async fn export_project(
    store: &dyn Jobs,
    project: ProjectRef,
    out: &mut dyn Write,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let jobs = store.oldest_jobs(project, &JobFilter::default(), after, PAGE).await?;
        let Some(last) = jobs.last() else { return Ok(()) };
        after = Some(last.ordinal);
        for job in &jobs {
            let artifacts = store.artifacts(job.id).await?;
            let receipts = store.receipts(job.id).await?;
            writeln!(out, "{}", serde_json::to_string(&document(job, &artifacts, &receipts))?)?;
            bar.inc(1);
        }
    }
}

/// A job's record, its parameters to the digit.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    record: Value,
    parameters: Option<Parameters>,
}

fn document(job: &Job, artifacts: &[Artifact], receipts: &[Receipt]) -> Document {
    // A client's parameters are a JSON object; that was checked when they came.
    let parameters = Parameters::from_text(&job.parameters).ok();
    Document { record: record(job, artifacts, receipts), parameters }
}

fn record(job: &Job, artifacts: &[Artifact], receipts: &[Receipt]) -> Value {
    let labels: serde_json::Map<_, _> =
        job.labels.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({
        "jobId": job.id,
        "tenantId": job.project.tenant,
        "projectId": job.project.project,
        "jobNumber": job.ordinal,
        "jobName": job.name,
        "description": job.description,
        "jobType": job.job_type.as_str(),
        "status": job.state.as_str(),
        "priority": job.priority.as_str(),
        "pipeline": job.pipeline.as_ref().map(|pipeline| json!({"id": pipeline.id, "name": pipeline.name})),
        "module": {"name": job.module.name, "version": job.module.version, "digest": job.module.digest},
        "engine": job.module.engine.as_ref().map(|engine| json!({
            "name": engine.name, "version": engine.version, "digest": engine.digest,
        })),
        "inputs": job.inputs.iter().map(|input| json!({
            "name": input.name, "datasetId": input.dataset, "fileName": input.file_name, "digest": input.digest,
            "size": input.size,
        })).collect::<Vec<_>>(),
        "limits": {
            "fuel": job.limits.fuel, "memoryBytes": job.limits.memory_bytes, "diskBytes": job.limits.disk_bytes,
            "timeoutSeconds": job.limits.timeout_seconds,
        },
        "deterministic": job.deterministic,
        "labels": labels,
        "submittedBy": job.submitted_by,
        "createdAt": moment(Some(job.created_at)),
        "scheduledTime": moment(job.not_before),
        "startedAt": moment(job.started_at),
        "endedAt": moment(job.ended_at),
        "retryOf": job.retry_of.as_ref().map(|retry| retry.job),
        "attempts": job.attempt,
        "lostAttempts": job.lost_attempts,
        "end": job.end.as_ref().map(end),
        "partial": job.partial,
        "artifacts": artifacts.iter().map(|artifact| json!({
            "name": artifact.description.name, "kind": artifact.description.kind,
            "mediaType": artifact.description.media_type, "digest": artifact.digest, "size": artifact.size,
        })).collect::<Vec<_>>(),
        "receipts": receipts.iter().cloned().map(receipt_document).collect::<Vec<_>>(),
    })
}

fn end(end: &JobEnd) -> Value {
    match end {
        JobEnd::Completed(Completion::Done) => json!({"completion": "Done"}),
        JobEnd::Completed(Completion::NoItems) => json!({"completion": "NoItems"}),
        JobEnd::Completed(Completion::Skipped(reason)) => json!({"completion": "Skipped", "reason": reason}),
        JobEnd::Failed(error) => json!({"error": {
            "code": error.code.to_string(), "message": error.message, "details": error.details,
        }}),
        JobEnd::Cancelled => json!({"cancelled": true}),
    }
}

/// RFC 3339 with all that is known: microseconds.
fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true))
}
