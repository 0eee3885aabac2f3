//! Runs everything that reads bytes from outside on inputs that nobody wrote. For tests only.
//!
//! A *target* is a function that hands bytes to one parser and asserts what must hold whatever they are: no panic, what was
//! accepted is as promised, what was written is read back the same. [`TARGETS`] lists all of them. Each is a test beside its
//! parser, in a module `fuzz`, so that parsers stay private; its corpus is a folder of `tests/corpus`.
//!
//! [`fuzz`] tries the corpus first, then damaged and mixed copies of it. Beside the target's own assertions an input fails
//! when it takes too much processor time or memory, or does not end. The test suite tries a fixed number of inputs with a
//! fixed seed, the same everywhere; `cargo xtask soak --only parsers` goes on for minutes with other seeds and puts what
//! fails into the corpus, made as small as it still fails, so that it is tried for ever.
//!
//! This crate knows bytes and functions. It knows no parser and no other crate of the workspace.

mod corpus;
mod damage;
mod runner;
mod targets;
mod trial;
mod watch;

pub use runner::fuzz;
pub use targets::{TARGETS, Target};

/// What a parser made of an input: it took it, or refused it for this reason. A reason that was not heard before makes the
/// input one to go on from.
pub type Verdict = Result<(), String>;
