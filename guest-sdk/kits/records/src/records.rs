//! Records of delimited text, one at a time.
//!
//! A record without quotes, which is nearly every one, is cut where it lies in the buffer; only the others go through
//! csv-core and are copied.

use std::io::{self, Read};

use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter, memchr2};

use crate::buffer::{BLOCK, Buffer, near};

/// No record may be longer: what looks like one is more likely a quote that nobody closed.
pub const LONGEST_RECORD: usize = 8 << 20;

/// Why there is no next record.
#[derive(Debug)]
pub enum RecordError {
    /// The file could not be read.
    Io(io::Error),
    /// The record is longer than [`LONGEST_RECORD`].
    TooLong,
    /// A quote is open at the end of the file.
    OpenQuote,
}

/// Cuts a stream of delimited text into records.
pub struct Records<R> {
    buffer: Buffer<R>,
    delimiter: u8,
    parser: csv_core::Reader,
    /// Where the fields of a quoted record are copied to.
    copy: Vec<u8>,
    copy_ends: Vec<usize>,
    /// Where the fields of the current record are, in the buffer or in the copy.
    bounds: Vec<(usize, usize)>,
    /// Fields of which the bounds are kept; the others are only counted.
    wanted: usize,
    /// Records read, the header included; blank lines do not count.
    row: u64,
    /// Ends of lines before what is unread.
    lines: u64,
    /// The line in which the latest record begins.
    begun: u64,
    /// The byte of such an end that was consumed last, if nothing was consumed since: `\r\n` is one end.
    last_end: u8,
}

/// A record: its text and the bounds of its fields in it.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Its number: 1 is the header; blank lines do not count.
    pub row: u64,
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    /// Its text; quoted fields stand in it without quotes and delimiters.
    pub text: &'a [u8],
    bounds: &'a [(usize, usize)],
    /// Fields behind those that are wanted.
    further: usize,
}

impl<'a> Record<'a> {
    /// A field; empty when the record is too short to have it.
    #[inline]
    pub fn field(&self, index: usize) -> &'a [u8] {
        self.bounds.get(index).map_or(&[], |&(start, end)| &self.text[start..end])
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let text = self.text;
        self.bounds.iter().map(move |&(start, end)| &text[start..end])
    }

    /// How many fields there are.
    #[expect(clippy::len_without_is_empty, reason = "a record has a field at least")]
    pub fn len(&self) -> usize {
        self.bounds.len() + self.further
    }
}

impl<R: Read> Records<R> {
    /// Of a stream, with commas until [`Self::set_delimiter`].
    pub fn new(input: R) -> Self {
        Self {
            buffer: Buffer::new(input),
            delimiter: b',',
            parser: csv_core::Reader::new(),
            copy: Vec::new(),
            copy_ends: Vec::new(),
            bounds: Vec::new(),
            wanted: usize::MAX,
            row: 0,
            lines: 0,
            begun: 1,
            last_end: 0,
        }
    }

    /// Fills the buffer once and shows it without consuming it.
    pub fn preview(&mut self) -> io::Result<&[u8]> {
        while !self.buffer.at_end() && self.buffer.unread().len() < BLOCK {
            self.buffer.fill()?;
        }
        Ok(self.buffer.unread())
    }

