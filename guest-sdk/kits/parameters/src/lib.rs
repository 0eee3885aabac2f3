//! Parameters that several jobs have: one word means the same in all of them, and its doc comment is what their schemas say.
//!
//! [`TimeWindow`] is a stretch of time, [`Filter`] a condition, [`Columns`] names the columns of an event log (and [`Header`]
//! finds those that are not named), [`Calendar`] says when people work, [`zone`] finds a time zone, [`QualityChecks`] says
//! which checks are made, [`OutputFormat`] which outputs.
//!
//! This crate knows words. It must not know any single job, nor how files are read.

mod calendar;
mod columns;
mod filters;
mod output_format;
mod quality_checks;
mod time_window;
mod time_zone;

pub use calendar::{Calendar, Hours, Week, WorkingTime, offsets};
pub use columns::{ACTIVITY, CASE, Columns, Header, INSTANCE, LIFECYCLE, ORDER, RESOURCE, START, TIMESTAMP};
pub use filters::{Comparison, Condition, Filter, Level, TextCondition};
pub use output_format::OutputFormat;
pub use quality_checks::{QualityChecks, is_plausible, spellings};
pub use time_window::{TimeWindow, moment};
pub use time_zone::zone;
