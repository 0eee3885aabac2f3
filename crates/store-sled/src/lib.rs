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
//! Limits: one process at a time; the image takes 16 bytes and its places in some bitmaps per
//! job, more for a queued one; sled gives no space back, so that a store only
//! shrinks by being copied.

mod audit;
mod barrier;
mod blobs;
mod catalog;
mod check;
mod codec;
mod committer;
mod compact;
mod database;
mod dump;
mod entries;
mod figures;
#[cfg(test)]
mod fuzz;
mod grants;
mod high_water;
mod image;
mod jobs;
mod keys;
mod logs;
mod migrate;
mod modules;
mod offline;
mod open;
mod overlay;
mod processed;
mod queue;
mod ranked;
mod rebuild;
mod recent;
mod records;
mod references;
mod registry;
mod removal;
mod schedules;
mod snapshot;
mod sorted;
mod store;
mod stored;
mod tenancy;
mod usage;
mod uses;
mod views;

pub use barrier::{Barrier, Fdatasync};
pub use blobs::FileBlobs;
pub use check::{CheckReport, check, check_blobs};
pub use compact::{Compacted, compact};
pub use offline::{OfflineStore, exists, restore_records};
pub use open::Options;
pub use store::SledStore;
pub use uses::{NamedBlobs, User};
