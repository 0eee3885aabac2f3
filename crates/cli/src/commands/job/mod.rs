//! `fuelcell job …`: submit, follow, fetch, cancel, retry.

mod bulk;
mod download;
mod filters;
pub(crate) mod here;
mod logs;
mod shared;
pub(crate) mod submit;
mod watch;

use super::diff::{self, Compare};
use super::gone::{DryRun, nothing_was_deleted};
use crate::complete;
use crate::connection::Connection;
use crate::failure::Outcome;
use crate::operations::{
    CANCEL_JOB, DELETE_JOB, GET_JOB, JOB_RESULTS, LIST_JOB_TYPES, LIST_QUEUE, RETRY_JOB,
};
use crate::output::{self, Column, Form, Format, done};
use crate::pages::{self, HowMany};
use crate::values::members;
use clap::{Args, Subcommand};
pub(crate) use filters::Filters;
use serde_json::{Map, Value, json};
use shared::{JOB, JOBS, Priority, outputs, send_once};

const QUEUE: &[Column] = &[
    ("PLACE", "queuePosition", Form::Number),
    ("JOB", "jobId", Form::Text),
    ("PRIORITY", "priority", Form::Text),
    ("NAME", "jobName", Form::Text),
    ("WAITS", "waitReason/code", Form::Text),
    ("STARTS ABOUT", "estimatedStartTime", Form::Time),
];

const TYPES: &[Column] = &[
    ("TYPE", "jobType", Form::Text),
    ("TITLE", "title", Form::Text),
    ("MODULE", "module/name", Form::Text),
    ("VERSION", "module/version", Form::Text),
];

const OUTPUTS: &[Column] = &[
    ("NAME", "name", Form::Text),
    ("KIND", "kind", Form::Text),
    ("FORMAT", "format", Form::Text),
    ("SIZE", "sizeBytes", Form::Bytes),
    ("RECORDS", "recordCount", Form::Number),
    ("TITLE", "title", Form::Text),
];

/// What `fuelcell job` does.
#[derive(Subcommand)]
pub enum JobCommand {
    /// Submit a job.
    #[command(after_help = submit::EXAMPLES)]
    Submit(Box<submit::Submit>),
    /// List jobs, newest first.
    #[command(
        after_help = "Examples:\n  $ fuelcell job list --status failed\n  $ fuelcell job list --view $VIEW --from 2026-01-31\n  $ fuelcell job list --all --output jsonl"
    )]
    List(Listing),
    /// Show a job: how far it is, why it waits, why it failed, what it used.
    #[command(after_help = "Examples:\n  $ fuelcell job show $JOB\n  $ fuelcell job show $JOB --output json")]
    Show {
        /// The job's id.
        #[arg(add = complete::jobs())]
        job: String,
    },
    /// Follow a job until it ends.
    ///
    /// Stages, progress and log go to standard error, the job as it ended to standard output. Ends with 0 when the job
    /// completed, with 1 when it failed or was cancelled, with 7 after --timeout. A connection that breaks off is taken
    /// up again where it was.
    #[command(
        after_help = "Examples:\n  $ fuelcell job watch $JOB\n  $ fuelcell job watch $JOB --timeout 10m --output json"
    )]
    Watch(watch::Watch),
    /// Show a job's log.
    #[command(
        after_help = "Examples:\n  $ fuelcell job logs $JOB\n  $ fuelcell job logs $JOB --follow --level warning"
    )]
    Logs(logs::Logs),
    /// Show the events of all jobs of the project from now on.
    #[command(after_help = "Examples:\n  $ fuelcell job events --for 1s --output jsonl")]
    Events(watch::Events),
    /// Cancel a job.
    #[command(after_help = "Examples:\n  $ fuelcell job cancel $RUNNING_JOB --reason 'wrong month'")]
    Cancel {
        /// The job's id.
        #[arg(add = complete::jobs())]
        job: String,
        /// Reason, shown with the job.
        #[arg(long)]
        reason: Option<String>,
        /// End it at once, without time to end by itself.
        #[arg(long)]
        force: bool,
        /// Keep the outputs that it has made.
        #[arg(long)]
        keep_partial: bool,
    },
    /// Submit a failed or cancelled job again, with the module and the inputs that it had.
    #[command(
        after_help = "Examples:\n  $ fuelcell job retry $FAILED_JOB\n  $ fuelcell job retry $FAILED_JOB --param steps='[]' --watch"
    )]
    Retry(Retry),
    /// Show the results of a job that has ended.
    #[command(
        after_help = "Examples:\n  $ fuelcell job results $JOB\n  $ fuelcell job results $JOB --output json"
    )]
    Results {
        /// The job's id.
        #[arg(add = complete::jobs())]
        job: String,
    },
    /// Download the outputs of a job that has ended.
    #[command(
        after_help = "Examples:\n  $ fuelcell job download $JOB --out results\n  $ fuelcell job download $JOB --zip results.zip"
    )]
    Download(download::Download),
    /// Compare two jobs that have ended, as `fuelcell diff` does.
    ///
    /// Ends with 1 when they did not come to the same.
    #[command(after_help = "Examples:\n  $ fuelcell job compare $JOB $SPARE_JOB")]
    Compare(Compare),
    /// Delete a job that has ended: record, outputs, log and receipts.
    #[command(after_help = "Examples:\n  $ fuelcell job delete $JOB --dry-run\n  $ fuelcell job delete $JOB")]
    Delete {
        /// The job's id.
        #[arg(add = complete::jobs())]
        job: String,
        #[command(flatten)]
        only: DryRun,
    },
    /// Cancel, retry or delete many jobs: those that are named, or all that match.
    #[command(subcommand)]
    Bulk(bulk::BulkCommand),
    /// List queued jobs in the order in which they start, with what they wait for.
    #[command(after_help = "Examples:\n  $ fuelcell job queue")]
    Queue {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// List job types and what runs them.
    ///
    /// JSON has also parameters, inputs, outputs and an example.
    #[command(after_help = "Examples:\n  $ fuelcell job types")]
    Types,
}

