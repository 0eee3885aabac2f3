//! `fuelcell diff`: what is not the same of two jobs, of two folders of outputs, or of two modules.

use crate::complete;
use crate::connection::{Connection, ConnectionFlags};
use crate::documents::{Difference, Effect, document};
use crate::failure::{Exit, Failure, Outcome};
use crate::files;
use crate::operations::{GET_JOB, JOB_RESULTS};
use crate::output::{self, Column, Form, Format};
use clap::Args;
use serde_json::{Map, Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use uuid::Uuid;

const DIFFERENCES: &[Column] =
    &[("WHAT", "what", Form::Text), ("FIRST", "first", Form::Text), ("SECOND", "second", Form::Text)];

const OF_MODULES: &[Column] = &[
    ("WHAT", "what", Form::Text),
    ("FIRST", "first", Form::Text),
    ("SECOND", "second", Form::Text),
    ("EFFECT", "effect", Form::Text),
];

/// How much of a value people see, in characters.
const SHOWN: usize = 40;

/// What does not count for whether two runs came to the same.
const FIGURES: &str = "figures";

/// What is compared.
#[derive(Args)]
pub struct Diff {
    /// A job that has ended, by its id, a folder, or a module: a file, or the folder of a script.
    #[arg(add = complete::places_and_jobs())]
    first: String,
    /// Another one.
    #[arg(add = complete::places_and_jobs())]
    second: String,
}

/// Two jobs.
#[derive(Args)]
pub struct Compare {
    /// A job that has ended, by its id.
    #[arg(add = complete::jobs())]
    first: String,
    /// Another one.
    #[arg(add = complete::jobs())]
    second: String,
}

/// What is not the same of two modules, where both places are some; none where neither is.
pub type Differ<'a> = &'a dyn Fn(&Path, &Path) -> Result<Option<Vec<Difference>>, String>;

/// `fuelcell diff`
pub(crate) fn run(flags: &ConnectionFlags, wanted: &Diff, differ: Differ<'_>) -> Outcome {
    let (first, second) = (Path::new(&wanted.first), Path::new(&wanted.second));
    let of_modules = differ(first, second).map_err(Failure::usage)?;
    if let Some(rows) = of_modules {
        return modules(flags.output, &rows);
    }
    match [first, second].map(Path::is_dir) {
        [true, true] => tell(flags.output, &of_folder(first)?, &of_folder(second)?),
        [false, false] => {
            [&wanted.first, &wanted.second].into_iter().try_for_each(|name| check_id(name))?;
            jobs(&flags.open()?, &wanted.first, &wanted.second)
        }
        _ => Err(Failure::usage(
            "a folder is compared with a folder, a job with a job, and a module with a module",
        )),
    }
}

/// Jobs go by ids alone: a file that is no module is none, and no server is asked for it.
fn check_id(name: &str) -> Outcome {
    match name.parse::<Uuid>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::usage(format!("{name:?} is no module, no folder, and no id of a job"))
            .with_remedy("fuelcell job list shows the ids of jobs")),
    }
}

/// `fuelcell job compare`
pub(crate) fn compared(connection: &Connection, wanted: &Compare) -> Outcome {
    jobs(connection, &wanted.first, &wanted.second)
}

fn jobs(connection: &Connection, first: &str, second: &str) -> Outcome {
    tell(connection.format, &of_job(connection, first)?, &of_job(connection, second)?)
}

fn tell(format: Format, first: &Value, second: &Value) -> Outcome {
    let mut rows = Vec::new();
    compare("", first, second, &mut rows);
    written(format, DIFFERENCES, &rows)?;
    let decides = |row: &&Difference| {
        let top = row.what.split('/').next().unwrap_or_default();
        ["outputs", "status", "error", "completion"].contains(&top)
    };
    match rows.iter().any(|row| decides(&row)) {
        false => Ok(()),
        true => Err(Failure::new(Exit::Failed, "they did not come to the same")),
    }
}

fn modules(format: Format, rows: &[Difference]) -> Outcome {
    written(format, OF_MODULES, rows)?;
    let count = |effect| rows.iter().filter(|row| row.effect == Some(effect)).count();
    match (count(Effect::Refused), count(Effect::Breaking)) {
        (0, 0) => Ok(()),
        (0, count) => Err(Failure::new(
            Exit::Failed,
            format!("{count} of these changes break what is built on the first module"),
        )
        .with_remedy("give the second a new major version, and say what callers have to change")),
        _ => Err(Failure::new(Exit::Failed, "a server would refuse one of the modules, as `upload` says")),
    }
}