    /// What stands between fields.
    pub fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
        self.parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    }

    /// From now on, [`Record::field`] knows only the first `wanted` fields. Counting the others is cheaper.
    pub fn want(&mut self, wanted: usize) {
        self.wanted = wanted;
    }

    /// The next record, or nothing at the end.
    ///
    /// # Errors
    /// When the file cannot be read, a record is too long, or a quote is open at the end.
    #[expect(clippy::should_implement_trait, reason = "a record borrows the buffer, which no iterator can")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        let Some(length) = self.next_line()? else { return Ok(None) };
        self.row += 1;
        let line = self.lines + 1;
        self.begun = line;
        self.last_end = 0;
        if memchr(b'"', &self.buffer.unread()[..length]).is_some() {
            self.read_quoted()?;
            return Ok(Some(Record {
                row: self.row,
                line,
                text: &self.copy,
                bounds: &self.bounds,
                further: 0,
            }));
        }
        self.buffer.consume(length);
        let text = self.buffer.consumed(length);
        self.bounds.clear();
        let mut start = 0;
        while self.bounds.len() < self.wanted {
            let Some(length) = near(self.delimiter, &text[start..]) else { break };
            self.bounds.push((start, start + length));
            start += length + 1;
        }
        let further = if self.bounds.len() < self.wanted {
            self.bounds.push((start, text.len()));
            0
        } else {
            memchr_iter(self.delimiter, &text[start..]).count() + 1
        };
        Ok(Some(Record { row: self.row, line, text, bounds: &self.bounds, further }))
    }

    /// Goes to the next line that is not blank and says how long it is without its end.
    fn next_line(&mut self) -> Result<Option<usize>, RecordError> {
        let mut searched = 0;
        loop {
            let unread = self.buffer.unread();
            match memchr2(b'\n', b'\r', &unread[searched..]) {
                Some(0) if searched == 0 => {
                    let end = unread[0];
                    self.lines += u64::from(end != b'\n' || self.last_end != b'\r');
                    self.last_end = end;
                    self.buffer.consume(1);
                }
                Some(at) => return Ok(Some(searched + at)),
                None if self.buffer.at_end() => return Ok(Some(unread.len()).filter(|&length| length > 0)),
                None => {
                    searched = unread.len();
                    if searched > LONGEST_RECORD {
                        return Err(RecordError::TooLong);
                    }
                    self.buffer.fill().map_err(RecordError::Io)?;
                }
            }
        }
    }

    fn read_quoted(&mut self) -> Result<(), RecordError> {
        let (mut written, mut ends) = (0, 0);
        self.grow_copy(0, 0);
        loop {
            // The end of the file also ends a record, unless a quote is open: then even this line end is text.
            let closing = self.buffer.at_end() && self.buffer.unread().is_empty();
            let input = if closing { b"\n".as_slice() } else { self.buffer.unread() };
            let (result, consumed, copied, found) =
                self.parser.read_record(input, &mut self.copy[written..], &mut self.copy_ends[ends..]);
            written += copied;
            ends += found;
            if !closing {
                self.count_lines(consumed);
                self.buffer.consume(consumed);
            }
            match result {
                ReadRecordResult::Record => {
                    self.bound_fields(ends);
                    return Ok(());
                }
                ReadRecordResult::InputEmpty if closing => return Err(RecordError::OpenQuote),
                ReadRecordResult::InputEmpty => {
                    if !self.buffer.at_end() {
                        self.buffer.fill().map_err(RecordError::Io)?;
                    }
                }
                _ if written > LONGEST_RECORD => return Err(RecordError::TooLong),
                _ => self.grow_copy(written, ends),
            }
        }
    }

    /// Counts the ends of lines in what a quoted record consumes, its own end included.
    fn count_lines(&mut self, consumed: usize) {
        let consumed = &self.buffer.unread()[..consumed];
        self.lines += memchr_iter(b'\n', consumed).count() as u64;
        self.last_end = consumed.last().copied().unwrap_or(self.last_end);
        // A carriage return at the end is the record's own.
        self.lines += u64::from(self.last_end == b'\r');
    }

    fn grow_copy(&mut self, written: usize, ends: usize) {
        if self.copy.len() - written < BLOCK {
            self.copy.resize(written * 2 + BLOCK, 0);
        }
        if self.copy_ends.len() - ends < 64 {
            self.copy_ends.resize(ends * 2 + 64, 0);
        }
    }

    fn bound_fields(&mut self, fields: usize) {
        self.bounds.clear();
        let mut start = 0;
        for &end in &self.copy_ends[..fields] {
            self.bounds.push((start, end));
            start = end;
        }
    }

    /// The row that an error is about: the one after the last that was read, 1 being the header.
    pub fn row(&self) -> u64 {
        self.row
    }

    /// The line in which the record begins that could not be read.
    pub fn line(&self) -> u64 {
        self.begun
    }
}

