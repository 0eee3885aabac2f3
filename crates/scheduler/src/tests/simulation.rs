//! Many short lives of a small cluster, each from a seed: nodes that are lost, nodes that stand still and come back with
//! what they had to say, a store that fails or does not answer, a clock that jumps, guests that fail, clients that cancel.
//! Whatever happens, in the end
//! - every acknowledged job has ended, and none is there that nobody submitted;
//! - on its way it made no step that the state machine does not have, and it left its end never;
//! - it ended as its guest, its client or its losses say, by the attempt that held it, and published once what it made;
//! - no more ran on a node at a time than it has slots, and nothing runs any more.
//!
//! What the simulation says is worth what it would notice: each [`Defect`] must be found. How the slots are shared, and that
//! nobody waits for ever, is simulated in [`super::sharing`].
//!
//! `FUELCELL_TEST_SEEDS=100000` runs that many seeds, `FUELCELL_TEST_SEED=N` the one that failed.

use super::runner::done;
use super::*;
use fuelcell_domain::artifact::{ArtifactDescription, ArtifactKind, ArtifactRole};
use fuelcell_domain::job::JobEnd;
use fuelcell_domain::state::{MAX_LOST_ATTEMPTS, MAX_TRANSIENT_FAILURES};
use fuelcell_domain::{CancelRequest, Incarnation, JobHost, Lease, RunEnd};
use fuelcell_store::conformance::fixtures::holder;
use fuelcell_store::faulty::Fault;
use fuelcell_store::{Finish, JobFilter, Jobs, PageRequest, Queue, Submissions};
use futures::FutureExt;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;

const SEEDS: u64 = 1_000;
/// Seeds within which a defect must be noticed.
const SEEDS_FOR_DEFECTS: u64 = 40;
const SLOTS: usize = 2;
/// Leases last for 6 s.
const LONGEST_STALL: Duration = Duration::from_secs(20);

/// splitmix64: a seed's whole future.
#[derive(Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
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
const FALLIBLE: [&str; 14] = [
    "register",
    "beat",
    "rescue",
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

/// Something that is wrong with the store or the scheduler, to see that the simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    /// An ended job is forgotten.
    LosesJobs,
    /// A job is there that nobody submitted.
    MakesUpJobs,
    /// An ended job is queued again, and completes twice.
    RevivesJobs,
    /// Jobs of lost nodes are left where they are.
    RescuesNobody,
    /// A job is claimed beside its attempts' numbers.
    StartsTwice,
    /// The end of an attempt that has lost its job is taken for that of the attempt which has it.
    TakesStaleEnds,
}

/// What goes wrong beside nodes that are lost and guests that fail.
#[derive(Clone, Copy)]
struct Troubles {
    stalls: bool,
    jumps: bool,
    faults: bool,
}

impl Troubles {
    const ALL: Self = Self { stalls: true, jumps: true, faults: true };
    const STALLS: Self = Self { stalls: true, jumps: false, faults: false };
    const NONE: Self = Self { stalls: false, jumps: false, faults: false };
}

/// The whole life of each job, as the store shows it after each verb.
#[derive(Default)]
struct Lives {
    seen: HashMap<JobId, (JobState, u32)>,
    broken: Option<String>,
    defective: bool,
}

impl Lives {
    /// Verbs that move jobs.
    const MOVES: [&str; 8] = [
        "submit",
        "claim",
        "finish",
        "rescue",
        "expire_leases",
        "release_node",
        "request_cancel",
        "fail_queued",
    ];

    fn witness(&mut self, verb: &str, store: &MemoryStore, project: ProjectRef) {
        if Self::MOVES.contains(&verb) {
            for job in all_jobs(store, project) {
                let now = (job.state, job.attempt);
                let before = self.seen.insert(job.id, now);
                if !legal(before, now) {
                    self.broken.get_or_insert(format!("{verb} took {} from {before:?} to {now:?}", job.id));
                }
            }
        }
    }

    /// Does once what the defect does.
    fn damage(&mut self, defect: Option<Defect>, store: &MemoryStore, project: ProjectRef) {
        let jobs = all_jobs(store, project);
        let ended = jobs.iter().find(|job| job.state == JobState::Completed);
        let resubmit = |job: Job| at_once(store.submit(NewJob::from(job))).is_ok();
        self.defective |= !self.defective
            && match (defect, ended) {
                (Some(Defect::LosesJobs), Some(job)) => at_once(store.delete_ended(project, job.id)).is_ok(),
                (Some(Defect::MakesUpJobs), Some(job)) => resubmit(fresh(JobId::random(), job)),
                (Some(Defect::RevivesJobs), Some(job)) => {
                    at_once(store.delete_ended(project, job.id)).is_ok() && resubmit(fresh(job.id, job))
                }
                (Some(Defect::StartsTwice), _) => jobs.iter().any(|job| {
                    let lease = Lease { node: NodeId("nobody".into()), expires_at: Timestamp(0) };
                    job.state == JobState::Running
                        && at_once(store.release_node(
                            &job.lease.as_ref().unwrap().node,
                            Incarnation::random(),
                            EPOCH,
                        ))
                        .is_ok()
                        && at_once(store.claim(&[job.id], lease, holder(), EPOCH)).is_ok()
                }),
                _ => false,
            };
    }
}

