//! All that is wrong with a refused body, by the schema that the OpenAPI document has of it. What is right is never looked
//! at: it costs a request that passes no more than a reference to its bytes.

use crate::moments::parse_moment;
use bytes::Bytes;
use fuelcell_service::faults::Checker;
use fuelcell_service::parameters::ParameterFault;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use utoipa::ToSchema;

/// Largest body that is looked through: what is wrong in many places takes a hundred times the bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The schemas of the document, and checkers by the names of those that were asked for.
pub(crate) struct Schemas {
    document: Value,
    checkers: Mutex<HashMap<String, Option<Arc<Checker>>>>,
}

impl Schemas {
    /// Those of a finished document.
    pub(crate) fn of(document: &Value) -> Self {
        Self { document: document["components"]["schemas"].clone(), checkers: Mutex::default() }
    }

    fn checker(&self, name: &str) -> Option<Arc<Checker>> {
        let mut checkers = self.checkers.lock();
        if let Some(known) = checkers.get(name) {
            return known.clone();
        }
        let schema = json!({
            "$ref": format!("#/components/schemas/{name}"),
            "components": {"schemas": &self.document},
        });
        let made = Checker::new(schema, |text| parse_moment(text, false).is_some());
        if let Err(error) = &made {
            tracing::error!(error, name, "the schema of a body is not usable");
        }
        let made = made.ok().map(Arc::new);
        checkers.insert(name.to_owned(), made.clone());
        made
    }
}

/// What a request's body was, for the case that it is refused.
#[derive(Clone)]
pub(crate) struct Received {
    schemas: Arc<Schemas>,
    body: Arc<OnceLock<(Bytes, Look)>>,
}

/// Looks through a body.
type Look = fn(&Schemas, &[u8]) -> Found;

/// Faults, and how many there are in all.
pub(crate) type Found = (Vec<ParameterFault>, usize);

impl Received {
    /// Nothing yet.
    pub(crate) fn new(schemas: Arc<Schemas>) -> Self {
        Self { schemas, body: Arc::default() }
    }

    /// Of a part of this body, which is remembered for itself.
    pub(crate) fn part(&self) -> Self {
        Self::new(Arc::clone(&self.schemas))
    }

    /// Remembers a body that was to be this.
    pub(crate) fn keep<T: ToSchema>(&self, bytes: Bytes) {
        // A request has one body.
        let _ = self.body.set((bytes, faults::<T>));
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self) -> Found {
        match self.body.get() {
            Some((bytes, faults)) if bytes.len() <= MAX_BYTES => faults(&self.schemas, bytes),
            _ => Found::default(),
        }
    }
}

fn faults<T: ToSchema>(schemas: &Schemas, bytes: &[u8]) -> Found {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return Found::default() };
    schemas.checker(&T::name()).map_or_else(Found::default, |checker| checker.faults(&document))
}
