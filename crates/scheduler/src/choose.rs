//! Which queued jobs start now: a pure function, so that policy can be read and tested apart from everything else.
//!
//! The rule: jobs start in the order of the queue, with two exceptions.
//! - A job whose module is not compiled yet is passed by those behind it; its module is prepared meanwhile.
//! - A job waits until the memory limits of all running jobs leave room for its own. *Nothing passes a job that waits for
//!   memory.* So a large job cannot be starved by small ones: it starts as soon as enough of the jobs that run now have
//!   ended, and the memory that lies idle until then is less than its own limit. A job larger than the whole budget starts
//!   when nothing else runs.

use fuelcell_domain::seams::Readiness;
use fuelcell_domain::{Digest, JobError, JobId};
use fuelcell_store::QueueEntry;

/// What is free on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Slots.
    pub slots: usize,
    /// Bytes of the memory budget.
    pub memory_bytes: u64,
    /// Whether nothing runs at all.
    pub idle: bool,
}

/// What to do with the head of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Jobs to claim, in order.
    pub start: Vec<JobId>,
    /// Modules to prepare, each once, the most urgent first.
    pub prepare: Vec<Digest>,
    /// Jobs that can never start, and why.
    pub fail: Vec<(JobId, JobError)>,
}

/// Chooses from the head of the queue, given in its order.
pub fn choose(entries: &[QueueEntry], mut free: Free, readiness: impl Fn(Digest) -> Readiness) -> Choice {
    let mut choice = Choice::default();
    let mut waits_for_memory = false;
    for entry in entries {
        match readiness(entry.module.digest) {
            Readiness::Failed(error) => choice.fail.push((entry.job, error)),
            Readiness::NotReady => {
                if !choice.prepare.contains(&entry.module.digest) {
                    choice.prepare.push(entry.module.digest);
                }
            }
            Readiness::Ready if free.slots == 0 || waits_for_memory => {}
            Readiness::Ready if fits(entry, free) => {
                choice.start.push(entry.job);
                free = Free {
                    slots: free.slots - 1,
                    memory_bytes: free.memory_bytes.saturating_sub(entry.memory_bytes),
                    idle: false,
                };
            }
            Readiness::Ready => waits_for_memory = true,
        }
    }
    choice
}

fn fits(entry: &QueueEntry, free: Free) -> bool {
    entry.memory_bytes <= free.memory_bytes || free.idle
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::{ErrorCode, ModuleRef, Priority, ProjectId, ProjectRef, TenantId, Timestamp};

    const FREE: Free = Free { slots: 4, memory_bytes: 100, idle: true };

    fn entry(module: &str, memory_bytes: u64) -> QueueEntry {
        QueueEntry {
            job: JobId::random(),
            project: ProjectRef { tenant: TenantId::random(), project: ProjectId::random() },
            ordinal: 1,
            priority: Priority::Normal,
            front: false,
            created_at: Timestamp(0),
            not_before: None,
            module: ModuleRef {
                name: module.into(),
                version: "1".into(),
                digest: Digest::of(module.as_bytes()),
            },
            memory_bytes,
            lost_attempts: 0,
        }
    }

    fn jobs(entries: &[&QueueEntry]) -> Vec<JobId> {
        entries.iter().map(|entry| entry.job).collect()
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
        let busy = Free { slots: 3, memory_bytes: 99, idle: false };
        assert_eq!(choose(&entries, busy, |_| Readiness::Ready), Choice::default());
        let choice = choose(&entries, FREE, |_| Readiness::Ready);
        assert_eq!(choice.start, jobs(&[&entries[0]]));
    }

    #[test]
    fn an_unprepared_module_is_passed_and_prepared_once() {
        let entries = [entry("cold", 10), entry("warm", 10), entry("cold", 10)];
        let cold = entries[0].module.digest;
        let readiness = |digest| if digest == cold { Readiness::NotReady } else { Readiness::Ready };
        let choice = choose(&entries, FREE, readiness);
        assert_eq!(choice.start, jobs(&[&entries[1]]));
        assert_eq!(choice.prepare, [cold]);
        // Also without a free slot, so that the next free one finds it compiled.
        assert_eq!(choose(&entries, Free { slots: 0, ..FREE }, readiness).prepare, [cold]);
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
