//! The embedded store: what every backend promises, and what only a store on a disk can break.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod barrier;
mod blobs;
mod conformance;
mod crash;
mod damage;
mod golden;
mod interrupted;
mod offline;
mod random;
mod removal;
mod reopen;
mod snapshot;

use fuelcell_store::Store;
use fuelcell_store_sled::{Options, SledStore};
use std::path::Path;
use tempfile::TempDir;

/// What a store lies on.
struct Place(TempDir);

impl Place {
    /// Sequences of random verbs that are tried on it.
    const CASES: u32 = 24;

    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    async fn open(&self) -> Box<dyn Store> {
        Box::new(open(self.0.path()))
    }
}

fn open(directory: &Path) -> SledStore {
    SledStore::open(directory, Options::default()).expect("the store opens")
}
