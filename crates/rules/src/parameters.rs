//! Parameters against what a module's manifest says of them.

use crate::faults::ParameterFault;
use crate::schema::{Extent, Refusal, Schema};
use fuelcell_domain::Manifest;
use serde_json::{Map, Value};

/// The parameters as the schema sees them: without those that only name datasets, where it does not speak of them.
pub fn described(manifest: &Manifest, mut parameters: Map<String, Value>) -> Value {
    let properties = &manifest.parameters["properties"];
    for input in &manifest.inputs {
        if properties.get(&input.parameter).is_none() {
            parameters.remove(&input.parameter);
        }
    }
    Value::Object(parameters)
}

/// Why parameters were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParametersRefused {
    /// The schema is not usable.
    #[error("the manifest's parameter schema is not usable: {0}")]
    Schema(String),
    /// They are not as the schema says.
    #[error("the parameters do not fit the module: {}", lines(.0))]
    Faults(Vec<ParameterFault>),
    /// Checking them would take too long.
    #[error("{0}")]
    TooMuch(String),
}

fn lines(faults: &[ParameterFault]) -> String {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    told.join("\n")
}

/// Checks the parameters of one job, for whoever runs one alone.
///
/// # Errors
/// What is wrong with the schema or the parameters, in the words of the server.
pub fn check_parameters(
    manifest: &Manifest,
    parameters: Map<String, Value>,
) -> Result<(), ParametersRefused> {
    if manifest.parameters.is_null() {
        return Ok(());
    }
    let schema = Schema::compile(&manifest.parameters).map_err(ParametersRefused::Schema)?;
    schema.check(&described(manifest, parameters), Extent::Whole).map_err(|refusal| match refusal {
        Refusal::TooMuch(reason) => ParametersRefused::TooMuch(reason),
        Refusal::Faults(faults) => ParametersRefused::Faults(faults),
    })
}