/// The store compares a job's id and state, but not its attempt.
fn take_stale_end(finish: &mut Finish, store: &MemoryStore, project: ProjectRef) {
    let job = at_once(store.job(project, finish.attempt.job)).unwrap();
    finish.attempt = job.map_or(finish.attempt, |job| job.current_attempt());
}

fn fresh(id: JobId, job: &Job) -> Job {
    Job { id, state: JobState::Queued, attempt: 0, end: None, ..job.clone() }
}

/// The state machine's steps. One verb takes a job one step.
fn legal(before: Option<(JobState, u32)>, (state, attempt): (JobState, u32)) -> bool {
    use JobState::{Cancelled, Failed, Queued, Running};
    let Some((from, earlier)) = before else { return (state, attempt) == (Queued, 0) };
    match (from, state) {
        (from, state) if from == state => attempt == earlier,
        (Queued, Running) => attempt == earlier + 1,
        (Queued, Failed | Cancelled) | (Running, _) => attempt == earlier,
        _ => false,
    }
}

/// The answer of the store in memory, which never waits.
fn at_once<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().unwrap()
}

fn all_jobs(store: &MemoryStore, project: ProjectRef) -> Vec<Job> {
    at_once(store.list(project, &JobFilter::default(), PageRequest { offset: 0, limit: 1_000 })).unwrap().jobs
}

