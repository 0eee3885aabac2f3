//! Limits as the documents state them. Each room lists its own beside the constants that hold; `docs/limits.md` is made from
//! the lists, so that no document says another number than the code.

use crate::limits::{ENGINE_BYTES, FIXED, MODULE, SCHEMA, SCRIPT, SYNTAX};
use crate::{artifact, capability, job_type, named_input, outbound, output_name, profile, schedule};

/// A limit.
#[derive(Clone, Copy, Debug)]
pub struct StatedLimit {
    /// Of what.
    pub what: &'static str,
    /// The most that is taken.
    pub most: u64,
    /// What is counted: `bytes`, `entries`, …
    pub unit: &'static str,
    /// What comes of more.
    pub beyond: &'static str,
}

impl StatedLimit {
    /// A limit; what comes of more is a status with its code, or a sentence.
    pub const fn new(what: &'static str, most: u64, unit: &'static str, beyond: &'static str) -> Self {
        Self { what, most, unit, beyond }
    }
}

/// Those of what modules may be, and of what jobs may do and make. Nobody can set them.
pub const STATED: &[StatedLimit] = &[
    StatedLimit::new(
        "a module",
        MODULE.bytes as u64,
        "bytes",
        "413 `TooLarge`, or 422 `ModuleUnsupported` where `service.max_module_bytes` is more",
    ),
    StatedLimit::new("one function of a module", MODULE.function_bytes as u64, "bytes", "422 `CompileLimit`"),
    StatedLimit::new("local variables of one function", MODULE.locals, "variables", "422 `CompileLimit`"),
    StatedLimit::new("functions of a module", MODULE.functions, "functions", "422 `CompileLimit`"),
    StatedLimit::new("types of a module", MODULE.types, "types", "422 `CompileLimit`"),
    StatedLimit::new("exports of a module", MODULE.exports, "exports", "422 `CompileLimit`"),
    StatedLimit::new("imports of a module", MODULE.imports, "imports", "422 `CompileLimit`"),
    StatedLimit::new("core modules and components in a module", MODULE.parts, "parts", "422 `CompileLimit`"),
    StatedLimit::new("a module's manifest", MODULE.manifest_bytes as u64, "bytes", "422 `ManifestInvalid`"),
    StatedLimit::new(
        "a title, name or other word of a manifest",
        MODULE.word_bytes as u64,
        "bytes",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "the description in a manifest",
        MODULE.description_bytes as u64,
        "bytes",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "inputs, or outputs, in a manifest",
        MODULE.files as u64,
        "entries",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new("the archive of a script module", SCRIPT.bytes as u64, "bytes", "422 `ScriptLimit`"),
    StatedLimit::new(
        "one file of a script module, unpacked",
        SCRIPT.file_bytes,
        "bytes",
        "422 `ScriptLimit`",
    ),
    StatedLimit::new(
        "all files of a script module, unpacked",
        SCRIPT.unpacked_bytes,
        "bytes",
        "422 `ScriptLimit`",
    ),
    StatedLimit::new(
        "files and folders of a script module",
        SCRIPT.files as u64,
        "entries",
        "422 `ScriptLimit`",
    ),
    StatedLimit::new("a path in a script module", SCRIPT.path_bytes as u64, "bytes", "422 `ScriptInvalid`"),
    StatedLimit::new("parts of such a path", SCRIPT.depth as u64, "parts", "422 `ScriptInvalid`"),
    StatedLimit::new(
        "reading the sources of a script when it is uploaded",
        SYNTAX.seconds,
        "seconds",
        "the script is taken, and `syntax` is `unchecked`",
    ),
    StatedLimit::new(
        "waiting for that, while others are read",
        SYNTAX.waiting_seconds,
        "seconds",
        "the script is taken, and `syntax` is `unchecked`",
    ),
    StatedLimit::new(
        "faults of a script's sources that are told",
        SYNTAX.faults as u64,
        "faults",
        "the others are left out",
    ),
    StatedLimit::new("an engine", ENGINE_BYTES as u64, "bytes", "`fuelcell engine add` refuses it"),
    StatedLimit::new(
        "the schema of a module's parameters",
        SCHEMA.bytes as u64,
        "bytes",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new("nesting of that schema", SCHEMA.depth as u64, "levels", "422 `ManifestInvalid`"),
    StatedLimit::new(
        "objects of that schema, references written out",
        SCHEMA.objects,
        "objects",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "different patterns of that schema",
        SCHEMA.patterns as u64,
        "patterns",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "text of all these patterns",
        SCHEMA.pattern_bytes as u64,
        "bytes",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "the program that one pattern becomes",
        SCHEMA.program_bytes as u64,
        "bytes, about",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "all such programs of a schema",
        SCHEMA.programs_bytes as u64,
        "bytes",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "states of all patterns, each counted as often as it is used",
        SCHEMA.states,
        "states",
        "422 `ManifestInvalid`",
    ),
    StatedLimit::new(
        "checking one job's parameters: states times bytes of text, four times parts of the schema times values",
        SCHEMA.steps,
        "steps",
        "422 `CheckLimit`",
    ),
    StatedLimit::new(
        "faults of such a check that are gathered: parts of the schema times values",
        SCHEMA.gathered,
        "faults",
        "one fault is told",
    ),
    StatedLimit::new(
        "values that they copy: alternatives of the schema times the size of the parameters",
        SCHEMA.copied_bytes,
        "bytes",
        "only that the parameters do not fit is told",
    ),
    StatedLimit::new(
        "a check of parameters or of a schema, with waiting for its turn",
        SCHEMA.seconds,
        "seconds",
        "429 `CheckTimedOut`",
    ),
    StatedLimit::new(
        "elements of one table",
        FIXED.table_elements as u64,
        "elements",
        "`HostLimit`, or 422 where it begins with more",
    ),
    StatedLimit::new("`cron` of a schedule", schedule::MAX_CRON as u64, "bytes", "400 `InvalidSchedule`"),
    StatedLimit::new(
        "a job type",
        job_type::MAX_JOB_TYPE as u64,
        "characters",
        "400 `InvalidBody`, `InvalidQuery`",
    ),
    StatedLimit::new(
        "datasets that a job is given by name",
        named_input::MAX_NAMED_INPUTS as u64,
        "datasets",
        "400 `InvalidParameters`",
    ),
    StatedLimit::new("a guest's call stack", FIXED.stack_bytes, "bytes, about", "`StackOverflow`"),
    StatedLimit::new(
        "core instances of a component",
        FIXED.instances as u64,
        "instances",
        "422 `ModuleUnsupported`",
    ),
    StatedLimit::new(
        "linear memories of a component",
        FIXED.memories as u64,
        "memories",
        "422 `ModuleUnsupported`",
    ),
    StatedLimit::new("tables of a component", FIXED.tables as u64, "tables", "422 `ModuleUnsupported`"),
    StatedLimit::new("handles that a guest holds", FIXED.handles as u64, "handles", "`HostLimit`"),
    StatedLimit::new(
        "lists and texts of one host call",
        FIXED.host_call_bytes,
        "bytes, about",
        "`HostLimit`",
    ),
    StatedLimit::new("random bytes of an attempt", FIXED.random_bytes, "bytes", "`HostLimit`"),
    StatedLimit::new(
        "files, directories and links of an attempt",
        FIXED.files as u64,
        "entries",
        "an error of the file system",
    ),
    StatedLimit::new("artifacts of an attempt", FIXED.artifacts as u64, "artifacts", "`HostLimit`"),
    StatedLimit::new("a checkpoint", FIXED.checkpoint_bytes, "bytes", "`HostLimit`"),
    StatedLimit::new(
        "the log of an attempt (`job_log_bytes`)",
        FIXED.log_bytes,
        "bytes",
        "lines between its beginning and its end are dropped and counted; a quarter is for warnings and errors",
    ),
    StatedLimit::new(
        "the name of an output, folders included",
        output_name::MAX_OUTPUT_NAME as u64,
        "bytes",
        "the output is refused when it is opened",
    ),
    StatedLimit::new(
        "one folder or file in the name of an output",
        output_name::MAX_FILE_NAME as u64,
        "bytes",
        "the output is refused when it is opened",
    ),
    StatedLimit::new(
        "the type, title or media type of an output",
        artifact::MAX_WORD as u64,
        "bytes",
        "the output is refused when it is opened",
    ),
    StatedLimit::new(
        "hosts, or secrets, that a module is granted",
        capability::MAX_ENTRIES as u64,
        "entries",
        "400 `InvalidCapabilities`",
    ),
    StatedLimit::new(
        "a body over HTTP that a job sends or receives",
        outbound::MAX_BODY as u64,
        "bytes",
        "an error of the request",
    ),
    StatedLimit::new(
        "requests over HTTP that a job has at a time",
        outbound::MAX_AT_ONCE as u64,
        "requests",
        "an error of the request",
    ),
    StatedLimit::new(
        "different call stacks of a profile",
        profile::MAX_STACKS as u64,
        "stacks",
        "what others burn counts for `(other stacks)`",
    ),
    StatedLimit::new(
        "a file of a job's profile",
        profile::MAX_FILE_BYTES as u64,
        "bytes",
        "the job has no profile, and its log says so",
    ),
];
