//! How a run that did not return ended, in the words of a failed job.

use crate::cell::memory::Refused;
use crate::cell::panics;
use crate::cell::{Cell, MAX_CALL_BYTES, TimeIsUp};
use crate::files::disk::Refusal;
use crate::guest::exits::{FailedExit, is_exit};
use crate::guest::random::RandomSpent;
use crate::text::{MAX_TEXT, clip, clipped};
use fuelcell_domain::{ErrorCode, FIXED, JobError, Limits};
use std::collections::HashMap;
use wasmtime::component::ResourceTableError;
use wasmtime::{Error, OutOfMemory, PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Longest reason of a program's own in a message, in bytes.
const MAX_REASON: usize = 1 << 10;

/// Longest code that a guest gives its failure, in bytes.
const MAX_GUEST_CODE: usize = 64;

/// Frames kept of a trap: enough to see a recursion, few enough to look each of them up in what a module brings of lines
/// ([`crate::module::dwarf`]). Of a profiled run there are more, and it fails in the same words.
pub(crate) const BACKTRACE_FRAMES: usize = 24;

/// Calls of one function in a backtrace from which on we speak of a recursion.
const RECURSION: usize = 16;

/// Errors of the engine that have no type of their own, by what they say. A test provokes each of them.
const HOST_LIMIT_TEXTS: [&str; 2] = ["fuel allocated for hostcalls has been exhausted", "exceeds limit"];

/// Marks an error from before the guest's first instruction.
#[derive(Debug, thiserror::Error)]
#[error("the module cannot be instantiated")]
pub(crate) struct NotStarted;

/// How a guest ended that did not return.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It left with exit code 0.
    Exited,
    /// It failed, or a ration ended it.
    Failed(JobError),
    /// It was told to stop.
    Stopped,
}

/// Whether the engine's count of fuel is right after `error`. After other traps it is not: the guest keeps the count in
/// a register and writes it back only before calls.
pub(crate) fn fuel_is_known(error: &Error) -> bool {
    is_exit(error) || is_trap(error, Trap::OutOfFuel)
}

/// The attempt ran longer than `limits` allow.
pub(crate) fn timed_out(limits: &Limits) -> JobError {
    let seconds = limits.timeout_seconds;
    JobError::new(
        ErrorCode::Timeout,
        format!("the attempt ran longer than its limit of {seconds} s and was ended"),
    )
}

/// A thread of the host went down. That is our mistake and not the job's, so the job gets another attempt.
pub(crate) fn host_failed() -> JobError {
    JobError::new(ErrorCode::HostDefect, "the host failed while it ran this job").transient()
}

/// What the guest itself said: `code` and `message` are its own words.
pub(crate) fn guest_failed(cell: &Cell, code: &str, message: String, transient: bool) -> JobError {
    let code = clip(code, MAX_GUEST_CODE);
    if let Some(refused) = refused(cell) {
        return refused.with_details(clipped(format!("{code}: {message}"), MAX_TEXT));
    }
    let error = JobError::new(ErrorCode::GuestError, clipped(message, MAX_TEXT)).with_details(code);
    JobError { transient, ..error }
}

/// Reads `error`, with what `cell` knows of the time before it.
pub(crate) fn explain(error: &Error, cell: &Cell, limits: &Limits) -> Cut {
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return exited(cell, *code);
    }
    if error.is::<FailedExit>() {
        return Cut::Failed(left(cell, "the module exited with a failure, and did not say its code".into()));
    }
    if error.is::<TimeIsUp>() {
        let details = error.downcast_ref::<WasmBacktrace>().map(backtrace);
        return Cut::Failed(JobError { details, ..timed_out(limits) });
    }
    Cut::Failed(match error.downcast_ref::<Trap>() {
        Some(trap) => trapped(*trap, error, cell, limits),
        None => refused_by_host(error, cell),
    })
}

/// Wrapped programs of preview 1 say the code; components mostly say only whether it is 0.
fn exited(cell: &Cell, code: i32) -> Cut {
    match code {
        0 => Cut::Exited,
        _ => Cut::Failed(left(cell, format!("the module exited with code {code}"))),
    }
}

