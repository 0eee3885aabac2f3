//! Copies of a store that goes on meanwhile.

use fuelcell_domain::{JobId, ProjectRef};
use fuelcell_store::conformance::fixtures::{at, cancel, done, end, holder, job, lease, project, submit};
use fuelcell_store::{JobFilter, Jobs, PageRequest, Queue, Submissions};
use fuelcell_store_sled::{Options, SledStore, check};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const WORKERS: usize = 4;
const COPIES: usize = 6;

/// Submits, runs, cancels and deletes until it is told to stop, and notes what was acknowledged and stays.
async fn work(
    store: Arc<SledStore>,
    own: ProjectRef,
    stop: Arc<AtomicBool>,
    kept: Arc<Mutex<BTreeSet<JobId>>>,
) {
    for turn in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let queued = submit(&*store, job(own)).await;
        match turn % 4 {
            0 => {
                let claims = store.claim(&[queued.id], lease("node", 1_000), holder(), at(1)).await.unwrap();
                store.finish(end(&claims[0].job, done(), 5)).await.unwrap();
            }
            1 => drop(store.request_cancel(own, queued.id, cancel(3)).await.unwrap()),
            2 => {
                store.request_cancel(own, queued.id, cancel(3)).await.unwrap();
                store.delete_ended(own, queued.id).await.unwrap();
                continue;
            }
            _ => {}
        }
        kept.lock().unwrap().insert(queued.id);
    }
}

/// What was acknowledged, once it is more than so much.
async fn more_than(kept: &Mutex<BTreeSet<JobId>>, seen: usize) -> BTreeSet<JobId> {
    loop {
        let now = kept.lock().unwrap().clone();
        if now.len() > seen {
            return now;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_whole_and_has_what_was_acknowledged_before_whoever_works_meanwhile() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(crate::open(&directory.path().join("store")));
    let own = project();
    for _ in 0..500 {
        submit(&*store, job(own)).await;
    }
    let (stop, kept) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
    let workers = (0..WORKERS).map(|_| tokio::spawn(work(store.clone(), own, stop.clone(), kept.clone())));
    let workers: Vec<_> = workers.collect();
    let (mut last, mut seen) = (0, 0);
    for _ in 0..COPIES {
        let before = more_than(&kept, seen).await;
        seen = before.len();
        let copy = directory.path().join("copy");
        store.snapshot(&copy).await.unwrap();
        let (report, _) = check(&copy, &Options::default()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        let copied = crate::open(&copy);
        for id in &before {
            assert!(copied.job(own, *id).await.unwrap().is_some(), "job {id} was acknowledged before");
        }
        let all = PageRequest { offset: 0, limit: 1 };
        let newest = copied.list(own, &JobFilter::default(), all).await.unwrap().jobs[0].ordinal;
        assert!(newest >= last, "a copy is not older than the one before");
        last = newest;
    }
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap();
    }
}
