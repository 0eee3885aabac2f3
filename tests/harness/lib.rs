//! What the tests share: a real server on a data directory of its own, a client of its HTTP API, and projects to work in.
//!
//! The harness knows the server only from outside. It needs what `cargo xtask test` builds first, and fails with a message
//! when that is missing; nothing is skipped.

pub mod browser;
pub mod built;
mod cache;
pub mod client;
pub mod exchange;
pub mod limits;
pub mod mount;
pub mod page;
pub mod project;
pub mod provider;
pub mod proxy;
pub mod receiver;
pub mod register;
pub mod script;
pub mod server;
pub mod shell;

pub use cache::cache;
pub use client::{Answer, Client};
pub use mount::Mount;
pub use project::Project;
pub use server::Server;
pub use shell::Shell;

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer. Fails after `patience`.
pub fn eventually<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {patience:?} for this in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