/// The fields of a record, copied.
pub type Fields = Vec<Vec<u8>>;

/// The first records of a preview, at most so many; the last and perhaps cut one is left out unless it is the only one behind
/// the header.
pub fn sample(preview: &[u8], delimiter: u8, most: usize) -> Vec<Fields> {
    let mut records = Records::new(preview);
    records.set_delimiter(delimiter);
    let mut rows = Vec::new();
    while rows.len() <= most {
        match records.next() {
            Ok(Some(record)) => rows.push(record.fields().map(<[u8]>::to_vec).collect()),
            _ => break,
        }
    }
    if rows.len() > 2 && !preview.ends_with(b"\n") {
        rows.pop();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], delimiter: u8) -> Result<Vec<Vec<String>>, RecordError> {
        let mut records = Records::new(text);
        records.set_delimiter(delimiter);
        let mut rows = Vec::new();
        while let Some(record) = records.next()? {
            rows.push(record.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect());
        }
        Ok(rows)
    }

    #[test]
    fn line_ends_of_every_kind_and_blank_lines() {
        let expected = vec![vec!["a", "b"], vec!["1", ""], vec!["2", "x"]];
        for text in ["a,b\n1,\n2,x", "a,b\r\n1,\r\n\r\n2,x\r\n", "a,b\r1,\r2,x\r"] {
            assert_eq!(all(text.as_bytes(), b',').unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_hide_delimiters_line_ends_and_quotes() {
        let rows =
            all(b"a;b\n\"x;y\";\"say \"\"hi\"\"\n twice\"\nplain;5\" pipe\n\"last\";\"\"", b';').unwrap();
        let expected = vec![
            vec!["a", "b"],
            vec!["x;y", "say \"hi\"\n twice"],
            vec!["plain", "5\" pipe"],
            vec!["last", ""],
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn records_know_their_lines() {
        for (end, quoted) in [("\n", "x\ny"), ("\r\n", "x\r\ny"), ("\r", "x\ny")] {
            let text = format!("a,b{end}{end}1,\"{quoted}\"{end}2,z{end}");
            let mut records = Records::new(text.as_bytes());
            let mut lines = Vec::new();
            while let Some(record) = records.next().unwrap() {
                lines.push(record.line);
            }
            assert_eq!(lines, [1, 3, 5], "{end:?}");
        }
    }

    #[test]
    fn fields_that_nobody_wants_are_counted() {
        let mut records = Records::new(b"1,2,3,4\n1,2,\n1,2\n1\n\"1\",2,3".as_slice());
        records.want(2);
        let mut seen = Vec::new();
        while let Some(record) = records.next().unwrap() {
            seen.push((record.len(), record.field(1).to_vec()));
        }
        let second = |length, text: &str| (length, text.as_bytes().to_vec());
        assert_eq!(seen, [second(4, "2"), second(3, "2"), second(2, "2"), second(1, ""), second(3, "2")]);
    }

    #[test]
    fn an_open_quote_is_an_error_however_much_follows() {
        assert!(matches!(all(b"a,b\n1,\"x\n2,y\n", b','), Err(RecordError::OpenQuote)));
        let mut text = b"a,b\n1,\"".to_vec();
        text.resize(LONGEST_RECORD * 3, b'x');
        assert!(matches!(all(&text, b','), Err(RecordError::TooLong)));
    }

    #[test]
    fn records_longer_than_a_block_survive_both_ways() {
        let long = "x".repeat(BLOCK * 2);
        let text = format!("a,b\n1,{long}\n2,\"{long},\"\n");
        let rows = all(text.as_bytes(), b',').unwrap();
        assert_eq!(rows[1][1], long);
        assert_eq!(rows[2][1], format!("{long},"));
    }
}
