//! How a record becomes values of sled, and back.
//!
//! A value is `kind | bytes | crc32 of both`. A small record is one value. sled writes values above about 7 KB to files
//! that it never syncs, so a larger record becomes a head (the number of its parts and the crc32 of the whole) and parts
//! in a table of their own.

use crate::tables::keys::{self, Table};
use fuelcell_store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes of a record in one value.
pub(crate) const MAX_VALUE: usize = 6000;

const CRC_LENGTH: usize = 4;
/// Bytes that most records take less than.
const USUAL_VALUE: usize = 1024;

/// The first byte of a value: what it holds, and in which version of this layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Whole = 1,
    Head = 2,
    Part = 3,
}

/// The head of a record in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) parts: u32,
    pub(crate) checksum: u32,
}

impl Head {
    pub(crate) fn of(record: &[u8]) -> Self {
        // A record of 2^32 parts would not fit into memory.
        let parts = u32::try_from(record.len().div_ceil(MAX_VALUE)).unwrap_or(u32::MAX);
        Self { parts, checksum: crc32fast::hash(record) }
    }

    pub(crate) fn sealed(self) -> Vec<u8> {
        seal(Kind::Head, &[self.parts.to_be_bytes(), self.checksum.to_be_bytes()].concat())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (parts, checksum) = bytes.split_first_chunk()?;
        let checksum = checksum.try_into().ok()?;
        Some(Self { parts: u32::from_be_bytes(*parts), checksum: u32::from_be_bytes(checksum) })
    }
}

/// What a value says.
pub(crate) enum Value<'a> {
    Whole(&'a [u8]),
    Head(Head),
    Part(&'a [u8]),
}

pub(crate) fn seal(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(1 + bytes.len() + CRC_LENGTH);
    value.push(kind as u8);
    value.extend_from_slice(bytes);
    checked(value)
}

/// With its checksum.
fn checked(mut value: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&value);
    value.extend_from_slice(&checksum.to_be_bytes());
    value
}

/// A value, with the table and the key under which it lies.
pub(crate) type Entry = (Table, Vec<u8>, Vec<u8>);

/// The values that a record becomes, the one under the record's own key last.
pub(crate) fn values<T: Serialize>(table: Table, key: &[u8], record: &T) -> Result<Vec<Entry>, StoreError> {
    let mut value = Vec::with_capacity(USUAL_VALUE);
    value.push(Kind::Whole as u8);
    let value = postcard::to_extend(record, value)
        .map_err(|error| StoreError::Storage(format!("a record cannot be written: {error}")))?;
    let record = &value[1..];
    if record.len() <= MAX_VALUE {
        return Ok(vec![(table, key.to_vec(), checked(value))]);
    }
    Ok(values_of_bytes(table, key, record))
}

/// The same, of a record that is written already.
pub(crate) fn values_of_bytes(table: Table, key: &[u8], record: &[u8]) -> Vec<Entry> {
    if record.len() <= MAX_VALUE {
        return vec![(table, key.to_vec(), seal(Kind::Whole, record))];
    }
    let parts = (0..).zip(record.chunks(MAX_VALUE));
    let parts =
        parts.map(|(number, part)| (Table::Chunks, keys::chunk(table, key, number), seal(Kind::Part, part)));
    parts.chain([(table, key.to_vec(), Head::of(record).sealed())]).collect()
}

/// Whether a value says that its record lies in parts. It is not checked.
pub(crate) fn has_parts(value: &[u8]) -> bool {
    value.first() == Some(&(Kind::Head as u8))
}

/// Checks and opens a value; `None` when it is damaged.
pub(crate) fn unseal(value: &[u8]) -> Option<Value<'_>> {
    let (sealed, checksum) = value.split_last_chunk::<CRC_LENGTH>()?;
    if crc32fast::hash(sealed) != u32::from_be_bytes(*checksum) {
        return None;
    }
    let (kind, bytes) = sealed.split_first()?;
    match *kind {
        kind if kind == Kind::Whole as u8 => Some(Value::Whole(bytes)),
        kind if kind == Kind::Head as u8 => Head::from_bytes(bytes).map(Value::Head),
        kind if kind == Kind::Part as u8 => Some(Value::Part(bytes)),
        _ => None,
    }
}

pub(crate) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| damaged(table))
}

/// The error for a record that cannot be read.
pub(crate) fn damaged(table: Table) -> StoreError {
    StoreError::Storage(format!("a record in {table:?} is damaged; {ADVICE}"))
}

/// What an operator does about a damaged store.
pub(crate) const ADVICE: &str =
    "look at it with `fuelcell check`, or bring back a backup with `fuelcell restore`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_is_seen() {
        let value = seal(Kind::Whole, b"some record");
        assert!(matches!(unseal(&value), Some(Value::Whole(b"some record"))));
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(&flipped).is_none(), "bit {bit}");
        }
        for length in 0..value.len() {
            assert!(unseal(&value[..length]).is_none(), "{length} bytes");
        }
    }
}
