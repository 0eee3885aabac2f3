//! While an attempt runs, and how it leaves.

use super::fixtures::{
    EVERY_LINE, at, cancel, done, end, failure, holder, job, lease, log_lines, project, pulse, receipt,
    running, seen, start, submit, transient_failure,
};
use crate::{BlobRef, QueueEntry, Store, StoreError};
use fuelcell_domain::job::Pulse;
use fuelcell_domain::state::{
    MAX_LOST_ATTEMPTS, MAX_PROCESS_DEATHS, MAX_TRANSIENT_FAILURES, TransitionError,
};
use fuelcell_domain::{
    AttemptId, ClaimId, Digest, ErrorCode, Holder, Incarnation, Job, JobError, JobId, JobState, LogLevel,
    LogLine, NodeId, Receipt, Transition, Usage,
};
use std::sync::Arc;
use tokio::task::JoinSet;

const BLOB: BlobRef = BlobRef { digest: Digest([7; 32]), size: 9 };

/// Every write that names an attempt is refused for this one and changes nothing.
async fn refuses(store: &dyn Store, job: &Job, attempt: AttemptId) {
    let before = store.job(job.project, job.id).await.unwrap();
    let stale = |result: Result<(), StoreError>| {
        assert!(matches!(&result, Err(StoreError::Stale(named)) if *named == attempt), "{result:?}");
    };
    let line = LogLine {
        at: at(1),
        attempt: 1,
        level: LogLevel::Info,
        stage: String::new(),
        message: "late".into(),
    };
    stale(store.record_pulse(attempt, pulse(99), at(50)).await);
    stale(store.set_checkpoint(attempt, BLOB).await);
    stale(store.append_logs(attempt, vec![line]).await);
    for transition in [done(), failure(), Transition::Stop, Transition::GiveBack, Transition::Lose] {
        let finish = crate::Finish { attempt, ..end(job, transition, 51) };
        stale(store.finish(finish).await.map(drop));
    }
    assert_eq!(store.extend_leases(&[attempt], at(999)).await.unwrap(), [attempt]);

    assert_eq!(store.job(job.project, job.id).await.unwrap(), before);
    assert_eq!(store.checkpoint(job.id).await.unwrap(), None);
    assert_eq!(log_lines(store, job.id, EVERY_LINE).await, []);
}

pub async fn stale_writes_are_refused(store: &dyn Store) {
    let job = submit(store, job(project())).await;
    refuses(store, &job, AttemptId { job: job.id, number: 0, holder: Holder::NONE }).await;
    let first = start(store, job.id, 1).await.current_attempt();
    for number in [0, 2] {
        refuses(store, &job, AttemptId { number, ..first }).await;
    }
    // Another claim may have had the same number, in a database that a crash set back.
    for stranger in [Holder::NONE, holder(), Holder { claim: ClaimId::random(), ..first.holder }] {
        refuses(store, &job, AttemptId { holder: stranger, ..first }).await;
    }
    // The rescue of a job makes its earlier attempt stale: while it is queued, while the next one runs, after its end.
    store.expire_leases(at(31)).await.unwrap();
    refuses(store, &job, first).await;
    let second = start(store, job.id, 40).await;
    assert_eq!(second.attempt, 2);
    refuses(store, &job, first).await;
    refuses(store, &job, AttemptId { number: 2, ..first }).await;
    store.finish(end(&second, done(), 50)).await.unwrap();
    refuses(store, &job, first).await;
    refuses(store, &job, second.current_attempt()).await;
    refuses(store, &job, AttemptId { job: JobId::random(), ..first }).await;
    assert_eq!(store.receipts(job.id).await.unwrap().len(), 2);
}

/// An answer may be lost on its way, and the caller asks again.
pub async fn an_end_again_is_answered_as_the_first_time(store: &dyn Store) {
    let own = project();
    let started = running(store, job(own)).await;
    let first = end(&started, transient_failure(), 5);
    let queued = store.finish(first.clone()).await.unwrap();
    assert_eq!(store.finish(first.clone()).await.unwrap(), queued);
    let second = start(store, started.id, 9000).await;
    assert_eq!(store.finish(first.clone()).await.unwrap(), second, "the job as it stands");
    let last = end(&second, done(), 9001);
    let ended = store.finish(last.clone()).await.unwrap();
    for again in [last.clone(), first] {
        assert_eq!(store.finish(again).await.unwrap(), ended);
    }
    // Another end of the same attempt is none that was stored.
    let other = store.finish(end(&second, failure(), 9002)).await;
    assert!(matches!(other, Err(StoreError::Stale(_))), "{other:?}");
    assert_eq!(store.receipts(started.id).await.unwrap().len(), 2);
    store.delete_ended(own, started.id).await.unwrap();
    assert!(matches!(store.finish(last).await, Err(StoreError::Stale(_))));
}

