//! The steps as data.

use fuelcell_sdk::{Kind, Level, Report};
use schemars::JsonSchema;
use serde::Deserialize;

/// One thing to do. In JSON the name of the step is the value of `do`: `{"do": "sleep", "milliseconds": 5}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Step {
    /// Reports progress.
    Progress {
        /// Units done.
        done: u64,
        /// Units there are.
        total: u64,
        /// The part of the work.
        #[serde(default)]
        stage: String,
    },
    /// Logs a line, as often as `times` says.
    Log {
        /// How grave it is.
        #[serde(default = "info")]
        level: Level,
        /// The part of the work.
        #[serde(default)]
        stage: String,
        /// The text.
        message: String,
        /// How many lines.
        #[serde(default = "once")]
        times: u64,
    },
    /// Sets the report of the job.
    Report(Report),
    /// Waits without using the processor.
    Sleep {
        /// Wall time.
        milliseconds: u64,
    },
    /// Uses the processor without asking whether to stop.
    Spin {
        /// Wall time.
        #[serde(default)]
        milliseconds: u64,
        /// Never stops.
        #[serde(default)]
        forever: bool,
    },
    /// Computes for a number of rounds, the same instructions every time: for measuring fuel.
    Work {
        /// Rounds of a few instructions each.
        rounds: u64,
    },
    /// Takes memory, writes to all of it and keeps it until the job ends.
    Allocate {
        /// Bytes of memory.
        bytes: u64,
    },
    /// Calls itself until the stack is used up.
    Recurse,
    /// Writes an artifact.
    Artifact(ArtifactStep),
    /// Copies an input to an artifact.
    EchoInput {
        /// Name of the input.
        #[serde(default = "dataset")]
        input: String,
        /// File name of the artifact.
        artifact: String,
    },
    /// Copies its parameters, as the host gave them, to an artifact.
    EchoParameters {
        /// File name of the artifact.
        artifact: String,
    },
    /// Writes the HMACs of texts, computed by the host, to an artifact: a line of hexadecimal digits for each.
    Hmac {
        /// The secret that is the key; the manifest asks for `PROBE_KEY`.
        secret: String,
        /// The texts.
        texts: Vec<String>,
        /// How often all of them are asked for.
        #[serde(default = "once")]
        times: u64,
        /// File name of the artifact.
        artifact: String,
    },
    /// Writes what the host says of its usage before and behind some work to an artifact: a line each with fuel, bytes of memory, and milliseconds or `none`.
    Usage {
        /// Rounds of the work.
        rounds: u64,
        /// File name of the artifact.
        artifact: String,
    },
    /// Writes a file to the folder for temporary files, reads it back and leaves it there. Fails with `SpillFound` when it is
    /// there already, and with `SpillLost` when it is not what was written.
    Spill {
        /// Bytes of a fixed pattern.
        bytes: u64,
    },
    /// Writes the wall clock and a random number to an artifact: equal in two runs only when the host fixes both.
    Entropy {
        /// File name of the artifact.
        artifact: String,
    },
    /// Tries every kind of socket that the standard library has, and writes what became of each to an artifact.
    Sockets {
        /// File name of the artifact.
        artifact: String,
    },
    /// Saves a checkpoint.
    Checkpoint {
        /// The text to save.
        text: String,
    },
    /// Fails with `UnexpectedCheckpoint` unless the checkpoint is this text.
    ExpectCheckpoint {
        /// The expected text; without it no checkpoint is expected.
        text: Option<String>,
    },
    /// Marks an item as dealt with.
    Mark {
        /// The key of the item.
        key: String,
    },
    /// Fails with `Seen` when an earlier job of the pipeline has dealt with the item.
    FailIfSeen {
        /// The key of the item.
        key: String,
    },
    /// Waits until the host asks to stop, saves the checkpoint `stopped: user` or `stopped: deadline`, and ends done.
    WaitForCancel,
    /// Asks whether to stop and goes on whatever the answer is.
    IgnoreCancel {
        /// Wall time.
        milliseconds: u64,
    },
    /// Ends the job with a failure.
    Fail {
        /// The failure's code.
        #[serde(default = "probe_failed")]
        code: String,
        /// The failure's text.
        #[serde(default)]
        message: String,
        /// Whether to ask for another attempt.
        #[serde(default)]
        transient: bool,
    },
    /// Fails with `FirstAttempt`, transient, when there is no checkpoint, after saving one: the next attempt passes.
    FailOnce,
    /// Panics.
    Panic {
        /// The text of the panic.
        #[serde(default)]
        message: String,
    },
    /// Ends the process with an exit code instead of returning.
    Exit {
        /// The exit code.
        code: i32,
    },
    /// Ends the job with nothing new to process.
    NoItems,
    /// Ends the job as skipped.
    Skip {
        /// Why.
        reason: String,
    },
}

/// An artifact to write.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactStep {
    /// File name.
    pub name: String,
    /// What to write.
    #[serde(flatten)]
    pub content: Content,
    /// What sort of output it is.
    #[serde(default = "data")]
    pub kind: Kind,
    /// Its media type.
    #[serde(default = "plain_text")]
    pub media_type: String,
    /// The one output that clients show first.
    #[serde(default)]
    pub primary: bool,
    /// Makes it the list of failed records.
    #[serde(default)]
    pub failed_records: bool,
    /// Records inside.
    pub record_count: Option<u64>,
    /// From 0 to 1.
    pub accuracy: Option<f64>,
    /// Leaves it unfinished, so that the host throws it away.
    #[serde(default)]
    pub unfinished: bool,
}

/// What to write to an artifact.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Content {
    /// This text.
    Text(String),
    /// So many bytes of a fixed pattern.
    Bytes(u64),
}

fn info() -> Level {
    Level::Info
}

fn once() -> u64 {
    1
}

fn dataset() -> String {
    "dataset".into()
}

fn probe_failed() -> String {
    "ProbeFailed".into()
}

fn data() -> Kind {
    Kind::Data
}

fn plain_text() -> String {
    "text/plain".into()
}
