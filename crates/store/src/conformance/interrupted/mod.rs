//! Crashes at every commit of every verb: what was acknowledged is there when the store is opened again, and what was not
//! is wholly there or wholly not.
//!
//! The reference does the same and is never interrupted, so that it says what "wholly" is.

mod script;
mod sight;

use super::fixtures::{job, project};
use crate::faulty::VERBS;
use crate::{IdempotencyKey, JobFilter, MemoryStore, NewJob, PageRequest, Store, Submitted};
use async_trait::async_trait;
use fuelcell_domain::Digest;
use script::{READS, RELAXED, SCRIPT, World, ask};
use sight::{Sight, look};
use std::sync::Arc;
use tokio::task::JoinSet;

/// What a crash makes of the commit that it hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// Nothing of it reaches the medium.
    Lost,
    /// It reaches the medium, and nobody hears of it.
    Unanswered,
}

/// What a store lies on, which outlives the store's crashes: a directory, a database.
#[async_trait]
pub trait Medium: Send + Sync {
    /// Opens the store, as a new process would. The one before has been dropped.
    async fn open(&self) -> Arc<dyn Store>;
    /// Has the open store crash at a commit, 0 being the next one. From then on it acknowledges nothing.
    fn crash_at(&self, commit: u64, point: CrashPoint);
}

/// More commits than any verb may need.
const MAX_COMMITS: u64 = 10;

/// A medium on its way through the script, and the store that is open on it.
struct Patient<'a> {
    medium: &'a dyn Medium,
    store: Option<Arc<dyn Store>>,
    world: World,
    /// Crashes after which the verb was there, and after which it was not.
    kept: usize,
    lost: usize,
}

impl Patient<'_> {
    fn store(&self) -> &dyn Store {
        &**self.store.as_ref().expect("open between crashes")
    }

    async fn reopen(&mut self) -> Sight {
        self.store = None;
        self.store = Some(self.medium.open().await);
        look(self.store(), &self.world).await
    }

    /// Has one verb done, with a crash at each of its commits on the way.
    async fn crash_through(&mut self, place: usize, point: CrashPoint, before: &Sight, after: &Sight) {
        let verb = SCRIPT[place];
        for commit in 0..MAX_COMMITS {
            self.medium.crash_at(commit, point);
            let answer = ask(self.store(), &self.world, place).await;
            let is_acknowledged = answer.is_ok();
            assert!(!is_acknowledged || commit > 0, "{verb} was acknowledged without a commit");
            let seen = self.reopen().await;
            if is_acknowledged {
                assert_eq!(seen, *after, "{verb} was acknowledged");
                return;
            }
            let is_there = seen == *after;
            assert!(
                is_there || seen == *before,
                "{point:?} at {commit} left half of {verb}: {:#?}",
                seen.against(after)
            );
            self.kept += usize::from(is_there);
            self.lost += usize::from(!is_there);
            if is_there {
                return;
            }
        }
        panic!("{verb} takes more than {MAX_COMMITS} commits");
    }

    /// Has a verb done that may be lost, with a crash right after it.
    async fn crash_after(&mut self, place: usize, point: CrashPoint, before: &Sight, after: &Sight) {
        ask(self.store(), &self.world, place).await.unwrap();
        self.medium.crash_at(0, point);
        assert!(self.store().check().await.is_err(), "a check commits");
        let seen = self.reopen().await;
        assert!(seen == *before || seen == *after, "half of {}: {:#?}", SCRIPT[place], seen.against(after));
        if seen == *before {
            ask(self.store(), &self.world, place).await.unwrap();
            self.store().check().await.unwrap();
        }
    }
}

/// Every verb that changes something, one after another.
pub async fn every_verb(medium: &dyn Medium, point: CrashPoint) {
    let missing: Vec<_> =
        VERBS.iter().filter(|verb| !READS.contains(verb) && !SCRIPT.contains(verb)).collect();
    assert!(missing.is_empty(), "the script does not ask for {missing:?}");
    let reference = MemoryStore::new();
    let store = Some(medium.open().await);
    let mut patient = Patient { medium, store, world: World::new(), kept: 0, lost: 0 };
    let mut before = look(&reference, &patient.world).await;
    for (place, verb) in SCRIPT.iter().enumerate() {
        ask(&reference, &patient.world, place).await.expect("the reference does it");
        let after = look(&reference, &patient.world).await;
        match RELAXED.contains(verb) {
            true => patient.crash_after(place, point, &before, &after).await,
            false => patient.crash_through(place, point, &before, &after).await,
        }
        before = after;
    }
    let (kept, lost) = (patient.kept, patient.lost);
    let expected = if point == CrashPoint::Lost { lost } else { kept };
    assert!(expected > 0, "{point:?} crashes kept {kept} and lost {lost}");
}

/// Verbs that share commits: each is there or not, and those that were acknowledged are.
pub async fn parallel_submits(medium: &dyn Medium, point: CrashPoint) {
    const SUBMITS: usize = 16;
    let own = project();
    for commit in 0..3 {
        let store = medium.open().await;
        let total = async |store: &dyn Store| store.counts(own, &JobFilter::default()).await.unwrap().total();
        let before = total(&*store).await;
        medium.crash_at(commit, point);
        let mut submits = JoinSet::new();
        for _ in 0..SUBMITS {
            let (store, job) = (store.clone(), job(own));
            submits.spawn(async move { store.submit(NewJob::from(job)).await });
        }
        let answers = submits.join_all().await;
        drop(store);
        let store = medium.open().await;
        let acknowledged: Vec<_> = answers
            .into_iter()
            .filter_map(|answer| match answer {
                Ok(Submitted::Queued(job)) => Some(job),
                _ => None,
            })
            .collect();
        for job in &acknowledged {
            assert_eq!(store.job(own, job.id).await.unwrap().as_ref(), Some(job), "it was acknowledged");
        }
        let page = PageRequest { offset: 0, limit: 1_000 };
        let listed = store.list(own, &JobFilter::default(), page).await.unwrap();
        let ordinals = listed.jobs.iter().rev().map(|job| job.ordinal);
        assert!(ordinals.eq(1..=listed.total.count), "no gaps");
        assert!(listed.total.count >= before + acknowledged.len() as u64);
        assert_eq!(
            (total(&*store).await, listed.total.count),
            (listed.total.count, listed.jobs.len() as u64)
        );
    }
}

/// A client that hears nothing asks again with its key, and gets the job that it has, or a new one.
pub async fn repeated_submit(medium: &dyn Medium, point: CrashPoint) {
    let (own, store) = (project(), medium.open().await);
    let idempotency = Some(IdempotencyKey { key: "once".into(), body: Digest::of(b"body") });
    medium.crash_at(0, point);
    let first = NewJob { idempotency, ..job(own).into() };
    assert!(store.submit(first.clone()).await.is_err());
    drop(store);
    let store = medium.open().await;
    let kept = store.job(own, first.job.id).await.unwrap();
    let second = store.submit(NewJob { job: job(own), ..first }).await.unwrap();
    match (kept, &second) {
        (Some(first), Submitted::Repeated(repeated)) => assert_eq!(*repeated, first),
        (None, Submitted::Queued(job)) => assert_eq!(job.ordinal, 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.counts(own, &JobFilter::default()).await.unwrap().total(), 1);
}
