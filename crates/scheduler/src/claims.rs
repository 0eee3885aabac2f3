//! Claims that the store is taking. A claim takes a commit or two, in which the slots run through a line of short jobs; so
//! a large one goes out beside the one before it. Small ones are worth waiting for each other: they become one.

use fuelcell_domain::JobId;
use fuelcell_store::{Claim, QueueEntry, StoreError};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use std::collections::BTreeMap;

/// Claims at the same time.
const AT_ONCE: usize = 2;
/// What a claim asks for at least to go out beside another.
const LEAST_BESIDE: usize = 64;

/// What the store answers to a claim.
pub(crate) type Claimed = Result<Vec<Claim>, StoreError>;

/// See the module.
#[derive(Default)]
pub(crate) struct Claims {
    under_way: FuturesUnordered<BoxFuture<'static, (Vec<JobId>, Claimed)>>,
    entries: BTreeMap<JobId, QueueEntry>,
    /// There is no use in a claim beside those under way: the queue is not looked at again before one has its answer.
    are_enough: bool,
}

impl Claims {
    /// Whether another look at the queue can be of use.
    pub(crate) fn may_grow(&self) -> bool {
        self.under_way.len() < AT_ONCE && !self.are_enough
    }

    /// Nothing more can be claimed now: what is under way, if anything, is to be answered first.
    pub(crate) fn wait(&mut self) {
        self.are_enough = !self.under_way.is_empty();
    }

    /// Lets a claim of these jobs go out, made by `ask`, or leaves it until there are more of them. Says which.
    pub(crate) fn add<F>(&mut self, entries: Vec<QueueEntry>, ask: impl FnOnce(Vec<JobId>) -> F) -> bool
    where
        F: Future<Output = (Vec<JobId>, Claimed)> + Send + 'static,
    {
        if !self.under_way.is_empty() && entries.len() < LEAST_BESIDE {
            self.wait();
            return false;
        }
        self.under_way.push(ask(entries.iter().map(|entry| entry.job).collect()).boxed());
        self.entries.extend(entries.into_iter().map(|entry| (entry.job, entry)));
        true
    }

    /// The next answer, once it is there; `None` when none is to be waited for.
    pub(crate) async fn next(&mut self) -> Option<Claimed> {
        let (jobs, claimed) = self.under_way.next().await?;
        self.are_enough = false;
        jobs.iter().for_each(|job| drop(self.entries.remove(job)));
        Some(claimed)
    }

    /// All answers that are waited for.
    pub(crate) async fn rest(mut self) -> Vec<Claimed> {
        let mut rest = Vec::new();
        while let Some(claimed) = self.next().await {
            rest.push(claimed);
        }
        rest
    }

    /// The jobs that are asked for.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &QueueEntry> {
        self.entries.values()
    }

    /// Whether this job is asked for.
    pub(crate) fn hold(&self, job: JobId) -> bool {
        self.entries.contains_key(&job)
    }

    /// How many jobs are asked for.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choose::tests::entry;
    use tokio::sync::oneshot;

    /// A claim that waits for the word of the store; `None` when it is not made.
    fn claim(claims: &mut Claims, jobs: usize) -> Option<oneshot::Sender<()>> {
        let entries = (0..jobs).map(|_| entry("module", 1)).collect();
        let (answer, answered) = oneshot::channel();
        let is_made = claims.add(entries, |jobs| async move {
            answered.await.unwrap();
            (jobs, Ok(Vec::new()))
        });
        is_made.then_some(answer)
    }

    #[tokio::test]
    async fn a_large_claim_goes_out_beside_another_and_small_ones_wait_for_company() {
        let mut claims = Claims::default();
        let small = claim(&mut claims, 1).unwrap();
        assert!(claims.may_grow() && claim(&mut claims, LEAST_BESIDE - 1).is_none());
        assert!(!claims.may_grow(), "nothing is looked for before the answer");
        assert!(claims.next().now_or_never().is_none());
        small.send(()).unwrap();
        assert!(claims.next().await.is_some_and(|claimed| claimed.is_ok()) && claims.may_grow());

        let first = claim(&mut claims, 200).unwrap();
        let second = claim(&mut claims, LEAST_BESIDE).unwrap();
        assert!(!claims.may_grow(), "no third one");
        assert_eq!((claims.len(), claims.entries().count()), (200 + LEAST_BESIDE, 200 + LEAST_BESIDE));
        let asked: Vec<JobId> = claims.entries().map(|entry| entry.job).collect();
        second.send(()).unwrap();
        claims.next().await.unwrap().unwrap();
        assert_eq!((claims.len(), claims.may_grow()), (200, true));
        assert_eq!(asked.into_iter().filter(|job| claims.hold(*job)).count(), 200, "of the first one");
        first.send(()).unwrap();
        assert_eq!(claims.rest().await.len(), 1);
    }

    #[tokio::test]
    async fn without_a_claim_under_way_there_is_nothing_to_wait_for() {
        let mut claims = Claims::default();
        claims.wait();
        assert!(claims.may_grow() && claims.next().await.is_none());
    }
}
