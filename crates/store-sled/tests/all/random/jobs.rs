//! The life of jobs, at random.

use super::Pair;
use fuelcell_domain::JobType;
use fuelcell_domain::job::{Notifications, PipelineRef, Priority};
use fuelcell_domain::report::DataValidation;
use fuelcell_domain::{
    AttemptId, CancelRequest, Completion, Digest, ErrorCode, Holder, Incarnation, Job, JobError, JobId,
    LogLevel, LogLine, NodeId, Transition,
};
use fuelcell_store::conformance::fixtures::{
    artifact, at, cancel, done, end, failure, holder, input, job, lease, module, pipeline, pulse,
    transient_failure,
};
use fuelcell_store::{BlobRef, Finish, IdempotencyKey, Jobs, NewJob, Submitted};
use proptest::prelude::*;

/// A verb of jobs.
#[derive(Clone, Debug)]
pub(super) enum JobVerb {
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
}

pub(super) fn job_verb() -> impl Strategy<Value = JobVerb> {
    use JobVerb::*;
    let (job, attempt) = (|| 0..12_u8, || 0..4_u8);
    prop_oneof![
        6 => (any::<u8>(), proptest::option::of(0..3_u8), proptest::option::of(0..60_u8), any::<bool>())
            .prop_map(|(kind, key, delay, big)| Submit { kind, key, delay, big }),
        4 => (0..4_u8).prop_map(|limit| ClaimReady { limit }),
        2 => job().prop_map(|job| Claim { job }),
        1 => (job(), attempt()).prop_map(|(job, attempt)| Extend { job, attempt }),
        1 => (job(), attempt(), 0..=100_u8).prop_map(|(job, attempt, percentage)| Pulse { job, attempt, percentage }),
        1 => (job(), attempt(), any::<u8>()).prop_map(|(job, attempt, size)| Checkpoint { job, attempt, size }),
        5 => (job(), attempt(), 0..10_u8).prop_map(|(job, attempt, how)| Finish { job, attempt, how }),
        2 => (job(), any::<bool>()).prop_map(|(job, preserve)| Cancel { job, preserve }),
        1 => job().prop_map(|job| FailQueued { job }),
        2 => job().prop_map(|job| Delete { job }),
        1 => Just(Expire),
        1 => (0..2_u8).prop_map(|node| Release { node }),
        1 => (job(), attempt(), 0..5_u8).prop_map(|(job, attempt, lines)| Log { job, attempt, lines }),
    ]
}

impl Pair {
    pub(super) fn job(&self, number: u8) -> JobId {
        let known = self.jobs.get(usize::from(number) % (self.jobs.len() + 1));
        known.map_or(JobId(self.pipelines[0].0), |job| job.id)
    }

    /// The attempt with this number, 0 standing for the current one.
    async fn attempt(&self, job: u8, number: u8) -> AttemptId {
        let id = self.job(job);
        let Some(known) = self.jobs.iter().find(|job| job.id == id) else {
            return AttemptId { job: id, number: 1, holder: Holder::NONE };
        };
        let current = self.memory.job(known.project, id).await.unwrap().map(|job| job.current_attempt());
        let current = current.unwrap_or(AttemptId { job: id, number: 1, holder: Holder::NONE });
        match number {
            0 => current,
            other => AttemptId { number: other.into(), ..current },
        }
    }

