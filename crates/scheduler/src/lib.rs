//! Who runs next, and when: dispatch by priority, slots and memory; leases, rescue, cancel, retries, drain.
//!
//! This crate knows the domain and the store's traits. It knows a [`JobRunner`](fuelcell_domain::JobRunner), never an
//! engine; it knows nothing of HTTP, of authorisation, or of any particular database.
//!
//! One attempt's way: `order` brings it to its turn, `choose` picks it, `dispatch` claims it, `slots` gives it a slot, `attempt` runs it with a `host` that
//! serves its calls, `pulse` writes its live figures and keeps its lease and the node's (`life`), `finish` hands everything that it brought to the
//! store in one transaction. The store is the truth throughout: an attempt that does not hold its job any more is stopped
//! and its results are dropped.

mod artifacts;
mod attempt;
mod choose;
mod claims;
mod concurrency;
mod config;
mod dispatch;
mod finish;
mod host;
mod life;
mod live;
mod log;
mod marks;
mod metrics;
mod order;
mod prepare;
mod profile;
mod pulse;
mod records;
mod retention;
mod shares;
mod slots;
mod stages;
mod text;
mod waiting;

#[cfg(test)]
mod tests;

pub use concurrency::Concurrency;
pub use config::SchedulerConfig;
pub use dispatch::{Load, Scheduler};
pub use records::Records;
pub use retention::{Keep, KeepAudit, RetentionConfig, Swept};

use fuelcell_domain::state::TransitionError;
use fuelcell_store::StoreError;

/// Whether the store refused a write because its attempt does not hold the job any more.
fn is_stale(error: &StoreError) -> bool {
    matches!(error, StoreError::Stale(_) | StoreError::Transition(TransitionError::Stale(_)))
}
