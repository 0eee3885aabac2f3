//! Many short lives of a small cluster, each from a seed: nodes that are lost, a store that fails or does not answer, a
//! clock that jumps, guests that fail, clients that cancel. Whatever happens, in the end
//! - every acknowledged job has ended, and none is there that nobody submitted;
//! - it ended as its guest, its client or its losses say, and published once what it made;
//! - no more ran on a node at a time than it has slots, and nothing runs any more.
//!
//! `FUELCELL_TEST_SEEDS=100000` runs that many seeds, `FUELCELL_TEST_SEED=N` the one that failed.

use super::runner::done;
use super::*;
use fuelcell_domain::artifact::{ArtifactDescription, ArtifactKind, ArtifactRole};
use fuelcell_domain::job::JobEnd;
use fuelcell_domain::outbound::NoWayOut;
use fuelcell_domain::state::{MAX_LOST_ATTEMPTS, MAX_TRANSIENT_FAILURES};
use fuelcell_domain::{CancelRequest, JobHost, RunEnd};
use fuelcell_store::JobFilter;
use fuelcell_store::faulty::Fault;
use std::collections::HashSet;

const SEEDS: u64 = 1_000;
const SLOTS: usize = 2;

/// splitmix64: a seed's whole future.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// What guests there are, and how jobs of each may end when nobody interferes.
const GUESTS: [&str; 5] = ["quick", "slow", "failing", "busy", "panicking"];

fn script(world: &World) {
    world.runner.script("quick", |host| async move { publish(host, millis(2)).await });
    world.runner.script("slow", |host| async move { publish(host, seconds(12)).await });
    world.runner.script("failing", |_| async {
        sleep(millis(300)).await;
        RunEnd::Failed(JobError::new(ErrorCode::Trap, "unreachable"))
    });
    world.runner.script("busy", |_| async {
        sleep(millis(20)).await;
        RunEnd::Failed(transient())
    });
    world.runner.script("panicking", |_| async { panic!("as this test wants it") });
}

async fn publish(host: Arc<dyn JobHost>, after: Duration) -> RunEnd {
    let description = ArtifactDescription {
        name: "out.txt".into(),
        kind: ArtifactKind::Data,
        type_name: String::new(),
        title: String::new(),
        media_type: "text/plain".into(),
        primary: true,
        role: ArtifactRole::Output,
        record_count: None,
        accuracy: None,
    };
    let mut writer = host.create_artifact(description).unwrap();
    writer.write(b"made").unwrap();
    writer.finish().unwrap();
    sleep(after).await;
    done()
}

/// Verbs that may fail, and whose callers must cope with it.
const FALLIBLE: [&str; 11] = [
    "heads",
    "next_not_before",
    "claim",
    "extend_leases",
    "record_pulse",
    "finish",
    "expire_leases",
    "release_node",
    "job",
    "fail_queued",
    "append_logs",
];

