//! `fuelcell job bulk …`: one thing with many jobs. Those that are named are done with at once; those that match flags are
//! frozen by the server, which does it by itself.

use super::filters::Filters;
use super::shared::JOBS;
use super::watch;
use crate::complete;
use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::files::typed;
use crate::interrupt::on_interrupt;
use crate::operations::{
    BEGIN_BULK, CHANGE_JOBS, GET_BULK, GET_JOB, LIST_BULK, LIST_BULK_JOBS, PREVIEW_BULK, STOP_BULK,
};
use crate::output::{self, Column, Form, done, harmless, note};
use crate::pages::{self, HowMany};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// The API takes no more at a time.
const AT_A_TIME: usize = 500;
/// Above so many jobs their number is to be entered.
const TYPED_ABOVE: u64 = 100;
/// How often a bulk action is looked at.
const LOOK: Duration = Duration::from_millis(500);

const CHANGED: &[Column] = &[
    ("JOB", "jobId", Form::Text),
    ("NEW JOB", "newJobId", Form::Text),
    ("ERROR", "error/code", Form::Text),
    ("MESSAGE", "error/message", Form::Text),
];

const PREVIEW: &[Column] = &[
    ("action", "action", Form::Text),
    ("jobs", "jobs", Form::Text),
    ("will change", "willChange", Form::Text),
    ("oldest", "oldestJob", Form::Time),
    ("newest", "newestJob", Form::Time),
    ("queued", "summary/queuedJobs", Form::Text),
    ("running", "summary/runningJobs", Form::Text),
    ("completed", "summary/completedJobs", Form::Text),
    ("failed", "summary/failedJobs", Form::Text),
    ("cancelled", "summary/cancelledJobs", Form::Text),
];

const RUN: &[Column] = &[
    ("bulk action", "bulkId", Form::Text),
    ("action", "action", Form::Text),
    ("status", "status", Form::Text),
    ("reason", "reason", Form::Text),
    ("jobs", "jobs", Form::Text),
    ("done", "done", Form::Text),
    ("skipped", "skipped", Form::Text),
    ("failed", "failed", Form::Text),
    ("left", "left", Form::Text),
    ("stop", "stop/code", Form::Text),
    ("because", "stop/message", Form::Text),
    ("oldest job", "oldestJob", Form::Time),
    ("newest job", "newestJob", Form::Time),
    ("submitted by", "submittedBy", Form::Text),
    ("began", "dateCreated", Form::Time),
    ("ended", "endTime", Form::Time),
    ("kept until", "keptUntil", Form::Time),
];

const RUNS: &[Column] = &[
    ("BULK ACTION", "bulkId", Form::Text),
    ("ACTION", "action", Form::Text),
    ("STATUS", "status", Form::Text),
    ("JOBS", "jobs", Form::Number),
    ("DONE", "done", Form::Number),
    ("SKIPPED", "skipped", Form::Number),
    ("FAILED", "failed", Form::Number),
    ("BEGAN", "dateCreated", Form::Time),
    ("BY", "submittedBy", Form::Text),
];

const OUTCOMES: &[Column] = &[
    ("JOB", "jobId", Form::Text),
    ("NUMBER", "jobNumber", Form::Number),
    ("OUTCOME", "outcome", Form::Text),
    ("NEW JOB", "newJobId", Form::Text),
    ("ERROR", "error/code", Form::Text),
    ("MESSAGE", "error/message", Form::Text),
];

