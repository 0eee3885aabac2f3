//! SQL over tables, by SQLite, and expressions over rows.
//!
//! A [`Database`] holds tables in a private file, so that what does not fit into memory lies on the cell's disk. Jobs put
//! their own statements to it ([`Database::select`], values kept exactly), and what users write ([`Database::ask`],
//! read-only by construction, values in the plain forms of [`Form::Plain`]). An [`Expression`] is what a user writes of one
//! row.
//!
//! This crate knows SQLite, and nobody else does. It must not know any single job.

mod database;
mod expression;
#[cfg(test)]
mod fuzz;
mod guard;
mod values;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Guide;

pub use database::{Database, Loader, text};
pub use expression::Expression;
pub use values::{Cell, Form, ROW, quoted};
