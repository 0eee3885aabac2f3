//! Schemas of module authors and parameters of clients, as nobody wrote them.

use crate::{Extent, Refusal, Schema};
use fuelcell_fuzz::fuzz;
use serde_json::Value;

/// Two JSON documents, one after the other.
fn two_documents(bytes: &[u8]) -> Result<(Value, Value), String> {
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter();
    let mut next = || documents.next().unwrap_or(Ok(Value::Null)).map_err(|error| error.to_string());
    Ok((next()?, next()?))
}

#[test]
fn a_schema_is_refused_or_checks_any_parameters() {
    fuzz("parameter-schema", |bytes| {
        let (schema, parameters) = two_documents(bytes)?;
        let schema = Schema::compile(&schema)?;
        if let Err(Refusal::Faults(faults)) = schema.check(&parameters, Extent::Whole) {
            assert!(faults.len() <= 20 && faults.iter().all(|fault| fault.message.len() <= 4_000));
            let places = faults.iter().filter(|fault| parameters.pointer(&fault.pointer).is_none());
            assert_eq!(places.count(), 0, "{faults:?}");
        }
        Ok(())
    });
}
