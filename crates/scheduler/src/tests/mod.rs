//! The scheduler on paused time, with the store's reference and a runner that follows scripts.

mod cancel;
mod dispatch;
mod ends;
mod fairness;
mod host;
mod leases;
mod retention;
mod runner;
mod sharing;
mod simulation;

use crate::{Records, Scheduler, SchedulerConfig};
use fuelcell_domain::outbound::NoWayOut;
use fuelcell_domain::{
    ArtifactKind, Clock, Digest, ErrorCode, Job, JobError, JobId, JobState, JobType, Limits, ModuleRef,
    NodeId, Priority, ProfileFile, ProfileFiles, ProfiledRun, ProjectId, ProjectRef, TenantId, Timestamp,
};
use fuelcell_store::faulty::{FaultyStore, StallingStore};
use fuelcell_store::{BlobStore, Jobs, MemoryBlobs, MemoryStore, NewJob, Submissions, Submitted};
use runner::ScriptedRunner;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const MIB: u64 = 1024 * 1024;
const EPOCH: Timestamp = Timestamp(1_700_000_000_000_000);

/// Wall-clock time that moves with tokio's, and that a test may set apart from it by some microseconds.
struct TokioClock(Instant, AtomicI64);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp(EPOCH.plus(self.0.elapsed()).0 + self.1.load(Ordering::SeqCst))
    }
}

/// Makes one file of a profile, which says whose it is and how much was burnt, or is as long as its name says.
struct OneFile;

impl ProfileFiles for OneFile {
    fn files(&self, run: &ProfiledRun<'_>) -> Vec<ProfileFile> {
        let (name, kind, title, media_type) = ("profile.txt", ArtifactKind::Data, "A profile", "text/plain");
        let bytes = match run.name.parse() {
            Ok(length) => vec![b'x'; length],
            Err(_) => format!("{} {}", run.name, run.profile.fuel()).into_bytes(),
        };
        vec![ProfileFile { name, kind, title, media_type, bytes }]
    }
}

/// One node with everything around it.
struct World {
    store: Arc<FaultyStore<MemoryStore>>,
    blobs: Arc<MemoryBlobs>,
    runner: Arc<ScriptedRunner>,
    clock: Arc<TokioClock>,
    config: SchedulerConfig,
    project: ProjectRef,
}

/// A scheduler at work.
struct Node {
    /// Its way to the store.
    way: Arc<StallingStore<FaultyStore<MemoryStore>>>,
    scheduler: Arc<Scheduler>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Node {
    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap();
    }
}

impl World {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            blobs: Arc::default(),
            runner: Arc::default(),
            clock: Arc::new(TokioClock(Instant::now(), AtomicI64::new(0))),
            config: SchedulerConfig::new(NodeId("here".into()), 2, 100 * MIB),
            project: ProjectRef { tenant: TenantId::random(), project: ProjectId::random() },
        }
    }

    fn with(mut self, change: impl FnOnce(&mut SchedulerConfig)) -> Self {
        change(&mut self.config);
        self
    }

    fn start(&self) -> Node {
        self.start_as("here")
    }

    fn start_as(&self, name: &str) -> Node {
        let way = Arc::new(StallingStore::new(self.store.clone()));
        let scheduler = Scheduler::new(
            Records::of(&way),
            self.blobs.clone(),
            self.runner.clone(),
            Arc::new(NoWayOut),
            Arc::new(OneFile),
            self.clock.clone(),
            SchedulerConfig { node: NodeId(name.into()), ..self.config.clone() },
        );
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(scheduler.clone().run(shutdown.clone().cancelled_owned()));
        Node { way, scheduler, shutdown, task }
    }

    /// A job of the module `name`, whose script has the same name; its parameters say so too.
    fn job(&self, name: &str) -> Job {
        let limits = Limits { fuel: None, memory_bytes: 10 * MIB, disk_bytes: MIB, timeout_seconds: 100 };
        let digest = self.store_bytes(name.as_bytes());
        let module = ModuleRef { name: name.into(), version: "1".into(), digest, engine: None };
        let now = self.clock.now();
        Job {
            name: name.into(),
            parameters: format!("{{\"script\":\"{name}\"}}"),
            ..Job::new(self.project, JobType::Analysis, module, limits, "somebody".into(), now)
        }
    }

    fn store_bytes(&self, bytes: &[u8]) -> Digest {
        let mut writer = self.blobs.begin().unwrap();
        writer.write_all(bytes).unwrap();
        writer.commit().unwrap().digest
    }

    async fn submit(&self, job: Job) -> JobId {
        match self.store.submit(NewJob::from(job)).await.unwrap() {
            Submitted::Queued(job) => job.id,
            other => panic!("{other:?}"),
        }
    }

    async fn look(&self, id: JobId) -> Job {
        self.store.job(self.project, id).await.unwrap().unwrap()
    }

    /// Waits until the job has this state, and returns it.
    async fn until(&self, id: JobId, state: JobState) -> Job {
        for _ in 0..100_000 {
            let job = self.look(id).await;
            if job.state == state {
                return job;
            }
            assert!(
                !job.state.is_ended(),
                "{state:?} was expected, but the job is {:?}: {:?}",
                job.state,
                job.end
            );
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{state:?} was never reached: {:?}", self.look(id).await);
    }

    fn elapsed(&self) -> Duration {
        self.clock.0.elapsed()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn code(job: &Job) -> ErrorCode {
    job.error().unwrap().code
}

fn transient() -> JobError {
    JobError::new(ErrorCode::GuestError, "the other side is busy").transient()
}
