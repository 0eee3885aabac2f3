//! `fuelcell job submit`: one job from flags, from a body of the API, or many from lines of JSON.

use super::shared::{BodyFile, Priority, send_once};
use super::watch::{self, submitted};
use crate::complete;
use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome, nearest};
use crate::files;
use crate::http::exit_of;
use crate::operations::{GET_MODULE, GET_PIPELINE, GET_SAVED, LIST_MODULES, SUBMIT_JOB, SUBMIT_JOBS};
use crate::output::{self, Column, Form, harmless, note};
use crate::pages;
use crate::uploads::{self, Wish};
use crate::values::{bytes, duration, members, split, versioned};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) const EXAMPLES: &str = "Examples:
  $ fuelcell job submit --pipeline $PIPELINE --param datasetId=$DATASET
  $ fuelcell job submit --module $MODULE --type Analysis --label month=01 --memory 256MiB --timeout 90s
  $ fuelcell job submit --pipeline $PIPELINE --upload datasetId=orders.csv --watch
  $ fuelcell job submit --pipeline $PIPELINE --param datasetId=$DATASET --quote
  $ fuelcell job submit --file body.json --output json
  $ fuelcell job submit --batch jobs.jsonl";

/// A batch of the API has no more.
const BATCH: usize = 1000;

const QUEUED: &[Column] = &[
    ("LINE", "index", Form::Number),
    ("STATUS", "httpStatus", Form::Number),
    ("JOB", "jobId", Form::Text),
    ("ERROR", "error/code", Form::Text),
    ("DETAIL", "error/detail", Form::Text),
];

const QUOTE: &[Column] = &[
    ("job", "jobName", Form::Text),
    ("module", "module/name", Form::Text),
    ("version", "module/version", Form::Text),
    ("place in queue", "queuePosition", Form::Text),
    ("starts probably", "expectedStartTime", Form::Time),
    ("starts at the earliest", "earliestStartTime", Form::Time),
    ("starts at the latest", "latestStartTime", Form::Time),
    ("input", "inputBytes", Form::Bytes),
    ("fuel", "fuel/expected", Form::Text),
    ("memory", "memoryBytes/expected", Form::Bytes),
    ("duration", "durationSeconds/expected", Form::Seconds),
    ("runs that it rests on", "basis/runs", Form::Text),
];

/// What says something of one job, and stands on each line of a batch instead.
const NOT_OF_A_BATCH: [&str; 22] = [
    "pipeline",
    "module",
    "job_type",
    "name",
    "description",
    "parameters",
    "parameters_file",
    "parameters_from",
    "upload",
    "labels",
    "priority",
    "fuel",
    "memory",
    "disk",
    "timeout",
    "at",
    "deterministic",
    "keep_partial",
    "fuel_profile",
    "file",
    "quote",
    "watch",
];

/// What a job is given, whatever it runs.
#[derive(Args, Default)]
pub(crate) struct Given {
    /// A parameter. The value is JSON where it parses as JSON; otherwise it is text. Text that looks like JSON is quoted:
    /// NAME='"1.10"'.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// All parameters: a JSON object in a file, - for standard input. Single ones override it.
    #[arg(long, value_name = "FILE")]
    parameters_file: Option<PathBuf>,
    /// Saved parameters, by their name. Those of a file and single ones override them.
    #[arg(long, value_name = "NAME", add = complete::parameter_sets())]
    parameters_from: Option<String>,
    /// Upload a file as a new dataset, and give its id to this parameter.
    #[arg(long, value_name = "NAME=FILE", add = complete::named_files())]
    upload: Vec<String>,
    /// A label: NAME=VALUE.
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
    /// Priority in the queue; absent = normal.
    #[arg(long, value_enum)]
    priority: Option<Priority>,
}

/// A job to submit.
#[derive(Args, Default)]
pub struct Submit {
    /// Pipeline to run, by its id.
    #[arg(long, value_name = "ID", add = complete::pipelines())]
    pipeline: Option<String>,
    /// Module to run.
    #[arg(long, value_name = "NAME[@VERSION]", add = complete::modules())]
    module: Option<String>,
    /// Job type; absent = that of the pipeline or the module.
    #[arg(long = "type", value_name = "TYPE", add = complete::job_types())]
    job_type: Option<String>,
    /// Name of the job; absent = that of the pipeline or the module.
    #[arg(long)]
    name: Option<String>,
    /// What the job is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    given: Given,
    /// Most units of fuel; absent, as with the next three = what pipeline, module or server say.
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Most memory, such as 512MiB.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    memory: Option<u64>,
    /// Most room for files, such as 1GiB.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    disk: Option<u64>,
    /// Most time for each attempt, such as 10m.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Time before which it does not start, such as 2026-01-31T06:00:00Z.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Run with fixed clocks and seeded randomness.
    #[arg(long)]
    deterministic: bool,
    /// Keep the outputs that it has made when it fails.
    #[arg(long)]
    keep_partial: bool,
    /// Look where its fuel goes: two more outputs, profile.html and profile.folded, however it ends.
    #[arg(long)]
    fuel_profile: bool,
    /// A second submission with the same key is the same job; absent = a new key.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    body: BodyFile,
    /// Submit many jobs: a body on each line of a file, - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = NOT_OF_A_BATCH)]
    batch: Option<PathBuf>,
    /// Say what the job would take, and submit nothing.
    #[arg(long, conflicts_with_all = ["watch", "batch", "upload"])]
    quote: bool,
    #[command(flatten)]
    then: watch::Then,
}

