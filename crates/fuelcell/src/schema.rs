//! `fuelcell schema`: the JSON Schemas of what commands print that is no answer of the API.

use crate::case::Told;
use crate::inspect::Inspected;
use crate::told::{Explained, Made, Repeated, RunTold};
use anyhow::bail;
use fuelcell_cli::schemas;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// What `run` prints.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "its schema alone is wanted")]
enum Runs {
    /// One run.
    Once(Box<RunTold>),
    /// Several, with `--repeat`.
    Repeated(Repeated),
}

/// All of them, by the words of the command.
fn all() -> BTreeMap<&'static str, Schema> {
    let here = [
        ("run", schema_for!(Runs)),
        ("profile", schema_for!(RunTold)),
        ("test", schema_for!(Vec<Told>)),
        ("module inspect", schema_for!(Inspected)),
        ("explain", schema_for!(Vec<Explained>)),
        ("new", schema_for!(Made)),
    ];
    here.into_iter().chain(schemas()).collect()
}

/// Prints the schema of a command, or which commands have one.
pub(crate) fn print(command: &[String]) -> anyhow::Result<()> {
    let all = all();
    let command = command.join(" ");
    let text = match all.get(&*command) {
        Some(schema) => format!("{:#}\n", schema.as_value()),
        None if command.is_empty() => all.keys().map(|command| format!("{command}\n")).collect(),
        None => bail!(
            "no schema is kept of {command:?}: openapi.json describes what the API answers, and these have their own: {}",
            all.into_keys().collect::<Vec<_>>().join(", ")
        ),
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