/// Programs that leave with a failure say why on standard error.
fn left(cell: &Cell, how: String) -> JobError {
    let said = cell.stderr.last_words();
    let reason = panics::reason(&said).or_else(|| panics::last_line(&said).map(str::to_owned));
    let message = reason.map_or(how.clone(), |reason| format!("{how}: {}", clip(&reason, MAX_REASON)));
    guest_failed(cell, "Exit", message, false)
}

fn trapped(trap: Trap, error: &Error, cell: &Cell, limits: &Limits) -> JobError {
    let explained = match trap {
        Trap::OutOfFuel => {
            let fuel = limits.fuel.unwrap_or(u64::MAX);
            JobError::new(
                ErrorCode::FuelExhausted,
                format!("the attempt burnt all of its {fuel} units of fuel"),
            )
        }
        Trap::StackOverflow => stack_overflow(),
        Trap::MemoryOutOfBounds if overflowed_shadow_stack(error) => stack_overflow(),
        // Languages abort with `unreachable` when they cannot have what they need.
        Trap::UnreachableCodeReached => refused(cell).unwrap_or_else(|| gave_up(cell, trap)),
        other => plain_trap(other),
    };
    match error.downcast_ref::<WasmBacktrace>() {
        Some(trace) => explained.with_details(backtrace(trace)),
        None => explained,
    }
}

fn plain_trap(trap: Trap) -> JobError {
    let reason = trap.to_string();
    let reason = reason.strip_prefix("wasm trap: ").unwrap_or(&reason);
    JobError::new(ErrorCode::Trap, format!("the module trapped: {reason}"))
}

/// A panic: its text says more than the instruction that ends it.
fn gave_up(cell: &Cell, trap: Trap) -> JobError {
    let said = cell.stderr.last_words();
    match cell.panic.clone().or_else(|| panics::reason(&said)) {
        Some(reason) => {
            JobError::new(ErrorCode::Trap, format!("the module panicked: {}", clip(&reason, MAX_REASON)))
        }
        None => plain_trap(trap),
    }
}

fn stack_overflow() -> JobError {
    JobError::new(
        ErrorCode::StackOverflow,
        "the module's call stack overflowed; is there a recursion without an end?",
    )
}

/// Errors that are no traps: the host or the engine would not go on.
fn refused_by_host(error: &Error, cell: &Cell) -> JobError {
    let reason = clipped(error.root_cause().to_string(), MAX_TEXT);
    if is_shortage(error) {
        return JobError::new(
            ErrorCode::HostLimit,
            format!("this server has no room for the job now: {reason}"),
        )
        .transient();
    }
    if let Some(refused) = cell.memory.refused() {
        return memory_limit(cell, refused);
    }
    if error.is::<ResourceTableError>() {
        return JobError::new(ErrorCode::HostLimit, format!("the module holds too many handles: {reason}"));
    }
    if let Some(spent) = error.downcast_ref::<RandomSpent>() {
        return JobError::new(ErrorCode::HostLimit, spent.to_string());
    }
    if HOST_LIMIT_TEXTS.iter().any(|text| reason.contains(text)) {
        let message =
            format!("the module asked for too much in one call (at most {MAX_CALL_BYTES} bytes): {reason}");
        return JobError::new(ErrorCode::HostLimit, message);
    }
    if error.is::<NotStarted>() {
        return JobError::new(
            ErrorCode::ModuleInvalid,
            format!("the module cannot be instantiated: {reason}"),
        );
    }
    JobError::new(ErrorCode::Trap, format!("the module broke the rules of its interface: {reason}"))
}

/// Whether the server, not the job, lacks something: cells, memory, address space.
fn is_shortage(error: &Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
        || error.is::<OutOfMemory>()
        || error.chain().any(|cause| cause.is::<std::io::Error>() || cause.is::<rustix::io::Errno>())
}

