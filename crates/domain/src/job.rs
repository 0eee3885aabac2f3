//! A job: what was submitted, where it stands, how it ended.

use crate::trace::TraceContext;
use crate::{
    AttemptId, DatasetId, Deterministic, Digest, EngineRef, Holder, JobError, JobId, JobType, Limits, NodeId,
    Ordinal, PipelineId, ProjectRef, Report, Timestamp, Usage,
};
use serde::{Deserialize, Serialize};

/// Who goes first; the least urgent is the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// When nothing else waits.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Before Normal.
    High,
    /// Before everything.
    Critical,
}

impl Priority {
    /// All of them, least urgent first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Critical];

    /// As clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Normal => "Normal",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum JobState {
    /// It waits: for a slot, for its time, for its module to be compiled.
    Queued,
    /// An attempt holds a lease.
    Running,
    /// It did what it was asked.
    Completed,
    /// It did not, and will not be tried again by itself.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// As clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether nothing more can happen to the job.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The module version that a job was pinned to when it was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleRef {
    /// The module's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// The engine that runs it; none = it runs by itself.
    pub engine: Option<EngineRef>,
}

impl ModuleRef {
    /// The digest of what is compiled and runs: the engine of a script, else the module.
    pub fn program(&self) -> Digest {
        self.engine.as_ref().map_or(self.digest, |engine| engine.digest)
    }

    /// The digest of all that decides what a run does, beside parameters and inputs.
    pub fn work(&self) -> Digest {
        work_of(self.digest, self.engine.as_ref().map(|engine| engine.digest))
    }
}

/// The digest of a module, or of a script with its engine.
pub fn work_of(module: Digest, engine: Option<Digest>) -> Digest {
    engine.map_or(module, |engine| Digest::of(format!("{module}\n{engine}\n").as_bytes()))
}

/// A file that a job was pinned to when it was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRef {
    /// The input's name in the manifest.
    pub name: String,
    /// The dataset that it came from; none = an artifact of the job that this one retries.
    pub dataset: Option<DatasetId>,
    /// Its file name.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// The pipeline that a job named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineRef {
    /// Its id.
    pub id: PipelineId,
    /// Its ordinal in the project.
    pub ordinal: Ordinal,
    /// Its name when the job was submitted.
    pub name: String,
}

/// Who is told about the end of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    /// When it completes.
    pub on_completion: bool,
    /// When it fails.
    pub on_failure: bool,
    /// Addresses.
    pub email_recipients: Vec<String>,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// 0 to 100, never falling within an attempt.
    pub percentage: u8,
    /// What the guest says it is doing; empty before it said anything.
    pub stage: String,
}

/// Live figures of a running attempt, refreshed now and then; they may be lost with the process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pulse {
    /// How far it is.
    pub progress: Progress,
    /// What the guest reported.
    pub report: Report,
    /// What it used so far.
    pub usage: Usage,
    /// Bytes of memory in use now.
    pub memory_bytes: u64,
}

/// The right of a node to run an attempt until a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The process that runs the attempt.
    pub node: NodeId,
    /// When others may rescue the job.
    pub expires_at: Timestamp,
}

/// A recorded wish to cancel. From then on only `Cancelled` is possible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// When it was recorded.
    pub at: Timestamp,
    /// The token's subject.
    pub by: String,
    /// Why, in the client's words.
    pub reason: Option<String>,
    /// Stop at once, without grace.
    pub force: bool,
    /// Keep finished artifacts and the checkpoint.
    pub preserve_partial: bool,
}

/// How a guest ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Completion {
    /// The work is done.
    Done,
    /// There was nothing new to process.
    NoItems,
    /// The job decided not to run, and why.
    Skipped(String),
}

/// What the latest ended attempt left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobEnd {
    /// It completed.
    Completed(Completion),
    /// It failed for good.
    Failed(JobError),
    /// It was cancelled.
    Cancelled,
}

/// The job that a retry points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryOf {
    /// The earlier job.
    pub job: JobId,
    /// Why, in the client's words.
    pub reason: Option<String>,
    /// 1 for a first submission, 2 for its retry, and so on.
    pub generation: u32,
}

