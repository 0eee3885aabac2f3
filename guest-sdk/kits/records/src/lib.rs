//! From the bytes of a file to text and records, as streams: no file is ever held whole.
//!
//! [`source`] opens a file (gzip, UTF-8, UTF-16), [`records`] cuts delimited text into records, [`iso`] and [`timestamp`]
//! read times without guessing. They are made for cells, where branches and checksums cost more than on the bare machine.
//!
//! This crate knows files of text. It must not know what their columns mean, nor any single job.

pub mod buffer;
mod checksum;
pub mod error;
mod gzip;
pub mod iso;
pub mod records;
pub mod source;
pub mod timestamp;
mod utf16;

pub use error::{Stop, check_cancelled, excerpt, is_stop, listed};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;
