//! Why a job waits, when it may start, how long it may take: pure functions of what the store holds and of the capacity
//! at hand, so that any node can answer, also one that runs no jobs.
//!
//! Nothing here is a promise and nothing is invented: without measured runs there is no estimate.

use crate::{Job, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A time between two bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The lower bound.
    pub low: Duration,
    /// What is as often exceeded as not, never below `low`.
    pub expected: Duration,
    /// The upper bound, never below `expected`.
    pub high: Duration,
}

impl Span {
    /// A time that is known.
    pub fn exactly(time: Duration) -> Self {
        Self { low: time, expected: time, high: time }
    }

    /// What is left of this span after `elapsed`; never below zero.
    pub fn after(self, elapsed: Duration) -> Self {
        self.each(|time| time.saturating_sub(elapsed))
    }

    /// The same, but no part of it below `least`.
    pub fn at_least(self, least: Duration) -> Self {
        self.each(|time| time.max(least))
    }

    fn each(self, change: impl Fn(Duration) -> Duration) -> Self {
        Self { low: change(self.low), expected: change(self.expected), high: change(self.high) }
    }
}

/// Seconds of a processor that compiling takes for each megabyte of functions, from and to.
const COMPILE_SECONDS: [f64; 2] = [1.9, 2.5];

/// What they were measured with.
pub const COMPILE_BASIS: &str = "1.9 to 2.5 s of a processor for each megabyte of functions, as ProcessMining (2.2 MB), \
    Analysis (7.5 MB) and CPython (6.6 MB) took on one machine";

/// Seconds of a processor that compiling this many bytes of functions will probably take, once, from and to.
pub fn compile_seconds(code_bytes: u64) -> [f64; 2] {
    COMPILE_SECONDS.map(|seconds| (seconds * code_bytes as f64 / 1e5).round() / 10.0)
}

/// A queued job's place in the queue, from 1, given how many that may start come before it. A job whose time has not come
/// has none: it stands in nobody's way, and who will be there when its time comes is not known.
pub fn queue_position(job: &Job, queued_before: u64, now: Timestamp) -> Option<u64> {
    job.is_due(now).then(|| queued_before.saturating_add(1))
}

/// How long a run of a module takes, from the wall-clock microseconds of its latest completed runs, in any order: the 10th,
/// the 50th and the 90th percentile (nearest rank). `None` without a run.
pub fn duration(recent_micros: &[u64]) -> Option<Span> {
    let mut sorted = recent_micros.to_vec();
    sorted.sort_unstable();
    let nearest_rank = |percent: usize| {
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().map(Duration::from_micros)
    };
    Some(Span { low: nearest_rank(10)?, expected: nearest_rank(50)?, high: nearest_rank(90)? })
}

/// When a job may start, counted from now. `running` is what the running jobs may still need, `ahead` what the queued
/// jobs before this one may take, in their order. Each slot takes the next job when it becomes free; memory is left out.
/// `None` when there are no slots.
pub fn start(slots: usize, running: &[Span], ahead: &[Span]) -> Option<Span> {
    let bound = |of: fn(&Span) -> Duration| first_free(slots, running.iter().map(of), ahead.iter().map(of));
    Some(Span {
        low: bound(|span| span.low)?,
        expected: bound(|span| span.expected)?,
        high: bound(|span| span.high)?,
    })
}

/// When a slot becomes free for the job behind all of these.
fn first_free(
    slots: usize,
    running: impl Iterator<Item = Duration>,
    ahead: impl Iterator<Item = Duration>,
) -> Option<Duration> {
    let mut free_at: BinaryHeap<Reverse<Duration>> = running.map(Reverse).collect();
    while free_at.len() < slots {
        free_at.push(Reverse(Duration::ZERO));
    }
    // More may run than there are slots, when the slots were made fewer: the surplus ends without freeing one.
    let mut surplus = free_at.len() - slots;
    for work in ahead {
        let at = next_slot(&mut free_at, &mut surplus)?;
        free_at.push(Reverse(at.saturating_add(work)));
    }
    next_slot(&mut free_at, &mut surplus)
}

fn next_slot(free_at: &mut BinaryHeap<Reverse<Duration>>, surplus: &mut usize) -> Option<Duration> {
    while *surplus > 0 {
        free_at.pop();
        *surplus -= 1;
    }
    free_at.pop().map(|Reverse(at)| at)
}

