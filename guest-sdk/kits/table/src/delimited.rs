//! Files whose cells are no text, as delimited text: for jobs that read such text by themselves.

use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::rc::Rc;

use arrow_array::{ArrayRef, RecordBatch};
use fuelcell_records_kit::source::{Meter, Source};
use fuelcell_records_kit::{Stop, excerpt};
use zip::ZipArchive;

use crate::batch::{Batch, TextRows as _};
use crate::excel::Sheet;
use crate::facts::{Facts, Options};
use crate::kind::Column;
use crate::open::{Seekable, read_some};
use crate::parquet::{self, Batches};
use crate::text::TextColumn;
use crate::values::Values;

/// What stands between the fields.
const DELIMITER: u8 = b',';
/// Bytes of text that are made at once.
const BLOCK: usize = 1 << 16;

/// A Parquet file or a sheet as UTF-8 text with one delimiter: the names of the columns, then the rows; cells as
/// [`cell`](crate::cell) has them.
pub struct Delimited {
    /// Which file it is, such as `Parquet` or `Excel, sheet "Log" (the first of 3)`.
    pub format: String,
    /// What stands between the fields.
    pub delimiter: u8,
    /// The text. Its meter counts the part of the file that this is made of.
    pub source: Source<'static>,
}

/// Opens a Parquet file or the first sheet of a workbook as delimited text. Any other file is handed back, at its beginning.
///
/// # Errors
/// As [`Table::scan`](crate::Table::scan) for these files.
pub fn delimited(mut file: Box<dyn Seekable>) -> Result<Result<Delimited, Box<dyn Seekable>>, Stop> {
    let mut start = [0; 4];
    let read = read_some(&mut file, &mut start).map_err(|error| Stop::unreadable(&error))?;
    let of = match &start[..read] {
        b"PAR1" => of_parquet,
        b"PK\x03\x04" if is_workbook(&mut file) => of_sheet,
        _ => {
            file.seek(SeekFrom::Start(0)).map_err(|error| Stop::unreadable(&error))?;
            return Ok(Err(file));
        }
    };
    let length = file.seek(SeekFrom::End(0)).map_err(|error| Stop::unreadable(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| Stop::unreadable(&error))?;
    let (format, cells) = of(file, length)?;
    let meter = Rc::clone(&cells.meter);
    let text = Box::new(BufReader::with_capacity(BLOCK, cells));
    let source = Source { text, first: None, compression: None, encoding: "UTF-8", meter };
    Ok(Ok(Delimited { format, delimiter: DELIMITER, source }))
}

fn is_workbook(file: &mut dyn Seekable) -> bool {
    ZipArchive::new(file).is_ok_and(|archive| archive.index_for_name("xl/workbook.xml").is_some())
}

fn of_parquet(file: Box<dyn Seekable>, length: u64) -> Result<(String, Cells), Stop> {
    let (columns, rows, batches) = parquet::open(file)?;
    let mut header = csv::Writer::from_writer(Vec::new());
    header.write_record(columns.iter().map(|column| &column.name)).map_err(|error| unwritten(&error))?;
    let header = header.into_inner().map_err(|error| unwritten(&error))?;
    Ok(("Parquet".into(), Cells::new(Rows::Parquet(batches, columns), header, (rows, length))))
}

/// All rows of the sheet with anything in them; the reader of the text decides which one names the columns.
fn of_sheet(file: Box<dyn Seekable>, length: u64) -> Result<(String, Cells), Stop> {
    let mut facts = Facts::default();
    let all = Options { header: Some(false), skip_rows: Some(0), ..Options::default() };
    let sheet = Sheet::open(file, &all, &mut facts)?;
    let name = facts.sheet.as_deref().map(excerpt).unwrap_or_default();
    let of = if facts.sheets > 1 { format!(" (the first of {})", facts.sheets) } else { String::new() };
    let rows = sheet.filled();
    Ok((
        format!("Excel, sheet \"{name}\"{of}"),
        Cells::new(Rows::Sheet(Box::new(sheet)), Vec::new(), (rows, length)),
    ))
}

fn unwritten(error: &dyn std::fmt::Display) -> Stop {
    Stop::failed("Internal", format!("The rows cannot be written as text: {error}"))
}

enum Rows {
    Parquet(Batches, Vec<Column>),
    Sheet(Box<Sheet>),
}

impl Rows {
    fn next(&mut self) -> Result<Option<RecordBatch>, Stop> {
        match self {
            Self::Parquet(batches, columns) => batches.next(columns),
            Self::Sheet(sheet) => {
                let columns = vec![TextColumn::default(); sheet.names().len()];
                let mut batch = Batch { columns, ..Batch::default() };
                sheet.next(&mut batch)?;
                let columns = batch.columns.iter().map(|column| column.array().0 as ArrayRef);
                let named = columns.enumerate().map(|(at, column)| (at.to_string(), column, true));
                if batch.lines.is_empty() {
                    return Ok(None);
                }
                RecordBatch::try_from_iter_with_nullable(named).map(Some).map_err(|error| unwritten(&error))
            }
        }
    }
}

/// Rows as text, made as they are read.
struct Cells {
    rows: Rows,
    batch: Option<RecordBatch>,
    /// Rows of the batch that are text by now.
    written: usize,
    text: Vec<u8>,
    /// Bytes of the text that were read.
    taken: usize,
    /// Rows so far, those there are, and the bytes of the file.
    done: u64,
    of_rows: u64,
    length: u64,
    meter: Rc<Meter>,
}

impl Cells {
    fn new(rows: Rows, text: Vec<u8>, (of_rows, length): (u64, u64)) -> Self {
        let meter = Rc::new(Meter::default());
        Self { rows, batch: None, written: 0, text, taken: 0, done: 0, of_rows, length, meter }
    }

    /// Makes more text; false at the end.
    fn fill(&mut self) -> Result<bool, Stop> {
        self.text.clear();
        self.taken = 0;
        if self.batch.as_ref().is_none_or(|batch| self.written == batch.num_rows()) {
            // What is done is freed before there is more.
            self.batch = None;
            self.batch = self.rows.next()?;
            self.written = 0;
        }
        let Some(batch) = &self.batch else { return Ok(false) };
        let values: Vec<Option<Values<'_>>> = batch.columns().iter().map(|array| Values::of(array)).collect();
        let mut writer = csv::Writer::from_writer(std::mem::take(&mut self.text));
        let mut scratch = String::new();
        let (mut size, first) = (0, self.written);
        while self.written < batch.num_rows() && size < BLOCK {
            for values in &values {
                let text = values
                    .as_ref()
                    .and_then(|values| values.text(self.written, &mut scratch))
                    .unwrap_or_default();
                size += text.len() + 1;
                writer.write_field(text).map_err(|error| unwritten(&error))?;
            }
            writer.write_record(None::<&[u8]>).map_err(|error| unwritten(&error))?;
            self.written += 1;
        }
        self.text = writer.into_inner().map_err(|error| unwritten(&error))?;
        self.done += (self.written - first) as u64;
        let part = u128::from(self.length) * u128::from(self.done) / u128::from(self.of_rows.max(1));
        self.meter.at(u64::try_from(part).unwrap_or(u64::MAX).min(self.length));
        Ok(true)
    }
}

impl Read for Cells {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if !self.fill().map_err(|stop| self.meter.fail(stop))? {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.text.len() - self.taken);
        buffer[..count].copy_from_slice(&self.text[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use ::parquet::arrow::ArrowWriter;
    use arrow_array::{Int64Array, StringArray, TimestampNanosecondArray};

    use super::*;

    #[test]
    fn parquet_becomes_text_with_quotes_where_they_are_needed() {
        let columns: [(&str, ArrayRef); 3] = [
            ("case, id", Arc::new(Int64Array::from(vec![Some(7), None]))),
            ("activity", Arc::new(StringArray::from(vec![Some("say \"hi\",\nthen go"), Some("")]))),
            (
                "time",
                Arc::new(TimestampNanosecondArray::from(vec![1_704_067_200_000_000_000, 1_500_000_000])),
            ),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let length = bytes.len() as u64;
        let Ok(mut found) = delimited(Box::new(Cursor::new(bytes))).unwrap() else { panic!("it is Parquet") };
        let mut text = String::new();
        found.source.text.read_to_string(&mut text).unwrap();
        assert_eq!(
            text,
            "\"case, id\",activity,time\n7,\"say \"\"hi\"\",\nthen go\",2024-01-01T00:00:00\n,,1970-01-01T00:00:01.500\n"
        );
        assert_eq!((found.format.as_str(), found.source.meter.bytes()), ("Parquet", length));
    }

    #[test]
    fn other_files_are_handed_back_at_their_beginning() {
        for bytes in [&b"case,activity\n"[..], b"PK", b"PK\x03\x04cut", b""] {
            let Err(mut file) = delimited(Box::new(Cursor::new(bytes))).unwrap() else {
                panic!("it is text")
            };
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes);
        }
    }
}
