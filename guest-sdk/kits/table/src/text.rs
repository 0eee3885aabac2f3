//! Columns of text, as they are filled.

use std::sync::Arc;

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

/// A column of text that is filled value by value. An empty value is a missing one.
#[derive(Debug, Clone)]
pub struct TextColumn {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Default for TextColumn {
    fn default() -> Self {
        Self { bytes: Vec::new(), ends: vec![0] }
    }
}

impl TextColumn {
    /// Adds a value.
    #[inline]
    pub fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// Bytes of all values.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A value.
    #[inline]
    pub fn value(&self, row: usize) -> &[u8] {
        &self.bytes[self.ends[row] as usize..self.ends[row + 1] as usize]
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.windows(2).map(|ends| &self.bytes[ends[0] as usize..ends[1] as usize])
    }

    /// The bytes of all values, one behind the other.
    pub(crate) fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets all values and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.truncate(1);
    }

    /// The same as an Arrow array. Bytes that are not UTF-8 are replaced, and the rows in which they were are named.
    pub fn array(&self) -> (Arc<StringArray>, Vec<usize>) {
        let nulls = NullBuffer::from_iter(self.values().map(|value| !value.is_empty()));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.ends.clone()));
        let nulls = (nulls.null_count() > 0).then_some(nulls);
        match StringArray::try_new(offsets, Buffer::from(self.bytes.as_slice()), nulls) {
            Ok(array) => (Arc::new(array), Vec::new()),
            Err(_) => self.repaired(),
        }
    }

    fn repaired(&self) -> (Arc<StringArray>, Vec<usize>) {
        let broken = |value: &&[u8]| std::str::from_utf8(value).is_err();
        let rows = self.values().enumerate().filter(|(_, value)| broken(value)).map(|(row, _)| row).collect();
        let text = self.values().map(|value| (!value.is_empty()).then(|| String::from_utf8_lossy(value)));
        (Arc::new(text.collect()), rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array as _;

    #[test]
    fn empty_is_missing_and_broken_bytes_are_replaced() {
        let mut column = TextColumn::default();
        for value in [b"a".as_slice(), b"", b"ol\xe9"] {
            column.push(value);
        }
        let (array, broken) = column.array();
        assert_eq!((array.value(0), array.is_null(1), array.value(2)), ("a", true, "ol\u{fffd}"));
        assert_eq!(broken, [2]);
    }
}
