//! JSON lines, and one array of objects, as rows. Nested values stay JSON text; numbers keep their digits.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use fuelcell_records_kit::Stop;
use fuelcell_records_kit::source::Meter;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::StreamDeserializer;
use serde_json::de::IoRead;
use serde_json::value::RawValue;

use crate::batch::{Batch, TextRows};
use crate::lines::MOST_COLUMNS;
use crate::open::Text;

/// One row: its members in their order.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object for each row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

type Objects = StreamDeserializer<'static, IoRead<Box<dyn BufRead>>, Object>;

/// The rows of a file of JSON.
pub(crate) struct Json {
    objects: Objects,
    meter: Rc<Meter>,
    places: HashMap<String, usize>,
    names: Vec<String>,
    /// Whether members that are not known yet become columns.
    grows: bool,
    row: u64,
    scratch: String,
}

impl Json {
    /// Of a file in which columns are still to be found.
    pub(crate) fn open(text: Text, is_array: bool) -> Self {
        let meter = Rc::clone(&text.source.meter);
        let text: Box<dyn BufRead> = match is_array {
            true => Box::new(io::BufReader::with_capacity(1 << 16, Elements::new(text.source.text))),
            false => text.source.text,
        };
        let objects = serde_json::Deserializer::from_reader(text).into_iter();
        let (places, names, scratch) = (HashMap::new(), Vec::new(), String::new());
        Self { objects, meter, places, names, grows: true, row: 0, scratch }
    }

    /// Of a file whose columns are known.
    pub(crate) fn with_columns(mut self, names: Vec<String>) -> Self {
        self.places = names.iter().cloned().zip(0..).collect();
        self.names = names;
        self.grows = false;
        self
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    fn failed(&self, error: &serde_json::Error) -> Stop {
        if let Some(kind) = error.io_error_kind() {
            return self.meter.explain(&io::Error::new(kind, error.to_string()));
        }
        Stop::failed(
            "CorruptJson",
            format!(
                "Row {} is no JSON object: {error}. Each row must be an object, such as {{\"id\": 1}}.",
                self.row + 1
            ),
        )
    }

    fn add(&mut self, batch: &mut Batch, object: Object) -> Result<(), Stop> {
        let rows = batch.lines.len();
        for (name, value) in object.0 {
            let Some(place) = self.place(name)? else { continue };
            if batch.columns.len() <= place {
                batch.columns.resize_with(place + 1, Default::default);
            }
            let column = &mut batch.columns[place];
            // A member that stands twice in an object has its last value nowhere: the first counts.
            if column.len() > rows {
                continue;
            }
            while column.len() < rows {
                column.push(b"");
            }
            self.scratch.clear();
            let raw = value.get();
            match raw.as_bytes().first() {
                Some(b'"') => {
                    self.scratch = serde_json::from_str(raw).map_err(|error| self.failed(&error))?;
                    column.push(self.scratch.as_bytes());
                }
                Some(b'n') => column.push(b""),
                _ => column.push(raw.as_bytes()),
            }
        }
        for column in &mut batch.columns {
            if column.len() == rows {
                column.push(b"");
            }
        }
        batch.lines.push(self.row);
        Ok(())
    }

    fn place(&mut self, name: String) -> Result<Option<usize>, Stop> {
        if let Some(&place) = self.places.get(&name) {
            return Ok(Some(place));
        }
        if !self.grows {
            return Ok(None);
        }
        if self.names.len() >= MOST_COLUMNS {
            return Err(Stop::failed(
                "TooManyColumns",
                format!(
                    "The objects have more than {MOST_COLUMNS} different members, the most that are allowed."
                ),
            ));
        }
        self.places.insert(name.clone(), self.names.len());
        self.names.push(name);
        Ok(Some(self.names.len() - 1))
    }
}

impl TextRows for Json {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Stop> {
        while !batch.is_full() {
            match self.objects.next() {
                Some(Ok(object)) => {
                    self.row += 1;
                    self.add(batch, object)?;
                }
                Some(Err(error)) => return Err(self.failed(&error)),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn bytes(&self) -> u64 {
        self.meter.bytes()
    }
}

/// The elements of an array, one behind the other: its brackets and the commas between elements become spaces.
struct Elements<R> {
    inner: R,
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl<R> Elements<R> {
    fn new(inner: R) -> Self {
        Self { inner, depth: 0, in_text: false, escaped: false }
    }

    fn pass(&mut self, byte: &mut u8) {
        if self.in_text {
            match (self.escaped, *byte) {
                (true, _) => self.escaped = false,
                (false, b'\\') => self.escaped = true,
                (false, b'"') => self.in_text = false,
                _ => {}
            }
            return;
        }
        match *byte {
            b'"' => self.in_text = true,
            b'[' | b'{' => {
                if self.depth == 0 {
                    *byte = b' ';
                }
                self.depth += 1;
            }
            b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    *byte = b' ';
                }
            }
            b',' if self.depth == 1 => *byte = b' ',
            _ => {}
        }
    }
}

impl<R: Read> Read for Elements<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        buffer[..count].iter_mut().for_each(|byte| self.pass(byte));
        if count == 0 && self.depth > 0 && !buffer.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the array is not closed"));
        }
        Ok(count)
    }
}
