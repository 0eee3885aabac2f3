//! The only room that knows wasmtime: it looks at modules, compiles them, and runs each job in a cell of its own.
//!
//! A cell is one wasmtime store with a ration of fuel, memory, disk and time. Everything that a guest can reach is what
//! [`fuelcell_domain::JobHost`] offers, plus a WASI without sockets or environment whose files are not the host's. A cell
//! ends when its guest returns, fails, uses up a ration, or when it is told to stop; whatever the guest does, it ends. It is
//! in this process, or in one of its own that the kernel keeps in as well.
//!
//! This crate knows the words of `fuelcell-domain`, among them those for requests over HTTP that guests make and the
//! `JobHost` answers. It opens no connection and knows nothing of stores, queues or tenants. Where the bytes of a module
//! come from and what becomes of its outputs is the concern of whoever calls it.
//!
//! ```text
//! bytes ── inspect ──► Inspection            (no guest code runs)
//! bytes ── compile ──► cache ──► modules     (once per digest and engine)
//! RunSpec ── run ──► cell ──► outcome        (a store, a thread, a deadline)
//! ```

mod bindings;
mod cache;
mod cell;
mod clocks;
mod compiler;
mod describe;
mod disk;
mod engine;
mod exits;
mod files;
#[cfg(test)]
mod fuzz;
mod host;
mod http;
mod inspect;
mod limits;
mod lines;
mod linker;
mod manifest;
mod modules;
mod outbox;
mod outcome;
mod output;
mod pack;
mod panics;
mod preview1;
mod process;
mod program;
mod random;
mod recent;
mod run;
mod sandbox;
mod sections;
mod surroundings;
mod text;
mod wasi;
mod wrap;

pub use cache::CodeKey;
pub use compiler::{CompileLimits, Compiler, compile_worker};
pub use engine::EngineError;
pub use pack::{PackError, pack};
pub use process::{CellProgram, cell_worker};
pub use sandbox::{Sandbox, SandboxConfig, SandboxError};
pub use surroundings::{Directory, Profile};
