//! Forgetting ended jobs.

use super::fixtures::{
    EVERY_LINE, artifact, at, cancel, done, end, failure, job, log_lines, project, pulse, running, seen,
    start, submit,
};
use crate::{
    BlobRef, Finish, IdempotencyKey, JobFilter, NewJob, PageRequest, StateCounts, Store, StoreError,
    Submitted, Total,
};
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{Digest, Job, JobId, JobState, LogLevel, LogLine};

const ALL: PageRequest = PageRequest { offset: 0, limit: 1000 };

/// Starts a job and ends it with everything that an attempt can leave behind.
async fn ended(store: &dyn Store, new: Job) -> Job {
    let started = running(store, new).await;
    let attempt = started.current_attempt();
    let blob = BlobRef { digest: Digest::of(b"checkpoint"), size: 10 };
    store.set_checkpoint(attempt, blob).await.unwrap();
    store.record_pulse(attempt, pulse(7), at(2)).await.unwrap();
    let line =
        LogLine { at: at(2), attempt: 1, level: LogLevel::Info, stage: "s".into(), message: "m".into() };
    store.append_logs(attempt, vec![line.clone()]).await.unwrap();
    store.append_logs(attempt, vec![line]).await.unwrap();
    let finish = Finish { artifacts: vec![artifact("a.txt")], ..end(&started, done(), 11) };
    store.finish(finish).await.unwrap()
}

pub async fn those_of_many_that_have_ended(store: &dyn Store) {
    let (own, other) = (project(), project());
    let gone = [ended(store, job(own)).await.id, ended(store, job(own)).await.id];
    let runs = running(store, job(own)).await;
    let waits = submit(store, job(own)).await;
    let foreign = ended(store, job(other)).await;
    let asked = [gone[0], runs.id, JobId::random(), waits.id, foreign.id, gone[1], gone[0]];
    assert_eq!(store.delete_all_ended(own, &asked).await.unwrap(), 2);
    let left = store.list(own, &JobFilter::default(), ALL).await.unwrap();
    assert_eq!(left.jobs, [waits, runs]);
    assert_eq!(seen(store, &foreign).await, foreign);
    assert_eq!(store.delete_all_ended(own, &asked).await.unwrap(), 0);
    assert_eq!(store.delete_all_ended(own, &[]).await.unwrap(), 0);
}

pub async fn ended_jobs_are_forgotten(store: &dyn Store) {
    let own = project();
    let keep = ended(store, job(own)).await;
    let gone = ended(store, Job { parameters: "p".repeat(20_000), ..job(own) }).await;
    let other = submit(store, job(own)).await;
    store.delete_ended(own, gone.id).await.unwrap();
    assert_eq!(store.job(own, gone.id).await.unwrap(), None);
    assert_eq!(store.artifacts(gone.id).await.unwrap(), []);
    assert_eq!(store.receipts(gone.id).await.unwrap(), []);
    assert_eq!(store.checkpoint(gone.id).await.unwrap(), None);
    assert_eq!(log_lines(store, gone.id, EVERY_LINE).await, []);
    assert_eq!(store.queued_before(&gone, at(99)).await.unwrap(), None);
    assert_eq!(store.artifacts(keep.id).await.unwrap().len(), 1, "others keep theirs");
    assert_eq!(log_lines(store, keep.id, EVERY_LINE).await.len(), 2);
    let any = JobFilter::default();
    let filters = [
        any.clone(),
        JobFilter { created_from: Some(at(-9)), ..any.clone() },
        JobFilter { states: vec![JobState::Completed, JobState::Queued], ..any.clone() },
        JobFilter { job_type: Some(gone.job_type), priority: Some(gone.priority), ..any.clone() },
        JobFilter { submitted_by: Some(gone.submitted_by.clone()), ..any },
    ];
    for filter in filters {
        let page = store.list(own, &filter, ALL).await.unwrap();
        assert_eq!(
            (page.jobs, page.total),
            (vec![other.clone(), keep.clone()], Total::exact(2)),
            "{filter:?}"
        );
        let counts = store.counts(own, &filter).await.unwrap();
        assert_eq!(counts, StateCounts { queued: 1, completed: 1, ..StateCounts::default() }, "{filter:?}");
    }
    let again = store.delete_ended(own, gone.id).await;
    assert!(matches!(again, Err(StoreError::NotFound("job"))), "{again:?}");
    let late = store.append_logs(gone.current_attempt(), Vec::new()).await;
    assert!(matches!(late, Err(StoreError::Stale(_))), "{late:?}");
}

pub async fn living_jobs_and_jobs_of_others_stay(store: &dyn Store) {
    let own = project();
    let queued = submit(store, job(own)).await;
    let started = running(store, job(own)).await;
    for (living, state) in [(&queued, JobState::Queued), (&started, JobState::Running)] {
        let refused = store.delete_ended(own, living.id).await;
        let expected = TransitionError::NotEnded(state);
        assert!(matches!(refused, Err(StoreError::Transition(found)) if found == expected), "{refused:?}");
        assert_eq!(seen(store, living).await, *living);
    }
    store.request_cancel(own, queued.id, cancel(1)).await.unwrap();
    for (project, id) in [(project(), queued.id), (own, JobId::random())] {
        let refused = store.delete_ended(project, id).await;
        assert!(matches!(refused, Err(StoreError::NotFound("job"))), "{refused:?}");
    }
    store.delete_ended(own, queued.id).await.unwrap();
    store.finish(end(&started, failure(), 3)).await.unwrap();
    store.delete_ended(own, started.id).await.unwrap();
    assert_eq!(store.list(own, &JobFilter::default(), ALL).await.unwrap().total, Total::exact(0));
}

/// Ordinals are not given out twice, figures keep counting, and a key stays used.
pub async fn the_past_stays(store: &dyn Store) {
    let own = project();
    let key = |body: &[u8]| Some(IdempotencyKey { key: "k".into(), body: Digest::of(body) });
    let keyed = NewJob { idempotency: key(b"body"), ..job(own).into() };
    let Submitted::Queued(first) = store.submit(keyed).await.unwrap() else {
        panic!("the key was never used")
    };
    let started = start(store, first.id, 5).await;
    store.finish(end(&started, done(), 15)).await.unwrap();
    let figures = store.tenant_figures(own.tenant, at(20)).await.unwrap();
    let durations = store.recent_durations(first.module.digest).await.unwrap();
    assert_eq!((figures.completed, durations.len()), (1, 1));
    store.delete_ended(own, first.id).await.unwrap();
    assert_eq!(store.tenant_figures(own.tenant, at(20)).await.unwrap(), figures);
    assert_eq!(store.recent_durations(first.module.digest).await.unwrap(), durations);
    let used = async |body: &[u8]| store.used_key(own, &key(body).unwrap(), at(9)).await.unwrap();
    assert_eq!(used(b"body").await, Some(Submitted::Forgotten(first.id)));
    assert_eq!(used(b"another body").await, Some(Submitted::KeyConflict));
    let again = submit(store, job(own)).await;
    assert_eq!(again.ordinal, 2);
}
