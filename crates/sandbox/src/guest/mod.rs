//! What guests can call, and how they are called: every interface that exists for them, answered on their cell.
//!
//! [`linker`] has the list of all. Knows the engine's bindings and [`crate::cell`]; who runs a guest and what becomes of its
//! end is not its concern.

pub(crate) mod bindings;
pub(crate) mod desk;
pub(crate) mod exits;
mod files;
mod handles;
mod http;
mod job;
pub(crate) mod linker;
mod preview1;
pub(crate) mod program;
pub(crate) mod random;
mod wasi;
