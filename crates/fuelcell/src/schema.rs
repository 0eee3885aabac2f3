//! `fuelcell schema`: the JSON Schemas of what commands print that is no answer of the API.

use crate::case::Told;
use crate::inspect::Inspected;
use crate::told::{EnginesTold, Explained, Made, Repeated, RunTold};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use fuelcell_cli::{Failure, schema_of, schemas};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
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
        ("run", schema_of::<Runs>()),
        ("profile", schema_of::<RunTold>()),
        ("test", schema_of::<Vec<Told>>()),
        ("module inspect", schema_of::<Inspected>()),
        ("explain", schema_of::<Vec<Explained>>()),
        ("new", schema_of::<Made>()),
        ("engine list", schema_of::<EnginesTold>()),
    ];
    here.into_iter().chain(schemas()).collect()
}

/// What a shell offers: words of these commands. It does not say which one of them is written.
pub(crate) fn offered() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let words: BTreeSet<_> = all().into_keys().flat_map(|command| command.split(' ')).collect();
        words.into_iter().map(CompletionCandidate::new).collect()
    })
}

/// Prints the schema of a command, or which commands have one.
pub(crate) fn print(command: &[String]) -> anyhow::Result<()> {
    let all = all();
    let command = command.join(" ");
    let text = match all.get(&*command) {
        Some(schema) => format!("{:#}\n", schema.as_value()),
        None if command.is_empty() => all.keys().map(|command| format!("{command}\n")).collect(),
        None => {
            let own = all.into_keys().collect::<Vec<_>>().join(", ");
            return Err(Failure::usage(format!("no schema is kept of {command:?}"))
                .with_remedy(format!(
                    "openapi.json describes what the API answers, and these have their own: {own}"
                ))
                .into());
        }
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
