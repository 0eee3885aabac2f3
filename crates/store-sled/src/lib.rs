//! The embedded default store: records in sled, bytes in content-addressed files.
//!
//! This crate knows how the promises of [`fuelcell_store`] are kept on one machine. It knows nothing of HTTP, of wasm or of
//! scheduling, and decides no transition: those are the domain's.
//!
//! One write's way: a verb is sent to the *committer*, one thread that applies waiting verbs one after another to an
//! *overlay* over the database, so that each sees those before it; writes the batch as one transaction over all tables;
//! flushes sled's log; waits for one *barrier* (`fdatasync`, which sled itself never does); raises the *high-water mark*;
//! lets the *image* in memory follow; and answers. Readers look at the image and at sled directly: they see everything
//! that was acknowledged, and may see a change a moment before its barrier. Live figures and log lines are answered once
//! they can be seen, before the barrier.
//!
//! The rooms: `tables` (where records lie, and as which bytes), `index` (what is kept in memory of every job), `write`
//! (committer, overlay, barrier, mark), `records` (what a record is, and what moves with it), `verbs` (the subjects of
//! the store), `offline` (copies, backups, checks, older layouts).
//!
//! Limits: one process at a time; the image takes 16 bytes and its places in some bitmaps per
//! job, more for a queued one; sled gives no space back, so that a store only
//! shrinks by being copied.

mod blobs;
#[cfg(test)]
mod fuzz;
mod index;
mod offline;
mod open;
mod options;
mod records;
mod staged;
mod store;
mod tables;
mod verbs;
mod write;

pub use blobs::{FileBlobs, holds_blobs};
pub use offline::backup::{OfflineStore, restore_records};
pub use offline::check::{CheckReport, check, check_blobs};
pub use offline::compact::{Compacted, compact};
pub use options::Options;
pub use records::uses::{NamedBlobs, User};
pub use store::SledStore;
pub use tables::directory::exists;
pub use write::barrier::{Barrier, Fdatasync};