/// What `fuelcell job bulk` does.
#[derive(Subcommand)]
pub enum BulkCommand {
    /// Ask queued and running jobs to stop, and keep what they have finished.
    #[command(
        after_help = "Examples:\n  $ fuelcell job bulk cancel --status queued --dry-run\n  $ fuelcell job bulk cancel --label team=nobody --reason 'wrong month' --yes"
    )]
    Cancel(Many),
    /// Queue a new job for each that failed or was cancelled.
    #[command(
        after_help = "Examples:\n  $ fuelcell job bulk retry $FAILED_JOB --reason 'the source was wrong'\n  $ fuelcell job bulk retry --status failed --watch"
    )]
    Retry(Many),
    /// Delete jobs that have ended: records, outputs, logs and receipts.
    #[command(
        after_help = "Examples:\n  $ fuelcell job bulk delete $JOB $SPARE_JOB\n  $ fuelcell job bulk delete --status completed --to 2026-01-31T00:00:00Z --dry-run"
    )]
    Delete(Many),
    /// List bulk actions, those that began last first.
    #[command(after_help = "Examples:\n  $ fuelcell job bulk list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a bulk action: how far it is, and why it ended before its time.
    #[command(after_help = "Examples:\n  $ fuelcell job bulk show $BULK")]
    Show {
        /// The bulk action's id.
        #[arg(add = complete::bulk_actions())]
        id: String,
    },
    /// Show what became of each of its jobs.
    #[command(after_help = "Examples:\n  $ fuelcell job bulk outcomes $BULK --outcome skipped")]
    Outcomes {
        /// The bulk action's id.
        #[arg(add = complete::bulk_actions())]
        id: String,
        /// Only jobs of which this became.
        #[arg(long, value_enum)]
        outcome: Option<Became>,
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Follow a bulk action until it ends.
    ///
    /// Ends with 0 when every job was done or left as it was, with 8 when it went wrong with some, with 1 when it was
    /// stopped, with 7 after --timeout.
    #[command(after_help = "Examples:\n  $ fuelcell job bulk watch $BULK --timeout 10m")]
    Watch {
        /// The bulk action's id.
        #[arg(add = complete::bulk_actions())]
        id: String,
        /// Longest time to wait, such as 10m; absent = as long as it takes.
        #[arg(long, value_name = "TIME", value_parser = crate::values::duration)]
        timeout: Option<Duration>,
    },
    /// Stop a bulk action: what was done stays done.
    #[command(after_help = "Examples:\n  $ fuelcell job bulk stop $BULK")]
    Stop {
        /// The bulk action's id.
        #[arg(add = complete::bulk_actions())]
        id: String,
    },
}

/// Which jobs, and how.
#[derive(Args)]
pub struct Many {
    /// The jobs' ids; absent = those that the flags say.
    #[arg(add = complete::jobs())]
    jobs: Vec<String>,
    /// Those of a view; flags stand in the place of what it says.
    #[arg(long, value_name = "NAME", add = complete::views())]
    view: Option<String>,
    #[command(flatten)]
    filters: Filters,
    /// Reason for cancelling or retrying them.
    #[arg(long)]
    reason: Option<String>,
    /// Show what it would come to, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do it with more than 100 jobs without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    then: watch::Then,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Became {
    /// It was done
    Done,
    /// It was left as it was
    Skipped,
    /// It went wrong
    Failed,
    /// Its turn has not come
    Open,
}

impl Became {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Skipped => "Skipped",
            Self::Failed => "Failed",
            Self::Open => "Open",
        }
    }
}

pub(super) fn run(connection: &Connection, command: BulkCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        BulkCommand::Cancel(many) => change(connection, "cancel", &many),
        BulkCommand::Retry(many) => change(connection, "retry", &many),
        BulkCommand::Delete(many) => change(connection, "delete", &many),
        BulkCommand::List { how_many } => {
            pages::list(http, connection.call(LIST_BULK, &[])?, "bulkActions", how_many, (format, RUNS))
        }
        BulkCommand::Show { id } => output::one(format, RUN, &connection.send(GET_BULK, &[("bulkId", &id)])?),
        BulkCommand::Outcomes { id, outcome, how_many } => {
            let call = connection.call(LIST_BULK_JOBS, &[("bulkId", &id)])?;
            let call = call.query("outcome", outcome.map(Became::word));
            pages::list(http, call, "jobs", how_many, (format, OUTCOMES))
        }
        BulkCommand::Watch { id, timeout } => follow(connection, &id, timeout),
        BulkCommand::Stop { id } => {
            output::one(format, RUN, &connection.send(STOP_BULK, &[("bulkId", &id)])?)
        }
    }
}

fn change(connection: &Connection, action: &str, many: &Many) -> Outcome {
    let has_filter = many.view.is_some() || !many.filters.is_empty();
    match (many.jobs.is_empty(), has_filter) {
        (true, true) => matching(connection, action, many),
        (false, false) if many.dry_run => would_change(connection, action, &many.jobs),
        (false, false) => named(connection, action, &many.jobs, many.reason.as_deref()),
        (false, true) => Err(Failure::usage("name jobs, or say which by flags; both is too much")),
        (true, false) => {
            Err(Failure::usage(format!("which jobs to {action}? without a word it would be all"))
                .with_remedy("name their ids, or say which: --status, --type, --label, --from, --to …"))
        }
    }
}

