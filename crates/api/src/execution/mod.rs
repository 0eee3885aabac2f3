//! The Execution API: its words, its DTOs, and their mapping. Strings made for people stand as the protocol has them;
//! beside each stands its machine-readable twin.

mod archive;
pub(crate) mod batch;
pub(crate) mod bulk;
pub(crate) mod bulk_runs;
pub(crate) mod cancel;
pub(crate) mod delete;
pub(crate) mod events;
pub(crate) mod forms;
pub(crate) mod list;
pub(crate) mod logs;
pub(crate) mod ping;
pub(crate) mod queue;
pub(crate) mod quote;
mod receipt;
pub(crate) mod results;
pub(crate) mod retry;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod summary;
pub(crate) mod system;
mod times;

pub use receipt::receipt_document;

use fuelcell_domain::job::RetryOf;
use fuelcell_domain::{JobState, Priority, Timestamp};

/// The words for job states.
pub(crate) const STATES: [(&str, JobState); 5] = [
    ("Queued", JobState::Queued),
    ("Running", JobState::Running),
    ("Completed", JobState::Completed),
    ("Failed", JobState::Failed),
    ("Cancelled", JobState::Cancelled),
];

/// The words for priorities.
pub(crate) const PRIORITIES: [(&str, Priority); 4] = [
    ("Low", Priority::Low),
    ("Normal", Priority::Normal),
    ("High", Priority::High),
    ("Critical", Priority::Critical),
];

/// A moment as the protocol writes it.
fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::to_rfc3339)
}

/// 1 for a first submission, 2 for its retry, and so on.
fn generation(retry: Option<&RetryOf>) -> u32 {
    retry.map_or(1, |retry| retry.generation)
}
