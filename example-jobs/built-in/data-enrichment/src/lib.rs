//! Cleans tables.