/// What a running job may still need, if it goes on as it did: `elapsed × (100 − p) / p`. `None` before the first percent.
pub fn remaining(percentage: u8, elapsed: Duration) -> Option<Duration> {
    let done = u32::from(percentage.min(100));
    let per_percent = elapsed.checked_div(done)?;
    per_percent.checked_mul(100 - done)
}

/// What the nodes that run jobs have, and what of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Jobs that may run at the same time.
    pub slots: u64,
    /// Jobs that run.
    pub running: u64,
    /// Bytes that the limits of all running jobs together may reach.
    pub memory_bytes: u64,
    /// Bytes that the limits of the running jobs add up to.
    pub reserved_bytes: u64,
}

/// A queued job, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// It may not start before.
    pub not_before: Option<Timestamp>,
    /// Attempts that failed in a transient way.
    pub transient_failures: u32,
    /// Queued jobs that may start and come before it.
    pub queued_before: u64,
    /// Its memory limit.
    pub memory_bytes: u64,
    /// Whether its module is compiled; `None` when the asking node cannot know.
    pub module_ready: Option<bool>,
    /// Whether its project, pipeline or module has as many running jobs as it may have.
    pub at_limit: bool,
    /// Whether other tenants, which have had less of late, go first.
    pub others_first: bool,
}

/// Why a job is not running yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// Its time has not come.
    Scheduled(Timestamp),
    /// It failed in a transient way and is tried again then.
    Backoff(Timestamp),
    /// Its module is being compiled.
    ModuleCompiling,
    /// Its project, pipeline or module has as many running jobs as it may have.
    ConcurrencyLimit,
    /// All slots are taken.
    NoFreeSlot,
    /// It is the turn of other tenants, whose jobs of this urgency have burnt less.
    FairShare,
    /// The memory that it may use is not free, or a job before it waits for memory.
    Memory,
    /// Jobs before it go first; there are free slots for them.
    Behind,
    /// Nothing holds it: it starts at once.
    Starting,
}

impl WaitReason {
    /// Those of jobs whose time has come.
    pub const OF_READY: [Self; 7] = [
        Self::ModuleCompiling,
        Self::ConcurrencyLimit,
        Self::NoFreeSlot,
        Self::FairShare,
        Self::Memory,
        Self::Behind,
        Self::Starting,
    ];

    /// The word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Scheduled(_) => "Scheduled",
            Self::Backoff(_) => "Backoff",
            Self::ModuleCompiling => "ModuleCompiling",
            Self::ConcurrencyLimit => "ConcurrencyLimit",
            Self::NoFreeSlot => "NoFreeSlot",
            Self::FairShare => "FairShare",
            Self::Memory => "Memory",
            Self::Behind => "Behind",
            Self::Starting => "Starting",
        }
    }
}

