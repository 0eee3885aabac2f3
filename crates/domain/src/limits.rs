//! What a job may use: requests, caps, and how they become the limits of an attempt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// The limits of an attempt that no job sets: they are the same for every job of a server, and each is held exactly but for
/// the stack, whose frames are the compiler's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixedLimits {
    /// Bytes of the guest's call stack.
    pub stack_bytes: u64,
    /// Core instances that a component is made of.
    pub instances: u32,
    /// Linear memories.
    pub memories: u32,
    /// Tables.
    pub tables: u32,
    /// Handles held at the same time: descriptors, streams, readers, writers, pollables, requests.
    pub handles: u32,
    /// Bytes of lists and texts that one host call carries.
    pub host_call_bytes: u64,
    /// Random bytes in all.
    pub random_bytes: u64,
    /// Files, directories and links that exist at the same time.
    pub files: u32,
    /// Artifacts that are made.
    pub artifacts: u32,
    /// Bytes of a checkpoint.
    pub checkpoint_bytes: u64,
    /// Bytes of log. Operators may set it.
    pub log_bytes: u64,
    /// Elements of one table. It was the same in all builds so far: whoever changes it stores it with the others.
    #[serde(skip, default = "table_elements")]
    pub table_elements: u32,
}

fn table_elements() -> u32 {
    FIXED.table_elements
}

/// Those of this build.
pub const FIXED: FixedLimits = FixedLimits {
    // Interpreters compiled to wasm recurse deeply.
    stack_bytes: MIB,
    // A component of dynamically linked libraries (Python) has some dozens.
    instances: 128,
    // Toolchains make one or two.
    memories: 4,
    // Linkers make one per library.
    tables: 16,
    handles: 256,
    // A large checkpoint, which cannot be written in pieces as artifacts can.
    host_call_bytes: 16 * MIB,
    // Most need a seed; simulations that ask the host for every number need some megabytes.
    random_bytes: 16 * MIB,
    // Each costs the host some hundred bytes of memory.
    files: 10_000,
    // Each costs the store an entry and clients a line.
    artifacts: 1_000,
    checkpoint_bytes: 16 * MIB,
    log_bytes: MIB,
    // The largest interpreters have some ten thousand functions in theirs.
    table_elements: 50_000,
};

/// What a module may be. Time and memory of a compiler grow faster than these figures: one function of 7 MB costs 13 s and
/// 1.6 GB, the same code in a thousand functions 5 s; 60,000 exports cost 52 s. Interpreters stay far below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleLimits {
    /// Bytes of a module. Whole language runtimes (Python: 18 MB) fit.
    pub bytes: usize,
    /// Bytes of one function. The main loops of interpreters have some hundred kilobytes.
    pub function_bytes: usize,
    /// Local variables of one function. Each is live across the whole function in the worst case.
    pub locals: u64,
    /// Functions of all its modules together.
    pub functions: u64,
    /// Types of all its modules together.
    pub types: u64,
    /// Exports of all its modules together.
    pub exports: u64,
    /// Imports of all its modules together.
    pub imports: u64,
    /// Modules and components in one another and beside one another.
    pub parts: u64,
    /// Bytes of its manifest. Schemas of parameters are a few kilobytes.
    pub manifest_bytes: usize,
    /// Bytes of a title, a name or another word of the manifest.
    pub word_bytes: usize,
    /// Bytes of the manifest's description.
    pub description_bytes: usize,
    /// Inputs of the manifest, and as many outputs.
    pub files: usize,
}

/// Those of this build.
pub const MODULE: ModuleLimits = ModuleLimits {
    bytes: 64 << 20,
    function_bytes: 1 << 20,
    locals: 20_000,
    functions: 200_000,
    types: 50_000,
    exports: 20_000,
    imports: 20_000,
    parts: 256,
    manifest_bytes: 1 << 20,
    word_bytes: 256,
    description_bytes: 16 << 10,
    files: 256,
};

