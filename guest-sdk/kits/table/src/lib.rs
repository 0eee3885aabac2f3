//! Tables for jobs: any file that holds one, as Arrow record batches with types that were found from all rows.
//!
//! ```
//! use std::io::Cursor;
//!
//! use fuelcell_table_kit::{Options, Seekable, Stop, Table};
//!
//! let file = b"id;amount;day\n1;12,50;2024-01-31\n2;7,25;2024-02-01\n";
//! let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(Cursor::new(file))) };
//! let table = Table::scan(&mut open, &Options::default(), &mut |_| true)?;
//! assert_eq!(table.facts.delimiter, Some(';'));
//! let types: Vec<_> = table.columns.iter().map(|column| column.kind.to_string()).collect();
//! assert_eq!(types, ["integer", "decimal(2)", "date"]);
//!
//! let mut rows = table.rows(&mut open)?;
//! let batch = rows.next()?.expect("there are rows");
//! assert_eq!((batch.typed.num_rows(), batch.lines[1]), (2, 3));
//! # Ok::<(), Stop>(())
//! ```
//!
//! A file is read twice: [`Table::scan`] looks at every value and finds columns and types, [`Table::rows`] reads them.
//! Both are streams, so that the memory does not grow with the file. What is doubtful is never decided in silence:
//! [`Column::doubt`] says what kept a column from being what it nearly is.
//!
//! This crate knows tables. It must not know any single job.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Guide;

mod batch;
mod convert;
mod delimited;
mod excel;
mod facts;
#[cfg(test)]
mod fuzz;
mod guess;
mod json;
mod kind;
mod lines;
mod nested;
mod number;
mod open;
mod parquet;
mod plain;
mod table;
mod text;
mod times;
mod values;
mod write;
mod zstd;

pub use convert::{Misfit, cell, convert};
pub use delimited::{Delimited, delimited};
pub use facts::{Facts, Fault, Options, Ragged};
pub use fuelcell_records_kit::{
    Micros, Stop, check_cancelled, excerpt, is_stop,
    iso::{parse_iso, time_text},
    listed,
    timestamp::{Timestamps, is_missing},
};
pub use kind::{Column, Doubt, Kind, Numbers};
pub use open::{Input, Seekable};
pub use table::{Progress, Rows, RowsReader, Table, Tick};
pub use text::TextColumn;
pub use values::Values;
pub use write::{CsvWriter, FileFormat, JsonLinesWriter, ParquetWriter, TableWriter, writer};
