//! Which queued jobs start now: a pure function, so that policy can be read and tested apart from everything else.
//!
//! The rule: jobs start in the order that they are given in, with these exceptions.
//! - A job whose module is not compiled yet is passed by those behind it; its module is prepared meanwhile.
//! - A job whose project, pipeline or module may not have another job run is passed, too.
//! - A job waits until the memory limits of all running jobs leave room for its own. *Nothing passes a job that waits for
//!   memory.* So a large job cannot be starved by small ones: it starts as soon as enough of the jobs that run now have
//!   ended, and the memory that lies idle until then is less than its own limit. A job larger than the whole budget starts
//!   when nothing else runs.
//!
//! **Claiming ahead.** A claim waits for the store's barrier, which takes longer than a short job runs. So when all slots
//! are taken, jobs that are measured to be short are claimed ahead and wait in line before the slots, as long as what waits
//! there is worth [`Free::ahead`] of running time: [`SHORT`] for each slot that a short job has, or gets now. Whoever comes
//! with a more urgent job waits that much longer, no more.

use crate::concurrency::{Occupancy, Owners};
use fuelcell_domain::seams::Readiness;
use fuelcell_domain::{Digest, JobError, JobId, ModuleRef};
use fuelcell_store::QueueEntry;
use std::sync::Arc;
use std::time::Duration;

/// What is free on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Free {
    /// Slots.
    pub(crate) slots: usize,
    /// Bytes of the memory budget.
    pub(crate) memory_bytes: u64,
    /// Whether nothing runs at all.
    pub(crate) idle: bool,
    /// How much running time may be claimed ahead.
    pub(crate) ahead: Duration,
}

/// A job that takes no longer than this may be claimed ahead, and this much of running time for each slot. An urgent job
/// that comes then waits that much longer.
pub(crate) const SHORT: Duration = Duration::from_millis(20);
/// What a job that is claimed ahead counts for at least.
pub(crate) const LEAST_AHEAD: Duration = Duration::from_micros(50);

/// What to do with the head of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Jobs to claim, in order.
    pub(crate) start: Vec<QueueEntry>,
    /// Modules to prepare, each program once, the most urgent first.
    pub(crate) prepare: Vec<Arc<ModuleRef>>,
    /// Jobs that can never start, and why.
    pub(crate) fail: Vec<(JobId, JobError)>,
}

/// Chooses from the head of the queue, given in the order in which jobs are to start. `short` tells how long a run of a
/// module takes if that is short enough to be claimed ahead.
pub(crate) fn choose(
    entries: Vec<QueueEntry>,
    mut free: Free,
    mut occupancy: Occupancy<'_>,
    readiness: impl Fn(Digest) -> Readiness,
    short: impl Fn(Digest) -> Option<Duration>,
) -> Choice {
    let mut choice = Choice::default();
    // Once a job waits for memory or for a slot, nothing passes it.
    let mut closed = false;
    for entry in entries {
        let owners = Owners::of(&entry);
        match readiness(entry.module.program()) {
            Readiness::Failed(error) => choice.fail.push((entry.job, error)),
            Readiness::NotReady => {
                let program = entry.module.program();
                if choice.prepare.iter().all(|other| other.program() != program) {
                    choice.prepare.push(entry.module.clone());
                }
            }
            Readiness::Ready if closed || !occupancy.admits(&owners) => {}
            Readiness::Ready => match take(&entry, free, &short) {
                Some(left) => {
                    free = left;
                    choice.start.push(entry);
                    occupancy.add(owners);
                }
                None => closed = true,
            },
        }
    }
    choice
}

impl Free {
    /// What is left when this job starts, or is claimed ahead, even if it should wait: then there is nothing left.
    pub(crate) fn after(self, entry: &QueueEntry, short: impl Fn(Digest) -> Option<Duration>) -> Self {
        let nothing = Self { slots: 0, memory_bytes: 0, idle: false, ahead: Duration::ZERO };
        take(entry, self, short).unwrap_or(nothing)
    }
}