/// What a script module may be: an archive of sources, which is unpacked whole when it is uploaded, and file by file when a
/// job reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptLimits {
    /// Bytes of the archive.
    pub bytes: usize,
    /// Bytes of one file, unpacked.
    pub file_bytes: u64,
    /// Bytes of all files, unpacked.
    pub unpacked_bytes: u64,
    /// Files and folders. They are among the files of its jobs.
    pub files: usize,
    /// Bytes of a path.
    pub path_bytes: usize,
    /// Parts of a path.
    pub depth: usize,
}

/// Those of this build.
pub const SCRIPT: ScriptLimits = ScriptLimits {
    bytes: 32 << 20,
    file_bytes: 16 * MIB,
    // The largest pure packages (sympy) have some 60 MB.
    unpacked_bytes: 128 * MIB,
    files: 5_000,
    path_bytes: 512,
    depth: 32,
};

/// Bytes of an engine. Those with many libraries compiled in have 85 MB.
pub const ENGINE_BYTES: usize = 256 << 20;

/// What the JSON Schema of a module's parameters may take, so that checking parameters is bounded in time and memory: all
/// figures are with references written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaLimits {
    /// Bytes of JSON.
    pub bytes: usize,
    /// Nesting.
    pub depth: usize,
    /// Objects.
    pub objects: u64,
    /// Different patterns.
    pub patterns: usize,
    /// Bytes of text of all patterns together.
    pub pattern_bytes: usize,
    /// Bytes of the program that one pattern is compiled to.
    pub program_bytes: usize,
    /// Bytes of all such programs together, with what their engines remember.
    pub programs_bytes: usize,
    /// States of the programs of all patterns together, each counted as often as the pattern is used.
    pub states: u64,
    /// Steps of checking one job's parameters: states times bytes of text, and four times parts of the schema times values.
    pub steps: u64,
    /// Faults that are gathered in the worst case, before the first can be told. Each takes some hundred bytes.
    pub gathered: u64,
    /// Bytes that the faults of alternatives may take in the worst case: each of them holds a copy of the value that it
    /// refuses.
    pub copied_bytes: u64,
    /// Seconds that a check may take, with waiting for a turn.
    pub seconds: u64,
    /// Bytes of compiled schemas that a server keeps.
    pub kept_bytes: u64,
}

/// Those of this build.
pub const SCHEMA: SchemaLimits = SchemaLimits {
    bytes: 256 * 1024,
    depth: 64,
    objects: 10_000,
    patterns: 200,
    pattern_bytes: 16 * 1024,
    program_bytes: 1024 * 1024,
    programs_bytes: 40 * 1024 * 1024,
    // 10 kB of text are always within the steps.
    states: 10_000,
    // About a second, at some nanoseconds each.
    steps: 100_000_000,
    gathered: 200_000,
    copied_bytes: 64 * MIB,
    seconds: 10,
    kept_bytes: 64 * MIB,
};

/// What reading the sources of an uploaded script may take. What is beyond is not read, and the upload is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxLimits {
    /// Seconds in the cell.
    pub seconds: u64,
    /// Seconds of waiting for a turn before that.
    pub waiting_seconds: u64,
    /// Units of fuel.
    pub fuel: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of what the engine answers.
    pub report_bytes: u64,
    /// Faults that are told.
    pub faults: usize,
}

/// Those of this build.
pub const SYNTAX: SyntaxLimits = SyntaxLimits {
    // A script of some files takes some hundredths.
    seconds: 5,
    // So that two tenants whose checks take as long as they may do not turn off those of a third.
    waiting_seconds: 15,
    // More than an interpreter burns in that time: what it read before is told.
    fuel: 50_000_000_000,
    memory_bytes: 256 * MIB,
    report_bytes: 64 * 1024,
    faults: 20,
};

