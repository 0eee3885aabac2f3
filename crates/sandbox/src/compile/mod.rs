//! From a module's bytes to a program that can run: the engine, the compiler in a process of its own, compiled code on disk
//! and in memory.
//!
//! Knows which code may be trusted and which modules are ready. What a program does when it runs is not its concern.

pub(crate) mod cache;
pub(crate) mod compiler;
pub(crate) mod engine;
mod functions;
mod key;
mod metrics;
pub(crate) mod modules;
pub(crate) mod profiled;
mod recent;

pub use compiler::{CompileLimits, Compiler, compile_worker};
pub use engine::EngineError;
pub use key::CodeKey;
