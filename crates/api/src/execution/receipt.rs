//! Limits and accounts of attempts, as answers have them.

use fuelcell_domain::outbound::Contact;
use fuelcell_domain::{CellPlace, Deterministic, Digest, Fence, FixedLimits, Limits, Receipt};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A receipt as answers have it, for what tells of attempts without a server.
pub fn receipt_document(receipt: Receipt) -> Value {
    serde_json::to_value(ReceiptDto::from(receipt)).expect("texts, numbers and lists of them are JSON")
}

/// The limits of each attempt. Below `timeoutSeconds` stand those that nobody sets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LimitsDto {
    /// None = measured, not limited.
    fuel: Option<u64>,
    /// Bytes of all memories and tables together, and of what is sent and received over HTTP while the guest holds it.
    memory_bytes: u64,
    /// Bytes of all files, artifacts and the checkpoint together.
    disk_bytes: u64,
    timeout_seconds: u64,
    /// Bytes of the guest's call stack.
    stack_bytes: u64,
    /// Core instances.
    instances: u32,
    memories: u32,
    tables: u32,
    /// Descriptors, streams and other handles at the same time.
    handles: u32,
    /// Bytes of lists and texts that one host call carries.
    host_call_bytes: u64,
    random_bytes: u64,
    /// Files, directories and links at the same time.
    files: u32,
    artifacts: u32,
    /// Bytes of one artifact.
    artifact_bytes: u64,
    checkpoint_bytes: u64,
    log_bytes: u64,
    /// Elements of one table.
    table_elements: u32,
}

