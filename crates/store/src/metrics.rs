//! What an operator may watch of a store of records: figures of one name, whichever store it is.

use prometheus::{Histogram, exponential_buckets, register_histogram};
use std::sync::LazyLock;

/// From 100 µs to 13 s.
fn short() -> Vec<f64> {
    exponential_buckets(0.0001, 2.0, 18).expect("the buckets rise")
}

/// Batches, whether or not anybody waited for a barrier. In a database: transactions, from their beginning on.
pub static COMMITS: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_commit_duration_seconds",
        "Time that the store took for a batch of changes, the barrier included.",
        short()
    )
    .expect("the name is used once")
});

/// Barriers of those that somebody waited for. In a database: its answers to commits.
pub static BARRIERS: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_barrier_duration_seconds",
        "Time from the write of a batch until it was durable.",
        short()
    )
    .expect("the name is used once")
});

/// Commands of a batch.
pub static BATCHES: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_batch_commands",
        "Changes that the store committed together.",
        exponential_buckets(1.0, 2.0, 9).expect("the buckets rise")
    )
    .expect("the name is used once")
});

/// Questions to a database. A store of this process has no such figure: its answers lie in memory or in files that do.
pub static READS: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_read_duration_seconds",
        "Time that the database took for a question, the wait for a connection included.",
        short()
    )
    .expect("the name is used once")
});
