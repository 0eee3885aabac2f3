//! What a record is, and what moves with it.

pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod figures;
pub(crate) mod hours;
pub(crate) mod job;
pub(crate) mod module;
pub(crate) mod referents;
pub(crate) mod removed;
pub(crate) mod stored;
pub(crate) mod stored_sums;
pub(crate) mod usage;
pub(crate) mod uses;
