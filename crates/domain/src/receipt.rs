//! The account of an attempt: what ran, under which limits, what it used and touched.

use crate::outbound::Contact;
use crate::{
    AttemptId, Deterministic, Digest, FIXED, Fence, FixedLimits, Isolation, Job, Limits, LogUsage, Timestamp,
    Usage,
};
use serde::{Deserialize, Serialize};

/// Where the cell of an attempt was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellPlace {
    /// In the server's process.
    InProcess,
    /// In a process of its own.
    Process,
    /// Nobody is left who knows.
    Unknown,
}

impl From<Isolation> for CellPlace {
    fn from(isolation: Isolation) -> Self {
        match isolation {
            Isolation::InProcess => Self::InProcess,
            Isolation::Process => Self::Process,
        }
    }
}

/// The account of one attempt. That of an attempt which was lost with its node is written by the store, from what it has
/// seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The attempt, [as records name it](AttemptId::of_record).
    pub attempt: AttemptId,
    /// The process that ran it.
    pub node: String,
    /// Digest of the module that ran.
    pub module: Digest,
    /// Digest of the engine module that ran it, when it is a script.
    pub script_engine: Option<Digest>,
    /// Digest of the parameters as the guest sees them.
    pub parameters: Digest,
    /// Input names with the digests of their bytes.
    pub inputs: Vec<(String, Digest)>,
    /// Artifact names with the digests of their bytes.
    pub outputs: Vec<(String, Digest)>,
    /// The limits that held.
    pub limits: Limits,
    /// Those that nobody set.
    pub fixed: FixedLimits,
    /// What the guest had in place of time and chance; none = the machine's.
    pub deterministic: Option<Deterministic>,
    /// What engine and configuration ran it; fuel figures compare only under the same fingerprint. Empty of a lost attempt:
    /// whoever would know is gone.
    pub engine: String,
    /// Where the cell was.
    pub isolation: CellPlace,
    /// What its process had given up; empty in the server's process, and when the process died before it said so.
    pub fences: Vec<Fence>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What it used.
    pub usage: Usage,
    /// What it logged.
    pub log: LogUsage,
    /// Whom it contacted over HTTP.
    pub contacts: Vec<Contact>,
}

impl Receipt {
    /// Of the running attempt of `job`, which is found to be lost now. Its figures are those that were seen last.
    pub fn of_lost(job: &Job, now: Timestamp) -> Self {
        let place = match job.isolation(Isolation::InProcess) {
            // The node may put all cells there.
            Isolation::InProcess => CellPlace::Unknown,
            Isolation::Process => CellPlace::Process,
        };
        Self {
            attempt: job.current_attempt().of_record(),
            node: job.lease.as_ref().map(|lease| lease.node.0.clone()).unwrap_or_default(),
            module: job.module.digest,
            script_engine: job.module.engine.as_ref().map(|engine| engine.digest),
            parameters: Digest::of(job.parameters.as_bytes()),
            inputs: job.inputs.iter().map(|input| (input.name.clone(), input.digest)).collect(),
            outputs: Vec::new(),
            limits: job.limits,
            fixed: FIXED,
            deterministic: job.deterministic_run(),
            engine: String::new(),
            isolation: place,
            fences: Vec::new(),
            started_at: job.started_at.unwrap_or(now),
            ended_at: now,
            usage: Usage::of_lost(job.pulse.usage),
            log: LogUsage::default(),
            contacts: Vec::new(),
        }
    }

    /// Whether the attempt was lost with its node.
    pub fn is_lost(&self) -> bool {
        self.engine.is_empty()
    }
}
