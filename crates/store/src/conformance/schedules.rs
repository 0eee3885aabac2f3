//! Schedules: set with their pipelines, moved on together with the jobs of their runs.

use super::fixtures::{
    at, cancel, done, end, job, project, registered_pipeline, running, schedule, seen as seen_job, submit,
};
use super::limits::{limited, queued};
use crate::schedules::ScheduleStep;
use crate::{JobFilter, Store, StoreError};
use fuelcell_domain::schedule::{ScheduledRun, SkipCode, SkippedRun};
use fuelcell_domain::{CancelRequest, Job, JobId, JobState, Pipeline, Schedule};
use std::sync::Arc;

async fn seen(store: &dyn Store, pipeline: &Pipeline) -> Option<Schedule> {
    store.pipeline(pipeline.project, pipeline.id).await.unwrap().unwrap().schedule
}

/// The step that makes a run with this job.
fn run(pipeline: &Pipeline, before: &Schedule, job: &Job) -> ScheduleStep {
    let due_at = before.next_at.unwrap();
    let last_run = Some(ScheduledRun { due_at, job: job.id });
    let after = Schedule { next_at: Some(at(200)), last_run, ..before.clone() };
    let before = before.clone();
    let (project, pipeline) = (pipeline.project, pipeline.id);
    ScheduleStep { project, pipeline, before, after, job: Some(job.clone()), replaces: None }
}

pub async fn are_set_with_their_pipelines(store: &dyn Store) {
    let own = project();
    let plain = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    let set = Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) };
    let set = store.put_pipeline(set).await.unwrap();
    assert_eq!(set.schedule, Some(schedule()));
    assert_eq!(store.pipelines(own).await.unwrap(), [plain.clone(), set.clone()]);
    assert_eq!(store.scheduled_pipelines().await.unwrap(), std::slice::from_ref(&set));
    // Set anew with the same times, the cursor stays; with others it begins anew.
    let later = Schedule { next_at: Some(at(500)), catch_up_seconds: 1, ..schedule() };
    let kept = store.put_pipeline(Pipeline { schedule: Some(later.clone()), ..set.clone() }).await.unwrap();
    let expected = Schedule { next_at: schedule().next_at, ..later.clone() };
    assert_eq!(
        (kept.schedule.as_ref(), seen(store, &set).await.as_ref()),
        (Some(&expected), Some(&expected))
    );
    let other = Schedule { cron: "1 * * * *".into(), ..later };
    let changed =
        store.put_pipeline(Pipeline { schedule: Some(other.clone()), ..set.clone() }).await.unwrap();
    assert_eq!(changed.schedule, Some(other));
    // Without a schedule the pipeline has none any more, and neither has one that is gone.
    store.put_pipeline(Pipeline { schedule: None, ..set.clone() }).await.unwrap();
    assert_eq!((seen(store, &set).await, store.scheduled_pipelines().await.unwrap()), (None, Vec::new()));
    store.put_pipeline(Pipeline { schedule: Some(schedule()), ..set.clone() }).await.unwrap();
    store.delete_pipeline(own, set.id).await.unwrap();
    assert_eq!(store.scheduled_pipelines().await.unwrap(), []);
}

pub async fn move_on_with_the_jobs_of_their_runs(store: &dyn Store) {
    let own = project();
    let pipeline = Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) };
    let pipeline = store.put_pipeline(pipeline).await.unwrap();
    let first = run(&pipeline, &schedule(), &job(own));
    store.advance_schedule(first.clone()).await.unwrap();
    assert_eq!(seen(store, &pipeline).await.as_ref(), Some(&first.after));
    let queued = store.job(own, first.job.as_ref().unwrap().id).await.unwrap().unwrap();
    assert_eq!(queued.ordinal, 1);
    // The same step, taken by somebody else or by the same process in another life.
    let again = ScheduleStep { job: Some(job(own)), ..first.clone() };
    assert!(matches!(store.advance_schedule(again).await, Err(StoreError::Conflict(_))));
    // A run that is not made leaves its reason.
    let skipped = SkippedRun { due_at: at(200), code: SkipCode::Missed, reason: "nobody was there".into() };
    let after = Schedule { next_at: None, last_skipped: Some(skipped), ..first.after.clone() };
    let skip = ScheduleStep { before: first.after, after: after.clone(), job: None, ..first };
    store.advance_schedule(skip.clone()).await.unwrap();
    assert_eq!(seen(store, &pipeline).await, Some(after));
    assert_eq!(store.counts(own, &JobFilter::default()).await.unwrap().total(), 1);
    store.delete_pipeline(own, pipeline.id).await.unwrap();
    assert!(matches!(store.advance_schedule(skip).await, Err(StoreError::NotFound("schedule"))));
}