fn written(format: Format, columns: &[Column], rows: &[Difference]) -> Outcome {
    let rows: Vec<_> = rows.iter().map(document).collect();
    match format {
        Format::Table => output::list(format, columns, &rows.iter().map(shortened).collect::<Vec<_>>()),
        format => output::list(format, columns, &rows),
    }
}

/// A row for people: long values by their beginning, and `–` for what is not there.
fn shortened(row: &Value) -> Value {
    let short = |value: &Value| match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => clipped(text),
        value => clipped(&value.to_string()),
    };
    json!({
        "what": row["what"], "first": short(&row["first"]), "second": short(&row["second"]),
        "effect": row["effect"],
    })
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a job was made of, how it ended, and what it made.
fn of_job(connection: &Connection, id: &str) -> Outcome<Value> {
    let job = connection.send(GET_JOB, &[("jobId", id)])?;
    let call = connection.call(JOB_RESULTS, &[("jobId", id)])?.query("format", Some("detailed"));
    let results = connection.http.send(&call)?;
    let receipt = &job["receipt"];
    let figures = ["fuel", "cpuSeconds", "wallSeconds", "peakMemoryBytes", "bytesRead", "bytesWritten"];
    let mut figures: Map<_, _> =
        figures.map(|name| (name.to_owned(), receipt[name].clone())).into_iter().collect();
    figures.insert("recordsProcessed".to_owned(), job["metrics"]["recordsProcessed"].clone());
    Ok(json!({
        "jobType": job["jobType"], "module": job["module"], "limits": job["limits"],
        "deterministic": job["deterministic"], "inputs": digests(&job["inputs"]), "parameters": results["parameters"],
        "status": job["status"], "completion": job["completion"], "error": job["error"],
        FIGURES: figures, "outputs": digests(&receipt["outputs"]),
    }))
}

/// Digests of what is listed, by name.
fn digests(listed: &Value) -> Map<String, Value> {
    let listed = listed.as_array().into_iter().flatten();
    listed.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["digest"].clone()))).collect()
}

/// The files of a folder, as outputs.
fn of_folder(folder: &Path) -> Outcome<Value> {
    let (mut outputs, mut left) = (Map::new(), vec![PathBuf::new()]);
    while let Some(inner) = left.pop() {
        let place = folder.join(&inner);
        // That they are not the same ends in another code than that they cannot be looked at.
        let unreadable = |error| Failure::usage(format!("cannot read {}: {error}", place.display()));
        if !place.is_dir() {
            if !place.is_file() {
                return Err(Failure::usage(format!("{} is no file and no folder", place.display())));
            }
            let digest =
                File::open(&place).and_then(|mut file| files::digest(&mut file)).map_err(unreadable)?;
            outputs.insert(inner.to_string_lossy().into_owned(), hex::encode(digest).into());
            continue;
        }
        for entry in fs::read_dir(&place).map_err(unreadable)? {
            left.push(inner.join(entry.map_err(unreadable)?.file_name()));
        }
    }
    Ok(json!({"outputs": outputs}))
}

/// A row for each member that is not the same in both, at any depth.
fn compare(what: &str, first: &Value, second: &Value, rows: &mut Vec<Difference>) {
    match (first, second) {
        (first, second) if first == second => {}
        (Value::Object(first), Value::Object(second)) => {
            let more = second.keys().filter(|name| !first.contains_key(*name));
            for name in first.keys().chain(more) {
                let member = |of: &Map<String, Value>| of.get(name).cloned().unwrap_or_default();
                let inner = if what.is_empty() { name.clone() } else { format!("{what}/{name}") };
                compare(&inner, &member(first), &member(second), rows);
            }
        }
        (first, second) => {
            let (first, second) = (first.clone(), second.clone());
            rows.push(Difference { what: what.to_owned(), first, second, effect: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_differ_are_named_at_any_depth() {
        let first = json!({"a": 1, "inner": {"same": [1], "left": "x", "list": [1, 2]}});
        let second = json!({"a": 1, "inner": {"same": [1], "right": null, "list": [1], "new": {"b": 2}}});
        let mut rows = Vec::new();
        compare("", &first, &second, &mut rows);
        assert_eq!(
            document(&rows),
            json!([
                {"what": "inner/left", "first": "x", "second": null, "effect": null},
                {"what": "inner/list", "first": [1, 2], "second": [1], "effect": null},
                {"what": "inner/new", "first": null, "second": {"b": 2}, "effect": null},
            ])
        );
    }
}
