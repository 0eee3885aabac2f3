//! Parameters that several jobs have: one word means the same in all of them, and its doc comment is what their schemas say.
//!
//! [`TimeWindow`] is a stretch of time, [`Columns`] names the columns of an event log (and [`Header`] finds those that are
//! not named), [`OutputFormat`] says which outputs are made.
//!
//! This crate knows words. It must not know any single job, nor how files are read.

mod columns;
mod output_format;
mod time_window;

pub use columns::{ACTIVITY, CASE, Columns, Header, LIFECYCLE, RESOURCE, START, TIMESTAMP};
pub use output_format::OutputFormat;
pub use time_window::{TimeWindow, moment};
