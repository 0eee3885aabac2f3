//! A cell in a process of its own: the same cell, with a fence of the kernel's around it.
//!
//! The program starts itself with a hidden command, one process for each attempt. Once a job has run like this, some
//! children are started ahead (see [`starter`]): they make their engine and wait. The child reads what to run, maps the
//! compiled code that the parent checked and hands over open, gives up everything else (see [`fences`]), and then runs the
//! guest as the server's own process would. What the guest asks of its host goes through one socket to the parent, which
//! asks the job's real host. A child that dies takes one attempt with it.
//!
//! The child is as little to be trusted as its guest: the parent bounds what it reads, and counts what it opens for it.

mod child;
pub(crate) mod fences;
#[cfg(test)]
mod fuzz;
mod handover;
mod parent;
mod remote;
mod serve;
mod starter;
mod wire;

use nix::sys::signal::{SigSet, Signal};
use std::io;

pub use child::cell_worker;
pub(crate) use parent::Children;
pub use starter::CellProgram;
pub(crate) use wire::{Assignment, Home};

/// The whole environment of children. The allocator of `fuelcell` maps a gibibyte ahead as if it were in use, which would
/// count against the limits that children set themselves; so it maps what it needs. Other allocators do not know the name.
pub(crate) const ENVIRONMENT: (&str, &str) = ("MIMALLOC_ARENA_EAGER_COMMIT", "0");

/// SIGINT and SIGTERM do not reach this thread and those that it will start: a service manager sends them to children too,
/// while it is the server that decides what ends and when. Children end by SIGKILL, with the server at the latest.
pub(crate) fn block_requests_to_end() -> io::Result<()> {
    let requests: SigSet = [Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
    Ok(requests.thread_block()?)
}
