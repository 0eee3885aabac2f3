//! Random verbs on the embedded store and on the reference, with restarts in between: both answer the same.

use fuelcell_domain::job::{JobType, Priority};
use fuelcell_domain::{
    AttemptId, CancelRequest, Digest, Job, JobId, JobState, LogLevel, LogLine, NodeId, PipelineId,
    ProjectRef, Transition,
};
use fuelcell_store::conformance::fixtures::{
    artifact, at, cancel, done, end, failure, job, lease, module, pipeline, project, pulse, transient_failure,
};
use fuelcell_store::{
    BlobRef, Finish, IdempotencyKey, JobFilter, LogFilter, MemoryStore, NewJob, PageRequest, Store, Submitted,
};
use proptest::prelude::*;
use std::fmt::Debug;
use tempfile::TempDir;

/// A verb with small numbers that stand for jobs, attempts, keys and moments.
#[derive(Clone, Debug)]
enum Verb {
    Submit { kind: u8, key: Option<u8>, delay: Option<u8>, big: bool },
    ClaimReady { limit: u8 },
    Claim { job: u8 },
    Extend { job: u8, attempt: u8 },
    Pulse { job: u8, attempt: u8, percentage: u8 },
    Checkpoint { job: u8, attempt: u8, size: u8 },
    Finish { job: u8, attempt: u8, how: u8 },
    Cancel { job: u8, preserve: bool },
    FailQueued { job: u8 },
    Delete { job: u8 },
    Expire,
    Release { node: u8 },
    Log { job: u8, attempt: u8, lines: u8 },
    Wait { seconds: u8 },
    Restart,
}

fn verb() -> impl Strategy<Value = Verb> {
    use Verb::*;
    let (job, attempt) = (|| 0..12_u8, || 0..4_u8);
    prop_oneof![
        6 => (any::<u8>(), proptest::option::of(0..3_u8), proptest::option::of(0..60_u8), any::<bool>())
            .prop_map(|(kind, key, delay, big)| Submit { kind, key, delay, big }),
        4 => (0..4_u8).prop_map(|limit| ClaimReady { limit }),
        2 => job().prop_map(|job| Claim { job }),
        1 => (job(), attempt()).prop_map(|(job, attempt)| Extend { job, attempt }),
        1 => (job(), attempt(), 0..=100_u8).prop_map(|(job, attempt, percentage)| Pulse { job, attempt, percentage }),
        1 => (job(), attempt(), any::<u8>()).prop_map(|(job, attempt, size)| Checkpoint { job, attempt, size }),
        5 => (job(), attempt(), 0..6_u8).prop_map(|(job, attempt, how)| Finish { job, attempt, how }),
        2 => (job(), any::<bool>()).prop_map(|(job, preserve)| Cancel { job, preserve }),
        1 => job().prop_map(|job| FailQueued { job }),
        2 => job().prop_map(|job| Delete { job }),
        1 => Just(Expire),
        1 => (0..2_u8).prop_map(|node| Release { node }),
        1 => (job(), attempt(), 0..5_u8).prop_map(|(job, attempt, lines)| Log { job, attempt, lines }),
        2 => (0..40_u8).prop_map(|seconds| Wait { seconds }),
        1 => Just(Restart),
    ]
}

/// The two stores and what is known of them.
struct Pair {
    directory: TempDir,
    sled: Option<Box<dyn Store>>,
    memory: MemoryStore,
    projects: [ProjectRef; 2],
    pipeline: PipelineId,
    jobs: Vec<Job>,
    seconds: i64,
}

