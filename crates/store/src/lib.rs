//! What must be remembered: [`Store`], the sum of its [subjects](verbs), moves records that belong together in one
//! transaction, [`BlobStore`] keeps bytes by digest. [`memory`] is the reference of both, [`conformance`] the one suite that every backend must pass.
//!
//! This crate knows the domain. It knows nothing of HTTP, of wasm, of scheduling policy, or of any particular database.
//! The traits can be served by an embedded store as well as by PostgreSQL and object storage: async, no closures or
//! iterators across them, no transaction in a caller's hand.
//!
//! Two promises hold for every backend:
//! 1. *Acknowledged means durable.* A verb that changes something returns `Ok` only after the change would survive a power
//!    cut. [`Queue::record_pulse`], [`Logs::append_logs`] and lives of [`Nodes`] are the named exceptions, and what the first two
//!    tell of is shown to those who watch only when it would survive, too.
//! 2. *One transition, one transaction.* A record, its indexes, its counters, its queue entry and its artifacts move
//!    together or not at all.

pub mod blob;
pub mod bulks;
pub mod catalogue;
pub mod conformance;
pub mod deliveries;
mod error;
pub mod events;
pub mod faulty;
pub mod faulty_blobs;
pub mod hours;
pub mod jobs;
pub mod memory;
pub mod metrics;
pub mod nodes;
pub mod order;
pub mod pages;
pub mod processed;
pub mod references;
pub mod schedules;
pub mod stored;
pub mod usage;
pub mod verbs;

pub use blob::{BlobRef, BlobReferences, BlobStore, BlobWriter, StagedWriter};
pub use catalogue::{Catalogue, Piece};
pub use deliveries::{DeliveryClaim, DeliveryFilter, OutboxFigures, Settlement};
pub use error::{RemovalStep, StoreError};
pub use events::{EventPage, EventPlace, KEPT_EVENTS, Watched};
pub use hours::{HourFigures, KEPT_HOURS};
pub use jobs::{
    Claim, Finish, IdempotencyKey, JobFilter, JobPage, Lane, LogFilter, NewJob, PageRequest, QueueEntry,
    QueueFigures, QueueOrder, QueuePage, RECENT_DURATIONS, StateCounts, Submitted, TenantFigures, Total,
    Waiting,
};
pub use memory::{MemoryBlobs, MemoryStore};
pub use order::{JobOrder, Ranks, SortKey};
pub use pages::{Page, Seek};
pub use processed::{MAX_PROCESSED_ITEMS, ProcessedItem, ProcessedPage};
pub use verbs::{
    Accounts, Audit, Backlog, Bulks, ClientStore, Datasets, Deliveries, Figures, Grants, Health, JobEvents,
    Jobs, Logs, Modules, Nodes, Pipelines, Processed, Queue, References, Removals, Saved, Store, Submissions,
    Uploads,
};
