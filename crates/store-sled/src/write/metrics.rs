//! What an operator may watch of the committer.

use prometheus::{Histogram, exponential_buckets, register_histogram};
use std::sync::LazyLock;

/// From 100 µs to 13 s.
fn short() -> Vec<f64> {
    exponential_buckets(0.0001, 2.0, 18).expect("the buckets rise")
}

/// Batches, whether or not anybody waited for a barrier.
pub(crate) static COMMITS: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_commit_duration_seconds",
        "Time that the store took for a batch of changes, the barrier included.",
        short()
    )
    .expect("the name is used once")
});

/// Barriers of those that somebody waited for.
pub(crate) static BARRIERS: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_barrier_duration_seconds",
        "Time from the write of a batch until it was durable.",
        short()
    )
    .expect("the name is used once")
});

/// Commands of a batch.
pub(crate) static BATCHES: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!(
        "fuelcell_store_batch_commands",
        "Changes that the store committed together.",
        exponential_buckets(1.0, 2.0, 9).expect("the buckets rise")
    )
    .expect("the name is used once")
});
