//! Messages between the processes, as neither wrote them.

use super::wire::{ToChild, ToParent, read, write};
use fuelcell_fuzz::{Verdict, fuzz};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[test]
fn messages_of_a_child_are_refused_or_read_as_they_are_written() {
    fuzz("cell-messages", stream::<ToParent>);
}

#[test]
fn messages_of_a_parent_are_refused_or_read_as_they_are_written() {
    fuzz("cell-orders", stream::<ToChild>);
}

/// Reads all messages of a stream. One that was read has one way to be written.
fn stream<T: Serialize + DeserializeOwned>(mut bytes: &[u8]) -> Verdict {
    while let Some((message, payload)) = read::<T>(&mut bytes).map_err(|error| error.to_string())? {
        let mut written = Vec::new();
        write(&mut written, &message, &payload).unwrap();
        let (again, its_payload) = read::<T>(&mut &written[..]).unwrap().unwrap();
        let mut twice = Vec::new();
        write(&mut twice, &again, &its_payload).unwrap();
        assert_eq!(written, twice);
    }
    Ok(())
}