/// One submission, with everything that it was pinned to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its tenant and project.
    pub project: ProjectRef,
    /// Its place in the project's order of creation. The store sets it at submit.
    pub ordinal: Ordinal,
    /// The client's name for it.
    pub name: String,
    /// The client's description.
    pub description: String,
    /// Its type.
    pub job_type: JobType,
    /// Its priority.
    pub priority: Priority,
    /// Whether it goes before others of its priority.
    pub front: bool,
    /// The pipeline that it named.
    pub pipeline: Option<PipelineRef>,
    /// The module that runs it.
    pub module: ModuleRef,
    /// The files that it may read.
    pub inputs: Vec<InputRef>,
    /// Its parameters: a JSON object as text.
    pub parameters: String,
    /// The limits of each attempt.
    pub limits: Limits,
    /// Whether it runs with fixed clocks and seeded randomness.
    pub deterministic: bool,
    /// The client's labels.
    pub labels: Vec<(String, String)>,
    /// Whether a failure leaves finished artifacts and the checkpoint.
    pub keep_partial_on_failure: bool,
    /// Who is told about its end.
    pub notifications: Notifications,
    /// The token's subject.
    pub submitted_by: String,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// It stays queued until then.
    pub not_before: Option<Timestamp>,
    /// The job that it retries.
    pub retry_of: Option<RetryOf>,
    /// Where it stands.
    pub state: JobState,
    /// When anything but live figures last changed.
    pub updated_at: Timestamp,
    /// Attempts started so far.
    pub attempt: u32,
    /// Attempts that were lost with the process that ran them.
    pub lost_attempts: u32,
    /// Attempts that failed in a way that the guest called transient.
    pub transient_failures: u32,
    /// Who runs it now.
    pub lease: Option<Lease>,
    /// When the latest attempt started.
    pub started_at: Option<Timestamp>,
    /// When it ended for good.
    pub ended_at: Option<Timestamp>,
    /// The wish to cancel it.
    pub cancel: Option<CancelRequest>,
    /// The latest live figures; after the end the final ones.
    pub pulse: Pulse,
    /// How it ended.
    pub end: Option<JobEnd>,
    /// Whether its outputs are those of an unfinished run.
    pub partial: bool,
    /// Who holds it while it runs.
    pub holder: Option<Holder>,
    /// The request that made it, for its spans; none = nobody follows it.
    pub trace: Option<TraceContext>,
    /// Whether it is to leave a profile of its fuel behind.
    #[serde(default)]
    pub profile: bool,
}

/// Since when a job may start, or from when on, that was submitted then and may not start before that.
pub fn since(created_at: Timestamp, not_before: Option<Timestamp>) -> Timestamp {
    not_before.map_or(created_at, |time| time.max(created_at))
}

/// Bytes of a job's record, index and receipt beside its texts, about.
const RECORD_BYTES: usize = 1024;

impl Job {
    /// A job that is submitted now and that nothing has happened to yet, with nothing said that need not be.
    pub fn new(
        project: ProjectRef,
        job_type: JobType,
        module: ModuleRef,
        limits: Limits,
        submitted_by: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id: JobId::random(),
            project,
            ordinal: 0,
            name: String::new(),
            description: String::new(),
            job_type,
            priority: Priority::Normal,
            front: false,
            pipeline: None,
            module,
            inputs: Vec::new(),
            parameters: "{}".to_owned(),
            limits,
            deterministic: false,
            labels: Vec::new(),
            keep_partial_on_failure: false,
            notifications: Notifications::default(),
            submitted_by,
            created_at: now,
            not_before: None,
            retry_of: None,
            state: JobState::Queued,
            updated_at: now,
            attempt: 0,
            lost_attempts: 0,
            transient_failures: 0,
            lease: None,
            started_at: None,
            ended_at: None,
            cancel: None,
            pulse: Pulse::default(),
            end: None,
            partial: false,
            holder: None,
            trace: None,
            profile: false,
        }
    }

    /// Bytes that its record counts for in what its project stores: its texts, and as much as the rest of it takes about.
    /// They stay the same from its submission on.
    pub fn stored_size(&self) -> u64 {
        let labels = self.labels.iter().map(|(label, value)| label.len() + value.len());
        let recipients = self.notifications.email_recipients.iter().map(String::len);
        let texts = self.parameters.len() + self.name.len() + self.description.len();
        (RECORD_BYTES + texts + labels.chain(recipients).sum::<usize>()) as u64
    }

    /// Since when it may start, or from when on: when it was submitted, or the time before which it may not start.
    pub fn since(&self) -> Timestamp {
        since(self.created_at, self.not_before)
    }

    /// Whether the time before which it does not start has come by `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|at| at <= now)
    }

    /// The attempt that started last; meaningless before the first claim.
    pub fn current_attempt(&self) -> AttemptId {
        AttemptId { job: self.id, number: self.attempt, holder: self.holder.unwrap_or(Holder::NONE) }
    }

    /// What it has in place of time and chance, if it asks for that.
    pub fn deterministic_run(&self) -> Option<Deterministic> {
        let inputs = self.inputs.iter().map(|input| (input.name.as_str(), input.digest));
        self.deterministic.then(|| Deterministic::of_work(self.module.work(), &self.parameters, inputs))
    }

    /// The error, when it failed.
    pub fn error(&self) -> Option<&JobError> {
        match &self.end {
            Some(JobEnd::Failed(error)) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_other_work_with_another_engine() {
        let (script, engine, other) = (Digest::of(b"script"), Digest::of(b"3.14"), Digest::of(b"3.15"));
        assert_eq!(work_of(script, None), script);
        let all = [None, Some(engine), Some(other)].map(|engine| work_of(script, engine));
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        assert_ne!(work_of(script, Some(engine)), work_of(engine, Some(script)));
    }
}
