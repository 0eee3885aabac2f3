//! PostgreSQL for tests: real clusters, in temporary folders, on Unix sockets.
//!
//! There is one that all tests of a run share ([`database`]), each with a database of its own; and there are [`Cluster`]s of a
//! test's own, for those that stop and kill their server. The programs are those of Debian's package `postgresql`, or of the
//! search path. Whoever finds none fails.
//!
//! This crate knows how a cluster is made and stopped. It knows nothing of what lies in one.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod own;
mod server;
mod shared;

pub use own::Cluster;
pub use server::Stop;
pub use shared::{Database, database};
