//! What `fuelcell run --json` tells of a run, for those who run it again.

use serde_json::Value;
use std::collections::BTreeMap;

/// Names and digests of what a run made.
pub(crate) fn outputs(run: &Value) -> BTreeMap<&str, &str> {
    let outputs = run["receipt"]["outputs"].as_array().into_iter().flatten();
    outputs.filter_map(|output| Some((output["name"].as_str()?, output["digest"].as_str()?))).collect()
}