impl Pair {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let first = project();
        Self {
            sled: Some(Box::new(crate::open(directory.path()))),
            directory,
            memory: MemoryStore::new(),
            projects: [first, project()],
            pipeline: PipelineId::random(),
            jobs: Vec::new(),
            seconds: 0,
        }
    }

    fn sled(&self) -> &dyn Store {
        &**self.sled.as_ref().expect("open between restarts")
    }

    /// Asks both and compares the answers, errors included.
    async fn both<T: Debug>(&self, ask: impl AsyncFn(&dyn Store) -> T) -> T {
        let (sled, memory) = (ask(self.sled()).await, ask(&self.memory).await);
        assert_eq!(format!("{sled:?}"), format!("{memory:?}"));
        memory
    }

    fn job(&self, number: u8) -> JobId {
        let known = self.jobs.get(usize::from(number) % (self.jobs.len() + 1));
        known.map_or(JobId(self.pipeline.0), |job| job.id)
    }

    /// The attempt with this number, 0 standing for the current one.
    async fn attempt(&self, job: u8, number: u8) -> AttemptId {
        let id = self.job(job);
        let Some(known) = self.jobs.iter().find(|job| job.id == id) else {
            return AttemptId { job: id, number: 1 };
        };
        let current = self.memory.job(known.project, id).await.unwrap().map_or(1, |job| job.attempt);
        AttemptId { job: id, number: if number == 0 { current } else { number.into() } }
    }

    fn new_job(&self, kind: u8, delay: Option<u8>, big: bool) -> Job {
        let kind = usize::from(kind);
        Job {
            priority: Priority::ALL[kind % 4],
            job_type: JobType::ALL[kind / 4 % 4],
            front: kind % 7 == 0,
            pipeline: (kind % 3 == 0).then(|| pipeline(self.pipeline)),
            module: module(["miner", "cleaner"][kind % 2]),
            parameters: "p".repeat(if big { 20_000 } else { 10 }),
            keep_partial_on_failure: kind % 2 == 0,
            submitted_by: ["anna", "bert"][kind / 2 % 2].into(),
            created_at: at(self.seconds),
            not_before: delay.map(|delay| at(self.seconds + i64::from(delay))),
            ..job(self.projects[usize::from(kind > 200)])
        }
    }

    async fn apply(&mut self, verb: Verb) {
        let now = at(self.seconds);
        match verb {
            Verb::Submit { kind, key, delay, big } => {
                let job = self.new_job(kind, delay, big);
                let body = Digest::of(&[kind % 2]);
                let idempotency = key.map(|key| IdempotencyKey { key: format!("{key}"), body });
                let new = NewJob { job, idempotency };
                if let Ok(Submitted::Queued(job)) =
                    self.both(async |store| store.submit(new.clone()).await).await
                {
                    self.jobs.push(job);
                }
            }
            Verb::ClaimReady { limit } => {
                let ready = self.both(async |store| store.ready(now, limit.into()).await).await.unwrap();
                let ids: Vec<_> = ready.iter().map(|entry| entry.job).collect();
                let lease = lease(&format!("node {}", limit % 2), self.seconds + 30);
                self.both(async |store| store.claim(&ids, lease.clone(), now).await).await.unwrap();
            }
            Verb::Claim { job } => {
                let ids = [self.job(job), self.job(job / 2), self.job(job)];
                let lease = lease("node 0", self.seconds + 30);
                self.both(async |store| store.claim(&ids, lease.clone(), now).await).await.unwrap();
            }
            Verb::Extend { job, attempt } => {
                let attempts = [self.attempt(job, attempt).await, self.attempt(job / 2, 0).await];
                let until = at(self.seconds + 30);
                self.both(async |store| store.extend_leases(&attempts, until).await).await.unwrap();
            }
            Verb::Pulse { job, attempt, percentage } => {
                let attempt = self.attempt(job, attempt).await;
                let _ =
                    self.both(async |store| store.record_pulse(attempt, pulse(percentage), now).await).await;
            }
            Verb::Checkpoint { job, attempt, size } => {
                let attempt = self.attempt(job, attempt).await;
                let blob = BlobRef { digest: Digest::of(&[size]), size: size.into() };
                let _ = self.both(async |store| store.set_checkpoint(attempt, blob).await).await;
            }
            Verb::Finish { job, attempt, how } => {
                let finish = self.finish(self.attempt(job, attempt).await, how);
                let _ = self.both(async |store| store.finish(finish.clone()).await).await;
            }
            Verb::Cancel { job, preserve } => {
                let id = self.job(job);
                let project = self.projects[usize::from(job == 11)];
                let request = CancelRequest { preserve_partial: preserve, ..cancel(self.seconds) };
                let _ =
                    self.both(async |store| store.request_cancel(project, id, request.clone()).await).await;
            }
            Verb::FailQueued { job } => {
                let (id, error) = (
                    self.job(job),
                    fuelcell_domain::JobError::new(fuelcell_domain::ErrorCode::InputGone, "gone"),
                );
                let _ = self.both(async |store| store.fail_queued(id, error.clone(), now).await).await;
            }
            Verb::Delete { job } => {
                let (id, project) = (self.job(job), self.projects[usize::from(job == 11)]);
                let _ = self.both(async |store| store.delete_ended(project, id).await).await;
            }
            Verb::Expire => {
                self.both(async |store| sorted(store.expire_leases(now).await.unwrap())).await;
            }
            Verb::Release { node } => {
                let node = NodeId(format!("node {node}"));
                self.both(async |store| sorted(store.release_node(&node, now).await.unwrap())).await;
            }
            Verb::Log { job, attempt, lines } => {
                let attempt = self.attempt(job, attempt).await;
                let line = |n| LogLine {
                    at: now,
                    attempt: attempt.number,
                    level: if n % 2 == 0 { LogLevel::Info } else { LogLevel::Error },
                    stage: "s".into(),
                    message: format!("{n}"),
                };
                let lines: Vec<_> = (0..lines).map(line).collect();
                let _ = self.both(async |store| store.append_logs(attempt, lines.clone()).await).await;
            }
            Verb::Wait { seconds } => self.seconds += i64::from(seconds),
            Verb::Restart => {
                self.sled = None;
                self.sled = Some(Box::new(crate::open(self.directory.path())));
            }
        }
    }

    fn finish(&self, attempt: AttemptId, how: u8) -> Finish {
        let transition = match how {
            0 | 1 => done(),
            2 => failure(),
            3 => transient_failure(),
            4 => Transition::GiveBack,
            _ => Transition::Stop,
        };
        let template = Job { id: attempt.job, attempt: attempt.number, ..job(self.projects[0]) };
        Finish {
            artifacts: vec![artifact(&format!("{}.txt", attempt.number))],
            marks: vec![format!("{}", attempt.number), "same".into()],
            ..end(&template, transition, self.seconds)
        }
    }

    /// Every question has the same answer.
    async fn compare(&self) {
        let now = at(self.seconds);
        for own in self.projects {
            for filter in filters(self.pipeline, self.seconds) {
                let page = PageRequest { offset: 1, limit: 5 };
                self.both(async |store| store.list(own, &filter, page).await.unwrap()).await;
                self.both(async |store| store.counts(own, &filter).await.unwrap()).await;
            }
            let page = PageRequest { offset: 1, limit: 3 };
            self.both(async |store| store.queued(own, page).await.unwrap()).await;
            self.both(async |store| store.heads(now, 5).await.unwrap()).await;
            self.both(async |store| store.tenant_figures(own.tenant, now).await.unwrap()).await;
            for key in ["1", "2", "same", "other"] {
                self.both(async |store| store.is_processed(own, self.pipeline, key).await.unwrap()).await;
            }
        }
        for Job { id, project, .. } in &self.jobs {
            let everything = LogFilter { level: LogLevel::Debug, from: None, to: None, limit: 99 };
            self.both(async |store| store.job(*project, *id).await.unwrap()).await;
            self.both(async |store| store.artifacts(*id).await.unwrap()).await;
            self.both(async |store| store.receipts(*id).await.unwrap()).await;
            self.both(async |store| store.checkpoint(*id).await.unwrap()).await;
            self.both(async |store| store.logs(*id, everything).await.unwrap()).await;
            self.both(async |store| store.queued_before(*id).await.unwrap()).await;
        }
        for name in ["miner", "cleaner"] {
            self.both(async |store| store.recent_durations(module(name).digest).await.unwrap()).await;
        }
        for state in JobState::ALL {
            self.both(async |store| store.count_in_state(state).await.unwrap()).await;
        }
        self.both(async |store| store.ready(now, 99).await.unwrap()).await;
        self.both(async |store| store.next_not_before(now).await.unwrap()).await;
    }
}

fn sorted(mut ids: Vec<JobId>) -> Vec<JobId> {
    ids.sort_unstable();
    ids
}

fn filters(pipeline: PipelineId, seconds: i64) -> Vec<JobFilter> {
    let any = JobFilter::default;
    vec![
        any(),
        JobFilter { states: vec![JobState::Queued, JobState::Running], ..any() },
        JobFilter { job_type: Some(JobType::Analysis), states: vec![JobState::Completed], ..any() },
        JobFilter { priority: Some(Priority::High), ..any() },
        JobFilter { submitted_by: Some("anna".into()), pipeline: Some(pipeline), ..any() },
        JobFilter { created_from: Some(at(seconds / 3)), created_to: Some(at(seconds * 2 / 3)), ..any() },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn sled_and_the_reference_agree(verbs in proptest::collection::vec(verb(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let mut pair = Pair::new();
            for verb in verbs {
                pair.apply(verb).await;
            }
            pair.compare().await;
            pair.apply(Verb::Restart).await;
            pair.compare().await;
        });
    }
}
