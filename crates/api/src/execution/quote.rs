//! `POST /api/{tenantId}/{projectId}/execution/job?dryRun=quote`: what a submission would take.

use super::moment;
use super::receipt::LimitsDto;
use crate::gate::Made;
use fuelcell_domain::quote::{Forecast, Quote};
use fuelcell_domain::{FIXED, Scope};
use fuelcell_service::quote::Quoted;
use serde::Serialize;
use utoipa::ToSchema;

const MICROS_PER_SECOND: f64 = 1e6;

/// The word that asks for a quote.
pub(super) const WORD: (&str, ()) = ("quote", ());

/// What a submission would take; nothing was stored, and nothing will run
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QuoteAnswer {
    /// Always `quote`
    dry_run: &'static str,
    job_name: String,
    /// The module version that it would be pinned to
    module: QuotedModule,
    /// What would hold for each attempt; `fuel` is a budget that no run goes beyond
    limits: LimitsDto,
    deterministic: bool,
    /// Bytes of all inputs
    input_bytes: u64,
    /// What the figures rest on; `null` when no run of this module version has completed in this project, or none of late
    basis: Option<QuoteBasis>,
    /// Units of fuel; `null` without runs
    fuel: Option<Units>,
    /// Wall-clock seconds of the run; `null` without runs
    duration_seconds: Option<Seconds>,
    /// Bytes of the most memory that it will hold; `null` without runs
    memory_bytes: Option<Units>,
    /// Its place among all jobs that may start; `null` while its time has not come
    queue_position: Option<u64>,
    /// When it would start; `null` where the jobs before it were never measured
    expected_start_time: Option<String>,
    /// When it would start if each job before it takes as long as the 10th percentile of its module's runs
    earliest_start_time: Option<String>,
    /// When it would start if each takes as long as the 90th percentile
    latest_start_time: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct QuotedModule {
    name: String,
    version: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QuoteBasis {
    /// Completed runs of the same module version
    runs: usize,
    /// The smallest and the largest inputs that they had, in bytes; beyond these a quote is a guess, and its ranges are
    /// wider
    input_bytes: [u64; 2],
}

/// Whole units
#[derive(Serialize, ToSchema)]
struct Units {
    /// As many runs take more as take less
    expected: u64,
    /// The 10th percentile
    low: u64,
    /// The 90th percentile
    high: u64,
    /// Whether the size of the inputs explains it, so that it was scaled to it
    scaled: bool,
}

#[derive(Serialize, ToSchema)]
struct Seconds {
    /// As many runs take longer as end before
    expected: f64,
    /// The 10th percentile
    low: f64,
    /// The 90th percentile
    high: f64,
    /// Whether the size of the inputs explains it, so that it was scaled to it
    scaled: bool,
}

/// Nothing for the audit log.
pub(super) fn made(ids: Scope) -> Made {
    Made { target: String::new(), place: ids, recorded: true }
}

pub(super) fn answer(quoted: Quoted) -> QuoteAnswer {
    let Quoted { job, input_bytes, quote, queue_position, start } = quoted;
    let of = |figure: fn(&Quote) -> Option<Forecast>| quote.as_ref().and_then(figure);
    QuoteAnswer {
        dry_run: WORD.0,
        job_name: job.name,
        module: QuotedModule { name: job.module.name, version: job.module.version },
        limits: LimitsDto::new(job.limits, FIXED),
        deterministic: job.deterministic,
        input_bytes,
        basis: quote.as_ref().map(|quote| QuoteBasis { runs: quote.runs, input_bytes: quote.sizes.into() }),
        fuel: of(|quote| quote.fuel).map(units),
        duration_seconds: of(|quote| quote.micros).map(seconds),
        memory_bytes: of(|quote| quote.memory_bytes).map(units),
        queue_position,
        expected_start_time: moment(start.map(|start| start.expected)),
        earliest_start_time: moment(start.map(|start| start.earliest)),
        latest_start_time: moment(start.map(|start| start.latest)),
    }
}

fn units(Forecast { expected, low, high, scaled }: Forecast) -> Units {
    Units { expected, low, high, scaled }
}

fn seconds(Forecast { expected, low, high, scaled }: Forecast) -> Seconds {
    let of = |micros: u64| micros as f64 / MICROS_PER_SECOND;
    Seconds { expected: of(expected), low: of(low), high: of(high), scaled }
}
