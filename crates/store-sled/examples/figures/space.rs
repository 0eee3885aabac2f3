//! What is given back when half of the jobs are deleted.

use crate::PROJECT;
use crate::measure::{mebibytes, row};
use fuelcell_domain::JobState;
use fuelcell_store::{JobFilter, Jobs, PageRequest};
use fuelcell_store_sled::{Options, SledStore, compact};
use futures::future::join_all;
use std::path::Path;
use std::time::Instant;

/// Jobs that are deleted at once.
const AT_ONCE: usize = 256;

pub(crate) async fn measure(store: SledStore, records: &Path, jobs: u64) {
    let before = store.size_on_disk().unwrap();
    let ended = JobFilter {
        states: vec![JobState::Completed, JobState::Failed, JobState::Cancelled],
        ..JobFilter::default()
    };
    let (started, mut deleted) = (Instant::now(), 0);
    while deleted < jobs / 2 {
        let page = store.list(PROJECT, &ended, PageRequest { offset: 0, limit: AT_ONCE }).await.unwrap().jobs;
        assert!(!page.is_empty(), "half of the jobs have ended");
        join_all(page.iter().map(|job| store.delete_ended(PROJECT, job.id))).await;
        deleted += page.len() as u64;
    }
    let rate = deleted as f64 / started.elapsed().as_secs_f64();
    row(&format!("deleting {deleted} jobs, {AT_ONCE} at once"), &format!("{rate:.0} /s"));
    let after = store.size_on_disk().unwrap();
    drop(store);
    let started = Instant::now();
    let compacted = compact(records, &Options::default()).unwrap();
    let figure = format!(
        "{} before, {} after; compacted {} in {:.1} s = {:.2} × before",
        mebibytes(before),
        mebibytes(after),
        mebibytes(compacted.bytes_after),
        started.elapsed().as_secs_f64(),
        compacted.bytes_after as f64 / before as f64,
    );
    row("records on disk when half of the jobs are deleted", &figure);
}
