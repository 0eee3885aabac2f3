//! Positions, estimates, reasons and rates of a queue that follows a script, each beside the figure that follows by hand.

use super::*;
use crate::stubs::{self, Node, OneNode};
use fuelcell_domain::clock::ManualClock;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::seams::Running;
use fuelcell_domain::{JobId, ModuleRef, Priority, Progress, ProjectRef};
use fuelcell_store::conformance::fixtures::{self, at, done, end, holder, lease};
use fuelcell_store::{Figures, Jobs, MemoryStore, NewJob, Queue, Submissions};
use std::sync::Arc;

/// When the script has been played: 100 s after its day began.
const NOW: i64 = 100;

struct Script {
    service: Service,
    store: Arc<MemoryStore>,
    node: Arc<OneNode>,
    project: ProjectRef,
}

fn seconds(low: u64, expected: u64, high: u64) -> Option<Span> {
    let [low, expected, high] = [low, expected, high].map(Duration::from_secs);
    Some(Span { low, expected, high })
}

impl Script {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let (service, node) = stubs::service(store.clone(), Arc::new(ManualClock::new(at(NOW))));
        Self { service, store, node, project: fixtures::project() }
    }

    fn job(&self, module: &str, priority: Priority, created: i64) -> Job {
        let module = ModuleRef {
            name: module.into(),
            version: "1".into(),
            digest: Digest::of(module.as_bytes()),
            engine: None,
        };
        Job { module, priority, created_at: at(created), ..fixtures::job(self.project) }
    }

    async fn queue(&self, job: Job) -> JobId {
        let id = job.id;
        self.store.submit(NewJob::from(job)).await.unwrap();
        id
    }

    async fn start(&self, job: Job, second: i64) -> JobId {
        let id = self.queue(job).await;
        self.store.claim(&[id], lease("here", second + 30), holder(), at(second)).await.unwrap();
        id
    }

    /// A run of a module from one second to another, submitted two seconds before.
    async fn run(&self, module: &str, from: i64, to: i64) {
        let id = self.start(self.job(module, Priority::Normal, from - 2), from).await;
        let job = self.look(id).await;
        self.store.finish(end(&job, done(), to)).await.unwrap();
    }

    async fn look(&self, id: JobId) -> Job {
        self.store.job(self.project, id).await.unwrap().unwrap()
    }

    async fn outlook(&self, id: JobId) -> Outlook {
        self.service.outlook(&self.look(id).await).await.unwrap()
    }

    /// Position, seconds from now to start and to completion.
    async fn times(&self, id: JobId) -> (Option<u64>, Option<u64>, Option<u64>) {
        let outlook = self.outlook(id).await;
        let from_now = |time: Option<Timestamp>| time.map(|time| time.since(at(NOW)).as_secs());
        (outlook.queue_position, from_now(outlook.start), from_now(outlook.completion))
    }

    async fn reason(&self, id: JobId) -> Option<WaitReason> {
        self.outlook(id).await.wait_reason
    }

    /// "long" took 10, 20, 30 and 40 s: from 10 s (10th percentile) by 20 s (median) to 40 s (90th). "short" took 5 s once.
    async fn played() -> Self {
        let script = Self::new();
        for (from, to) in [(10, 20), (10, 30), (20, 50), (20, 60)] {
            script.run("long", from, to).await;
        }
        script.run("short", 60, 65).await;
        script
    }
}

