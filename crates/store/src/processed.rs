//! Items that completed jobs of a pipeline marked as processed, so that later jobs leave them alone.

use crate::jobs::Total;
use fuelcell_domain::{JobId, Timestamp};
use serde::{Deserialize, Serialize};

/// Items that a pipeline may have before its jobs are refused further ones. Jobs that run at the same time may bring a
/// little more.
pub const MAX_PROCESSED_ITEMS: u64 = 1_000_000;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessedItem {
    /// The key under which a job marked it.
    pub key: String,
    /// The job that did, the first of them.
    pub job: JobId,
    /// When that job completed.
    pub at: Timestamp,
}

/// A part of a pipeline's items, in an order that says nothing but does not change: by the SHA-256 of their keys.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessedPage {
    /// The items.
    pub items: Vec<ProcessedItem>,
    /// All items of the pipeline.
    pub total: Total,
}
