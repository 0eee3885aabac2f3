//! What a record is, and what moves with it.

pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod figures;
pub(crate) mod hours;
pub(crate) mod job;
pub(crate) mod ledger;
pub(crate) mod moves;
pub(crate) mod stored;
pub(crate) mod usage;