/// What is left when this job starts, or is claimed ahead; `None` when it must wait.
fn take(entry: &QueueEntry, free: Free, short: impl Fn(Digest) -> Option<Duration>) -> Option<Free> {
    if free.slots > 0 {
        let fits = entry.memory_bytes <= free.memory_bytes || free.idle;
        return fits.then(|| Free {
            slots: free.slots - 1,
            memory_bytes: free.memory_bytes.saturating_sub(entry.memory_bytes),
            idle: false,
            ahead: free.ahead + short(entry.module.digest).map_or(Duration::ZERO, |_| SHORT),
        });
    }
    let time = short(entry.module.digest)?.max(LEAST_AHEAD);
    Some(Free { ahead: free.ahead.checked_sub(time)?, ..free })
}

impl Owners {
    pub(crate) fn of(entry: &QueueEntry) -> Self {
        Self { project: entry.project.project, pipeline: entry.pipeline, module: entry.module.name.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Concurrency;
    use fuelcell_domain::{EngineRef, ErrorCode, Priority, ProjectId, ProjectRef, TenantId, Timestamp};
    use std::sync::Arc;

    const FREE: Free = Free { slots: 4, memory_bytes: 100, idle: true, ahead: Duration::ZERO };

    fn choose(entries: &[QueueEntry], free: Free, readiness: impl Fn(Digest) -> Readiness) -> Choice {
        let limits = Concurrency::default();
        super::choose(entries.to_vec(), free, Occupancy::of(&limits, []), readiness, |_| None)
    }

    pub(crate) fn entry(module: &str, memory_bytes: u64) -> QueueEntry {
        QueueEntry {
            job: JobId::random(),
            project: ProjectRef { tenant: TenantId::random(), project: ProjectId::random() },
            ordinal: 1,
            priority: Priority::Normal,
            front: false,
            created_at: Timestamp(0),
            not_before: None,
            module: Arc::new(ModuleRef {
                name: module.into(),
                version: "1".into(),
                digest: Digest::of(module.as_bytes()),
                engine: None,
            }),
            pipeline: None,
            memory_bytes,
        }
    }

    fn jobs(entries: &[&QueueEntry]) -> Vec<QueueEntry> {
        entries.iter().copied().cloned().collect()
    }

    #[test]
    fn starts_in_the_order_of_the_queue_while_slots_last() {
        let entries = [entry("a", 10), entry("a", 10), entry("a", 10)];
        let choice = choose(&entries, Free { slots: 2, ..FREE }, |_| Readiness::Ready);
        assert_eq!(choice.start, jobs(&[&entries[0], &entries[1]]));
        assert_eq!(choose(&entries, Free { slots: 0, ..FREE }, |_| Readiness::Ready), Choice::default());
    }

    #[test]
    fn memory_limits_add_up_and_nothing_passes_a_job_that_waits_for_memory() {
        let entries = [entry("a", 60), entry("a", 50), entry("a", 10)];
        let choice = choose(&entries, FREE, |_| Readiness::Ready);
        assert_eq!(choice.start, jobs(&[&entries[0]]));
    }

    #[test]
    fn exactly_the_budget_fits() {
        let entries = [entry("a", 60), entry("a", 40)];
        let choice = choose(&entries, FREE, |_| Readiness::Ready);
        assert_eq!(choice.start, jobs(&[&entries[0], &entries[1]]));
    }

    #[test]
    fn a_job_beyond_the_budget_runs_alone() {
        let entries = [entry("a", 1_000), entry("a", 1)];
        let busy = Free { slots: 3, memory_bytes: 99, idle: false, ..FREE };
        assert_eq!(choose(&entries, busy, |_| Readiness::Ready), Choice::default());
        let choice = choose(&entries, FREE, |_| Readiness::Ready);
        assert_eq!(choice.start, jobs(&[&entries[0]]));
    }

    #[test]
    fn an_unprepared_module_is_passed_and_prepared_once() {
        let entries = [entry("cold", 10), entry("warm", 10), entry("cold", 10)];
        let cold = entries[0].module.clone();
        let readiness = |digest| if digest == cold.digest { Readiness::NotReady } else { Readiness::Ready };
        let choice = choose(&entries, FREE, readiness);
        assert_eq!(choice.start, jobs(&[&entries[1]]));
        let prepared = std::slice::from_ref(&cold);
        assert_eq!(choice.prepare, prepared);
        // Also without a free slot, so that the next free one finds it compiled.
        assert_eq!(choose(&entries, Free { slots: 0, ..FREE }, readiness).prepare, prepared);
    }

    #[test]
    fn scripts_wait_for_their_engine_and_it_is_prepared_once() {
        let engine = EngineRef { name: "e".into(), version: "1".into(), digest: Digest::of(b"engine") };
        let script = |name| {
            let entry = entry(name, 10);
            let module = ModuleRef { engine: Some(engine.clone()), ..ModuleRef::clone(&entry.module) };
            QueueEntry { module: module.into(), ..entry }
        };
        let entries = [script("a"), script("b"), entry("c", 10)];
        let cold = |digest| if digest == engine.digest { Readiness::NotReady } else { Readiness::Ready };
        let choice = choose(&entries, FREE, cold);
        assert_eq!((choice.start, choice.prepare), (jobs(&[&entries[2]]), vec![entries[0].module.clone()]));
        assert_eq!(
            choose(&entries, FREE, |_| Readiness::Ready).start,
            jobs(&[&entries[0], &entries[1], &entries[2]])
        );
    }

    #[test]
    fn a_job_over_its_limit_is_passed() {
        let entries = [entry("a", 1), entry("a", 1), entry("b", 1), entry("a", 1)];
        let limits = Concurrency { per_module: Some(2), ..Concurrency::default() };
        let running = Owners { project: ProjectId::random(), pipeline: None, module: "a".into() };
        let occupancy = Occupancy::of(&limits, [running]);
        let choice = super::choose(entries.to_vec(), FREE, occupancy, |_| Readiness::Ready, |_| None);
        assert_eq!(choice.start, jobs(&[&entries[0], &entries[2]]));
    }

    #[test]
    fn short_jobs_are_claimed_ahead_for_as_long_as_they_take() {
        let (short, long) = (|| entry("short", 80), || entry("long", 1));
        let time = |digest| (digest == short().module.digest).then_some(Duration::from_millis(2));
        let chosen = |entries: &[QueueEntry], free| {
            let limits = Concurrency::default();
            let occupancy = Occupancy::of(&limits, []);
            super::choose(entries.to_vec(), free, occupancy, |_| Readiness::Ready, time).start
        };
        let full = Free { slots: 0, memory_bytes: 0, idle: false, ahead: Duration::from_millis(5) };
        let entries = [short(), short(), short()];
        assert_eq!(chosen(&entries, full), jobs(&[&entries[0], &entries[1]]));
        let entries = [short(), long(), short()];
        assert_eq!(chosen(&entries, full), jobs(&[&entries[0]]), "nothing passes");
        assert_eq!(chosen(&entries, Free { ahead: Duration::ZERO, ..full }), []);
        // The one that gets a slot now will leave it soon; a long one will not.
        let one = Free { slots: 1, memory_bytes: 100, ahead: Duration::ZERO, ..full };
        let entries: Vec<QueueEntry> = (0..20).map(|_| short()).collect();
        assert_eq!(chosen(&entries, one).len(), 11);
        assert_eq!(chosen(&[long(), short()], one).len(), 1);
        // A free slot that waits for memory is not passed either.
        let tight = Free { slots: 1, memory_bytes: 10, ..full };
        assert_eq!(chosen(&[short(), short()], tight), []);
    }

    #[test]
    fn what_is_being_claimed_leaves_no_room_for_others() {
        let short = |digest| (digest == entry("short", 1).module.digest).then_some(Duration::from_millis(5));
        let left = FREE.after(&entry("long", 60), short);
        assert_eq!(left, Free { slots: 3, memory_bytes: 40, idle: false, ahead: Duration::ZERO });
        let full = Free { slots: 0, ahead: Duration::from_millis(7), ..FREE };
        assert_eq!(full.after(&entry("short", 60), short), Free { ahead: Duration::from_millis(2), ..full });
        // One that should have waited: nothing passes it.
        let nothing = Free { slots: 0, memory_bytes: 0, idle: false, ahead: Duration::ZERO };
        assert_eq!(left.after(&entry("long", 60), short), nothing);
        assert_eq!(full.after(&entry("long", 1), short), nothing);
    }

    #[test]
    fn a_module_that_cannot_be_prepared_fails_its_jobs() {
        let entries = [entry("bad", 10)];
        let error = JobError::new(ErrorCode::ModuleInvalid, "no");
        let choice = choose(&entries, FREE, |_| Readiness::Failed(error.clone()));
        assert_eq!(choice.fail, [(entries[0].job, error)]);
        assert_eq!(choice.start, []);
    }
}
