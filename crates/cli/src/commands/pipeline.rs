//! `fuelcell pipeline …`: what jobs are made of again and again, by hand or by a schedule.

use super::gone::{DryRun, nothing_was_deleted, would_go};
use super::job::submit::{OfPipeline, of_pipeline};
use crate::complete;
use crate::connection::Connection;
use crate::documents::{ToForget, document};
use crate::failure::{Failure, Outcome, nearest};
use crate::files;
use crate::operations::{
    CLEAR_PROCESSED, DELETE_PIPELINE, GET_PIPELINE, LIST_PIPELINES, LIST_PROCESSED, PUT_PIPELINE,
};
use crate::output::{self, Column, Form, done};
use crate::pages::{self, HowMany};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

const PIPELINES: &[Column] = &[
    ("PIPELINE", "pipelineId", Form::Text),
    ("NAME", "name", Form::Text),
    ("TYPE", "jobType", Form::Text),
    ("SCHEDULE", "schedule/cron", Form::Text),
    ("ENABLED", "schedule/enabled", Form::Text),
    ("UPDATED", "lastUpdated", Form::Time),
];

const PIPELINE: &[Column] = &[
    ("pipeline", "pipelineId", Form::Text),
    ("name", "name", Form::Text),
    ("type", "jobType", Form::Text),
    ("module", "module/name", Form::Text),
    ("version", "module/version", Form::Text),
    ("dataset", "datasetId", Form::Text),
    ("parameters", "parameters", Form::Text),
    ("schedule", "schedule/cron", Form::Text),
    ("time zone", "schedule/timeZone", Form::Text),
    ("enabled", "schedule/enabled", Form::Text),
    ("next runs", "schedule/nextRuns", Form::Text),
    ("last run", "schedule/lastRun/jobId", Form::Text),
    ("last skipped", "schedule/lastSkipped/code", Form::Text),
    ("because", "schedule/lastSkipped/reason", Form::Text),
    ("updated", "lastUpdated", Form::Time),
];

const ITEMS: &[Column] =
    &[("KEY", "key", Form::Text), ("JOB", "jobId", Form::Text), ("WHEN", "dateProcessed", Form::Time)];

/// What `fuelcell pipeline` does.
#[derive(Subcommand)]
pub enum PipelineCommand {
    /// Create or replace a pipeline, and print its id.
    #[command(
        after_help = "Examples:\n  $ fuelcell pipeline apply --file pipeline.json\n  $ fuelcell pipeline apply --id $PIPELINE --name Orders --type ProcessMining --dataset $DATASET"
    )]
    Apply(Apply),
    /// List pipelines.
    #[command(after_help = "Examples:\n  $ fuelcell pipeline list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a pipeline, with the next runs of its schedule.
    #[command(after_help = "Examples:\n  $ fuelcell pipeline show $PIPELINE")]
    Show {
        /// The pipeline's id, or its name.
        #[arg(add = complete::pipelines())]
        pipeline: String,
    },
    /// Run a pipeline now: submit a job of it, whatever its schedule says.
    #[command(
        after_help = "Examples:\n  $ fuelcell pipeline run $PIPELINE --upload datasetId=orders.csv --watch\n  $ fuelcell pipeline run $PIPELINE --param datasetId=$DATASET"
    )]
    Run(Box<Run>),
    /// Stop the schedule of a pipeline.
    #[command(after_help = "Examples:\n  $ fuelcell pipeline pause $SCHEDULED_PIPELINE")]
    Pause {
        /// The pipeline's id, or its name.
        #[arg(add = complete::pipelines())]
        pipeline: String,
    },
    /// Start the schedule of a pipeline again.
    #[command(after_help = "Examples:\n  $ fuelcell pipeline resume $SCHEDULED_PIPELINE")]
    Resume {
        /// The pipeline's id, or its name.
        #[arg(add = complete::pipelines())]
        pipeline: String,
    },
    /// Delete a pipeline with its schedule and its processed items; its jobs stay.
    #[command(
        after_help = "Examples:\n  $ fuelcell pipeline delete $SPARE_PIPELINE --dry-run\n  $ fuelcell pipeline delete $SPARE_PIPELINE"
    )]
    Delete {
        /// The pipeline's id, or its name.
        #[arg(add = complete::pipelines())]
        pipeline: String,
        #[command(flatten)]
        only: DryRun,
    },
    /// List the items that jobs of a pipeline marked as processed, or forget them.
    #[command(
        after_help = "Examples:\n  $ fuelcell pipeline processed $PIPELINE\n  $ fuelcell pipeline processed $PIPELINE --forget"
    )]
    Processed {
        /// The pipeline's id, or its name.
        #[arg(add = complete::pipelines())]
        pipeline: String,
        /// Forget all of them, so that they are processed again.
        #[arg(long)]
        forget: bool,
        /// Say how many would be forgotten, and forget none.
        #[arg(long, requires = "forget")]
        dry_run: bool,
        #[command(flatten)]
        how_many: HowMany,
    },
}

