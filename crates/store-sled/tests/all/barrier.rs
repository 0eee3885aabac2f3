//! Acknowledged means durable: no answer before its barrier, and one barrier for many answers.

use fuelcell_domain::{Job, JobState};
use fuelcell_store::conformance::fixtures::{
    at, cancel, done, end, failure, holder, job, lease, project, pulse, running, submit,
};
use fuelcell_store::{
    Backlog, Grants, Health, JobFilter, Jobs, NewJob, Queue, StoreError, Submissions, Submitted,
};
use fuelcell_store_sled::{Barrier, Fdatasync, Options, SledStore};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Counts, holds up and breaks barriers.
#[derive(Default)]
struct Probe {
    entered: AtomicU64,
    broken: AtomicBool,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Barrier for Probe {
    fn sync(&self, file: &File) -> io::Result<()> {
        self.entered.fetch_add(1, Ordering::SeqCst);
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
        match self.broken.load(Ordering::SeqCst) {
            true => Err(io::Error::other("the drive is gone")),
            false => Fdatasync.sync(file),
        }
    }
}

impl Probe {
    fn barriers(&self) -> u64 {
        self.entered.load(Ordering::SeqCst)
    }

    fn set_closed(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }
}

fn probed(directory: &TempDir) -> (Arc<Probe>, Arc<SledStore>) {
    let probe = Arc::new(Probe::default());
    let options = Options { barrier: Arc::clone(&probe) as Arc<dyn Barrier>, ..Options::default() };
    let store = SledStore::open(directory.path(), options).unwrap();
    (probe, Arc::new(store))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_comes_after_a_barrier_of_its_own() {
    let directory = TempDir::new().unwrap();
    let (probe, store) = probed(&directory);
    for _ in 0..20 {
        let before = probe.barriers();
        submit(&*store, job(project())).await;
        assert_eq!(probe.barriers(), before + 1);
    }
    let before = probe.barriers();
    store.check().await.unwrap();
    assert_eq!(probe.barriers(), before + 1, "a health check writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_as_long_as_its_barrier() {
    let directory = TempDir::new().unwrap();
    let (probe, store) = probed(&directory);
    let own = project();
    let before = probe.barriers();
    probe.set_closed(true);
    let submission = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { submit(&*store, job(own)).await })
    };
    while probe.barriers() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!submission.is_finished(), "the barrier has not returned");
    assert_eq!(store.counts(own, &JobFilter::default()).await.unwrap().total(), 0, "lists show durable jobs");
    probe.set_closed(false);
    let job = submission.await.unwrap();
    assert_eq!(store.job(own, job.id).await.unwrap(), Some(job));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_verbs_share_barriers() {
    const SUBMITTERS: u64 = 64;
    const EACH: u64 = 20;
    let directory = TempDir::new().unwrap();
    let (probe, store) = probed(&directory);
    let before = probe.barriers();
    let mut tasks = JoinSet::new();
    for _ in 0..SUBMITTERS {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let own = project();
            for _ in 0..EACH {
                submit(&*store, job(own)).await;
            }
        });
    }
    tasks.join_all().await;
    let barriers = probe.barriers() - before;
    assert!(barriers >= EACH, "a submitter waits for one before it goes on: {barriers}");
    assert!(barriers < SUBMITTERS * EACH / 4, "{barriers} barriers for {} verbs", SUBMITTERS * EACH);
}