#[tokio::test]
async fn positions_and_times_follow_from_the_queue() {
    let script = Script::played().await;
    script.node.set(Node { running: 2, ..Node::idle(2) });
    let normal = script.queue(script.job("long", Priority::Normal, 91)).await;
    let behind = script.queue(script.job("short", Priority::Normal, 92)).await;
    let urgent = script.queue(script.job("short", Priority::Critical, 93)).await;
    let tomorrow = Some(at(NOW).plus(Duration::from_secs(3_600)));
    let later = Job { not_before: tomorrow, ..script.job("long", Priority::Low, 90) };
    let later = script.queue(later).await;
    // Both slots may be free at once (what runs may be about to end); each takes the next job when it becomes free, and the
    // lower bounds count: urgent takes slot one for 5 s, normal slot two for 10 s, so behind starts at 5 and frees it at 10.
    assert_eq!(script.times(urgent).await, (Some(1), Some(0), Some(5)), "0, and 5 s of running");
    assert_eq!(script.times(normal).await, (Some(2), Some(0), Some(40)), "0, and at most 40 s of running");
    assert_eq!(
        script.times(behind).await,
        (Some(3), Some(5), Some(10)),
        "after urgent's 5 s, and 5 s of running"
    );
    assert_eq!(
        script.times(later).await,
        (None, Some(3_600), Some(3_640)),
        "no place, not before its time, then at most 40 s"
    );
    assert_eq!(script.outlook(normal).await.duration, seconds(10, 20, 40));
    assert_eq!(script.outlook(behind).await.duration, seconds(5, 5, 5));
    // One slot instead of two: urgent 0 to 5, normal 5 to 15, behind from 15.
    script.node.set(Node { running: 1, ..Node::idle(1) });
    assert_eq!(script.times(normal).await, (Some(2), Some(5), Some(45)));
    assert_eq!(script.times(behind).await, (Some(3), Some(15), Some(20)));
    // What was never measured has no estimate, nor has what comes behind it.
    let unknown = script.queue(script.job("new", Priority::High, 94)).await;
    assert_eq!(script.times(unknown).await, (Some(2), None, None));
    assert_eq!(script.times(normal).await, (Some(3), None, None));
    assert_eq!(script.times(urgent).await, (Some(1), Some(0), Some(5)));
}

#[tokio::test]
async fn a_job_that_is_not_queued_yet_would_start_between_what_those_before_it_take() {
    let script = Script::played().await;
    let start = async |priority| {
        let job = script.job("short", priority, NOW);
        script.service.start_if_queued(&job, seconds(5, 5, 5), at(NOW)).await.unwrap()
    };
    script.node.set(Node { running: 0, ..Node::idle(1) });
    assert_eq!(start(Priority::Normal).await, (0, seconds(0, 0, 0)));
    script.queue(script.job("long", Priority::Normal, 91)).await;
    assert_eq!(start(Priority::Normal).await, (1, seconds(10, 20, 40)), "behind one long job");
    assert_eq!(start(Priority::High).await, (0, seconds(0, 0, 0)), "before it");
    script.queue(script.job("short", Priority::High, 92)).await;
    assert_eq!(start(Priority::Normal).await, (2, seconds(15, 25, 45)), "behind a short one, too");
    // One runs that has said nothing for 12 of its 10 to 40 s.
    script.node.set(Node { running: 1, ..Node::idle(1) });
    let (module, elapsed) = (Digest::of(b"long"), Duration::from_secs(12));
    script.node.set_running(vec![Running { module, elapsed, percentage: 0 }]);
    assert_eq!(start(Priority::High).await, (1, seconds(5, 13, 33)), "0 to 28 s, and the short one's 5");
    script.queue(script.job("new", Priority::Critical, 93)).await;
    assert_eq!(start(Priority::High).await, (2, None), "nobody knows what that one takes");
}

#[tokio::test]
async fn an_estimate_knows_what_runs() {
    let script = Script::played().await;
    script.node.set(Node { running: 2, ..Node::idle(2) });
    let running = |module: &str, elapsed: u64, percentage: u8| Running {
        module: Digest::of(module.as_bytes()),
        elapsed: Duration::from_secs(elapsed),
        percentage,
    };
    let first = script.queue(script.job("short", Priority::Normal, 91)).await;
    let second = script.queue(script.job("short", Priority::Normal, 92)).await;
    // One needs another 8 s at least by earlier runs, the other another 60 s by its progress; the jobs behind take 5 s each.
    script.node.set_running(vec![running("long", 2, 0), running("new", 20, 25)]);
    assert_eq!(script.times(first).await, (Some(1), Some(8), Some(13)));
    assert_eq!(script.times(second).await, (Some(2), Some(13), Some(18)));
    // One that was never measured, or takes longer than any that was, may end whenever.
    for unknown in [running("new", 2, 0), running("long", 41, 0)] {
        script.node.set_running(vec![running("long", 2, 0), unknown]);
        assert_eq!(script.times(first).await, (Some(1), None, None));
    }
}