pub async fn illegal_transitions(store: &dyn Store) {
    let gone = || JobError::new(ErrorCode::InputGone, "gone");
    let own = project();
    let started = running(store, job(own)).await;
    let refused = store.fail_queued(started.id, gone(), at(2)).await;
    let reason = TransitionError::NotQueued(JobState::Running);
    assert!(matches!(&refused, Err(StoreError::Transition(seen)) if *seen == reason), "{refused:?}");
    let unknown = store.fail_queued(JobId::random(), gone(), at(2)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound("job"))), "{unknown:?}");

    let queued = submit(store, job(own)).await;
    store.fail_queued(queued.id, gone(), at(3)).await.unwrap();
    let failed = seen(store, &queued).await;
    assert_eq!((failed.state, failed.ended_at), (JobState::Failed, Some(at(3))));
    assert_eq!(failed.error(), Some(&gone()));
    // Nothing leaves an end.
    assert_eq!(store.claim(&[queued.id], lease("node", 30), holder(), at(4)).await.unwrap(), []);
    assert!(store.fail_queued(queued.id, gone(), at(4)).await.is_err());
    assert!(store.request_cancel(own, queued.id, cancel(4)).await.is_err());
    assert_eq!(store.expire_leases(at(9999)).await.unwrap(), [started.id]);
    assert_eq!(seen(store, &queued).await, failed);
}

pub async fn pulses_and_checkpoints(store: &dyn Store) {
    let own = project();
    let first = running(store, job(own)).await;
    let attempt = first.current_attempt();
    store.record_pulse(attempt, pulse(10), at(2)).await.unwrap();
    store.record_pulse(attempt, pulse(20), at(3)).await.unwrap();
    let shown = seen(store, &first).await;
    assert_eq!(shown, Job { pulse: pulse(20), ..first.clone() }, "live figures and nothing else");
    assert_eq!(store.checkpoint(first.id).await.unwrap(), None);
    store.set_checkpoint(attempt, BlobRef { size: 1, ..BLOB }).await.unwrap();
    store.set_checkpoint(attempt, BLOB).await.unwrap();
    assert_eq!(store.checkpoint(first.id).await.unwrap(), Some(BLOB));
    // A lost attempt leaves its figures and its checkpoint; the next attempt starts at zero with the checkpoint.
    store.expire_leases(at(99)).await.unwrap();
    let left = seen(store, &first).await.pulse;
    assert_eq!(left, Pulse { usage: Usage::of_lost(pulse(20).usage), ..pulse(20) });
    let claims = store.claim(&[first.id], lease("node", 130), holder(), at(100)).await.unwrap();
    assert_eq!(claims[0].checkpoint, Some(BLOB));
    assert_eq!(claims[0].job.pulse, Default::default());
    assert_eq!(seen(store, &first).await, claims[0].job);
    // The end brings the final figures.
    let ended = store.finish(end(&claims[0].job, failure(), 101)).await.unwrap();
    assert_eq!(ended.pulse, pulse(42));
    assert_eq!(seen(store, &first).await, ended);
}

pub async fn leases(store: &dyn Store) {
    let own = project();
    let (first, second) = (running(store, job(own)).await, running(store, job(own)).await);
    let unknown = AttemptId { job: JobId::random(), number: 1, holder: Holder::NONE };
    assert_eq!(store.expire_leases(at(30)).await.unwrap(), []);
    let attempts = [unknown, first.current_attempt()];
    assert_eq!(store.extend_leases(&attempts, at(60)).await.unwrap(), [unknown]);
    assert_eq!(seen(store, &first).await, Job { lease: Some(lease("node", 60)), ..first.clone() });
    assert_eq!(store.expire_leases(at(31)).await.unwrap(), [second.id]);
    assert_eq!(store.expire_leases(at(31)).await.unwrap(), []);
    assert_eq!(
        store.extend_leases(&[second.current_attempt()], at(90)).await.unwrap(),
        [second.current_attempt()]
    );
    let requeued = seen(store, &second).await;
    assert_eq!((requeued.state, requeued.lease), (JobState::Queued, None));
    assert_eq!(store.expire_leases(at(60)).await.unwrap(), [first.id]);
}

pub async fn lost_attempts(store: &dyn Store) {
    let queued = submit(store, job(project())).await;
    for n in 1..=MAX_LOST_ATTEMPTS {
        let seconds = i64::from(n) * 100;
        let started = start(store, queued.id, seconds).await;
        assert_eq!((started.attempt, started.lost_attempts), (n, n - 1));
        if n == 1 {
            store.record_pulse(started.current_attempt(), pulse(20), at(seconds)).await.unwrap();
        }
        assert_eq!(store.expire_leases(at(seconds + 30)).await.unwrap(), [queued.id]);
        // What was seen last is what it burnt at least.
        let receipts = store.receipts(queued.id).await.unwrap();
        let account = Receipt::of_lost(
            &if n == 1 { Job { pulse: pulse(20), ..started } } else { started },
            at(seconds + 30),
        );
        assert_eq!(receipts.last(), Some(&account));
        assert!(account.is_lost() && account.usage.fuel.is_lower_bound());
        assert_eq!(receipts.len(), n as usize);
    }
    let ended = seen(store, &queued).await;
    assert_eq!((ended.state, ended.lost_attempts), (JobState::Failed, MAX_LOST_ATTEMPTS));
    assert_eq!(ended.error().map(|error| error.code), Some(ErrorCode::NodeLost));
    assert_eq!(store.ready(at(99_999), 9).await.unwrap(), []);
}

