//! The datasets that parameters name for inputs of which there may be several.

use crate::ParameterFault;
use fuelcell_domain::DatasetId;
use fuelcell_domain::Manifest;
use fuelcell_domain::manifest::ManifestInput;
use fuelcell_domain::named_input::{MAX_NAMED_INPUTS, check_input_name, named_input};
use serde_json::{Map, Value};

/// A dataset that is to be an input of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedInput {
    /// The input's name in the job, such as `lookups/zones`.
    pub name: String,
    /// The dataset.
    pub dataset: DatasetId,
}

/// What the parameters name for the inputs of a manifest that are `many`.
///
/// # Errors
/// Everything that is wrong with it, place by place.
pub fn named_inputs(
    manifest: &Manifest,
    parameters: &Map<String, Value>,
) -> Result<Vec<NamedInput>, Vec<ParameterFault>> {
    let (mut named, mut faults) = (Vec::new(), Vec::new());
    for input in manifest.inputs.iter().filter(|input| input.many) {
        match parameters.get(&input.parameter) {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) if named.len() + entries.len() > MAX_NAMED_INPUTS => {
                faults.push(too_many(input, named.len() + entries.len()));
            }
            Some(Value::Object(entries)) => {
                for (name, dataset) in entries {
                    match entry(input, name, dataset) {
                        Ok(entry) => named.push(entry),
                        Err(fault) => faults.push(fault),
                    }
                }
            }
            Some(other) => faults.push(fault(
                &[&input.parameter],
                format!("{} is not an object of names, each with a dataset's id", kind(other)),
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(named),
        false => Err(faults),
    }
}

fn entry(input: &ManifestInput, name: &str, dataset: &Value) -> Result<NamedInput, ParameterFault> {
    let place = [input.parameter.as_str(), name];
    check_input_name(name).map_err(|message| fault(&place, message))?;
    match dataset.as_str().and_then(|text| text.parse().ok()) {
        Some(dataset) => Ok(NamedInput { name: named_input(&input.name, name), dataset }),
        None => Err(fault(&place, format!("{} is not a dataset's id (a GUID)", kind(dataset)))),
    }
}

fn too_many(input: &ManifestInput, given: usize) -> ParameterFault {
    let message = format!("a job is given at most {MAX_NAMED_INPUTS} datasets by name, not {given}");
    fault(&[&input.parameter], message)
}

fn fault(place: &[&str], message: String) -> ParameterFault {
    let pointer =
        place.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect();
    ParameterFault { pointer, message }
}

/// What a value is, for a sentence that says that it is something else.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "this text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "0195d1c0-0000-7000-8000-000000000001";

    fn manifest() -> Manifest {
        let input = |name: &str, many| ManifestInput {
            name: name.into(),
            parameter: name.into(),
            formats: Vec::new(),
            required: false,
            many,
        };
        Manifest {
            inputs: vec![input("dataset", false), input("lookups", true), input("models", true)],
            ..Manifest::default()
        }
    }

    fn read(parameters: Value) -> Result<Vec<String>, Vec<(String, String)>> {
        let Value::Object(parameters) = parameters else { panic!("an object") };
        let named = named_inputs(&manifest(), &parameters);
        named
            .map(|inputs| inputs.into_iter().map(|input| input.name).collect())
            .map_err(|faults| faults.into_iter().map(|fault| (fault.pointer, fault.message)).collect())
    }

    #[test]
    fn each_entry_is_an_input() {
        let given = json!({"dataset": 7, "lookups": {"zones": ID, "price list": ID}, "models": {"m": ID}});
        let mut names = read(given).unwrap();
        names.sort();
        assert_eq!(names, ["lookups/price list", "lookups/zones", "models/m"]);
        for nothing in [json!({}), json!({"lookups": null}), json!({"lookups": {}})] {
            assert_eq!(read(nothing), Ok(Vec::new()));
        }
    }

    #[test]
    fn all_faults_are_told_with_their_places() {
        let faults = read(json!({"lookups": {"a/b~": ID, "zones": "x", "null": null}, "models": [ID]}));
        let mut faults = faults.unwrap_err();
        faults.sort();
        let places: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(places, ["/lookups/a~1b~0", "/lookups/null", "/lookups/zones", "/models"]);
        let words =
            ["no /", "null is not a dataset's id (a GUID)", "this text is not", "a list is not an object"];
        for ((place, message), words) in faults.iter().zip(words) {
            assert!(message.contains(words), "{place}: {message}");
        }
    }

    #[test]
    fn the_limit_is_one_for_all_of_them() {
        let entries = |count: usize| -> Value { (0..count).map(|n| (n.to_string(), json!(ID))).collect() };
        let of = |lookups, models| read(json!({"lookups": entries(lookups), "models": entries(models)}));
        assert_eq!(of(MAX_NAMED_INPUTS - 1, 1).unwrap().len(), MAX_NAMED_INPUTS);
        let faults = of(MAX_NAMED_INPUTS, 1).unwrap_err();
        assert_eq!(faults[0].0, "/models");
        assert!(faults[0].1.contains("at most 64"), "{faults:?}");
    }
}