/// Limits as somebody asked for them; what is `None` was left to others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitRequest {
    /// Units of fuel.
    pub fuel: Option<u64>,
    /// Bytes of all memories and tables together.
    pub memory_bytes: Option<u64>,
    /// Bytes of all files and artifacts together.
    pub disk_bytes: Option<u64>,
    /// Seconds from the start of an attempt.
    pub timeout_seconds: Option<u64>,
}

impl LimitRequest {
    /// This request, with what it leaves open taken from a less specific one.
    pub fn or(self, less_specific: Self) -> Self {
        Self {
            fuel: self.fuel.or(less_specific.fuel),
            memory_bytes: self.memory_bytes.or(less_specific.memory_bytes),
            disk_bytes: self.disk_bytes.or(less_specific.disk_bytes),
            timeout_seconds: self.timeout_seconds.or(less_specific.timeout_seconds),
        }
    }
}

/// The most that anybody may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Units of fuel; none = measured, not limited.
    pub fuel: Option<u64>,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of disk.
    pub disk_bytes: u64,
    /// Seconds of one attempt.
    pub timeout_seconds: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { fuel: None, memory_bytes: GIB, disk_bytes: 10 * GIB, timeout_seconds: 24 * 3600 }
    }
}

/// The limits of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Units of fuel; none = measured, not limited.
    pub fuel: Option<u64>,
    /// Bytes of all memories and tables together.
    pub memory_bytes: u64,
    /// Bytes of all files and artifacts together.
    pub disk_bytes: u64,
    /// Seconds from the start of the attempt.
    pub timeout_seconds: u64,
}

impl Limits {
    /// Server defaults under the most specific request, clamped to the caps.
    pub fn resolve(request: LimitRequest, caps: Caps) -> Self {
        let fuel = match (request.fuel, caps.fuel) {
            (Some(asked), Some(cap)) => Some(asked.min(cap)),
            (asked, cap) => asked.or(cap),
        };
        Self {
            fuel,
            memory_bytes: request.memory_bytes.unwrap_or(512 * MIB).min(caps.memory_bytes),
            disk_bytes: request.disk_bytes.unwrap_or(GIB).min(caps.disk_bytes),
            timeout_seconds: request.timeout_seconds.unwrap_or(3600).min(caps.timeout_seconds),
        }
    }

    /// These limits, none above the caps that are there.
    pub fn clamp(self, caps: LimitRequest) -> Self {
        let lower = |limit: u64, cap: Option<u64>| cap.map_or(limit, |cap| limit.min(cap));
        Self {
            fuel: self.fuel.map_or(caps.fuel, |fuel| Some(lower(fuel, caps.fuel))),
            memory_bytes: lower(self.memory_bytes, caps.memory_bytes),
            disk_bytes: lower(self.disk_bytes, caps.disk_bytes),
            timeout_seconds: lower(self.timeout_seconds, caps.timeout_seconds),
        }
    }

    /// The time of one attempt.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_wins_and_the_cap_holds() {
        let submission = LimitRequest { memory_bytes: Some(8 * GIB), ..LimitRequest::default() };
        let pipeline =
            LimitRequest { memory_bytes: Some(MIB), timeout_seconds: Some(60), ..LimitRequest::default() };
        let limits = Limits::resolve(submission.or(pipeline), Caps::default());
        assert_eq!((limits.memory_bytes, limits.timeout_seconds, limits.disk_bytes), (GIB, 60, GIB));
        assert_eq!(limits.fuel, None);
    }

    #[test]
    fn a_clamp_only_lowers() {
        let limits = Limits::resolve(LimitRequest::default(), Caps::default());
        assert_eq!(limits.clamp(LimitRequest::default()), limits);
        let caps = LimitRequest {
            fuel: Some(7),
            memory_bytes: Some(MIB),
            timeout_seconds: Some(u64::MAX),
            ..LimitRequest::default()
        };
        assert_eq!(limits.clamp(caps), Limits { fuel: Some(7), memory_bytes: MIB, ..limits });
        let thrifty = Limits { fuel: Some(3), ..limits };
        assert_eq!(thrifty.clamp(caps).fuel, Some(3));
    }
}