/// A pipeline to make.
#[derive(Args)]
pub struct Apply {
    /// Body of the API as JSON, which may have also pipelineId; - for standard input. Flags override it.
    #[arg(long, short, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The pipeline's id; absent = that of the file, else a new one.
    #[arg(long)]
    id: Option<Uuid>,
    /// What it is called.
    #[arg(long)]
    name: Option<String>,
    /// The type of its jobs.
    #[arg(long = "type", value_name = "TYPE")]
    job_type: Option<String>,
    /// The dataset of its jobs.
    #[arg(long, value_name = "ID")]
    dataset: Option<String>,
    /// Schedule on which it makes jobs by itself, such as '0 6 * * MON-FRI'.
    #[arg(long)]
    cron: Option<String>,
    /// The time zone of --cron, such as Europe/Berlin.
    #[arg(long, requires = "cron")]
    time_zone: Option<String>,
}

/// A pipeline to run.
#[derive(Args)]
pub struct Run {
    /// The pipeline's id, or its name.
    #[arg(add = complete::pipelines())]
    pipeline: String,
    #[command(flatten)]
    job: OfPipeline,
}

/// `fuelcell pipeline …`
pub(crate) fn run(connection: &Connection, command: PipelineCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        PipelineCommand::Apply(wanted) => apply(connection, &wanted),
        PipelineCommand::List { how_many } => pages::list(
            http,
            connection.call(LIST_PIPELINES, &[])?,
            "pipelines",
            how_many,
            (format, PIPELINES),
        ),
        PipelineCommand::Show { pipeline } => {
            let pipeline = named(connection, &pipeline)?;
            output::one(format, PIPELINE, &connection.send(GET_PIPELINE, &[("pipelineId", &pipeline)])?)
        }
        PipelineCommand::Run(wanted) => {
            let id = named(connection, &wanted.pipeline)?;
            of_pipeline(connection, id, wanted.job)
        }
        PipelineCommand::Pause { pipeline } => enable(connection, &named(connection, &pipeline)?, false),
        PipelineCommand::Resume { pipeline } => enable(connection, &named(connection, &pipeline)?, true),
        PipelineCommand::Delete { pipeline, only } if only.dry_run => {
            let pipeline = named(connection, &pipeline)?;
            let fill = [("pipelineId", &pipeline[..])];
            let items = processed(connection, &pipeline)?;
            let with = format!("with {items} items that its jobs marked as processed; the jobs stay");
            would_go(connection, (GET_PIPELINE, &fill), PIPELINE, &with)
        }
        PipelineCommand::Delete { pipeline, .. } => {
            let pipeline = named(connection, &pipeline)?;
            connection.send(DELETE_PIPELINE, &[("pipelineId", &pipeline)])?;
            done(format, &format!("deleted pipeline {pipeline}"), &json!({"pipelineId": pipeline}))
        }
        PipelineCommand::Processed { pipeline, dry_run: true, .. } => {
            let pipeline = named(connection, &pipeline)?;
            let items = processed(connection, &pipeline)?;
            nothing_was_deleted("the pipeline's next job would process these again");
            done(format, &format!("{items} items"), &document(&ToForget { items_to_clear: items }))
        }
        PipelineCommand::Processed { pipeline, forget: true, .. } => {
            let pipeline = named(connection, &pipeline)?;
            let told = connection.send(CLEAR_PROCESSED, &[("pipelineId", &pipeline)])?;
            done(format, &format!("forgot {} items", told["itemsCleared"]), &told)
        }
        PipelineCommand::Processed { pipeline, how_many, .. } => {
            let pipeline = named(connection, &pipeline)?;
            let call = connection.call(LIST_PROCESSED, &[("pipelineId", &pipeline)])?;
            pages::list(http, call, "processedItems", how_many, (format, ITEMS))
        }
    }
}

