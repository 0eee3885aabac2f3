//! One thing that is done with many jobs. Which jobs these are is frozen before it begins, what became of each is kept, and
//! it goes on where it was when the server comes back.

use crate::text::clipped;
use crate::{
    BulkId, Digest, Incarnation, Job, JobId, JobState, Ordinal, ProjectRef, Role, Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Most jobs of one bulk action.
pub const MAX_BULK_JOBS: usize = 10_000;
/// How long nobody else works at one after a step.
pub const HELD: Duration = Duration::from_secs(5);
/// How long one that has ended is kept.
pub const KEPT_BULKS: Duration = Duration::from_hours(30 * 24);
/// Most that a project keeps; beyond them the one that ended first goes.
pub const MAX_KEPT_BULKS: usize = 200;
/// Jobs that are kept together, and written together.
pub const BULK_PART: usize = 100;
/// How far the clocks of nodes may be apart.
const AHEAD: Duration = Duration::from_secs(5);
/// Bytes of what an outcome says.
pub const MAX_OUTCOME: usize = 300;

/// What is to be done with each of the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkAction {
    /// Ask it to stop.
    Cancel,
    /// Queue a new one in its place.
    Retry,
    /// Forget it.
    Delete,
}

/// Why something will not be done with a job as it stands: a stable word.
pub type Hindrance = &'static str;

impl BulkAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cancel, Self::Retry, Self::Delete];

    /// As addresses and documents name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Delete => "delete",
        }
    }

    /// Who may.
    pub fn role(self) -> Role {
        match self {
            Self::Cancel | Self::Retry => Role::Submitter,
            Self::Delete => Role::Administrator,
        }
    }

    /// Why it will not be done with a job that stands there; `None` = it may be.
    pub fn hindrance(self, state: JobState) -> Option<Hindrance> {
        let is_retryable = matches!(state, JobState::Failed | JobState::Cancelled);
        match self {
            Self::Cancel if state.is_ended() => Some("JobEnded"),
            Self::Retry if !is_retryable => Some("NotRetryable"),
            Self::Delete if !state.is_ended() => Some("JobNotEnded"),
            _ => None,
        }
    }
}

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobOutcome {
    /// It was done; a retry has queued another job.
    Done(Option<JobId>),
    /// Nothing was done, because of how the job stood: a stable word, and a sentence.
    Skipped(String, String),
    /// It went wrong: a stable word, and a sentence.
    Failed(String, String),
}

impl JobOutcome {
    /// With a sentence that is no longer than one may be.
    pub fn shortened(self) -> Self {
        match self {
            Self::Skipped(code, message) => Self::Skipped(code, clipped(&message, MAX_OUTCOME)),
            Self::Failed(code, message) => Self::Failed(code, clipped(&message, MAX_OUTCOME)),
            Self::Done(new) => Self::Done(new),
        }
    }
}

/// A job of a bulk action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkJob {
    /// Its id.
    pub id: JobId,
    /// Its ordinal.
    pub ordinal: Ordinal,
    /// What became of it; `None` = nothing yet.
    pub outcome: Option<JobOutcome>,
}

impl From<&Job> for BulkJob {
    fn from(job: &Job) -> Self {
        Self { id: job.id, ordinal: job.ordinal, outcome: None }
    }
}

/// Some of its jobs, as they are kept together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkPart {
    /// Counts from 0.
    pub number: u32,
    /// The jobs.
    pub jobs: Vec<BulkJob>,
}

/// Why one ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkStop {
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// Who works at it, and until when nobody else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkHolder {
    /// The life of a node.
    pub by: Incarnation,
    /// Its word holds until then.
    pub until: Timestamp,
}

/// With what somebody asked, by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AskedWith {
    /// A token.
    Token(Digest),
    /// A session that has no token.
    Session(Digest),
}

/// A bulk action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRun {
    /// Its id.
    pub id: BulkId,
    /// Whose jobs these are.
    pub project: ProjectRef,
    /// What is done with each.
    pub action: BulkAction,
    /// Why, in the client's words.
    pub reason: Option<String>,
    /// Who asked for it.
    pub by: String,
    /// The token with which they did, or what stands for it.
    pub token: TokenId,
    /// What is looked at again before each step.
    pub asked_with: AskedWith,
    /// The kind of that call, and the id of the request, for the audit log.
    pub call: String,
    /// See `call`.
    pub request_id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// Its jobs.
    pub jobs: u64,
    /// When the oldest and the newest of them were submitted.
    pub span: (Timestamp, Timestamp),
    /// With how many it was done.
    pub done: u64,
    /// How many were left as they are.
    pub skipped: u64,
    /// With how many it went wrong.
    pub failed: u64,
    /// The part that it is at.
    pub part: u32,
    /// Who works at it.
    pub holder: Option<BulkHolder>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended before its time.
    pub stop: Option<BulkStop>,
}