pub async fn released_node(store: &dyn Store) {
    let own = project();
    let (mine, theirs) = (submit(store, job(own)).await, submit(store, job(own)).await);
    store.claim(&[mine.id], lease("gone", 1000), holder(), at(1)).await.unwrap();
    store.claim(&[theirs.id], lease("alive", 1000), holder(), at(1)).await.unwrap();
    let gone = NodeId("gone".into());
    let present = seen(store, &mine).await.holder.expect("it runs").incarnation;
    assert_eq!(store.release_node(&gone, present, at(2)).await.unwrap(), [], "it is of this life");
    let later = Incarnation::random();
    assert_eq!(store.release_node(&gone, later, at(2)).await.unwrap(), [mine.id]);
    assert_eq!(store.release_node(&gone, later, at(3)).await.unwrap(), []);
    let requeued = seen(store, &mine).await;
    assert_eq!((requeued.state, requeued.lost_attempts), (JobState::Queued, 1));
    assert_eq!(store.ready(at(2), 9).await.unwrap(), [QueueEntry::of(&requeued)]);
    assert_eq!(seen(store, &theirs).await.state, JobState::Running);
}

pub async fn transient_failures(store: &dyn Store) {
    let queued = submit(store, job(project())).await;
    let mut seconds = 1;
    for n in 1..=MAX_TRANSIENT_FAILURES {
        let started = start(store, queued.id, seconds).await;
        let requeued = store.finish(end(&started, transient_failure(), seconds + 1)).await.unwrap();
        assert_eq!((requeued.state, requeued.transient_failures), (JobState::Queued, n));
        let resume = requeued.not_before.expect("a failed attempt waits before the next one");
        assert!(resume > at(seconds + 1));
        assert_eq!(store.ready(at(seconds + 1), 9).await.unwrap(), []);
        assert_eq!(store.next_not_before(at(seconds + 1)).await.unwrap(), Some(resume));
        assert_eq!(store.ready(resume, 9).await.unwrap()[0].job, queued.id);
        seconds += 1000;
    }
    // Giving back costs nothing.
    let started = start(store, queued.id, seconds).await;
    let given_back = store.finish(end(&started, Transition::GiveBack, seconds + 1)).await.unwrap();
    assert_eq!((given_back.state, given_back.transient_failures), (JobState::Queued, MAX_TRANSIENT_FAILURES));
    assert_eq!(given_back.lost_attempts, 0);
    let started = start(store, queued.id, seconds + 2).await;
    let failed = store.finish(end(&started, transient_failure(), seconds + 3)).await.unwrap();
    assert_eq!(failed.state, JobState::Failed);
    let numbers: Vec<_> =
        store.receipts(queued.id).await.unwrap().iter().map(|receipt| receipt.attempt.number).collect();
    assert_eq!(numbers, (1..=MAX_TRANSIENT_FAILURES + 2).collect::<Vec<_>>());
}

pub async fn deaths_of_own_processes(store: &dyn Store) {
    let queued = submit(store, job(project())).await;
    for n in 1..=MAX_PROCESS_DEATHS {
        let seconds = i64::from(n) * 1000;
        let started = start(store, queued.id, seconds).await;
        let died = Transition::Fail(JobError::new(ErrorCode::NodeLost, "its process died").transient());
        let after = store.finish(end(&started, died, seconds + 1)).await.unwrap();
        let expected = if n < MAX_PROCESS_DEATHS { JobState::Queued } else { JobState::Failed };
        assert_eq!((after.state, after.attempt), (expected, n));
    }
}

pub async fn parallel_finishes_end_once(store: Arc<dyn Store>) {
    let started = running(&*store, job(project())).await;
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = Arc::clone(&store);
        let transition = if n % 2 == 0 { done() } else { failure() };
        let account = Receipt { node: format!("{n}"), ..receipt(started.current_attempt(), 5) };
        let finish = crate::Finish { receipt: account, ..end(&started, transition, 5) };
        tasks.spawn(async move { store.finish(finish).await });
    }
    let mut ends: Vec<Job> = Vec::new();
    for answer in tasks.join_all().await {
        match answer {
            Ok(job) => ends.push(job),
            Err(StoreError::Stale(_)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(ends, [seen(&*store, &started).await]);
    assert_eq!(store.receipts(started.id).await.unwrap().len(), 1);
}
