//! Names of query parameters. What the OpenAPI document does not know of an address is refused: a filter with a wrong name
//! would be no filter.

use crate::problem::Problem;
use crate::routes;
use crate::text::clipped;
use axum::http::{Method, Uri};
use fuelcell_service::faults::unknown;
use fuelcell_service::parameters::ParameterFault;
use serde_json::Value;
use std::collections::HashMap;

/// Bytes of a name that a refusal shows.
const MAX_SHOWN: usize = 64;

/// The names that each operation knows, by method and path.
pub(crate) struct KnownQueries(HashMap<(Method, String), Vec<String>>);

impl KnownQueries {
    /// Those of a document as it was generated.
    pub(crate) fn of(document: &utoipa::openapi::OpenApi) -> Self {
        // Serialising a value that was built in memory from strings and maps cannot fail.
        let document = serde_json::to_value(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, item)| {
            let operations = item.as_object().into_iter().flatten();
            operations.filter_map(move |(method, operation)| {
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
                Some(((method, path.clone()), names(operation)))
            })
        });
        Self(operations.collect())
    }

    /// Refuses what the operation does not know.
    pub(crate) fn check(&self, method: &Method, path: &str, uri: &Uri) -> Result<(), Problem> {
        let Some(query) = uri.query() else { return Ok(()) };
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        let Some(known) = self.0.get(&(method, path.to_owned())) else { return Ok(()) };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let passes = |name: &str| known.contains(&name) || routes::passes_everywhere(path, name);
        let names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let wrong = names.filter(|name| !passes(name));
        let faults: Vec<_> = wrong
            .map(|name| ParameterFault {
                message: unknown(&name, &known),
                pointer: clipped(&name, MAX_SHOWN).into_owned(),
            })
            .collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid("InvalidQuery", "").told_by(faults.len(), faults)),
        }
    }
}

fn names(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let queries = parameters.filter(|parameter| parameter["in"] == "query");
    queries.filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())).collect()
}