/// What was acknowledged to clients.
#[derive(Default)]
struct Acknowledged {
    jobs: Vec<(JobId, &'static str)>,
    cancelled: HashSet<JobId>,
}

async fn live(seed: u64) {
    let mut dice = Dice(seed);
    let world = World::new().with(|config| {
        config.slots = SLOTS;
        config.lease = seconds(6);
        config.heartbeat = seconds(2);
        config.pulse = seconds(3);
        config.finish_patience = seconds(10);
        config.drain = seconds(1);
    });
    script(&world);
    let chances = 4 + dice.below(60);
    let mut faults = dice.clone();
    world.store.set_plan(Some(Box::new(move |verb| {
        let fails = FALLIBLE.contains(&verb) && faults.one_in(chances);
        fails.then(|| if faults.one_in(2) { Fault::Refused } else { Fault::Unanswered })
    })));
    let mut known = Acknowledged::default();
    let mut nodes: Vec<Node> = Vec::new();
    for _ in 0..10 + dice.below(25) {
        happen(&world, &mut dice, &mut nodes, &mut known).await;
        sleep(millis(dice.below(2_500))).await;
    }
    world.store.set_plan(None);
    world.clock.1.store(0, Ordering::SeqCst);
    nodes.push(world.start_as("the last"));
    settle(&world, &known, seed).await;
    for node in nodes {
        assert!(!node.scheduler.load().draining, "seed {seed}");
        assert_eq!(node.scheduler.load().capacity.running, 0, "seed {seed}");
        node.stop().await;
    }
}

impl World {
    fn start_as(&self, name: &str) -> Node {
        let scheduler = Scheduler::new(
            self.store.clone(),
            self.blobs.clone(),
            self.runner.clone(),
            Arc::new(NoWayOut),
            self.clock.clone(),
            SchedulerConfig { node: NodeId(name.into()), ..self.config.clone() },
        );
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(scheduler.clone().run(shutdown.clone().cancelled_owned()));
        Node { scheduler, shutdown, task }
    }
}

/// One thing happens.
async fn happen(world: &World, dice: &mut Dice, nodes: &mut Vec<Node>, known: &mut Acknowledged) {
    match dice.below(10) {
        0..=4 => {
            let guest = GUESTS[dice.below(GUESTS.len() as u64) as usize];
            let priority = Priority::ALL[dice.below(4) as usize];
            let job = Job { priority, ..world.job(guest) };
            let id = job.id;
            if world.store.submit(NewJob { job, idempotency: None }).await.is_ok() {
                known.jobs.push((id, guest));
            }
        }
        5 | 6 if nodes.len() < 3 => nodes.push(world.start_as(&format!("node {}", dice.below(1_000_000)))),
        7 => {
            // A process that is gone: nothing of it goes on, nothing is given back.
            if let Some(node) = nodes.pop() {
                node.task.abort();
                for live in node.scheduler.all_live() {
                    live.stop(crate::live::StopReason::Lost);
                }
            }
        }
        8 => {
            let jump = i64::try_from(dice.below(20_000_000)).unwrap() - 5_000_000;
            world.clock.1.fetch_add(jump, Ordering::SeqCst);
        }
        _ => {
            let Some((id, _)) = known.jobs.get(dice.below(1 + known.jobs.len() as u64) as usize) else {
                return;
            };
            let request = CancelRequest {
                at: world.clock.now(),
                by: "somebody".into(),
                reason: None,
                force: dice.one_in(2),
                preserve_partial: false,
            };
            if world.store.request_cancel(world.project, *id, request).await.is_ok() {
                known.cancelled.insert(*id);
                nodes.iter().for_each(|node| node.scheduler.events().cancel_requested(*id));
            }
        }
    }
}

/// Waits until every job has ended, and looks at how.
async fn settle(world: &World, known: &Acknowledged, seed: u64) {
    for (id, guest) in &known.jobs {
        let mut patience = 600;
        let job = loop {
            let job = world.look(*id).await;
            if job.state.is_ended() {
                break job;
            }
            patience -= 1;
            assert!(patience > 0, "seed {seed}: {guest} {id} is still {:?}", job.state);
            sleep(seconds(1)).await;
        };
        let cancelled = known.cancelled.contains(id);
        let fits = match (job.end.as_ref().unwrap(), *guest) {
            (JobEnd::Cancelled, _) => cancelled,
            (_, _) if cancelled => false,
            (JobEnd::Completed(_), "quick" | "slow") => true,
            (JobEnd::Failed(error), _) if error.code == ErrorCode::NodeLost && *guest != "panicking" => {
                job.lost_attempts == MAX_LOST_ATTEMPTS
            }
            (JobEnd::Failed(_), "failing") => true,
            (JobEnd::Failed(_), "busy" | "panicking") => job.transient_failures == MAX_TRANSIENT_FAILURES,
            _ => false,
        };
        assert!(fits, "seed {seed}: {guest} {id} ended as {:?}, cancelled: {cancelled}", job.end);
        let published = world.store.artifacts(*id).await.unwrap().len();
        assert_eq!(published, usize::from(job.state == JobState::Completed), "seed {seed}: {guest} {id}");
        let receipts = world.store.receipts(*id).await.unwrap();
        let attempts: HashSet<_> = receipts.iter().map(|receipt| receipt.attempt.number).collect();
        assert_eq!(attempts.len(), receipts.len(), "seed {seed}: one receipt of each attempt");
        assert!(receipts.len() <= job.attempt as usize, "seed {seed}");
    }
    let counts = world.store.counts(world.project, &JobFilter::default()).await.unwrap();
    assert_eq!(counts.total(), known.jobs.len() as u64, "seed {seed}: nothing is lost, nothing made up");
    assert_eq!((counts.queued, counts.running), (0, 0), "seed {seed}");
}

fn run(seed: u64) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(seed));
}

#[test]
fn whatever_happens_every_job_ends_once() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    // Guests of these tests panic, and the default hook would print every one of them.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        if !text.contains("as this test wants it") {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes());
        }
    }));
    match number("FUELCELL_TEST_SEED") {
        Some(seed) => run(seed),
        None => (0..number("FUELCELL_TEST_SEEDS").unwrap_or(SEEDS)).for_each(run),
    }
}