/// The limit that the guest ran into before it failed, if it did.
fn refused(cell: &Cell) -> Option<JobError> {
    if let Some(refused) = cell.memory.refused() {
        return Some(memory_limit(cell, refused));
    }
    cell.disk.refusal().map(|refusal| match refusal {
        Refusal::Disk => {
            let limit = cell.disk.limit();
            JobError::new(
                ErrorCode::DiskQuota,
                format!("the job's outputs passed its disk limit of {limit} bytes"),
            )
        }
        Refusal::Entries => JobError::new(
            ErrorCode::DiskQuota,
            format!("the job made more than {} files, or directories too deep", FIXED.files),
        ),
        Refusal::Host => {
            JobError::new(ErrorCode::HostLimit, "the module made more artifacts or handles than it may")
        }
        Refusal::Name(reason) => JobError::new(ErrorCode::InvalidOutput, reason),
    })
}

fn memory_limit(cell: &Cell, refused: Refused) -> JobError {
    if refused == Refused::Table {
        return JobError::new(
            ErrorCode::HostLimit,
            format!("the module needed a table of more than {} elements", FIXED.table_elements),
        );
    }
    let limit = cell.memory.limit();
    JobError::new(
        ErrorCode::MemoryLimit,
        format!("the module needed more memory than its limit of {limit} bytes"),
    )
}

fn backtrace(trace: &WasmBacktrace) -> String {
    shortened(&trace.to_string())
}

/// One line a frame of an engine's backtrace; a run of frames at the same place is one line with their number.
pub(crate) fn shortened(text: &str) -> String {
    let mut frames = frames(text);
    frames.truncate(BACKTRACE_FRAMES);
    let lines: Vec<_> = frames.chunk_by(PartialEq::eq).map(|run| line(&run[0], run.len())).collect();
    clipped(lines.join("\n"), MAX_TEXT)
}

/// The frames of an engine's backtrace. Each begins with a line "  12:  0x2c8 - module!function"; lines after it say where
/// in its source that is, and what was inlined there.
fn frames(text: &str) -> Vec<String> {
    let mut frames: Vec<String> = Vec::new();
    for line in text.lines() {
        match (numbered(line), frames.last_mut()) {
            (Some(frame), _) => frames.push(frame.to_owned()),
            (None, Some(frame)) => {
                frame.push(' ');
                frame.push_str(line.trim());
            }
            // The heading.
            (None, None) => {}
        }
    }
    frames
}

fn numbered(line: &str) -> Option<&str> {
    let (number, frame) = line.split_once(':')?;
    number.trim().parse::<usize>().ok()?;
    Some(frame.trim())
}

fn line(frame: &str, times: usize) -> String {
    match times {
        1 => format!("at {frame}"),
        _ => format!("at {frame} ({times} times)"),
    }
}

/// Whether a memory fault is a stack that grew below address zero. Compiled languages keep a stack of their own at the
/// bottom of memory; when a recursion passes its end, the address wraps to just below 4 GiB. Both signs together, the
/// wrapped address and the recursion, are not found in other faults.
fn overflowed_shadow_stack(error: &Error) -> bool {
    let deepest_frame = 16_u64 << 20;
    let wrapped = (1_u64 << 32) - deepest_frame..(1_u64 << 32) + deepest_frame;
    let address = error.chain().find_map(|cause| fault_address(&cause.to_string()));
    address.is_some_and(|address| wrapped.contains(&address)) && is_recursion(error)
}

/// The address in the engine's "memory fault at wasm address 0x… in …"; it has no type that others can name.
fn fault_address(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("memory fault at wasm address 0x")?;
    u64::from_str_radix(rest.split(' ').next()?, 16).ok()
}

fn is_recursion(error: &Error) -> bool {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return false };
    let mut calls = HashMap::new();
    trace
        .frames()
        .iter()
        .take(BACKTRACE_FRAMES)
        .for_each(|frame| *calls.entry(frame.func_index()).or_insert(0) += 1);
    calls.into_values().any(|count| count >= RECURSION)
}

fn is_trap(error: &Error, trap: Trap) -> bool {
    error.downcast_ref::<Trap>() == Some(&trap)
}
