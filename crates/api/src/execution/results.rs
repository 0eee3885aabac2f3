//! `GET /api/{tenantId}/{projectId}/execution/job/{jobId}/results`

use super::forms::{KINDS, RESULTS as FORMATS, ResultsForm as Format};
use super::status::{ErrorDto, elapsed};
use super::{archive, moment};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::openapi::words::{JobStateWord, OutputTypeWord, ResultsFormatWord};
use crate::problem::Problem;
use crate::text;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fuelcell_domain::job::JobEnd;
use fuelcell_domain::{ArtifactKind, Finding, Job, JobState, Parameters, Usage};
use fuelcell_service::Service;
use fuelcell_service::links::link_url;
use fuelcell_service::results::{Output, Results};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultsAnswer {
    job_id: String,
    #[schema(value_type = JobStateWord)]
    status: &'static str,
    completion_time: Option<String>,
    total_duration: String,
    total_duration_seconds: f64,
    success: bool,
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDto>,
    summary: SummaryDto,
    results: OutputsDto,
    execution_metrics: ExecutionMetricsDto,
    quality_metrics: QualityDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    parameters: Option<Parameters>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SummaryDto {
    records_processed: u64,
    outputs_generated: usize,
    data_quality_score: Option<f64>,
    processing_efficiency: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutputsDto {
    primary_output: Option<OutputDto>,
    additional_outputs: Vec<OutputDto>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OutputDto {
    #[serde(rename = "type")]
    type_name: String,
    title: String,
    name: String,
    kind: &'static str,
    format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<f64>,
    /// Whether the module's manifest declares an output of this name; `null` = it declares none, or is not there any more
    declared: Option<bool>,
    size: Option<String>,
    size_bytes: Option<u64>,
    digest: Option<String>,
    download_url: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExecutionMetricsDto {
    total_cpu_time: String,
    cpu_seconds: f64,
    peak_memory_usage: String,
    peak_memory_bytes: u64,
    disk_io_operations: u64,
    network_data_transfer: Option<String>,
    fuel: Option<u64>,
    /// Whether it was at least so much.
    fuel_is_lower_bound: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QualityDto {
    data_validation: ValidationDto,
    processing_errors: Vec<FindingDto>,
    warnings: Vec<FindingDto>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ValidationDto {
    total_records: Option<u64>,
    valid_records: Option<u64>,
    duplicates_removed: Option<u64>,
    invalid_records: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct FindingDto {
    #[serde(rename = "type")]
    kind: String,
    message: String,
    count: u64,
}

/// The results of an ended job: a document, or with `format=download` one zip of the outputs.
#[utoipa::path(
    get,
    operation_id = "job_results",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}/results",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("format" = Option<ResultsFormatWord>, Query, description = "summary by default; download answers with one zip"), ("includeArtifacts" = Option<bool>, Query, description = "Whether outputs are listed; true by default"), ("outputType" = Option<OutputTypeWord>, Query, description = "Only outputs of this kind")),
    responses((status = 200, description = "What the job left behind", content((ResultsAnswer = "application/json"), (Vec<u8> = "application/zip"))), (status = 409, description = "The job has not ended"), (status = 429, description = "Too many archives of the tenant are under way")),
)]
pub(crate) async fn results(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Response, Problem> {
    let format = query.word("format", &FORMATS)?.unwrap_or(Format::Summary);
    let with_artifacts = query.word("includeArtifacts", &[("true", true), ("false", false)])?.unwrap_or(true);
    let kind = query.word("outputType", &KINDS)?;
    let results = service.results(&caller, ids.project()?, ids.id("job_id")?, kind).await?;
    Ok(match format {
        Format::Download => download(service, results, with_artifacts)?,
        Format::Summary | Format::Detailed => {
            Json(answer(&service, results, format, with_artifacts)).into_response()
        }
    })
}

fn download(service: Arc<Service>, results: Results, with_artifacts: bool) -> Result<Response, Problem> {
    let permit = service.archive_permit(results.job.project)?;
    let outputs = results.primary.into_iter().chain(results.additional);
    let artifacts = outputs.filter(|_| with_artifacts).map(|output| output.artifact).collect();
    Ok(archive::respond(service, permit, results.job, artifacts))
}

fn answer(service: &Service, results: Results, format: Format, with_artifacts: bool) -> ResultsAnswer {
    let job = &results.job;
    let report = &job.pulse.report;
    let usage = job.pulse.usage;
    let duration = job.ended_at.map_or(Duration::ZERO, |end| elapsed(job, end));
    let parameters = match format {
        Format::Detailed => Parameters::from_text(&job.parameters).ok(),
        Format::Summary | Format::Download => None,
    };
    ResultsAnswer {
        job_id: job.id.to_string(),
        status: job.state.as_str(),
        completion_time: moment(job.ended_at),
        total_duration: text::elapsed(duration),
        total_duration_seconds: duration.as_secs_f64(),
        success: job.state == JobState::Completed,
        partial: job.partial,
        error: error(job),
        summary: SummaryDto {
            records_processed: report.records_processed,
            outputs_generated: results.published,
            data_quality_score: report.quality_score,
            processing_efficiency: efficiency(usage),
        },
        execution_metrics: execution_metrics(usage),
        quality_metrics: quality(job),
        parameters,
        results: match with_artifacts {
            true => outputs(service, results),
            false => OutputsDto { primary_output: None, additional_outputs: Vec::new() },
        },
    }
}

/// Why the job did not complete.
fn error(job: &Job) -> Option<ErrorDto> {
    match &job.end {
        Some(JobEnd::Failed(error)) => Some(error.into()),
        Some(JobEnd::Cancelled) => job.cancel.as_ref().map(Into::into),
        Some(JobEnd::Completed(_)) | None => None,
    }
}

/// CPU time / wall time × 100; unknown for a run of no length.
fn efficiency(usage: Usage) -> Option<f64> {
    (usage.wall_micros > 0)
        .then(|| (usage.cpu_micros as f64 / usage.wall_micros as f64 * 1000.0).round() / 10.0)
}

/// A job that completed without a primary output of its own has the host's summary of its run as such, because clients
/// follow that link unguarded.
fn outputs(service: &Service, results: Results) -> OutputsDto {
    let base = service.public_url();
    let primary_output = match (results.primary, results.job.state) {
        (Some(output), _) => Some(output_dto(base, output)),
        // Unless a filter left nothing.
        (None, JobState::Completed) if results.published == 0 || !results.additional.is_empty() => {
            let (target, grant) = &results.run_summary;
            Some(OutputDto {
                type_name: "RunSummary".into(),
                title: "Run summary".into(),
                name: target.name.clone(),
                kind: "report",
                format: "json".into(),
                record_count: None,
                accuracy: None,
                declared: None,
                size: None,
                size_bytes: None,
                digest: None,
                download_url: link_url(base, target, grant),
            })
        }
        (None, _) => None,
    };
    OutputsDto {
        primary_output,
        additional_outputs: results.additional.into_iter().map(|output| output_dto(base, output)).collect(),
    }
}

fn output_dto(base: &str, Output { artifact, target, grant, declared }: Output) -> OutputDto {
    let download_url = link_url(base, &target, &grant);
    let description = artifact.description;
    OutputDto {
        format: description.format().to_owned(),
        kind: match description.kind {
            ArtifactKind::Report => "report",
            ArtifactKind::Data => "data",
            ArtifactKind::Model => "model",
            ArtifactKind::Visualization => "visualization",
        },
        type_name: description.type_name,
        title: description.title,
        name: description.name,
        record_count: description.record_count,
        accuracy: description.accuracy,
        declared,
        size: Some(text::size(artifact.size)),
        size_bytes: Some(artifact.size),
        digest: Some(artifact.digest.to_string()),
        download_url,
    }
}

fn execution_metrics(usage: Usage) -> ExecutionMetricsDto {
    ExecutionMetricsDto {
        total_cpu_time: text::decimal(Duration::from_micros(usage.cpu_micros)),
        cpu_seconds: usage.cpu_micros as f64 / 1e6,
        peak_memory_usage: text::size(usage.peak_memory_bytes),
        peak_memory_bytes: usage.peak_memory_bytes,
        disk_io_operations: usage.io_operations,
        network_data_transfer: None,
        fuel: usage.fuel.units(),
        fuel_is_lower_bound: usage.fuel.is_lower_bound(),
    }
}

fn quality(job: &Job) -> QualityDto {
    let report = &job.pulse.report;
    let validation = report.validation;
    let findings = |list: &[Finding]| {
        list.iter()
            .map(|finding| FindingDto {
                kind: finding.kind.clone(),
                message: finding.message.clone(),
                count: finding.count,
            })
            .collect()
    };
    QualityDto {
        data_validation: ValidationDto {
            total_records: validation.map(|found| found.total),
            valid_records: validation.map(|found| found.valid),
            duplicates_removed: validation.map(|found| found.duplicates_removed),
            invalid_records: validation.map(|found| found.invalid),
        },
        processing_errors: findings(&report.processing_errors),
        warnings: findings(&report.warnings),
    }
}
