//! Why the jobs at the head of the queue wait, for whoever watches this node.

use crate::concurrency::Owners;
use crate::dispatch::Scheduler;

use fuelcell_domain::Timestamp;
use fuelcell_domain::estimate::{WaitReason, Waiting, wait_reason};
use fuelcell_domain::seams::Readiness;
use fuelcell_store::StoreError;

impl Scheduler {
    /// The reasons for which the first `most` jobs that may start wait, as this node sees it, and since when each of them may
    /// start, in the order of the queue.
    pub async fn wait_reasons(&self, most: usize) -> Result<Vec<(WaitReason, Timestamp)>, StoreError> {
        let now = self.clock.now();
        let entries = self.records.backlog.ready(now, most).await?;
        let (capacity, occupancy, turns) = (self.load().capacity, self.occupancy(), self.turns.lock());
        let reasons = (0..).zip(&entries).map(|(queued_before, entry)| {
            let waiting = Waiting {
                // Their time has come.
                not_before: None,
                transient_failures: 0,
                queued_before,
                memory_bytes: entry.memory_bytes,
                module_ready: Some(self.runner.readiness(entry.module.program()) == Readiness::Ready),
                at_limit: !occupancy.admits(&Owners::of(entry)),
                others_first: turns.others_first(entry, now, self.config.ageing),
            };
            (wait_reason(waiting, capacity, now), entry.since())
        });
        Ok(reasons.collect())
    }
}
