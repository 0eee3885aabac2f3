//! The bytes of a module: what they say of themselves, and how they are made into what runs here.
//!
//! Knows sections, manifests, worlds and debug information. Nothing of a module runs here and nothing is compiled.

pub(crate) mod adapter;
mod assemble;
pub(crate) mod dwarf;
pub(crate) mod inspect;
pub(crate) mod manifest;
mod pack;
mod redirect;
mod room;
pub(crate) mod sections;
mod sizes;
pub(crate) mod wrap;

pub use assemble::{AssembleError, EngineFile, assemble};
pub use inspect::{code_bytes, script_files};
pub use pack::{PackError, pack};
pub use redirect::Redirected;
pub use sizes::section_sizes;
