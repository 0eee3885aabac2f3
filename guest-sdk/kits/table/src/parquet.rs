//! Parquet files as record batches of our kinds.

use std::io::{self, Read, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use fuelcell_records_kit::{Stop, excerpt};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::batch::ROWS;
use crate::kind::{Column, Kind, MOST_DIGITS};
use crate::open::{Seekable, unreadable};

/// A file that several readers share.
#[derive(Clone)]
struct Chunks {
    file: Arc<Mutex<Box<dyn Seekable>>>,
    length: u64,
}

impl Chunks {
    fn read_at(&self, start: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        file.read(buffer)
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = Part;

    fn get_read(&self, start: u64) -> Result<Part, ParquetError> {
        Ok(Part { chunks: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // What a damaged file says of its lengths is not to be believed.
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF("a part lies outside of the file".into()));
        }
        let mut bytes = vec![0; length];
        Part { chunks: self.clone(), at: start }.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// A reader from some place on.
struct Part {
    chunks: Chunks,
    at: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.chunks.read_at(self.at, buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

fn corrupt(error: &dyn std::fmt::Display) -> Stop {
    Stop::failed(
        "CorruptParquet",
        format!("The Parquet file cannot be read: {error}. Upload an intact file."),
    )
}

/// The columns of a file, the number of its rows, and its batches.
pub(crate) fn open(mut file: Box<dyn Seekable>) -> Result<(Vec<Column>, u64, Batches), Stop> {
    let length = file.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
    let chunks = Chunks { file: Arc::new(Mutex::new(file)), length };
    let builder = ParquetRecordBatchReaderBuilder::try_new(chunks).map_err(|error| match error.to_string() {
        message if message.contains("Disabled feature") => Stop::failed(
            "UnsupportedFormat",
            format!("The Parquet file uses a compression that is not read here ({message}). Use snappy, gzip or none."),
        ),
        message => corrupt(&message),
    })?;
    let columns: Vec<Column> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| Column::new(field.name(), kind(field.data_type())))
        .collect();
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let reader = builder.with_batch_size(ROWS).build().map_err(|error| corrupt(&error))?;
    Ok((columns, rows, Batches { reader }))
}

/// What a type of Arrow becomes.
fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Integer,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => Kind::Integer,
        DataType::UInt64 => Kind::Decimal(0),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)
            if (0..=MOST_DIGITS.cast_signed()).contains(scale) =>
        {
            Kind::Decimal(scale.unsigned_abs())
        }
        DataType::Boolean => Kind::Boolean,
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(_, zone) => Kind::Timestamp { zoned: zone.is_some() },
        DataType::Duration(_) => Kind::Duration,
        DataType::Dictionary(_, value) => kind(value),
        _ => Kind::Text,
    }
}

/// The batches of a file.
pub(crate) struct Batches {
    reader: ParquetRecordBatchReader,
}

impl Batches {
    pub(crate) fn next(&mut self, columns: &[Column]) -> Result<Option<RecordBatch>, Stop> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(|error| corrupt(&error))?;
        let arrays: Vec<ArrayRef> = batch
            .columns()
            .iter()
            .zip(columns)
            .map(|(array, column)| in_kind(array, column))
            .collect::<Result<_, _>>()?;
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new(&column.name, column.kind.data_type(), true)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map(Some).map_err(|error| corrupt(&error))
    }
}

/// An array in the one type of its kind.
fn in_kind(array: &ArrayRef, column: &Column) -> Result<ArrayRef, Stop> {
    crate::plain::of(array, column.kind).ok_or_else(|| {
        Stop::failed(
            "UnsupportedFormat",
            format!(
                "Column \"{}\" is of type {}, which is not read.",
                excerpt(&column.name),
                array.data_type()
            ),
        )
    })
}
