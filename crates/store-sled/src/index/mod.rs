//! What is kept in memory of every job.

pub(crate) mod entries;
pub(crate) mod entry;
pub(crate) mod image;
pub(crate) mod orders;
pub(crate) mod project_index;
pub(crate) mod queue;
pub(crate) mod ranked_set;
pub(crate) mod rebuild;