#[tokio::test]
async fn the_end_of_a_running_job_follows_from_its_progress_or_from_earlier_runs() {
    let script = Script::played().await;
    let running = script.start(script.job("long", Priority::Normal, 89), 90).await;
    let end_of = async || {
        let outlook = script.outlook(running).await;
        assert_eq!((outlook.queue_position, outlook.wait_reason), (None, None));
        outlook.completion.map(|end| end.since(at(NOW)).as_secs())
    };
    assert_eq!(end_of().await, Some(30), "it has run for 10 s of at most 40");
    let progress = Progress { percentage: 40, stage: String::new() };
    let attempt = script.look(running).await.current_attempt();
    script.store.record_pulse(attempt, Pulse { progress, ..Pulse::default() }, at(NOW)).await.unwrap();
    assert_eq!(end_of().await, Some(15), "40 % took 10 s, so 60 % take 15");
}

#[tokio::test]
async fn each_reason_to_wait_is_told_while_it_holds() {
    let script = Script::played().await;
    let first = script.queue(script.job("long", Priority::Normal, 91)).await;
    let second = script.queue(script.job("short", Priority::Normal, 92)).await;
    let needed = script.look(first).await.limits.memory_bytes;
    let busy = Node { running: 1, ..Node::idle(2) };
    for (node, of_first, of_second) in [
        (Node::idle(2), WaitReason::Starting, WaitReason::Behind),
        (Node { running: 2, ..busy }, WaitReason::NoFreeSlot, WaitReason::NoFreeSlot),
        (Node { running: 2, others_first: true, ..busy }, WaitReason::FairShare, WaitReason::FairShare),
        (Node { others_first: true, ..busy }, WaitReason::FairShare, WaitReason::FairShare),
        (Node { module_ready: false, ..busy }, WaitReason::ModuleCompiling, WaitReason::ModuleCompiling),
        (Node { at_limit: true, ..busy }, WaitReason::ConcurrencyLimit, WaitReason::ConcurrencyLimit),
        (Node { memory_bytes: needed, reserved_bytes: 1, ..busy }, WaitReason::Memory, WaitReason::Memory),
        (Node { memory_bytes: needed, ..busy }, WaitReason::Starting, WaitReason::Behind),
    ] {
        script.node.set(node);
        assert_eq!(
            (script.reason(first).await, script.reason(second).await),
            (Some(of_first), Some(of_second))
        );
    }
    let until = at(NOW + 60);
    let scheduled = Job { not_before: Some(until), ..script.job("long", Priority::Critical, 93) };
    let again = Job { transient_failures: 1, ..scheduled.clone() };
    let scheduled = script.queue(scheduled).await;
    assert_eq!(script.reason(scheduled).await, Some(WaitReason::Scheduled(until)));
    let again = script.queue(Job { id: JobId::random(), ..again }).await;
    assert_eq!(script.reason(again).await, Some(WaitReason::Backoff(until)));
}

#[tokio::test]
async fn rates_are_sums_of_what_happened_today() {
    let script = Script::played().await;
    script.queue(script.job("long", Priority::High, 95)).await;
    script.start(script.job("long", Priority::Normal, 96), 99).await;
    let figures = script.store.tenant_figures(script.project.tenant, at(NOW)).await.unwrap();
    let expected = fuelcell_store::TenantFigures {
        queued: [0, 0, 1, 0],
        scheduled: 0,
        running: 1,
        completed: 5,
        failed: 0,
        // 10 + 20 + 30 + 40 + 5 seconds.
        duration_micros: 105_000_000,
        started: 6,
        // Five times 2 seconds, and 3 of the one that runs.
        wait_micros: 13_000_000,
    };
    assert_eq!(figures, expected);
}