/// Which jobs are listed, and how many.
#[derive(Args)]
pub struct Listing {
    /// Those of a view; flags stand in the place of what it says.
    #[arg(long, value_name = "NAME", add = complete::views())]
    view: Option<String>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    how_many: HowMany,
}

/// How a job is retried.
#[derive(Args)]
pub struct Retry {
    /// The job's id.
    #[arg(add = complete::jobs())]
    job: String,
    /// Another value of a parameter: NAME=VALUE, as in `job submit`.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Reason, shown with the job.
    #[arg(long)]
    reason: Option<String>,
    /// Another priority.
    #[arg(long, value_enum)]
    priority: Option<Priority>,
    /// Start without waiting for the time for which the earlier job was scheduled.
    #[arg(long)]
    now: bool,
    /// Double the memory limit, up to the cap.
    #[arg(long)]
    more_memory: bool,
    /// Process only the records that the earlier job rejected.
    #[arg(long)]
    failed_records: bool,
    #[command(flatten)]
    then: watch::Then,
}

/// `fuelcell job …`
pub(crate) fn run(connection: &Connection, command: JobCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        JobCommand::Submit(submit) => submit::run(connection, &submit),
        JobCommand::List(Listing { view, filters, how_many }) => {
            pages::list(http, filters.list(connection, view.as_deref())?, "jobs", how_many, (format, JOBS))
        }
        JobCommand::Show { job } => output::one(format, JOB, &connection.send(GET_JOB, &[("jobId", &job)])?),
        JobCommand::Compare(jobs) => diff::compared(connection, &jobs),
        JobCommand::Watch(watch) => watch::run(connection, &watch),
        JobCommand::Events(events) => watch::project(connection, &events),
        JobCommand::Logs(logs) => logs::run(connection, &logs),
        JobCommand::Cancel { job, reason, force, keep_partial } => {
            let body = json!({
                "reason": reason, "forceTermination": force, "preservePartialResults": keep_partial,
            });
            let told = http.send(&connection.call(CANCEL_JOB, &[("jobId", &job)])?.json(body))?;
            done(format, told["message"].as_str().unwrap_or("cancelled"), &told)
        }
        JobCommand::Retry(retry) => run_retry(connection, &retry),
        JobCommand::Results { job } => results(connection, &job),
        JobCommand::Download(download) => download::run(connection, &download),
        JobCommand::Delete { job, only } if only.dry_run => would_forget(connection, &job),
        JobCommand::Delete { job, .. } => {
            connection.send(DELETE_JOB, &[("jobId", &job)])?;
            done(format, &format!("forgot job {job}"), &json!({"jobId": job}))
        }
        JobCommand::Bulk(command) => bulk::run(connection, command),
        JobCommand::Queue { how_many } => {
            pages::list(http, connection.call(LIST_QUEUE, &[])?, "jobs", how_many, (format, QUEUE))
        }
        JobCommand::Types => {
            let told = connection.send(LIST_JOB_TYPES, &[])?;
            output::list(format, TYPES, told["jobTypes"].as_array().map_or(&[], Vec::as_slice))
        }
    }
}

/// What a job left goes with its record.
fn would_forget(connection: &Connection, job: &str) -> Outcome {
    let thing = connection.send(GET_JOB, &[("jobId", job)])?;
    let count = |name: &str| thing[name].as_array().map_or(0, Vec::len);
    let outputs = thing["receipt"]["outputs"].as_array().map_or(0, Vec::len);
    let receipts = count("receipts");
    nothing_was_deleted(&format!(
        "this would go for good, with {outputs} outputs, {receipts} receipts and the log:"
    ));
    output::one(connection.format, JOB, &thing)
}

fn run_retry(connection: &Connection, retry: &Retry) -> Outcome {
    let mut changes = Map::new();
    members(&retry.parameters, "--param", &mut changes)?;
    for (name, wanted) in
        [("increaseMemoryLimit", retry.more_memory), ("retryFailedRecords", retry.failed_records)]
    {
        if wanted {
            changes.insert(name.to_owned(), Value::from(true));
        }
    }
    let mut body = json!({"retryReason": retry.reason, "priority": retry.priority.map(Priority::word)});
    if retry.now {
        body["immediateExecution"] = Value::from(true);
    }
    if !changes.is_empty() {
        body["modifyParameters"] = Value::from(true);
        body["updatedParameters"] = Value::Object(changes);
    }
    let call = connection.call(RETRY_JOB, &[("jobId", &retry.job)])?.json(body);
    let told = send_once(&connection.http, call, None)?;
    watch::submitted(connection, &told, &retry.then)
}

fn results(connection: &Connection, job: &str) -> Outcome {
    let told = connection.send(JOB_RESULTS, &[("jobId", job)])?;
    match connection.format {
        Format::Table | Format::Csv => output::list(connection.format, OUTPUTS, &outputs(&told)),
        format => output::one(format, &[], &told),
    }
}