/// The jobs as they stand.
fn would_change(connection: &Connection, action: &str, jobs: &[String]) -> Outcome {
    let stand = |job: &String| connection.send(GET_JOB, &[("jobId", job)]);
    let found = jobs.iter().map(stand).collect::<Outcome<Vec<_>>>()?;
    note(&format!("nothing was done; {action} would be asked for these:"));
    output::list(connection.format, JOBS, &found)
}

fn named(connection: &Connection, action: &str, jobs: &[String], reason: Option<&str>) -> Outcome {
    let (mut changed, mut refused) = (Vec::new(), 0);
    for jobs in jobs.chunks(AT_A_TIME) {
        let body = json!({"action": action, "jobIds": jobs, "reason": reason});
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

/// Asks the server which jobs these are, and has it begin.
fn matching(connection: &Connection, action: &str, many: &Many) -> Outcome {
    let call = many.filters.call(connection, PREVIEW_BULK, many.view.as_deref())?;
    let preview = connection.http.send(&call.json(json!({"action": action})))?;
    let will_change = preview["willChange"].as_u64().unwrap_or(0);
    note(&summary(&preview));
    if many.dry_run || will_change == 0 {
        note("nothing was done");
        return output::one(connection.format, PREVIEW, &preview);
    }
    if will_change > TYPED_ABOVE && !many.yes {
        confirm(action, will_change)?;
    }
    let body = json!({"set": preview["set"], "reason": many.reason});
    let begun = connection.http.send(&connection.call(BEGIN_BULK, &[])?.json(body))?;
    let id = begun["bulkId"].as_str().unwrap_or_default();
    match many.then.watch {
        true => {
            note(&format!("bulk action {id}"));
            follow(connection, id, many.then.wait_at_most)
        }
        false => done(connection.format, id, &begun),
    }
}

/// What it would come to, in a sentence.
fn summary(preview: &Value) -> String {
    let action = preview["action"].as_str().unwrap_or_default();
    let mut told = format!("{action}: {} of {} jobs", preview["willChange"], preview["jobs"]);
    for skip in preview["skips"].as_array().into_iter().flatten() {
        let why = harmless(skip["message"].as_str().unwrap_or_default());
        told += &format!("; {} are left as they are: {why}", skip["jobs"]);
    }
    told
}

/// Asks for their number, so that nobody says yes to more than they think.
fn confirm(action: &str, count: u64) -> Outcome {
    match typed(&format!("Enter {count} to {action} so many jobs: "))? {
        Some(typed) if typed.trim() == count.to_string() => Ok(()),
        Some(_) => Err(Failure::usage(format!("that is not {count}; nothing was done"))),
        None => Err(Failure::usage(format!("{count} jobs are more than {TYPED_ABOVE}; nothing was done"))
            .with_remedy("--yes does it without a question")),
    }
}

fn follow(connection: &Connection, id: &str, timeout: Option<Duration>) -> Outcome {
    on_interrupt(format!("not watched any more; it goes on: fuelcell job bulk watch {id}"));
    let deadline = timeout.map(|time| Instant::now() + time);
    let mut told = String::new();
    loop {
        let run = connection.send(GET_BULK, &[("bulkId", id)])?;
        let progress = format!(
            "{} done, {} skipped, {} failed, {} left",
            run["done"], run["skipped"], run["failed"], run["left"]
        );
        if progress != told {
            note(&progress);
            told = progress;
        }
        if run["status"] != "Running" {
            return ended(connection, &run);
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(Failure::new(Exit::Deadline, format!("bulk action {id} goes on")));
        }
        thread::sleep(LOOK);
    }
}

fn ended(connection: &Connection, run: &Value) -> Outcome {
    output::one(connection.format, RUN, run)?;
    let id = run["bulkId"].as_str().unwrap_or_default();
    match (run["status"].as_str(), run["failed"].as_u64()) {
        (Some("Done"), Some(0)) => Ok(()),
        (Some("Done"), _) => Err(Failure::new(
            Exit::Partly,
            format!("it went wrong with {} of {}", run["failed"], run["jobs"]),
        )
        .with_remedy(format!("fuelcell job bulk outcomes {id} --outcome failed"))),
        _ => {
            let why = harmless(run["stop"]["message"].as_str().unwrap_or_default());
            Err(Failure::new(Exit::Failed, format!("it was stopped: {why}")))
        }
    }
}