/// A job of a pipeline, and what is done then.
#[derive(Args)]
pub(crate) struct OfPipeline {
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    then: watch::Then,
}

/// Submits a job of a pipeline.
pub(crate) fn of_pipeline(
    connection: &Connection,
    id: String,
    OfPipeline { given, then }: OfPipeline,
) -> Outcome {
    run(connection, &Submit { pipeline: Some(id), given, then, ..Submit::default() })
}

pub(super) fn run(connection: &Connection, submit: &Submit) -> Outcome {
    if let Some(file) = &submit.batch {
        return batch(connection, file, submit.idempotency_key.as_deref());
    }
    let body = body(connection, submit)?;
    if submit.quote {
        let call = connection.call(SUBMIT_JOB, &[])?.query("dryRun", Some("quote")).json(body);
        return output::one(connection.format, QUOTE, &connection.http.send(&call)?);
    }
    let call = connection.call(SUBMIT_JOB, &[])?.json(body);
    let told = send_once(&connection.http, call, submit.idempotency_key.as_deref())?;
    submitted(connection, &told, &submit.then)
}

fn body(connection: &Connection, submit: &Submit) -> Outcome<Value> {
    let mut body = match &submit.body.file {
        Some(file) => files::json(file)?,
        None => json!({}),
    };
    let Some(members) = body.as_object_mut() else { return Err(Failure::usage("a body is a JSON object")) };
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    set("jobType", submit.job_type.clone().map(Value::from));
    set("jobName", submit.name.clone().map(Value::from));
    set("jobDescription", submit.description.clone().map(Value::from));
    set("priority", submit.given.priority.map(|priority| priority.word().into()));
    set("deterministic", submit.deterministic.then(|| true.into()));
    set("keepPartialOnFailure", submit.keep_partial.then(|| true.into()));
    set("profile", submit.fuel_profile.then(|| true.into()));
    set("scheduling", submit.at.as_ref().map(|at| json!({"executeImmediately": false, "scheduledTime": at})));
    set("resource", submit.pipeline.as_ref().map(|id| json!({"resourceType": "Pipeline", "resourceId": id})));
    set(
        "module",
        submit.module.as_deref().map(versioned).map(|(name, version)| match version {
            Some(version) => json!({"name": name, "version": version}),
            None => json!({"name": name}),
        }),
    );
    set_limits(members, submit);
    set_labels(members, submit)?;
    // What cannot be named is told before anything is uploaded.
    name_it(connection, members)?;
    set_parameters(connection, members, submit)?;
    Ok(body)
}

fn set_limits(body: &mut Map<String, Value>, submit: &Submit) {
    let limits = [
        ("fuel", submit.fuel),
        ("memoryBytes", submit.memory),
        ("diskBytes", submit.disk),
        ("timeoutSeconds", submit.timeout.map(|time| time.as_secs().max(1))),
    ];
    for (name, value) in limits {
        if let (Some(value), Some(limits)) = (value, object(body, "limits")) {
            limits.insert(name.to_owned(), value.into());
        }
    }
}

/// A member that is an object, made where there is none; nothing where it is something else, which the server will name.
fn object<'a>(body: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Map<String, Value>> {
    body.entry(name).or_insert_with(|| json!({})).as_object_mut()
}

fn set_labels(body: &mut Map<String, Value>, submit: &Submit) -> Outcome {
    for label in &submit.given.labels {
        let (name, value) = split(label, "--label")?;
        if let Some(labels) = object(body, "labels") {
            labels.insert(name.to_owned(), value.into());
        }
    }
    Ok(())
}

