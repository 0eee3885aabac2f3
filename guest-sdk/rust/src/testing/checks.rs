//! What a server looks at before it runs a job.

use super::setup::TestHost;
use crate::{Failure, Manifest};
use fuelcell_domain::manifest::ManifestInput;
use fuelcell_domain::named_input::{FAILED_RECORDS, MAX_NAMED_INPUTS, check_input_name, parts};
use fuelcell_rules::{ParametersRefused, check_parameters};
use serde_json::{Map, Value};

/// Refuses what a server would refuse. Returns the manifest as servers read it.
pub(super) fn before(host: &TestHost, manifest: &Manifest) -> Result<fuelcell_domain::Manifest, Failure> {
    let described = serde_json::to_value(manifest)
        .and_then(serde_json::from_value::<fuelcell_domain::Manifest>)
        .map_err(|error| Failure::new("ManifestInvalid", format!("the manifest is not usable: {error}")))?;
    check_parameters(&described, parameters(host)?).map_err(|refused| {
        let code = match &refused {
            ParametersRefused::Schema(_) => "ManifestInvalid",
            ParametersRefused::Faults(_) => "InvalidParameters",
            ParametersRefused::TooMuch(_) => "CheckLimit",
        };
        Failure::new(code, refused.to_string())
    })?;
    check_inputs(host, &described.inputs)?;
    Ok(described)
}

fn parameters(host: &TestHost) -> Result<Map<String, Value>, Failure> {
    let Some(text) = &host.parameters else { return Ok(Map::new()) };
    serde_json::from_str(text).map_err(|_| {
        Failure::new("InvalidParameters", format!("parameters are a JSON object, and these are {text:.64}"))
    })
}

fn check_inputs(host: &TestHost, declared: &[ManifestInput]) -> Result<(), Failure> {
    let given =
        |declared: &ManifestInput| host.inputs.iter().any(|input| declared.takes(&input.description.name));
    let missing = declared.iter().find(|input| input.required && !given(input));
    if let Some(input) = missing {
        return Err(Failure::new(
            "DatasetRequired",
            format!("the job needs the input `{}`: give it with `TestHost::input`", input.name),
        ));
    }
    let by_name = host.inputs.iter().filter_map(|input| parts(&input.description.name));
    let names: Vec<&str> = by_name.map(|(_, name)| name).collect();
    if names.len() > MAX_NAMED_INPUTS {
        let message = format!("a job is given at most {MAX_NAMED_INPUTS} datasets by name");
        return Err(Failure::new("InvalidParameters", message));
    }
    for name in names {
        check_input_name(name).map_err(|message| Failure::new("InvalidParameters", message))?;
    }
    let known = |name: &str| name == FAILED_RECORDS || declared.iter().any(|input| input.takes(name));
    match host.inputs.iter().find(|input| !known(&input.description.name)) {
        None => Ok(()),
        Some(input) => {
            let names: Vec<&str> = declared.iter().map(|input| input.name.as_str()).collect();
            Err(Failure::new(
                "UnknownInput",
                format!(
                    "the manifest has no input `{}`; it has: {}",
                    input.description.name,
                    names.join(", ")
                ),
            ))
        }
    }
}