impl LimitsDto {
    pub(crate) fn new(limits: Limits, fixed: FixedLimits) -> Self {
        let Limits { fuel, memory_bytes, disk_bytes, timeout_seconds } = limits;
        Self {
            fuel,
            memory_bytes,
            disk_bytes,
            timeout_seconds,
            stack_bytes: fixed.stack_bytes,
            instances: fixed.instances,
            memories: fixed.memories,
            tables: fixed.tables,
            handles: fixed.handles,
            host_call_bytes: fixed.host_call_bytes,
            random_bytes: fixed.random_bytes,
            files: fixed.files,
            artifacts: fixed.artifacts,
            artifact_bytes: disk_bytes,
            checkpoint_bytes: fixed.checkpoint_bytes.min(disk_bytes),
            log_bytes: fixed.log_bytes,
            table_elements: fixed.table_elements,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptDto {
    attempt: u32,
    node: String,
    /// SHA-256 of the module, and of the parameters as the guest saw them.
    module: String,
    parameters: String,
    /// SHA-256 of the engine module that ran it, when it is a script.
    script_engine: Option<String>,
    inputs: Vec<DigestDto>,
    outputs: Vec<DigestDto>,
    limits: LimitsDto,
    /// What the guest had in place of time and chance; none = the machine's.
    deterministic: Option<DeterministicDto>,
    /// Whether the attempt was lost with its node. Its figures are those that were seen last: it may have used more.
    lost: bool,
    /// What engine and configuration ran it; figures of fuel compare only under the same one. None of a lost attempt.
    engine: Option<String>,
    /// Where the cell was; none = nobody is left who knows.
    isolation: Option<IsolationDto>,
    /// What the cell's own process had given up; empty without one.
    fences: Vec<FenceDto>,
    start_time: String,
    end_time: String,
    /// Units of fuel burnt; none = nobody counted.
    fuel: Option<u64>,
    /// Whether it was at least so much: the guest trapped, was stopped or was lost, and this was known last. Otherwise the
    /// figure is exact, and the same for the same work.
    fuel_is_lower_bound: bool,
    /// The most that the run added to a server's memory: its memories and tables, files of its script that were read, what the
    /// server held of its requests. Machine code is no part of it: all runs of a module or engine share it (`machineCodeBytes`).
    peak_memory_bytes: u64,
    cpu_seconds: f64,
    wall_seconds: f64,
    bytes_read: u64,
    bytes_written: u64,
    io_operations: u64,
    /// The most bytes that files, artifacts and the checkpoint held together.
    peak_disk_bytes: u64,
    /// The most files, directories and links at the same time.
    peak_files: u64,
    random_bytes: u64,
    /// Bytes of log that were kept; none of a lost attempt.
    log_bytes: Option<u64>,
    /// Lines of log that were dropped because the limit was reached; none of a lost attempt.
    dropped_log_lines: Option<u64>,
    /// Whom the attempt contacted over HTTP, by host; none of a lost attempt.
    contacts: Option<Vec<ContactDto>>,
}

/// The seed and the fixed clock of a deterministic run.
#[derive(Serialize, ToSchema)]
struct DeterministicDto {
    /// 16 hexadecimal digits.
    #[schema(pattern = "^[0-9a-f]{16}$")]
    seed: String,
    /// What the clock showed.
    time: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactDto {
    host: String,
    /// Requests that were sent, also those that failed then.
    requests: u64,
    /// Requests that were refused: nothing was sent.
    refused: u64,
    /// Bytes of bodies.
    bytes_sent: u64,
    bytes_received: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum IsolationDto {
    InProcess,
    Process,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum FenceDto {
    Rlimits,
    Landlock,
    Seccomp,
}

#[derive(Serialize, ToSchema)]
struct DigestDto {
    name: String,
    digest: String,
}

impl From<Deterministic> for DeterministicDto {
    fn from(Deterministic { seed, time }: Deterministic) -> Self {
        Self { seed: format!("{seed:016x}"), time: time.to_rfc3339() }
    }
}

impl IsolationDto {
    fn of(place: CellPlace) -> Option<Self> {
        match place {
            CellPlace::InProcess => Some(Self::InProcess),
            CellPlace::Process => Some(Self::Process),
            CellPlace::Unknown => None,
        }
    }
}

impl From<Fence> for FenceDto {
    fn from(fence: Fence) -> Self {
        match fence {
            Fence::Rlimits => Self::Rlimits,
            Fence::Landlock => Self::Landlock,
            Fence::Seccomp => Self::Seccomp,
        }
    }
}

impl From<Receipt> for ReceiptDto {
    fn from(receipt: Receipt) -> Self {
        let digests = |pairs: Vec<(String, Digest)>| {
            pairs.into_iter().map(|(name, digest)| DigestDto { name, digest: digest.to_string() }).collect()
        };
        let (usage, lost) = (receipt.usage, receipt.is_lost());
        Self {
            attempt: receipt.attempt.number,
            node: receipt.node,
            module: receipt.module.to_string(),
            parameters: receipt.parameters.to_string(),
            script_engine: receipt.script_engine.map(|engine| engine.to_string()),
            inputs: digests(receipt.inputs),
            outputs: digests(receipt.outputs),
            limits: LimitsDto::new(receipt.limits, receipt.fixed),
            deterministic: receipt.deterministic.map(DeterministicDto::from),
            lost,
            engine: (!lost).then_some(receipt.engine),
            isolation: IsolationDto::of(receipt.isolation),
            fences: receipt.fences.into_iter().map(FenceDto::from).collect(),
            start_time: receipt.started_at.to_rfc3339(),
            end_time: receipt.ended_at.to_rfc3339(),
            fuel: usage.fuel.units(),
            fuel_is_lower_bound: usage.fuel.is_lower_bound(),
            peak_memory_bytes: usage.peak_memory_bytes,
            cpu_seconds: usage.cpu_micros as f64 / 1e6,
            wall_seconds: usage.wall_micros as f64 / 1e6,
            bytes_read: usage.bytes_read,
            bytes_written: usage.bytes_written,
            io_operations: usage.io_operations,
            peak_disk_bytes: usage.peak_disk_bytes,
            peak_files: usage.peak_files,
            random_bytes: usage.random_bytes,
            log_bytes: (!lost).then_some(receipt.log.bytes),
            dropped_log_lines: (!lost).then_some(receipt.log.dropped_lines),
            contacts: (!lost).then(|| receipt.contacts.into_iter().map(ContactDto::from).collect()),
        }
    }
}

impl From<Contact> for ContactDto {
    fn from(contact: Contact) -> Self {
        let Contact { host, requests, refused, bytes_sent, bytes_received } = contact;
        Self { host, requests, refused, bytes_sent, bytes_received }
    }
}