/// Why this job waits at `now`: the first of the reasons that holds, in the order in which it would have to pass them.
pub fn wait_reason(job: Waiting, capacity: Capacity, now: Timestamp) -> WaitReason {
    if let Some(until) = job.not_before.filter(|until| *until > now) {
        return match job.transient_failures {
            0 => WaitReason::Scheduled(until),
            _ => WaitReason::Backoff(until),
        };
    }
    let free_bytes = capacity.memory_bytes.saturating_sub(capacity.reserved_bytes);
    let runs_alone = capacity.running == 0 && job.queued_before == 0;
    if capacity.running >= capacity.slots && !job.others_first {
        WaitReason::NoFreeSlot
    } else if job.module_ready == Some(false) {
        WaitReason::ModuleCompiling
    } else if job.at_limit {
        WaitReason::ConcurrencyLimit
    } else if job.memory_bytes > free_bytes && !runs_alone {
        WaitReason::Memory
    } else if job.others_first {
        WaitReason::FairShare
    } else if job.queued_before > 0 {
        WaitReason::Behind
    } else {
        WaitReason::Starting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As often more than the middle as less.
    fn seconds(low: u64, high: u64) -> Span {
        between(low, (low + high) / 2, high)
    }

    fn between(low: u64, expected: u64, high: u64) -> Span {
        let [low, expected, high] = [low, expected, high].map(Duration::from_secs);
        Span { low, expected, high }
    }

    #[test]
    fn durations_are_quantiles_of_measured_runs() {
        assert_eq!(duration(&[]), None);
        assert_eq!(duration(&[7_000_000]), Some(seconds(7, 7)));
        let micros: Vec<u64> = (1..=20).rev().map(|second| second * 1_000_000).collect();
        assert_eq!(duration(&micros), Some(between(2, 10, 18)));
    }

    #[test]
    fn a_free_slot_means_now_and_no_slot_means_unknown() {
        assert_eq!(start(2, &[seconds(5, 9)], &[]), Some(seconds(0, 0)));
        assert_eq!(start(0, &[], &[]), None);
    }

    #[test]
    fn the_queue_ahead_is_dealt_to_the_slots() {
        // Two slots free at 10 and 20 s; the jobs ahead take 5, 30 and 1 s: they start at 10, 15 and 20, end at 15, 45, 21.
        let running = [seconds(10, 10), seconds(20, 20)];
        let ahead = [seconds(5, 5), seconds(30, 30), seconds(1, 1)];
        assert_eq!(start(2, &running, &ahead), Some(seconds(21, 21)));
        // One slot: bounds add up.
        let ahead = [between(1, 2, 3), between(2, 2, 6)];
        assert_eq!(start(1, &[between(0, 1, 4)], &ahead), Some(between(3, 5, 13)));
    }

    #[test]
    fn jobs_beyond_the_slots_end_without_freeing_one() {
        assert_eq!(start(1, &[seconds(1, 1), seconds(9, 9)], &[]), Some(seconds(9, 9)));
    }

    #[test]
    fn remaining_time_follows_progress() {
        assert_eq!(remaining(0, Duration::from_secs(9)), None);
        assert_eq!(remaining(25, Duration::from_secs(10)), Some(Duration::from_secs(30)));
        assert_eq!(remaining(100, Duration::from_secs(10)), Some(Duration::ZERO));
        assert_eq!(between(3, 7, 8).after(Duration::from_secs(5)), between(0, 2, 3));
        assert_eq!(between(3, 4, 8).at_least(Duration::from_secs(5)), between(5, 5, 8));
    }

    #[test]
    fn each_wait_reason_follows_from_what_holds_the_job() {
        let now = Timestamp(1_000);
        let later = Timestamp(2_000);
        let job = Waiting {
            not_before: None,
            transient_failures: 0,
            queued_before: 0,
            memory_bytes: 10,
            module_ready: Some(true),
            at_limit: false,
            others_first: false,
        };
        let node = Capacity { slots: 2, running: 1, memory_bytes: 100, reserved_bytes: 50 };
        let full = Capacity { running: 2, ..node };
        let tight = Capacity { reserved_bytes: 95, ..node };
        let idle = Capacity { running: 0, reserved_bytes: 0, ..node };
        let cases = [
            (job, node, WaitReason::Starting),
            (Waiting { not_before: Some(later), ..job }, full, WaitReason::Scheduled(later)),
            (
                Waiting { not_before: Some(later), transient_failures: 1, ..job },
                node,
                WaitReason::Backoff(later),
            ),
            (Waiting { not_before: Some(now), ..job }, node, WaitReason::Starting),
            (job, full, WaitReason::NoFreeSlot),
            (Waiting { module_ready: Some(false), ..job }, node, WaitReason::ModuleCompiling),
            (Waiting { module_ready: None, ..job }, node, WaitReason::Starting),
            (Waiting { at_limit: true, ..job }, tight, WaitReason::ConcurrencyLimit),
            (job, tight, WaitReason::Memory),
            (Waiting { memory_bytes: 1_000, ..job }, idle, WaitReason::Starting),
            (Waiting { memory_bytes: 1_000, ..job }, node, WaitReason::Memory),
            (Waiting { queued_before: 1, ..job }, node, WaitReason::Behind),
            (Waiting { queued_before: 1, others_first: true, ..job }, node, WaitReason::FairShare),
            (Waiting { others_first: true, ..job }, full, WaitReason::FairShare),
            (Waiting { others_first: true, at_limit: true, ..job }, full, WaitReason::ConcurrencyLimit),
        ];
        for (job, capacity, expected) in cases {
            let reason = wait_reason(job, capacity, now);
            assert_eq!(reason, expected, "{job:?} {capacity:?}");
            let is_ready = job.not_before.is_none_or(|time| time <= now);
            assert_eq!(WaitReason::OF_READY.contains(&reason), is_ready);
        }
    }
}
