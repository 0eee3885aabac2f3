//! Wishes to cancel.

use super::fixtures::{
    at, cancel, done, end, failure, job, project, running as start_running, seen, submit, transient_failure,
};
use crate::{Store, StoreError};
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{CancelRequest, Job, JobId, JobState, Transition};
use std::sync::Arc;

pub async fn queued(store: &dyn Store) {
    let own = project();
    let job = submit(store, job(own)).await;
    let request = CancelRequest { reason: Some("mistake".into()), preserve_partial: true, ..cancel(5) };
    let (outcome, cancelled) = store.request_cancel(own, job.id, request.clone()).await.unwrap();
    assert_eq!(outcome, CancelOutcome::Cancelled);
    assert_eq!((cancelled.state, cancelled.ended_at), (JobState::Cancelled, Some(at(5))));
    assert_eq!(cancelled.cancel, Some(request));
    assert!(!cancelled.partial, "nothing ran, so nothing is partial");
    assert_eq!(seen(store, &job).await, cancelled);
    assert_eq!(store.ready(at(9), 9).await.unwrap(), []);
    let unknown = store.request_cancel(own, JobId::random(), cancel(1)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound("job"))), "{unknown:?}");
}

async fn running_is_cancelled_by(store: &dyn Store, transition: Transition) {
    let own = project();
    let started = start_running(store, job(own)).await;
    let (outcome, wished) = store.request_cancel(own, started.id, cancel(5)).await.unwrap();
    assert_eq!((outcome, wished.state), (CancelOutcome::Recorded, JobState::Running));
    let sterner = CancelRequest { force: true, ..cancel(6) };
    let (outcome, wished) = store.request_cancel(own, started.id, sterner).await.unwrap();
    assert_eq!(outcome, CancelOutcome::AlreadyRecorded);
    assert_eq!(wished.cancel, Some(CancelRequest { force: true, ..cancel(5) }));
    assert_eq!(seen(store, &started).await, wished);
    let ended = store.finish(end(&started, transition, 7)).await.unwrap();
    assert_eq!((ended.state, ended.ended_at), (JobState::Cancelled, Some(at(7))));
    assert_eq!(seen(store, &started).await, ended);
}

pub async fn running(store: &dyn Store) {
    for transition in
        [Transition::Stop, done(), failure(), transient_failure(), Transition::GiveBack, Transition::Lose]
    {
        running_is_cancelled_by(store, transition).await;
    }
    // The wish also outlives the node.
    let own = project();
    let started = start_running(store, job(own)).await;
    store.request_cancel(own, started.id, cancel(5)).await.unwrap();
    store.expire_leases(at(99)).await.unwrap();
    assert_eq!(seen(store, &started).await.state, JobState::Cancelled);
}

pub async fn ended(store: &dyn Store) {
    let own = project();
    for transition in [done(), failure(), Transition::Stop] {
        let started = start_running(store, job(own)).await;
        let ended = store.finish(end(&started, transition, 5)).await.unwrap();
        let refused = store.request_cancel(own, started.id, cancel(6)).await;
        let reason = TransitionError::Ended(ended.state);
        assert!(matches!(&refused, Err(StoreError::Transition(seen)) if *seen == reason), "{refused:?}");
        assert_eq!(seen(store, &started).await, ended);
    }
}

/// Whichever comes first, the job ends once: Completed with the cancel refused, or Cancelled with the cancel recorded.
pub async fn against_finish(store: Arc<dyn Store>) {
    let own = project();
    for _ in 0..20 {
        let started = start_running(&*store, job(own)).await;
        let finisher = {
            let (store, finish) = (Arc::clone(&store), end(&started, done(), 5));
            tokio::spawn(async move { store.finish(finish).await })
        };
        let canceller = {
            let (store, id) = (Arc::clone(&store), started.id);
            tokio::spawn(async move { store.request_cancel(own, id, cancel(5)).await })
        };
        let ended: Job = finisher.await.expect("no panic").expect("the attempt held its job");
        let wish = canceller.await.expect("no panic");
        match ended.state {
            JobState::Cancelled => assert!(matches!(wish, Ok((CancelOutcome::Recorded, _))), "{wish:?}"),
            JobState::Completed => assert!(matches!(wish, Err(StoreError::Transition(_))), "{wish:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(seen(&*store, &started).await, ended);
    }
}