/// A job that is refused leaves the schedule as it was.
pub async fn stay_where_their_job_is_refused(store: &dyn Store) {
    let own = limited(store, queued(0)).await;
    let pipeline = Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) };
    let pipeline = store.put_pipeline(pipeline).await.unwrap();
    let refused = store.advance_schedule(run(&pipeline, &schedule(), &job(own))).await;
    assert!(matches!(refused, Err(StoreError::Quota(_))), "{refused:?}");
    assert_eq!(seen(store, &pipeline).await, Some(schedule()));
    assert_eq!(store.counts(own, &JobFilter::default()).await.unwrap().total(), 0);
}

/// The run's job is queued and the replaced one is cancelled, or neither.
pub async fn replace_a_job_in_the_same_step(store: &dyn Store) {
    let own = project();
    let pipeline = Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) };
    let pipeline = store.put_pipeline(pipeline).await.unwrap();
    let replaced_by = CancelRequest { reason: Some("replaced".into()), ..cancel(5) };
    let mut before = schedule();
    let mut replace = async |replaced: JobId| {
        let new = job(own);
        let step = run(&pipeline, &before, &new);
        before = step.after.clone();
        let replaces = Some((replaced, replaced_by.clone()));
        store.advance_schedule(ScheduleStep { replaces, ..step }).await.unwrap();
        assert_eq!(seen_job(store, &new).await.state, JobState::Queued);
    };
    let (waits, runs) = (submit(store, job(own)).await, running(store, job(own)).await);
    let ends = running(store, job(own)).await;
    let ended = store.finish(end(&ends, done(), 4)).await.unwrap();
    for replaced in [waits.id, runs.id, ended.id, JobId::random()] {
        replace(replaced).await;
    }
    let waited = seen_job(store, &waits).await;
    assert_eq!((waited.state, waited.cancel.as_ref()), (JobState::Cancelled, Some(&replaced_by)));
    let ran = seen_job(store, &runs).await;
    assert_eq!((ran.state, ran.cancel.as_ref()), (JobState::Running, Some(&replaced_by)));
    assert_eq!(seen_job(store, &ended).await, ended, "a job that has ended is left alone");
    let others = submit(store, job(project())).await;
    replace(others.id).await;
    assert_eq!(seen_job(store, &others).await, others, "and so is one of another project");
}

/// A run that is refused replaces nothing.
pub async fn replace_nothing_where_their_job_is_refused(store: &dyn Store) {
    let own = limited(store, queued(1)).await;
    let pipeline = Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) };
    let pipeline = store.put_pipeline(pipeline).await.unwrap();
    let runs = running(store, job(own)).await;
    submit(store, job(own)).await;
    let step = run(&pipeline, &schedule(), &job(own));
    let step = ScheduleStep { replaces: Some((runs.id, cancel(5))), ..step };
    let refused = store.advance_schedule(step.clone()).await;
    assert!(matches!(refused, Err(StoreError::Quota(_))), "{refused:?}");
    let elsewhere = Schedule { next_at: None, ..schedule() };
    let moved = store.advance_schedule(ScheduleStep { before: elsewhere, ..step }).await;
    assert!(matches!(moved, Err(StoreError::Conflict(_))), "{moved:?}");
    assert_eq!(seen_job(store, &runs).await, runs);
    assert_eq!(seen(store, &pipeline).await, Some(schedule()));
}

/// Of many nodes that find the same run due one makes it.
pub async fn parallel_steps_make_one_run(store: Arc<dyn Store>) {
    let own = project();
    let pipeline = Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) };
    let pipeline = store.put_pipeline(pipeline).await.unwrap();
    let steps = (0..16).map(|_| {
        let (store, step) = (store.clone(), run(&pipeline, &schedule(), &job(own)));
        tokio::spawn(async move { store.advance_schedule(step).await.is_ok() })
    });
    let mut made = 0;
    for step in steps.collect::<Vec<_>>() {
        made += usize::from(step.await.unwrap());
    }
    assert_eq!(made, 1);
    assert_eq!(store.counts(own, &JobFilter::default()).await.unwrap().total(), 1);
}
