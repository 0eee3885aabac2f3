//! Discovers the process behind an event log.

pub mod error;
pub mod figures;
pub mod log;
pub mod map;
pub mod names;
pub mod read;
pub mod text;
