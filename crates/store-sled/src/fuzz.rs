//! Records of the disk and of backups, as nobody wrote them.

use crate::index::entry::IndexEntry;
use crate::offline::dump::read_entries;
use crate::records::job::{LivePulse, StoredJob};
use crate::records::module::StoredModule;
use crate::tables::codec::{Kind, Value, decode, seal, unseal};
use crate::tables::format::FORMAT;
use crate::tables::keys::{JobKey, Table};
use crate::verbs::submissions::UsedKey;
use crate::write::high_water;
use fuelcell_domain::{
    Artifact, AuditEntry, Dataset, Digest, Grant, Pipeline, ProjectLimits, Receipt, Schedule, Token,
};
use fuelcell_fuzz::{Verdict, fuzz};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a record of this type.
type Reader = fn(Table, &[u8]) -> Verdict;

/// The tables whose records have a shape of their own, by the first byte of an input.
const RECORDS: [(Table, Reader); 14] = [
    (Table::Jobs, record::<StoredJob>),
    (Table::JobIndex, record::<IndexEntry>),
    (Table::Pulses, record::<LivePulse>),
    (Table::Artifacts, record::<Vec<Artifact>>),
    (Table::Receipts, record::<Receipt>),
    (Table::Datasets, record::<Dataset>),
    (Table::Pipelines, record::<Pipeline>),
    (Table::Schedules, record::<Schedule>),
    (Table::Tokens, record::<Token>),
    (Table::Audit, record::<AuditEntry>),
    (Table::Grants, record::<Grant>),
    (Table::ProjectLimits, record::<ProjectLimits>),
    (Table::IdempotencyKeys, record::<UsedKey>),
    (Table::JobPlaces, record::<JobKey>),
];

/// A record that is read is one that can be written.
fn record<T: Serialize + DeserializeOwned>(table: Table, bytes: &[u8]) -> Verdict {
    let read: T = decode(table, bytes).map_err(|error| error.to_string())?;
    let written = postcard::to_stdvec(&read).unwrap();
    let again: T = decode(table, &written).unwrap();
    assert_eq!(postcard::to_stdvec(&again).unwrap(), written);
    Ok(())
}

#[test]
fn a_record_is_damaged_or_one_that_can_be_written() {
    fuzz("records", |bytes| {
        let (number, bytes) = bytes.split_first().ok_or("too short")?;
        if let Some((table, reader)) = RECORDS.get(usize::from(number.wrapping_sub(b'a'))) {
            return reader(*table, bytes);
        }
        let module: StoredModule = decode(Table::Modules, bytes).map_err(|error| error.to_string())?;
        module.module().map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn a_value_that_opens_is_one_that_was_sealed() {
    fuzz("values", |bytes| {
        let mark = bytes.first_chunk().and_then(|mark| high_water::unsealed(*mark));
        let place = JobKey::from_key(bytes).map(|place| assert_eq!(place.key(), bytes));
        // Half of the inputs get the right checksum: otherwise none would be opened.
        let sealed = match bytes.split_first() {
            Some((b'1'..=b'3', rest)) => seal(Kind::Head, rest),
            _ => bytes.to_vec(),
        };
        match unseal(&sealed) {
            Some(Value::Whole(inner)) => assert_eq!(seal(Kind::Whole, inner), sealed),
            Some(Value::Part(inner)) => assert_eq!(seal(Kind::Part, inner), sealed),
            Some(Value::Head(head)) => assert_eq!(head.sealed(), sealed),
            None => return place.or(mark.map(drop)).ok_or_else(|| "damaged".into()),
        }
        Ok(())
    });
}

#[test]
fn a_backup_is_whole_or_refused() {
    fuzz("backup", |bytes| {
        let stream = signed(bytes);
        let mut entries = Vec::new();
        let read = read_entries(&stream[..], |table, key, value| {
            assert!(unseal(&value).is_some());
            entries.push((table, key, value));
            Ok(())
        });
        let count = read.map_err(|error| error.to_string())?;
        assert_eq!(count, entries.len() as u64);
        Ok(())
    });
}

/// An input is lines `TABLE KEY VALUE`, with a length or a checksum now and then as the line says; what begins with `raw`
/// is a stream as it stands. Otherwise the digest at the end would hide all that is before it.
fn signed(bytes: &[u8]) -> Vec<u8> {
    if let Some(raw) = bytes.strip_prefix(b"raw") {
        return raw.to_vec();
    }
    let mut stream = [&b"fuelcell records"[..], &FORMAT.to_be_bytes()].concat();
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    for line in &lines {
        let (table, rest) = line.split_first().expect("empty lines are left out");
        let (key, value) = rest.split_at(rest.len().min(4));
        let value = if value.starts_with(b"!") { value.to_vec() } else { seal(Kind::Whole, value) };
        let length = |part: &[u8]| u32::try_from(part.len()).expect("inputs are short").to_be_bytes();
        stream.extend_from_slice(
            &[&[table.wrapping_sub(b'A')], &length(key)[..], &length(&value), key, &value].concat(),
        );
    }
    stream.push(u8::MAX);
    stream.extend_from_slice(&(lines.len() as u64).to_be_bytes());
    let digest = Digest::of(&stream);
    [&stream[..], &digest.0].concat()
}
