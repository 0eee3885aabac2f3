//! `fuelcell job …`: submit, follow, fetch, cancel, retry.

mod download;
pub(crate) mod here;
mod logs;
mod shared;
pub(crate) mod submit;
mod watch;

use super::diff::{self, Compare};
use super::gone::{DryRun, nothing_was_deleted};
use crate::complete;
use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::operations::{
    CANCEL_JOB, CHANGE_JOBS, DELETE_JOB, GET_JOB, JOB_RESULTS, LIST_JOB_TYPES, LIST_JOBS, LIST_QUEUE,
    RETRY_JOB,
};
use crate::output::{self, Column, Form, Format, done, note};
use crate::pages::{self, HowMany};
use crate::values::members;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};
use shared::{JOB, Priority, outputs, send_once};

const JOBS: &[Column] = &[
    ("JOB", "jobId", Form::Text),
    ("STATUS", "status", Form::Text),
    ("TYPE", "jobType", Form::Text),
    ("NAME", "jobName", Form::Text),
    ("SUBMITTED", "dateCreated", Form::Time),
    ("DURATION", "durationSeconds", Form::Seconds),
    ("WARNINGS", "warningCount", Form::Number),
];

const CHANGED: &[Column] = &[
    ("JOB", "jobId", Form::Text),
    ("NEW JOB", "newJobId", Form::Text),
    ("ERROR", "error/code", Form::Text),
    ("MESSAGE", "error/message", Form::Text),
];

/// The API takes no more at a time.
const BULK: usize = 500;

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
        after_help = "Examples:\n  $ fuelcell job list --status failed\n  $ fuelcell job list --all --output jsonl"
    )]
    List(Filters),
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
    /// Cancel, retry or delete many jobs at once, and say what became of each.
    #[command(
        after_help = "Examples:\n  $ fuelcell job bulk retry $FAILED_JOB --reason 'the source was wrong'\n  $ fuelcell job bulk delete $JOB $SPARE_JOB"
    )]
    Bulk {
        /// What to do with them.
        #[arg(value_enum)]
        action: Action,
        /// The jobs' ids.
        #[arg(required = true, add = complete::jobs())]
        jobs: Vec<String>,
        /// Reason for cancelling or retrying them.
        #[arg(long)]
        reason: Option<String>,
        /// Show the jobs as they stand, and do nothing with them.
        #[arg(long)]
        dry_run: bool,
    },
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

/// What is done with many jobs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Action {
    /// Asks queued and running ones to stop, and keeps what they have finished
    Cancel,
    /// Queues a new job for each that failed or was cancelled
    Retry,
    /// Forgets ended ones
    Delete,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Delete => "delete",
        }
    }
}

/// Which jobs are listed.
#[derive(Args)]
pub struct Filters {
    /// Only those in this state.
    #[arg(long, value_enum)]
    status: Option<State>,
    /// Only those of this type.
    #[arg(long = "type", value_name = "TYPE", add = complete::job_types())]
    job_type: Option<String>,
    /// Only those of this priority.
    #[arg(long, value_enum)]
    priority: Option<Priority>,
    /// Only those that this subject submitted.
    #[arg(long, value_name = "SUBJECT")]
    submitted_by: Option<String>,
    /// Only those with this in their name, or with an id that begins so.
    #[arg(long)]
    text: Option<String>,
    /// Only those with this label: NAME, or NAME=VALUE.
    #[arg(long)]
    label: Option<String>,
    /// Only those of this module.
    #[arg(long, value_name = "NAME", add = complete::modules())]
    module: Option<String>,
    /// Only those of this pipeline.
    #[arg(long, value_name = "ID", add = complete::pipelines())]
    pipeline: Option<String>,
    /// Only those submitted from this moment on, such as 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only those submitted up to this moment.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    how_many: HowMany,
}

/// A job's state.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// Waits
    Queued,
    /// Runs
    Running,
    /// Ended well
    Completed,
    /// Ended badly
    Failed,
    /// Was ended
    Cancelled,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
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
        JobCommand::List(filters) => list(connection, &filters),
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
        JobCommand::Bulk { action, jobs, dry_run: true, .. } => would_change(connection, action, &jobs),
        JobCommand::Bulk { action, jobs, reason, .. } => bulk(connection, action, &jobs, reason.as_deref()),
        JobCommand::Queue { how_many } => {
            pages::list(http, connection.call(LIST_QUEUE, &[])?, "jobs", how_many, (format, QUEUE))
        }
        JobCommand::Types => {
            let told = connection.send(LIST_JOB_TYPES, &[])?;
            output::list(format, TYPES, told["jobTypes"].as_array().map_or(&[], Vec::as_slice))
        }
    }
}

fn list(connection: &Connection, filters: &Filters) -> Outcome {
    let call = connection
        .call(LIST_JOBS, &[])?
        .query("status", filters.status.map(State::word))
        .query("jobType", filters.job_type.as_ref())
        .query("priority", filters.priority.map(Priority::word))
        .query("submittedBy", filters.submitted_by.as_ref())
        .query("text", filters.text.as_ref())
        .query("label", filters.label.as_ref())
        .query("module", filters.module.as_ref())
        .query("pipelineId", filters.pipeline.as_ref())
        .query("dateFrom", filters.from.as_ref())
        .query("dateTo", filters.to.as_ref());
    pages::list(&connection.http, call, "jobs", filters.how_many, (connection.format, JOBS))
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

/// The jobs as they stand.
fn would_change(connection: &Connection, action: Action, jobs: &[String]) -> Outcome {
    let stand = |job: &String| connection.send(GET_JOB, &[("jobId", job)]);
    let found = jobs.iter().map(stand).collect::<Outcome<Vec<_>>>()?;
    note(&format!("nothing was done; {} would be asked for these:", action.word()));
    output::list(connection.format, JOBS, &found)
}

fn bulk(connection: &Connection, action: Action, jobs: &[String], reason: Option<&str>) -> Outcome {
    let (mut changed, mut refused) = (Vec::new(), 0);
    for jobs in jobs.chunks(BULK) {
        let body = json!({"action": action.word(), "jobIds": jobs, "reason": reason});
        let mut told = match connection.http.send(&connection.call(CHANGE_JOBS, &[])?.json(body)) {
            // What was done before is told all the same.
            Err(failure) if !changed.is_empty() => {
                output::list(connection.format, CHANGED, &changed)?;
                return Err(failure);
            }
            told => told?,
        };
        refused += told["refused"].as_u64().unwrap_or(0);
        if let Value::Array(some) = told["jobs"].take() {
            changed.extend(some);
        }
    }
    output::list(connection.format, CHANGED, &changed)?;
    let exit = match usize::try_from(refused) {
        Ok(0) => return Ok(()),
        Ok(refused) if refused < jobs.len() => Exit::Partly,
        _ => Exit::Conflict,
    };
    Err(Failure::new(exit, format!("it was not done with {refused} of {}", jobs.len())))
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
