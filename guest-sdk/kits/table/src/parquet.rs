//! Parquet files as record batches of our kinds.

use std::io::{self, Read, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use bytes::Bytes;
use fuelcell_records_kit::{Stop, excerpt};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::batch::ROWS;
use crate::kind::Column;
use crate::nested;
use crate::open::Seekable;
use crate::plain::{self, kind};

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
    let length = file.seek(SeekFrom::End(0)).map_err(|error| Stop::unreadable(&error))?;
    let chunks = Chunks { file: Arc::new(Mutex::new(file)), length };
    let builder = ParquetRecordBatchReaderBuilder::try_new(chunks).map_err(|error| match error.to_string() {
        message if message.contains("Disabled feature") => Stop::failed(
            "UnsupportedFormat",
            format!("The Parquet file uses a compression that is not read here ({message}). Use zstd, snappy, gzip, lz4 or none."),
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
    let made = match nested::is_nested(array.data_type()) {
        true => nested::texts(array).map(|texts| Arc::new(texts) as ArrayRef),
        false => plain::of(array, column.kind),
    };
    made.ok_or_else(|| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
    use arrow_array::types::Int32Type;
    use arrow_array::{
        BinaryArray, DictionaryArray, Float64Array, Int64Array, StructArray, Time64MicrosecondArray,
    };
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, ZstdLevel};
    use parquet::file::properties::WriterProperties;
    use std::io::Cursor;

    /// A file of these columns, compressed as most writers do it today.
    fn file(columns: Vec<(&str, ArrayRef)>) -> Box<dyn Seekable> {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap();
        let compression = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        Box::new(Cursor::new(bytes))
    }

    fn shown(columns: Vec<(&str, ArrayRef)>) -> Vec<Vec<Option<String>>> {
        let (columns, rows, mut batches) = open(file(columns)).unwrap();
        assert_eq!(rows, 2);
        let batch = batches.next(&columns).unwrap().unwrap();
        let cells = |array: &ArrayRef| (0..array.len()).map(|row| crate::convert::cell(array, row)).collect();
        batch.columns().iter().map(cells).collect()
    }

    #[test]
    fn what_is_made_of_other_values_is_json_and_all_other_types_are_read() {
        let mut tags = ListBuilder::new(StringBuilder::new());
        tags.append_value([Some("a"), None, Some("b\"c")]);
        tags.append_null();
        let mut prices = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        prices.keys().append_value("net");
        prices.values().append_value(3);
        prices.append(true).unwrap();
        prices.append(true).unwrap();
        let record = StructArray::try_from(vec![
            ("id", Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef),
            ("share", Arc::new(Float64Array::from(vec![0.5, f64::NAN])) as ArrayRef),
        ])
        .unwrap();
        let keys = arrow_array::Int32Array::from(vec![Some(1), None]);
        let numbers =
            DictionaryArray::<Int32Type>::try_new(keys, Arc::new(Int64Array::from(vec![5, 7]))).unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("tags", Arc::new(tags.finish())),
            ("prices", Arc::new(prices.finish())),
            ("record", Arc::new(record)),
            ("number", Arc::new(numbers)),
            ("time", Arc::new(Time64MicrosecondArray::from(vec![3_723_000_000, 86_399_250_000]))),
            ("bytes", Arc::new(BinaryArray::from(vec![&b"text"[..], &[0xff, 0x00]]))),
        ];
        let expected = [
            [Some(r#"["a",null,"b\"c"]"#), None],
            [Some(r#"{"net":3}"#), Some("{}")],
            [Some(r#"{"id":1,"share":0.5}"#), Some(r#"{"id":null,"share":null}"#)],
            [Some("7"), None],
            [Some("01:02:03"), Some("23:59:59.25")],
            [Some("text"), Some("0xff00")],
        ];
        assert_eq!(
            shown(columns),
            expected.map(|column| column.map(|cell| cell.map(str::to_owned)).to_vec())
        );
    }
}
