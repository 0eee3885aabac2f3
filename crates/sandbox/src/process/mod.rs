//! A cell in a process of its own: the same cell, with a fence of the kernel's around it.
//!
//! The program starts itself with a hidden command, one process for each attempt. Once a job has run like this, some
//! children are started ahead (see [`starter`]): they make their engine and wait. The child reads what to run, maps the
//! compiled code that the parent checked and hands over open, gives up everything else (see [`crate::fences`]), and then
//! runs the guest as the server's own process would. What the guest asks of its host goes through one socket to the
//! parent, which asks the job's real host. A child that dies takes one attempt with it.
//!
//! Knows all that a cell in this process needs, and how two processes talk about it. When a job runs like this is not its
//! concern.
//!
//! The child is as little to be trusted as its guest: the parent bounds what it reads, and counts what it opens for it.

mod child;
#[cfg(test)]
mod fuzz;
mod handover;
mod parent;
mod remote;
mod serve;
mod starter;
mod wire;

pub use child::cell_worker;
pub(crate) use parent::Children;
pub use starter::CellProgram;
pub(crate) use wire::{Assignment, Home};
