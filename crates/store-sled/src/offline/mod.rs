//! What is done to a store as a whole: copies, backups, checks, older layouts.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod compact;
pub(crate) mod dump;
pub(crate) mod migrate;
pub(crate) mod snapshot;
pub(crate) mod whole;
