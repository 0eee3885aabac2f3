//! Where records lie in sled, and how they become bytes.

pub(crate) mod codec;
pub(crate) mod database;
pub(crate) mod directory;
pub(crate) mod format;
pub(crate) mod keys;