/// The id of the pipeline that goes by this name or id.
fn named(connection: &Connection, name: &str) -> Outcome<String> {
    if name.parse::<Uuid>().is_ok() {
        return Ok(name.to_owned());
    }
    let call = connection.call(LIST_PIPELINES, &[])?;
    let (all, _) = pages::gather(&connection.http, call, "pipelines", usize::MAX)?;
    let names = all.iter().filter_map(|pipeline| pipeline["name"].as_str());
    let ids: Vec<_> =
        all.iter().filter(|one| one["name"] == name).filter_map(|one| one["pipelineId"].as_str()).collect();
    match ids[..] {
        [id] => Ok(id.to_owned()),
        [] => {
            let failure = Failure::usage(format!("there is no pipeline {name:?}"));
            Err(match nearest(name, names) {
                Some(near) => failure.with_remedy(format!("did you mean {}?", output::harmless(near))),
                None => failure.with_remedy("fuelcell pipeline list shows those that there are"),
            })
        }
        _ => Err(Failure::usage(format!("{} pipelines are called {name:?}", ids.len()))
            .with_remedy(format!("name one by its id: {}", ids.join(", ")))),
    }
}

/// How many items jobs of the pipeline marked as processed.
fn processed(connection: &Connection, pipeline: &str) -> Outcome<u64> {
    let told = connection.send(LIST_PROCESSED, &[("pipelineId", pipeline)])?;
    Ok(told["pagination"]["total"].as_u64().unwrap_or_default())
}

fn apply(connection: &Connection, wanted: &Apply) -> Outcome {
    let mut body = match &wanted.file {
        Some(file) => files::json(file)?,
        None => json!({}),
    };
    let Some(members) = body.as_object_mut() else {
        return Err(Failure::usage("a pipeline is a JSON object"));
    };
    let of_file = members.remove("pipelineId").and_then(|id| id.as_str().map(str::to_owned));
    let flags = [("name", &wanted.name), ("jobType", &wanted.job_type), ("datasetId", &wanted.dataset)];
    for (name, value) in flags {
        if let Some(value) = value {
            members.insert(name.to_owned(), Value::from(value.clone()));
        }
    }
    if let Some(cron) = &wanted.cron {
        let mut schedule = json!({"cron": cron});
        if let Some(zone) = &wanted.time_zone {
            schedule["timeZone"] = Value::from(zone.clone());
        }
        members.insert("schedule".to_owned(), schedule);
    }
    let id = wanted.id.map(|id| id.to_string()).or(of_file).unwrap_or_else(|| Uuid::new_v4().to_string());
    let told = connection.http.send(&connection.call(PUT_PIPELINE, &[("pipelineId", &id)])?.json(body))?;
    done(connection.format, &id, &told)
}

/// What the server says of a pipeline and a body does not take.
const TOLD_ONLY: [&str; 4] = ["pipelineId", "pipelineNumber", "dateCreated", "lastUpdated"];
/// What it says of a schedule.
const TOLD_OF_SCHEDULE: [&str; 5] = ["dateSet", "setBy", "nextRuns", "lastRun", "lastSkipped"];

/// Puts the pipeline as it is, with a schedule that runs or does not.
fn enable(connection: &Connection, id: &str, enabled: bool) -> Outcome {
    let fill = [("pipelineId", id)];
    let mut pipeline = connection.send(GET_PIPELINE, &fill)?;
    if let Some(members) = pipeline.as_object_mut() {
        TOLD_ONLY.iter().for_each(|name| drop(members.remove(*name)));
    }
    let Some(schedule) = pipeline["schedule"].as_object_mut() else {
        return Err(Failure::usage("the pipeline has no schedule")
            .with_remedy("fuelcell pipeline apply --cron … gives it one"));
    };
    TOLD_OF_SCHEDULE.iter().for_each(|name| drop(schedule.remove(*name)));
    schedule.insert("enabled".to_owned(), Value::from(enabled));
    let told = connection.http.send(&connection.call(PUT_PIPELINE, &fill)?.json(pipeline))?;
    done(connection.format, if enabled { "its schedule runs" } else { "its schedule is stopped" }, &told)
}