/// Where one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkState {
    /// It is worked at.
    Running,
    /// Every job has its outcome.
    Done,
    /// It ended before its time.
    Stopped,
}

impl BulkState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Running, Self::Done, Self::Stopped];

    /// As documents name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Done => "Done",
            Self::Stopped => "Stopped",
        }
    }
}

impl BulkRun {
    /// Where it stands.
    pub fn state(&self) -> BulkState {
        match (self.ended_at, &self.stop) {
            (None, _) => BulkState::Running,
            (Some(_), None) => BulkState::Done,
            (Some(_), Some(_)) => BulkState::Stopped,
        }
    }

    /// Whether it is worked at.
    pub fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    /// When it is forgotten; `None` while it runs.
    pub fn kept_until(&self) -> Option<Timestamp> {
        self.ended_at.map(|end| end.plus(KEPT_BULKS))
    }

    /// Jobs without an outcome.
    pub fn left(&self) -> u64 {
        self.jobs.saturating_sub(self.done.saturating_add(self.skipped).saturating_add(self.failed))
    }

    /// Whether somebody else works at it at this moment. A word that holds for longer than another's clock may be ahead was
    /// given before this clock went back: it keeps nobody away.
    pub fn is_held_from(&self, by: Incarnation, now: Timestamp) -> bool {
        self.holder.is_some_and(|holder| {
            holder.by != by && now < holder.until && holder.until.since(now) <= HELD + AHEAD
        })
    }

    /// Whether no job got its outcome between the two.
    pub fn is_as_far_as(&self, other: &Self) -> bool {
        let far = |run: &Self| (run.part, run.done, run.skipped, run.failed);
        far(self) == far(other)
    }

    /// Notes what became of jobs of the part that it is at. Who has an outcome keeps it. Goes on to the next part behind
    /// the last of this one, and ends behind the last job.
    pub fn settle(&mut self, part: &mut BulkPart, outcomes: Vec<(JobId, JobOutcome)>, now: Timestamp) {
        for (id, outcome) in outcomes {
            let open = part.jobs.iter_mut().find(|job| job.id == id && job.outcome.is_none());
            let Some(job) = open else { continue };
            match outcome {
                JobOutcome::Done(_) => self.done += 1,
                JobOutcome::Skipped(..) => self.skipped += 1,
                JobOutcome::Failed(..) => self.failed += 1,
            }
            job.outcome = Some(outcome.shortened());
        }
        if part.jobs.iter().all(|job| job.outcome.is_some()) {
            self.part = part.number.saturating_add(1);
        }
        if self.left() == 0 && self.is_running() {
            self.end(now);
        }
    }

    /// Ends it before its time. One that has ended stays as it is.
    pub fn stop(&mut self, stop: BulkStop, now: Timestamp) {
        if self.is_running() {
            self.stop = Some(stop);
            self.end(now);
        }
    }

    fn end(&mut self, now: Timestamp) {
        self.ended_at = Some(now);
        self.holder = None;
    }
}

