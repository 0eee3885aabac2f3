//! Who lives, by the store's own clock.

use super::fixtures::{at, done, end, job, lease, project, seen, submit};
use crate::{Store, StoreError};
use fuelcell_domain::{ClaimId, Holder, Incarnation, Job, JobState, NodeId};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_secs(1);
/// Short leases are over long before.
const PATIENCE: Duration = Duration::from_secs(60);

fn named(name: &str) -> NodeId {
    NodeId(name.into())
}

/// A job that a life of node `name` runs, under a lease of the attempt that does not end.
async fn run_by(store: &dyn Store, name: &str, incarnation: Incarnation) -> Job {
    let id = submit(store, job(project())).await.id;
    let holder = Holder { incarnation, claim: ClaimId::random() };
    store.claim(&[id], lease(name, 1_000_000), holder, at(1)).await.unwrap().remove(0).job
}

pub async fn a_life_goes_on_until_it_is_gone(store: &dyn Store) {
    let (first, second, stranger) = (Incarnation::random(), Incarnation::random(), Incarnation::random());
    assert!(!store.beat(first, LONG).await.unwrap(), "nobody knows it yet");
    store.register(&named("one"), first, LONG).await.unwrap();
    // An answer may be lost, and the caller asks again.
    store.register(&named("one"), first, LONG).await.unwrap();
    store.register(&named("other"), stranger, LONG).await.unwrap();
    assert!(store.beat(first, LONG).await.unwrap());
    store.register(&named("one"), second, LONG).await.unwrap();
    assert!(!store.beat(first, LONG).await.unwrap(), "a later life took its place");
    assert!(store.beat(second, LONG).await.unwrap() && store.beat(stranger, LONG).await.unwrap());
    assert_eq!(store.rescue(LONG, at(2)).await.unwrap(), []);
}

pub async fn a_lease_that_is_over_goes_on_where_nobody_acted_on_it(store: &dyn Store) {
    let life = Incarnation::random();
    store.register(&named("one"), life, Duration::ZERO).await.unwrap();
    let running = run_by(store, "one", life).await;
    assert!(store.beat(life, LONG).await.unwrap());
    assert_eq!(store.rescue(LONG, at(2)).await.unwrap(), []);
    assert_eq!(seen(store, &running).await, running);
}

pub async fn jobs_of_lives_that_are_gone_are_queued_again(store: &dyn Store) {
    let (lives, goes, unknown) = (Incarnation::random(), Incarnation::random(), Incarnation::random());
    store.register(&named("lives"), lives, LONG).await.unwrap();
    store.register(&named("goes"), goes, SHORT).await.unwrap();
    let mine = run_by(store, "goes", goes).await;
    let others = [run_by(store, "lives", lives).await, run_by(store, "nobody knows it", unknown).await];
    let begun = Instant::now();
    let rescued = loop {
        // Somebody is there all the time, so that silence is the node's own.
        assert!(store.beat(lives, SHORT).await.unwrap());
        let rescued = store.rescue(SHORT, at(50)).await.unwrap();
        if !rescued.is_empty() {
            break rescued;
        }
        assert!(begun.elapsed() < PATIENCE, "nobody is rescued");
        sleep(SHORT / 20).await;
    };
    assert!(begun.elapsed() >= SHORT / 2, "the lease was not over");
    assert_eq!(rescued, [mine.id]);
    assert_eq!(store.rescue(SHORT, at(51)).await.unwrap(), [], "once");
    let queued = seen(store, &mine).await;
    assert_eq!((queued.state, queued.lost_attempts, queued.attempt), (JobState::Queued, 1, 1));
    assert_eq!(store.receipts(mine.id).await.unwrap().len(), 1);
    for other in others {
        assert_eq!(seen(store, &other).await, other);
    }
    // What is gone does not come back, and its end is none.
    assert!(!store.beat(goes, LONG).await.unwrap());
    let late = store.finish(end(&mine, done(), 52)).await;
    assert!(matches!(late, Err(StoreError::Stale(_))), "{late:?}");
    assert_eq!(seen(store, &mine).await, queued);
}

pub async fn of_many_who_rescue_one_does(store: Arc<dyn Store>) {
    const RESCUERS: usize = 8;
    let life = Incarnation::random();
    store.register(&named("goes"), life, Duration::ZERO).await.unwrap();
    let mut running = Vec::new();
    for _ in 0..20 {
        running.push(run_by(&*store, "goes", life).await.id);
    }
    let mut rescuers = JoinSet::new();
    for _ in 0..RESCUERS {
        let store = store.clone();
        rescuers.spawn(async move { store.rescue(LONG, at(9)).await.unwrap() });
    }
    let mut rescued = rescuers.join_all().await.concat();
    rescued.sort_unstable();
    running.sort_unstable();
    assert_eq!(rescued, running);
}
