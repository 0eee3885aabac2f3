//! Many jobs as they lie in a store after months: most have ended, one of ten waits.

use crate::PROJECT;
use crate::measure::{cpu, row};
use fuelcell_domain::job::Priority;
use fuelcell_domain::{Job, JobId, JobType, PipelineId, Timestamp, Transition};
use fuelcell_store::Store;
use fuelcell_store::conformance::fixtures::{
    artifact, at, cancel, done, end, failure, holder, job, lease, pipeline, submit,
};
use futures::future::join_all;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use uuid::Uuid;

/// Jobs that one worker makes at a time.
const BATCH: u64 = 64;
const WORKERS: u64 = 16;

/// Who submitted, and for which pipeline.
pub(crate) const SUBJECTS: u64 = 100;
pub(crate) const PIPELINES: u64 = 20;

pub(crate) fn subject(number: u64) -> String {
    format!("subject {}", number % SUBJECTS)
}

pub(crate) fn pipeline_id(number: u64) -> PipelineId {
    PipelineId(Uuid::from_u128(u128::from(number % PIPELINES) + 1))
}

/// When the nth job was submitted.
pub(crate) fn created_at(number: u64) -> Timestamp {
    at(i64::try_from(number).unwrap())
}

pub(crate) async fn fill(store: &dyn Store, jobs: u64) {
    let (started, before) = (Instant::now(), cpu());
    let next = AtomicU64::new(0);
    join_all((0..WORKERS).map(|_| work(store, &next, jobs))).await;
    let each = (cpu() - before).as_secs_f64() * 1e6 / jobs as f64;
    let rate = jobs as f64 / started.elapsed().as_secs_f64();
    row(
        "jobs submitted, started and ended in the store, 1024 at once",
        &format!("{rate:.0} /s; CPU {each:.0} µs each"),
    );
}

async fn work(store: &dyn Store, next: &AtomicU64, jobs: u64) {
    loop {
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        if first >= jobs {
            return;
        }
        batch(store, first..jobs.min(first + BATCH)).await;
    }
}

async fn batch(store: &dyn Store, numbers: std::ops::Range<u64>) {
    let submitted = join_all(numbers.map(|number| submit(store, new_job(number)))).await;
    let (waiting, others): (Vec<_>, Vec<_>) = submitted.iter().partition(|job| job.ordinal % 10 < 2);
    join_all(waiting.iter().filter(|job| job.ordinal % 10 == 1).map(|job| {
        let request = cancel(2);
        async move { store.request_cancel(PROJECT, job.id, request).await.unwrap() }
    }))
    .await;
    let starting: Vec<JobId> = others.iter().map(|job| job.id).collect();
    let at = others.iter().map(|job| job.created_at).max().unwrap_or(at(0));
    let claims = store.claim(&starting, lease("node", 1 << 40), holder(), at).await.unwrap();
    join_all(claims.iter().map(|claim| finish(store, &claim.job))).await;
}

async fn finish(store: &dyn Store, job: &Job) {
    let transition: Transition = if job.ordinal % 10 == 2 { failure() } else { done() };
    let seconds = (job.created_at.0 - at(0).0) / 1_000_000 + 60;
    let mut finish = end(job, transition, seconds);
    finish.artifacts.push(artifact("result.json"));
    store.finish(finish).await.unwrap();
}

fn new_job(number: u64) -> Job {
    let kind = |count: usize| usize::try_from(number).unwrap() % count;
    Job {
        job_type: JobType::RESERVED[kind(4)],
        priority: Priority::ALL[kind(16) / 4],
        submitted_by: subject(number),
        pipeline: Some(pipeline(pipeline_id(number))),
        parameters: r#"{"caseColumn":"case","activityColumn":"activity","timestampColumn":"time"}"#.into(),
        created_at: created_at(number),
        ..job(PROJECT)
    }
}