/// Jobs as they are kept: in parts.
pub fn parts(jobs: Vec<BulkJob>) -> Vec<BulkPart> {
    (0..).zip(jobs.chunks(BULK_PART)).map(|(number, jobs)| BulkPart { number, jobs: jobs.to_vec() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ProjectId, TenantId};

    fn run(jobs: &[BulkJob]) -> BulkRun {
        BulkRun {
            id: BulkId::random(),
            project: ProjectRef { tenant: TenantId::random(), project: ProjectId::random() },
            action: BulkAction::Retry,
            reason: None,
            by: "anna".into(),
            token: TokenId::random(),
            asked_with: AskedWith::Token(Digest([7; 32])),
            call: "POST bulk".into(),
            request_id: "r".into(),
            created_at: Timestamp(0),
            jobs: jobs.len() as u64,
            span: (Timestamp(0), Timestamp(0)),
            done: 0,
            skipped: 0,
            failed: 0,
            part: 0,
            holder: None,
            ended_at: None,
            stop: None,
        }
    }

    fn jobs(count: u64) -> Vec<BulkJob> {
        (1..=count).map(|ordinal| BulkJob { id: JobId::random(), ordinal, outcome: None }).collect()
    }

    fn skipped() -> JobOutcome {
        JobOutcome::Skipped("JobEnded".into(), "x".repeat(2 * MAX_OUTCOME))
    }

    #[test]
    fn each_job_has_one_outcome_and_the_last_one_ends_it() {
        let all = jobs(BULK_PART as u64 + 1);
        let mut run = run(&all);
        let [mut first, mut second] = parts(all).try_into().unwrap();
        let ids: Vec<_> = first.jobs.iter().map(|job| job.id).collect();
        run.settle(&mut first, vec![(ids[0], skipped()), (JobId::random(), skipped())], Timestamp(1));
        assert_eq!((run.skipped, run.part, run.left()), (1, 0, BULK_PART as u64));
        run.settle(&mut first, ids.iter().map(|id| (*id, JobOutcome::Done(None))).collect(), Timestamp(2));
        assert_eq!(
            (run.done, run.skipped, run.part, run.state()),
            (BULK_PART as u64 - 1, 1, 1, BulkState::Running)
        );
        let Some(JobOutcome::Skipped(_, message)) = &first.jobs[0].outcome else {
            panic!("it keeps its outcome")
        };
        assert_eq!(message.len(), MAX_OUTCOME);
        let last = second.jobs[0].id;
        run.settle(
            &mut second,
            vec![(last, JobOutcome::Failed("QueueFull".into(), String::new()))],
            Timestamp(3),
        );
        assert_eq!((run.failed, run.left(), run.ended_at), (1, 0, Some(Timestamp(3))));
        assert_eq!(run.state(), BulkState::Done);
        run.stop(BulkStop { code: "Stopped".into(), message: String::new() }, Timestamp(4));
        assert_eq!((run.state(), run.ended_at), (BulkState::Done, Some(Timestamp(3))));
    }

    #[test]
    fn what_will_not_be_done_follows_from_where_a_job_stands() {
        let hindered = |action: BulkAction| JobState::ALL.map(|state| action.hindrance(state).is_some());
        let states = JobState::ALL;
        assert_eq!(hindered(BulkAction::Cancel), states.map(JobState::is_ended));
        assert_eq!(hindered(BulkAction::Delete), states.map(|state| !state.is_ended()));
        let may_be_retried = |state| matches!(state, JobState::Failed | JobState::Cancelled);
        assert_eq!(hindered(BulkAction::Retry), states.map(|state| !may_be_retried(state)));
    }

    #[test]
    fn whoever_holds_it_keeps_others_away_for_a_while() {
        let (one, other) = (Incarnation::random(), Incarnation::random());
        let holder = Some(BulkHolder { by: one, until: Timestamp(10) });
        let run = BulkRun { holder, ..run(&jobs(1)) };
        assert!(run.is_held_from(other, Timestamp(9)));
        assert!(!run.is_held_from(one, Timestamp(9)));
        assert!(!run.is_held_from(other, Timestamp(10)));
    }

    #[test]
    fn a_clock_that_went_back_keeps_nobody_away() {
        let (now, other) = (Timestamp(0), Incarnation::random());
        let held = |until| {
            let holder = Some(BulkHolder { by: Incarnation::random(), until });
            BulkRun { holder, ..run(&jobs(1)) }.is_held_from(other, now)
        };
        let longest = now.plus(HELD + AHEAD);
        assert!(held(now.plus(HELD)) && held(longest));
        assert!(!held(longest.plus(Duration::from_micros(1))));
    }

    #[test]
    fn only_outcomes_bring_one_further() {
        let before = run(&jobs(2));
        let mut after = before.clone();
        after.stop(BulkStop { code: "Stopped".into(), message: String::new() }, Timestamp(1));
        assert!(after.is_as_far_as(&before));
        for after in [
            BulkRun { part: 1, ..before.clone() },
            BulkRun { done: 1, ..before.clone() },
            BulkRun { skipped: 1, ..before.clone() },
            BulkRun { failed: 1, ..before.clone() },
        ] {
            assert!(!after.is_as_far_as(&before));
        }
    }
}
