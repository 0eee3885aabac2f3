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
//! Each room knows those before it in this list, and none after it:
//!
//! | room | knows |
//! | --- | --- |
//! | `files` | a cell's file system, and what it may take of the disk |
//! | `script` | the archive of a script module |
//! | `cell` | what one running job holds |
//! | `guest` | what guests can call, answered on their cell |
//! | `run` | one run in a cell, and how it ended |
//! | `module` | a module's bytes |
//! | `compile` | the engine, the compiler, compiled code |
//! | `process` | a cell in a process of its own |
//! | `sandbox` | the front: all of them |
//!
//! ```text
//! bytes ── inspect ──► Inspection            (no guest code runs)
//! bytes ── compile ──► cache ──► modules     (once per digest and engine)
//! RunSpec ── run ──► cell ──► outcome        (a store, a thread, a deadline)
//! ```

mod cell;
mod clocks;
mod compile;
mod fences;
mod files;
#[cfg(test)]
mod fuzz;
mod guest;
mod module;
mod process;
mod run;
mod sandbox;
mod script;
mod text;

pub use cell::surroundings::{Directory, Profile};
pub use compile::{CodeKey, CompileLimits, Compiler, EngineError, compile_worker};
pub use module::{
    AssembleError, EngineFile, PackError, Redirected, assemble, code_bytes, pack, script_files, section_sizes,
};
pub use process::{CellProgram, cell_worker};
pub use sandbox::{Sandbox, SandboxConfig, SandboxError};