#[tokio::test(flavor = "multi_thread")]
async fn verbs_of_one_batch_see_those_before_them() {
    let directory = TempDir::new().unwrap();
    let (probe, store) = probed(&directory);
    let own = project();
    let (first, second) = (job(own), job(own));
    let (claim, later) = (holder(), holder());
    let attempt = |job: &Job, number, by| Job { attempt: number, holder: Some(by), ..job.clone() };
    let new = |job: &Job| NewJob::from(job.clone());

    // The committer waits at a closed barrier while everything below queues up behind it, in this order.
    probe.set_closed(true);
    let before = probe.barriers();
    let holding = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.check().await })
    };
    while probe.barriers() == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (ids, opener) = ([first.id, second.id], Arc::clone(&probe));
    let (one, two, claims, done_one, lost, again, stale, done_two, ()) = tokio::join!(
        biased;
        store.submit(new(&first)),
        store.submit(new(&second)),
        store.claim(&ids, lease("node", 30), claim, at(1)),
        store.finish(end(&attempt(&first, 1, claim), done(), 2)),
        store.expire_leases(at(31)),
        store.claim(&ids, lease("node", 90), later, at(32)),
        store.finish(end(&attempt(&second, 1, claim), done(), 33)),
        store.finish(end(&attempt(&second, 2, later), failure(), 34)),
        async move { opener.set_closed(false) },
    );
    holding.await.unwrap().unwrap();
    assert!(
        matches!((one, two), (Ok(Submitted::Queued(one)), Ok(Submitted::Queued(two))) if one.ordinal + 1 == two.ordinal)
    );
    assert_eq!(claims.unwrap().len(), 2);
    assert_eq!(done_one.unwrap().state, JobState::Completed);
    assert_eq!(lost.unwrap(), [second.id]);
    assert_eq!(again.unwrap()[0].job.attempt, 2);
    assert!(matches!(stale, Err(StoreError::Stale(_))));
    assert_eq!(done_two.unwrap().state, JobState::Failed);
    assert_eq!(probe.barriers(), before + 2, "one for the check, one for all the rest");
    let counts = store.counts(own, &JobFilter::default()).await.unwrap();
    assert_eq!((counts.completed, counts.failed, counts.total()), (1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn live_figures_need_no_barrier() {
    let directory = TempDir::new().unwrap();
    let (probe, store) = probed(&directory);
    let started = running(&*store, job(project())).await;
    let before = probe.barriers();
    for percentage in 0..50 {
        store.record_pulse(started.current_attempt(), pulse(percentage), at(5)).await.unwrap();
    }
    assert_eq!(probe.barriers(), before);
    assert_eq!(store.job(started.project, started.id).await.unwrap().unwrap().pulse, pulse(49));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_barrier_stops_the_store() {
    let directory = TempDir::new().unwrap();
    let (probe, store) = probed(&directory);
    let own = project();
    let kept = submit(&*store, job(own)).await;
    probe.broken.store(true, Ordering::SeqCst);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.submit(NewJob::from(job(own))).await });
    }
    for answer in tasks.join_all().await {
        assert!(matches!(answer, Err(StoreError::Storage(_))), "{answer:?}");
    }
    // Not even a drive that comes back helps: nobody knows what it holds.
    probe.broken.store(false, Ordering::SeqCst);
    assert!(matches!(store.check().await, Err(StoreError::Storage(_))));
    assert!(matches!(store.job(own, kept.id).await, Err(StoreError::Storage(_))));
    assert!(matches!(store.ready(at(1), 1).await, Err(StoreError::Storage(_))));

    drop(store);
    let store = crate::open(directory.path());
    assert_eq!(store.job(own, kept.id).await.unwrap(), Some(kept));
    store.check().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_refused_before_it_is_touched() {
    let directory = TempDir::new().unwrap();
    let own = project();
    let kept = submit(&crate::open(directory.path()), job(own)).await;
    let full = Options { free_bytes_to_write: u64::MAX, ..Options::default() };
    let store = SledStore::open(directory.path(), full).unwrap();
    let refused = store.submit(NewJob::from(job(own))).await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    assert!(matches!(store.check().await, Err(StoreError::Full)));
    assert_eq!(store.job(own, kept.id).await.unwrap(), Some(kept));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nearly_full_disk_lets_jobs_end_and_go() {
    let directory = TempDir::new().unwrap();
    let own = project();
    let (runs, waits) = {
        let store = crate::open(directory.path());
        (running(&store, job(own)).await, submit(&store, job(own)).await)
    };
    let full = Options { free_bytes_to_write: u64::MAX, ..Options::default() };
    let store = SledStore::open(directory.path(), full.clone()).unwrap();
    let claimed = store.claim(&[waits.id], lease("node", 30), holder(), at(1)).await;
    assert!(matches!(claimed, Err(StoreError::Full)), "nothing new is begun: {claimed:?}");
    assert_eq!(store.extend_leases(&[runs.current_attempt()], at(90)).await.unwrap(), []);
    let ended = store.finish(end(&runs, done(), 2)).await.unwrap();
    assert_eq!(ended.state, JobState::Completed);
    store.request_cancel(own, waits.id, cancel(3)).await.unwrap();
    store.delete_ended(own, runs.id).await.unwrap();
    for taken_away in [store.delete_secret(own, "KEY").await, store.delete_grant(own, "module").await] {
        assert!(
            !matches!(taken_away, Err(StoreError::Full)),
            "what a module may do is taken away: {taken_away:?}"
        );
    }
    drop(store);

    let brim = Options { free_bytes_to_give_back: u64::MAX, ..full };
    let store = SledStore::open(directory.path(), brim).unwrap();
    let refused = store.delete_ended(own, waits.id).await;
    assert!(matches!(refused, Err(StoreError::Full)), "not even that: {refused:?}");
    assert!(store.job(own, waits.id).await.unwrap().is_some());
}
