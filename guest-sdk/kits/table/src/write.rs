//! Writing tables.

use std::io::Write;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef};
use fuelcell_records_kit::Stop;
use fuelcell_sdk::HostError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use schemars::JsonSchema;
use serde::ser::{SerializeMap as _, Serializer as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::convert::cell;
use crate::kind::Kind;
use crate::number::{Shape, shape};
use crate::values::Values;

/// The format of a file that a job writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileFormat {
    /// Comma-separated values in UTF-8, with a header. Texts that a spreadsheet would take for a formula begin with an
    /// apostrophe.
    #[default]
    Csv,
    /// An object in each line.
    JsonLines,
    /// Apache Parquet, compressed with snappy.
    Parquet,
}

impl FileFormat {
    /// The ending of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::JsonLines => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// Writes batches of one schema to an output, and gives it back at the end.
pub trait TableWriter<W> {
    /// Writes rows.
    ///
    /// # Errors
    /// `Storage` and the host's limits.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Stop>;

    /// Writes what is left.
    ///
    /// # Errors
    /// As for [`Self::write`].
    fn finish(self: Box<Self>) -> Result<W, Stop>;
}

/// A writer of this format.
///
/// # Errors
/// When the beginning of the file cannot be written.
pub fn writer<W: Write + 'static>(
    format: FileFormat,
    out: W,
    schema: &SchemaRef,
) -> Result<Box<dyn TableWriter<W>>, Stop> {
    Ok(match format {
        FileFormat::Csv => Box::new(CsvWriter::new(out, schema)?),
        FileFormat::JsonLines => Box::new(JsonLinesWriter::new(out)),
        FileFormat::Parquet => Box::new(ParquetWriter::new(out, schema)?),
    })
}

fn failed(error: std::io::Error) -> Stop {
    Stop::from(HostError::from(error))
}

/// Writes CSV.
pub struct CsvWriter<W: Write> {
    csv: csv::Writer<W>,
    /// Texts that were made harmless.
    pub guarded: u64,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, schema: &Schema) -> Result<Self, Stop> {
        let mut writer = Self::without_header(out);
        for field in schema.fields() {
            writer.field(field.name(), true)?;
        }
        writer.end()?;
        Ok(writer)
    }

    /// Writes nothing yet, and no header.
    pub fn without_header(out: W) -> Self {
        let csv = csv::WriterBuilder::new().buffer_capacity(1 << 16).flexible(true).from_writer(out);
        Self { csv, guarded: 0 }
    }

    /// Writes one record of text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) -> Result<(), Stop> {
        for field in fields {
            self.field(field, true)?;
        }
        self.end()
    }

    fn field(&mut self, text: &str, is_text: bool) -> Result<(), Stop> {
        let guarded = is_text && is_formula(text);
        self.guarded += u64::from(guarded);
        let written = match guarded {
            true => self.csv.write_field(format!("'{text}")),
            false => self.csv.write_field(text),
        };
        written.map_err(|error| failed(error.into()))
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.csv.write_record(None::<&[u8]>).map_err(|error| failed(error.into()))
    }
}

/// Whether a spreadsheet would compute it. Signed numbers are none.
fn is_formula(text: &str) -> bool {
    match text.as_bytes() {
        [b'=' | b'@' | b'\t' | b'\r', ..] => true,
        [b'+' | b'-', ..] => matches!(shape(text.as_bytes()), Shape::None),
        _ => false,
    }
}

impl<W: Write> TableWriter<W> for CsvWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        let columns: Vec<_> = batch.columns().iter().map(|array| Values::of(array)).collect();
        let mut scratch = String::new();
        for row in 0..batch.num_rows() {
            for values in &columns {
                let text = values.and_then(|values| values.text(row, &mut scratch)).unwrap_or_default();
                self.field(text, matches!(values, Some(Values::Text(_))))?;
            }
            self.end()?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<W, Stop> {
        self.csv.into_inner().map_err(|error| failed(error.into_error()))
    }
}

/// Writes JSON lines.
pub struct JsonLinesWriter<W: Write> {
    out: std::io::BufWriter<W>,
}

impl<W: Write> JsonLinesWriter<W> {
    /// Writes nothing yet.
    pub fn new(out: W) -> Self {
        Self { out: std::io::BufWriter::with_capacity(1 << 16, out) }
    }
}

impl<W: Write> TableWriter<W> for JsonLinesWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let mut serializer = serde_json::Serializer::new(&mut self.out);
            let mut members = serializer.serialize_map(None).map_err(|error| failed(error.into()))?;
            for (field, array) in schema.fields().iter().zip(batch.columns()) {
                let value = value(cell(array, row), array.data_type());
                members.serialize_entry(field.name(), &value).map_err(|error| failed(error.into()))?;
            }
            members.end().map_err(|error| failed(error.into()))?;
            self.out.write_all(b"\n").map_err(failed)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<W, Stop> {
        self.out.into_inner().map_err(|error| failed(error.into_error()))
    }
}

/// Numbers and truth values as such; decimals as text where a double would lose digits.
fn value(text: Option<String>, data_type: &DataType) -> Value {
    let Some(text) = text else { return Value::Null };
    match Kind::of(data_type) {
        Some(Kind::Integer | Kind::Float | Kind::Boolean | Kind::Duration) => {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
        Some(Kind::Decimal(_)) => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let number = (digits <= 15).then(|| serde_json::from_str(&text).ok()).flatten();
            number.unwrap_or(Value::String(text))
        }
        _ => Value::String(text),
    }
}

/// Writes Parquet.
pub struct ParquetWriter<W: Write> {
    /// It writes to memory, and what it has written goes on from there: it asks for outputs that threads can share.
    writer: ArrowWriter<Vec<u8>>,
    out: W,
}

impl<W: Write> ParquetWriter<W> {
    /// Writes nothing yet.
    ///
    /// # Errors
    /// When the schema holds a type that Parquet has not.
    pub fn new(out: W, schema: &SchemaRef) -> Result<Self, Stop> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("fuelcell".into())
            // What is buffered is held in memory.
            .set_max_row_group_row_count(Some(64 * 1024))
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))
            .map_err(|error| unwritable(&error))?;
        Ok(Self { writer, out })
    }

    fn pass_on(&mut self) -> Result<(), Stop> {
        let written = self.writer.inner_mut();
        self.out.write_all(written).map_err(failed)?;
        written.clear();
        Ok(())
    }
}

fn unwritable(error: &ParquetError) -> Stop {
    Stop::from(HostError::Storage(error.to_string()))
}

impl<W: Write> TableWriter<W> for ParquetWriter<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        self.writer.write(batch).map_err(|error| unwritable(&error))?;
        self.pass_on()
    }

    fn finish(mut self: Box<Self>) -> Result<W, Stop> {
        self.writer.finish().map_err(|error| unwritable(&error))?;
        self.pass_on()?;
        Ok(self.out)
    }
}
