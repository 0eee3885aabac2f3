//! What is kept in memory of every job.

pub(crate) mod catalog;
pub(crate) mod entries;
pub(crate) mod entry;
pub(crate) mod image;
pub(crate) mod queue;
pub(crate) mod ranked;
pub(crate) mod rebuild;
pub(crate) mod sorted;