/// What was acknowledged to clients.
#[derive(Default)]
struct Acknowledged {
    jobs: Vec<(JobId, &'static str)>,
    cancelled: HashSet<JobId>,
}

async fn live(seed: u64, defect: Option<Defect>, troubles: Troubles) {
    let mut dice = Dice(seed);
    let world = World::new().with(|config| {
        config.slots = SLOTS;
        config.lease = seconds(6);
        config.heartbeat = seconds(2);
        config.pulse = seconds(3);
        config.finish_patience = seconds(10);
        config.drain = seconds(1);
        if defect == Some(Defect::RescuesNobody) {
            config.heartbeat = seconds(1_000_000);
            config.lease = seconds(1_000_000);
        }
    });
    script(&world);
    let lives = Arc::new(Mutex::new(Lives::default()));
    let (watched, project) = (lives.clone(), world.project);
    world.store.set_witness(Some(Box::new(move |verb, store| {
        let mut lives = watched.lock();
        lives.witness(verb, store, project);
        if verb == "claim" {
            lives.damage(defect, store, project);
        }
    })));
    if defect == Some(Defect::TakesStaleEnds) {
        world
            .store
            .set_distortion(Some(Box::new(move |finish, store| take_stale_end(finish, store, project))));
    }
    let chances = 4 + dice.below(60);
    let mut faults = dice.clone();
    world.store.set_plan(Some(Box::new(move |verb| {
        let fails = troubles.faults && FALLIBLE.contains(&verb) && faults.one_in(chances);
        fails.then(|| if faults.one_in(2) { Fault::Refused } else { Fault::Unanswered })
    })));
    let mut known = Acknowledged::default();
    let mut nodes: Vec<Node> = Vec::new();
    for _ in 0..10 + dice.below(25) {
        happen(&world, &mut dice, troubles, &mut nodes, &mut known).await;
        sleep(millis(dice.below(2_500))).await;
    }
    world.store.set_plan(None);
    world.clock.1.store(0, Ordering::SeqCst);
    nodes.push(world.start_as("the last"));
    settle(&world, &known, seed).await;
    // Attempts that lost their jobs while their node stood still hear of it.
    sleep(LONGEST_STALL + seconds(10)).await;
    let broken = lives.lock().broken.take();
    assert_eq!(broken, None, "seed {seed}");
    for node in nodes {
        assert!(!node.scheduler.load().draining, "seed {seed}");
        assert_eq!(node.scheduler.load().capacity.running, 0, "seed {seed}");
        node.stop().await;
    }
}

/// One thing happens.
async fn happen(
    world: &World,
    dice: &mut Dice,
    troubles: Troubles,
    nodes: &mut Vec<Node>,
    known: &mut Acknowledged,
) {
    match dice.below(11) {
        0..=4 => {
            let guest = GUESTS[dice.below(GUESTS.len() as u64) as usize];
            let priority = Priority::ALL[dice.below(4) as usize];
            let job = Job { priority, ..world.job(guest) };
            let id = job.id;
            if world.store.submit(NewJob::from(job)).await.is_ok() {
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
            world.clock.1.fetch_add(if troubles.jumps { jump } else { 0 }, Ordering::SeqCst);
        }
        9 => {
            let stall = millis(dice.below(LONGEST_STALL.as_millis() as u64));
            if let Some(node) = nodes.last().filter(|_| troubles.stalls) {
                stand_still(node, stall);
            }
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

/// A process that stands still for a while, past its leases or not. What it had begun to ask for comes late.
fn stand_still(node: &Node, for_how_long: Duration) {
    let way = node.way.clone();
    way.set_stalled(true);
    tokio::spawn(async move {
        sleep(for_how_long).await;
        way.set_stalled(false);
    });
}

/// Waits until every job has ended, and looks at how.
async fn settle(world: &World, known: &Acknowledged, seed: u64) {
    for (id, guest) in &known.jobs {
        let mut patience = 600;
        let job = loop {
            let job = world.store.job(world.project, *id).await.unwrap();
            let Some(job) = job else { panic!("seed {seed}: nothing is lost, but {guest} {id} is") };
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
        let last = receipts.last().map(|receipt| receipt.attempt.number);
        assert!(
            job.state != JobState::Completed || last == Some(job.attempt),
            "seed {seed}: attempt {} held {guest} {id}, and {last:?} ended it",
            job.attempt
        );
        assert_eq!(attempts.len(), receipts.len(), "seed {seed}: one receipt of each attempt");
        assert_eq!(receipts.len(), job.attempt as usize, "seed {seed}: also of those that were lost");
    }
    let counts = world.store.counts(world.project, &JobFilter::default()).await.unwrap();
    assert_eq!(counts.total(), known.jobs.len() as u64, "seed {seed}: nothing is lost, nothing made up");
    assert_eq!((counts.queued, counts.running), (0, 0), "seed {seed}");
}

/// Runs to its end on a time of its own.
pub(super) fn on_paused_time(future: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future);
}

/// Runs the one seed that was asked for, or as many as were (each `worth` of them one), or `seeds`.
pub(super) fn each_seed(seeds: u64, worth: u64, run: impl Fn(u64)) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("FUELCELL_TEST_SEED") {
        Some(seed) => run(seed),
        None => {
            let asked = number("FUELCELL_TEST_SEEDS").map(|asked| asked / worth);
            (0..asked.unwrap_or(seeds)).for_each(run);
        }
    }
}

/// The first seed that fails, and what it says.
pub(super) fn first_failure(seeds: u64, run: impl Fn(u64)) -> Option<String> {
    (0..seeds).find_map(|seed| {
        let failure = std::panic::catch_unwind(AssertUnwindSafe(|| run(seed))).err()?;
        Some(failure.downcast_ref::<String>().cloned().unwrap_or_default())
    })
}

#[test]
fn whatever_happens_every_job_ends_once() {
    // Guests of these tests panic, and the default hook would print every one of them.
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        if !text.contains("as this test wants it") {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes());
        }
    }));
    each_seed(SEEDS, 1, |seed| on_paused_time(live(seed, None, Troubles::ALL)));
}

#[test]
fn each_defect_is_noticed() {
    for (defect, said) in [
        (Defect::LosesJobs, "nothing is lost"),
        (Defect::MakesUpJobs, "nothing made up"),
        (Defect::RevivesJobs, "took"),
        (Defect::StartsTwice, "took"),
        (Defect::RescuesNobody, "is still Running"),
    ] {
        let told = told_of(defect, Troubles::ALL);
        assert!(told.as_ref().is_some_and(|told| told.contains(said)), "{defect:?}: {told:?}");
    }
}

/// What the first seed says that notices the defect.
fn told_of(defect: Defect, troubles: Troubles) -> Option<String> {
    first_failure(SEEDS_FOR_DEFECTS, |seed| on_paused_time(live(seed, Some(defect), troubles)))
}

#[test]
fn a_stale_end_that_is_taken_is_noticed_where_nodes_stand_still() {
    let told = told_of(Defect::TakesStaleEnds, Troubles::STALLS);
    assert!(told.as_ref().is_some_and(|told| told.contains("ended it")), "{told:?}");
    assert_eq!(told_of(Defect::TakesStaleEnds, Troubles::NONE), None, "lost nodes alone leave no stale ends");
}
