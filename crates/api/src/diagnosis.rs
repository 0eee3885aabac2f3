//! All that is wrong with a refused body, by the schema that the OpenAPI document has of it. What is right is never looked
//! at: it costs a request that passes no more than a reference to its bytes.

use crate::extract::parse_moment;
use bytes::Bytes;
use fuelcell_service::faults::Checker;
use fuelcell_service::parameters::ParameterFault;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use utoipa::ToSchema;

/// Largest body that is looked through: what is wrong in many places takes a hundred times the bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The schemas of the document.
static SCHEMAS: LazyLock<Value> = LazyLock::new(|| crate::document()["components"]["schemas"].take());

/// Checkers by the names of their schemas.
static CHECKERS: LazyLock<Mutex<HashMap<String, Option<Arc<Checker>>>>> = LazyLock::new(Mutex::default);

/// What a request's body was, for the case that it is refused.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<OnceLock<(Bytes, Look)>>);

/// Looks through a body.
type Look = fn(&[u8]) -> Found;

/// Faults, and how many there are in all.
pub(crate) type Found = (Vec<ParameterFault>, usize);

impl Received {
    /// Remembers a body that was to be this.
    pub(crate) fn keep<T: ToSchema>(&self, bytes: Bytes) {
        // A request has one body.
        let _ = self.0.set((bytes, faults::<T>));
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self) -> Found {
        match self.0.get() {
            Some((bytes, faults)) if bytes.len() <= MAX_BYTES => faults(bytes),
            _ => Found::default(),
        }
    }
}

fn faults<T: ToSchema>(bytes: &[u8]) -> Found {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return Found::default() };
    checker(&T::name()).map_or_else(Found::default, |checker| checker.faults(&document))
}

fn checker(name: &str) -> Option<Arc<Checker>> {
    let mut checkers = CHECKERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = checkers.get(name) {
        return known.clone();
    }
    let schema = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": {"schemas": &*SCHEMAS},
    });
    let made = Checker::new(schema, |text| parse_moment(text, false).is_some());
    if let Err(error) = &made {
        tracing::error!(error, name, "the schema of a body is not usable");
    }
    let made = made.ok().map(Arc::new);
    checkers.insert(name.to_owned(), made.clone());
    made
}