    pub(super) fn new_job(&self, kind: u8, delay: Option<u8>, big: bool) -> Job {
        let own = self.projects[usize::from(kind > 200)];
        let kind = usize::from(kind);
        let pipeline = |n: usize| PipelineRef { ordinal: 1 + n as u64, ..pipeline(self.pipelines[n]) };
        let inputs =
            self.datasets.iter().take(usize::from(kind % 5 == 0)).map(|id| input(&self.dataset(own, *id, 1)));
        Job {
            priority: Priority::ALL[kind % 4],
            job_type: JobType::RESERVED[kind / 4 % 4],
            front: kind % 7 == 0,
            pipeline: (kind % 3 == 0).then(|| pipeline(kind / 3 % self.pipelines.len())),
            module: module(["miner", "cleaner"][kind % 2]),
            inputs: inputs.collect(),
            parameters: "p".repeat(if big { 20_000 } else { 10 }),
            keep_partial_on_failure: kind % 2 == 0,
            notifications: Notifications {
                on_completion: kind % 2 == 0,
                on_failure: kind % 3 == 0,
                email_recipients: ["a@x.org", "b@x.org"].iter().take(kind % 3).map(|&to| to.into()).collect(),
            },
            submitted_by: ["anna", "bert"][kind / 2 % 2].into(),
            created_at: at(self.seconds),
            not_before: delay.map(|delay| at(self.seconds + i64::from(delay))),
            ..job(own)
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each operation")]
    pub(super) async fn apply_to_jobs(&mut self, verb: JobVerb) {
        let now = at(self.seconds);
        match verb {
            JobVerb::Submit { kind, key, delay, big } => {
                let job = self.new_job(kind, delay, big);
                let body = Digest::of(&[kind % 2]);
                let idempotency = key.map(|key| IdempotencyKey { key: format!("{key}"), body });
                let new = NewJob { idempotency, ..job.into() };
                if let Ok(Submitted::Queued(job)) =
                    self.both(async |store| store.submit(new.clone()).await).await
                {
                    self.jobs.push(job);
                }
            }
            JobVerb::ClaimReady { limit } => {
                let ready = self.both(async |store| store.ready(now, limit.into()).await).await.unwrap();
                let ids: Vec<_> = ready.iter().map(|entry| entry.job).collect();
                let (lease, holder) = (lease(&format!("node {}", limit % 2), self.seconds + 30), holder());
                self.both(async |store| store.claim(&ids, lease.clone(), holder, now).await).await.unwrap();
            }
            JobVerb::Claim { job } => {
                let ids = [self.job(job), self.job(job / 2), self.job(job)];
                let (lease, holder) = (lease("node 0", self.seconds + 30), holder());
                self.both(async |store| store.claim(&ids, lease.clone(), holder, now).await).await.unwrap();
            }
            JobVerb::Extend { job, attempt } => {
                let attempts = [self.attempt(job, attempt).await, self.attempt(job / 2, 0).await];
                let until = at(self.seconds + 30);
                self.both(async |store| store.extend_leases(&attempts, until).await).await.unwrap();
            }
            JobVerb::Pulse { job, attempt, percentage } => {
                let attempt = self.attempt(job, attempt).await;
                let _ =
                    self.both(async |store| store.record_pulse(attempt, pulse(percentage), now).await).await;
            }
            JobVerb::Checkpoint { job, attempt, size } => {
                let attempt = self.attempt(job, attempt).await;
                let blob = BlobRef { digest: Digest::of(&[size]), size: size.into() };
                let _ = self.both(async |store| store.set_checkpoint(attempt, blob).await).await;
            }
            JobVerb::Finish { job, attempt, how } => {
                let finish = self.finish(self.attempt(job, attempt).await, how);
                let _ = self.both(async |store| store.finish(finish.clone()).await).await;
            }
            JobVerb::Cancel { job, preserve } => {
                let id = self.job(job);
                let project = self.projects[usize::from(job == 11)];
                let request = CancelRequest { preserve_partial: preserve, ..cancel(self.seconds) };
                let _ =
                    self.both(async |store| store.request_cancel(project, id, request.clone()).await).await;
            }
            JobVerb::FailQueued { job } => {
                let (id, error) = (self.job(job), JobError::new(ErrorCode::InputGone, "gone"));
                let _ = self.both(async |store| store.fail_queued(id, error.clone(), now).await).await;
            }
            JobVerb::Delete { job } => {
                let (id, project) = (self.job(job), self.projects[usize::from(job == 11)]);
                let _ = self.both(async |store| store.delete_ended(project, id).await).await;
            }
            JobVerb::Expire => {
                self.both(async |store| sorted(store.expire_leases(now).await.unwrap())).await;
            }
            JobVerb::Release { node } => {
                let (node, present) = (NodeId(format!("node {node}")), Incarnation::random());
                self.both(async |store| sorted(store.release_node(&node, present, now).await.unwrap())).await;
            }
            JobVerb::Log { job, attempt, lines } => {
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
        }
    }

    fn finish(&self, attempt: AttemptId, how: u8) -> Finish {
        let transition = match how {
            0 | 1 => done(),
            2 => failure(),
            3 => transient_failure(),
            4 => Transition::GiveBack,
            5 => Transition::Stop,
            6 => Transition::Complete(Completion::NoItems),
            7 => Transition::Complete(Completion::Skipped("monday".into())),
            8 => Transition::Complete(Completion::Skipped(String::new())),
            _ => Transition::Fail(JobError::new(ErrorCode::GuestError, "another message")),
        };
        let template = Job { id: attempt.job, attempt: attempt.number, ..job(self.projects[0]) };
        let mut finish = Finish {
            artifacts: vec![artifact(&format!("{}.txt", attempt.number))],
            marks: vec![format!("{}", attempt.number), "same".into()],
            ..end(&template, transition, self.seconds)
        };
        let counted = DataValidation { total: how.into(), valid: 1, duplicates_removed: 0, invalid: 0 };
        finish.pulse.report.validation = (how < 2).then_some(counted);
        finish
    }
}

fn sorted(mut ids: Vec<JobId>) -> Vec<JobId> {
    ids.sort_unstable();
    ids
}
