//! What a child gives up before its guest begins, or before it compiles: rations of the kernel's, system calls, files, the
//! network.
//!
//! Each fence stands where the kernel has it, and the child says which do. The system calls that are left are those of a
//! program that computes, waits, and talks through what it has open: none opens a file or a socket, starts a program or
//! another process, or makes memory executable.

use fuelcell_domain::{Fence, Limits};
use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use nix::sys::signal::{SigSet, Signal as RequestToEnd};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::io;

/// The whole environment of children. The allocator of `fuelcell` maps a gibibyte ahead as if it were in use, which would
/// count against the limits that children set themselves; so it maps what it needs. Other allocators do not know the name.
pub(crate) const ENVIRONMENT: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");

/// Private memory that a cell needs beside what its guest is given: stacks, host calls, the process itself.
const OVERHEAD_BYTES: u64 = 256 << 20;

/// What the file of a guest's bytes may have beyond the disk limit: every file of a cell ends within a chunk.
const SPARSE_BYTES: u64 = 1 << 30;

/// CPU seconds beyond two for each second of the deadline: the guest has one thread, its host a few that mostly wait.
const CPU_GRACE_SECONDS: u64 = 10;

/// Open files: standard streams, code, the guest's bytes, what the runtime waits with.
const OPEN_FILES: u64 = 64;

/// Dies with the parent, to be exact with the thread that started this process.
pub(crate) fn die_with_the_parent() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// SIGINT and SIGTERM do not reach this thread and those that it will start: a service manager sends them to children too,
/// while it is the server that decides what ends and when. Children end by SIGKILL, with the server at the latest.
pub(crate) fn block_requests_to_end() -> io::Result<()> {
    let requests: SigSet = [RequestToEnd::SIGINT, RequestToEnd::SIGTERM].into_iter().collect();
    Ok(requests.thread_block()?)
}

/// Closes every descriptor but the standard streams: whatever the server, or who started it, left open for its children. To
/// be called first of all.
#[expect(unsafe_code)]
pub(crate) fn close_inherited() -> io::Result<()> {
    const FIRST: libc::c_uint = 3;
    // SAFETY: nothing has been opened in this process yet, so that nobody here owns a descriptor from this one on.
    match unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes the rations of `limits` for a cell of at most `slot_bytes`. To be called before anything of the job's is read.
pub(crate) fn limit_this_process(limits: &Limits, slot_bytes: u64) -> io::Result<()> {
    for (resource, limit) in [
        // Private writable memory: what the engine merely reserves does not count.
        (Resource::Data, limits.memory_bytes.min(slot_bytes).saturating_add(OVERHEAD_BYTES)),
        (Resource::Cpu, limits.timeout_seconds.saturating_mul(2).saturating_add(CPU_GRACE_SECONDS)),
        (Resource::Fsize, limits.disk_bytes.saturating_add(SPARSE_BYTES)),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Core, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(())
}

/// Raises the other fences around this thread and those that it will start. The answer says which stand.
pub(crate) fn raise() -> Vec<Fence> {
    let mut fences = vec![Fence::Rlimits];
    if no_files_or_network().unwrap_or(false) {
        fences.push(Fence::Landlock);
    }
    if few_system_calls().is_ok() {
        fences.push(Fence::Seccomp);
    }
    fences
}

/// Landlock without a rule: no path can be opened, no port bound or connected to, no process outside be signalled.
fn no_files_or_network() -> Result<bool, landlock::RulesetError> {
    // The rights of this version are those that are asked for; a kernel that knows fewer gives what it has.
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// The filters. After the last one no other can be set.
fn few_system_calls() -> Result<(), Box<dyn Error>> {
    seccompiler::apply_filter(&clone3_is_unknown()?)?;
    seccompiler::apply_filter(&everything_else_is_refused()?)?;
    Ok(())
}

fn everything_else_is_refused() -> Result<BpfProgram, Box<dyn Error>> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = CALLS.iter().map(|call| (*call, Vec::new())).collect();
    let executable = SeccompCmpOp::MaskedEq(libc::PROT_EXEC as u64);
    let thread = libc::CLONE_THREAD as u64;
    let this_process = u64::from(std::process::id());
    rules.insert(libc::SYS_mmap, only(2, [(executable.clone(), 0)])?);
    rules.insert(libc::SYS_mprotect, only(2, [(executable, 0)])?);
    rules.insert(libc::SYS_clone, only(0, [(SeccompCmpOp::MaskedEq(thread), thread)])?);
    rules.insert(libc::SYS_tgkill, only(0, [(SeccompCmpOp::Eq, this_process)])?);
    rules.insert(libc::SYS_prctl, only(0, PRCTL.map(|option| (SeccompCmpOp::Eq, option as u64)))?);
    rules.insert(libc::SYS_fcntl, only(1, FCNTL.map(|command| (SeccompCmpOp::Eq, command as u64)))?);
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let filter =
        SeccompFilter::new(rules, refused, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?;
    Ok(filter.try_into()?)
}

/// A call is left when its argument of this index passes one of the comparisons.
fn only<const N: usize>(
    argument: u8,
    allowed: [(SeccompCmpOp, u64); N],
) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let rule = |(operator, value)| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
        SeccompRule::new(vec![condition])
    };
    allowed.into_iter().map(rule).collect()
}

/// The flags of `clone3` lie in memory, where no filter sees them. A C library that does not find it uses `clone`.
fn clone3_is_unknown() -> Result<BpfProgram, Box<dyn Error>> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, unknown, std::env::consts::ARCH.try_into()?)?;
    Ok(filter.try_into()?)
}

/// What may be asked of the process: names for threads and for memory.
const PRCTL: [libc::c_int; 2] = [libc::PR_SET_NAME, libc::PR_SET_VMA];

/// What may be asked of open files: nothing that sends signals.
const FCNTL: [libc::c_int; 7] = [
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_DUPFD_CLOEXEC,
    libc::F_ADD_SEALS,
    libc::F_GET_SEALS,
];

/// The system calls that are left, beside those with conditions.
const CALLS: &[i64] = &[
    // Streams and files that are open.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_fallocate,
    libc::SYS_ftruncate,
    libc::SYS_ioctl,
    libc::SYS_close,
    libc::SYS_dup,
    // Memory; the images of fresh memories are files without names.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_memfd_create,
    // Threads, signals and their end.
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Time and waiting.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_ppoll,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    libc::SYS_getrandom,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_fit_the_kernel() {
        assert!(!everything_else_is_refused().unwrap().is_empty());
        assert!(!clone3_is_unknown().unwrap().is_empty());
    }
}
