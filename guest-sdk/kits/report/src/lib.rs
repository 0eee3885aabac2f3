//! Reports of jobs: pages, tables, sentences with figures, and charts.
//!
//! This crate knows pages, charts and sentences. It must not know any single job, nor servers or stores; nothing in it
//! reads a clock or a file, so that the same figures give the same bytes. README.md shows a report.

pub mod chart;
mod markup;
mod page;
mod table;
pub mod text;

pub use markup::{Mood, Quality, beside, facts, findings, fold, lead, meter, note, pill, verdict, write};
pub use maud::{Markup, Render, html};
pub use page::{Page, Tile};
pub use table::{Column, Table};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