fn set_parameters(connection: &Connection, body: &mut Map<String, Value>, submit: &Submit) -> Outcome {
    let mut given = Map::new();
    if let Some(name) = &submit.given.parameters_from {
        let mut saved = connection.send(GET_SAVED, &[("kind", "parameters"), ("name", name)])?;
        if let Value::Object(parameters) = saved["parameters"].take() {
            given.extend(parameters);
        }
    }
    if let Some(file) = &submit.given.parameters_file {
        let Value::Object(whole) = files::json(file)? else {
            return Err(Failure::usage(format!("{} holds no JSON object", file.display())));
        };
        given.extend(whole);
    }
    members(&submit.given.parameters, "--param", &mut given)?;
    for pair in &submit.given.upload {
        let (name, file) = split(pair, "--upload")?;
        let path = Path::new(file);
        let wish = Wish { path, name: &files::name(path), dataset: None, anew: false };
        let id = uploads::put(connection, &wish)?["datasetId"].take();
        note(&format!("dataset {}: {file}", id.as_str().unwrap_or_default()));
        given.insert(name.to_owned(), id);
    }
    if !given.is_empty()
        && let Some(parameters) = object(body, "parameters")
    {
        parameters.extend(given);
    }
    Ok(())
}

/// Type and name, where they can be told by what the job runs.
fn name_it(connection: &Connection, body: &mut Map<String, Value>) -> Outcome {
    if body.contains_key("jobType") && body.contains_key("jobName") {
        return Ok(());
    }
    let id = body.get("resource").and_then(|resource| resource["resourceId"].as_str());
    let module = body.get("module").and_then(|module| module["name"].as_str());
    let (name, job_type) = match (id, module) {
        (Some(id), _) => {
            let mut pipeline = connection.send(GET_PIPELINE, &[("pipelineId", id)])?;
            (pipeline["name"].take(), pipeline["jobType"].take())
        }
        (None, Some(module)) => {
            let name = Value::from(module);
            (name, if body.contains_key("jobType") { Value::Null } else { type_of(connection, module)? })
        }
        (None, None) => {
            return Err(Failure::usage("it is not said what the job runs")
                .with_remedy("say --pipeline ID or --module NAME"));
        }
    };
    body.entry("jobName").or_insert(name);
    if !body.contains_key("jobType") {
        if job_type.is_null() {
            return Err(Failure::usage("the module serves no type of its own")
                .with_remedy("say which one is meant: --type TYPE"));
        }
        body.insert("jobType".to_owned(), job_type);
    }
    Ok(())
}

/// The type that the module's current version declares; `null` if none.
fn type_of(connection: &Connection, module: &str) -> Outcome<Value> {
    let found = connection.send(GET_MODULE, &[("name", module)]);
    let found = found.map_err(|failure| {
        failure.with_remedy(match meant(connection, module) {
            Some(near) => format!("did you mean {}?", harmless(&near)),
            None => "fuelcell module list shows those that there are".to_owned(),
        })
    })?;
    let versions = found["versions"].as_array().into_iter().flatten();
    let current = versions.clone().find(|version| version["version"] == found["current"]);
    Ok(current.or_else(|| versions.clone().next()).map_or(Value::Null, |version| version["jobType"].clone()))
}

/// The module that is probably meant by a name that is none.
fn meant(connection: &Connection, module: &str) -> Option<String> {
    let call = connection.call(LIST_MODULES, &[]).ok()?;
    let (all, _) = pages::gather(&connection.http, call, "modules", usize::MAX).ok()?;
    nearest(module, all.iter().filter_map(|known| known["name"].as_str())).map(str::to_owned)
}

fn batch(connection: &Connection, file: &Path, key: Option<&str>) -> Outcome {
    let text = files::text(file)?;
    let mut jobs = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let job: Value = serde_json::from_str(line).map_err(|error| {
            Failure::usage(format!("line {} of {} is no JSON: {error}", number + 1, file.display()))
        })?;
        jobs.push(job);
    }
    if jobs.is_empty() || jobs.len() > BATCH {
        return Err(Failure::usage(format!("a batch has 1 to {BATCH} jobs, and there are {}", jobs.len())));
    }
    let call = connection.call(SUBMIT_JOBS, &[])?.json(json!({"jobs": jobs}));
    let told = send_once(&connection.http, call, key)?;
    output::list(connection.format, QUEUED, told["jobs"].as_array().map_or(&[], Vec::as_slice))?;
    let refused = told["refused"].as_u64();
    if refused == Some(0) {
        return Ok(());
    }
    let exits: Vec<_> = told["jobs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|job| job["jobId"].is_null())
        .filter_map(|job| Some(exit_of(job["httpStatus"].as_u64()?.try_into().ok()?)))
        .collect();
    // What may go later goes before what never will.
    let later = exits.iter().find(|exit| **exit == Exit::Conflict);
    let exit = later.or(exits.first()).copied().unwrap_or(Exit::Usage);
    Err(Failure::new(exit, format!("{} of {} were refused", refused.unwrap_or(0), jobs.len())))
}
