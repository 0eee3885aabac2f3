//! What a job would take: everything that a submit checks is checked, and nothing is stored.

use crate::submit::Submission;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::estimate::{Span, queue_position};
use fuelcell_domain::quote::{MAX_RUNS, Quote, Run, quote};
use fuelcell_domain::{Job, JobId, JobState, ProjectRef, Receipt, Role, Timestamp, Usage};
use fuelcell_store::pages::{Row, Seek};
use fuelcell_store::{JobFilter, StoreError, Submitted};
use std::time::Duration;

/// Jobs that are looked at for runs of the module, however many there are.
const MAX_LOOKED_AT: usize = 500;
/// So many of them at a time.
const PAGE: usize = 100;

/// What a submission would come to.
#[derive(Clone, Debug)]
pub struct Quoted {
    /// The job that it would make.
    pub job: Job,
    /// Bytes of its inputs.
    pub input_bytes: u64,
    /// What it will probably take; none without runs of its module version in this project.
    pub quote: Option<Quote>,
    /// Its place in the queue from 1; none while its time would not have come.
    pub queue_position: Option<u64>,
    /// When it would start; none where nobody can know.
    pub start: Option<Start>,
}

/// When a job would start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// If what is before it takes no longer than the shortest tenth of such runs.
    pub earliest: Timestamp,
    /// If it takes what is as often exceeded as not.
    pub expected: Timestamp,
    /// If it takes what the longest tenth exceeds.
    pub latest: Timestamp,
}

impl Start {
    fn of(span: Span, now: Timestamp) -> Self {
        let Span { low, expected, high } = span;
        Self { earliest: now.plus(low), expected: now.plus(expected), latest: now.plus(high) }
    }
}

impl Service {
    /// What a submission would take.
    pub async fn quote(
        &self,
        principal: &Principal,
        project: ProjectRef,
        submission: Submission,
    ) -> Result<Quoted, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let key = self.checked_key(principal, project, &submission)?;
        if let Some(key) = &key
            && let Some(used @ (Submitted::KeyConflict | Submitted::Forgotten(_))) =
                self.store.used_key(project, key, self.clock.now()).await?
        {
            self.accepted(used).await?;
        }
        self.check_room_in_queue(1).await?;
        let mut job = self.pin(principal, project, submission).await?;
        let (limits, usage) =
            (self.store.project_limits(project).await?, self.store.project_usage(project).await?);
        limits.admit(&mut job, usage.queued_jobs, usage.stored).map_err(StoreError::from)?;
        let input_bytes = input_bytes(&job);
        let quote = quote(&self.runs_like(&job).await?, input_bytes);
        let own = quote.as_ref().and_then(|quote| quote.micros).map(|time| Span {
            low: Duration::from_micros(time.low),
            expected: Duration::from_micros(time.expected),
            high: Duration::from_micros(time.high),
        });
        let now = self.clock.now();
        let (before, start) = self.start_if_queued(&job, own, now).await?;
        Ok(Quoted {
            queue_position: queue_position(&job, before, now),
            start: start.map(|span| Start::of(span, now)),
            input_bytes,
            quote,
            job,
        })
    }

    /// The latest completed runs of the same module version: those of the same pipeline, which have the same parameters
    /// mostly, or, where there are none, of the project.
    async fn runs_like(&self, job: &Job) -> Result<Vec<Run>, ServiceError> {
        let of_project = JobFilter {
            states: vec![JobState::Completed],
            job_type: Some(job.job_type),
            ..JobFilter::default()
        };
        if let Some(pipeline) = &job.pipeline {
            let of_pipeline = JobFilter { pipeline: Some(pipeline.id), ..of_project.clone() };
            let runs = self.latest_runs(job, &of_pipeline).await?;
            if !runs.is_empty() {
                return Ok(runs);
            }
        }
        self.latest_runs(job, &of_project).await
    }

    /// Of what ran on the engine that the newest of them ran on: fuel of another one does not compare.
    async fn latest_runs(&self, job: &Job, filter: &JobFilter) -> Result<Vec<Run>, ServiceError> {
        let mut receipts = Vec::new();
        for (id, size) in self.latest_like(job, filter).await? {
            let last = self.store.receipts(id).await?.pop();
            receipts.extend(last.map(|receipt| (size, receipt)));
        }
        let Some(engine) = receipts.first().map(|(_, newest)| newest.engine.clone()) else {
            return Ok(Vec::new());
        };
        let comparable = receipts.iter().filter(|(_, receipt)| receipt.engine == engine);
        Ok(comparable.map(|(size, receipt)| run_of(*size, receipt)).collect())
    }

    /// The latest jobs of the same module version that completed in their first attempt, newest first: a later attempt may
    /// have gone on from a checkpoint, and its receipt measures the rest only. To look at a profiled one took time.
    async fn latest_like(&self, job: &Job, filter: &JobFilter) -> Result<Vec<(JobId, u64)>, ServiceError> {
        let (mut found, mut looked_at, mut after) = (Vec::new(), 0, None);
        while looked_at < MAX_LOOKED_AT && found.len() < MAX_RUNS {
            let page = self.store.jobs_page(job.project, filter, Seek { after, limit: PAGE }).await?;
            looked_at += PAGE;
            let same = |ended: &&Job| {
                ended.module.digest == job.module.digest
                    && ended.module.engine == job.module.engine
                    && ended.attempt == 1
                    && !ended.profile
            };
            found.extend(page.rows.iter().filter(same).map(|ended| (ended.id, input_bytes(ended))));
            after = page.rows.last().map(Row::position);
            if !page.has_more || after.is_none() {
                break;
            }
        }
        found.truncate(MAX_RUNS);
        Ok(found)
    }
}

fn input_bytes(job: &Job) -> u64 {
    job.inputs.iter().map(|input| input.size).sum()
}

fn run_of(input_bytes: u64, receipt: &Receipt) -> Run {
    let Usage { fuel, wall_micros, peak_memory_bytes, .. } = receipt.usage;
    Run { input_bytes, fuel: fuel.exact(), micros: wall_micros, memory_bytes: peak_memory_bytes }
}
