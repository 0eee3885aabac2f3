//! What a shell offers where a name of the server is wanted. It says nothing when there is no answer at once.

use crate::connection::ConnectionFlags;
use crate::operations::{
    LIST_BULK, LIST_DATASETS, LIST_JOB_TYPES, LIST_JOBS, LIST_MODULES, LIST_PIPELINES, LIST_SAVED,
    LIST_SECRETS, LIST_UPLOADS, Operation,
};
use crate::output::harmless;
use clap::{Args, Command, FromArgMatches};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use serde_json::Value;
use std::ffi::OsStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long somebody who pressed a key waits.
const PATIENCE: Duration = Duration::from_millis(900);

/// Where a list lies: the operation, what stands in its path, what asks for as much as one answer has and for what begins so, the member with its
/// entries, what is written, and what it is called.
struct List {
    operation: Operation,
    fill: &'static [(&'static str, &'static str)],
    most: Option<(&'static str, &'static str)>,
    beginning: Option<&'static str>,
    member: &'static str,
    value: &'static str,
    title: &'static str,
}

macro_rules! offers {
    ($($offer:ident = $operation:ident $fill:expr, $most:expr, $beginning:expr, $member:literal $value:literal $title:literal;)*) => {
        $(pub(crate) fn $offer() -> ArgValueCompleter {
            const LIST: List = List {
                operation: $operation,
                fill: $fill,
                most: $most,
                beginning: $beginning,
                member: $member,
                value: $value,
                title: $title,
            };
            ArgValueCompleter::new(|written: &OsStr| offered(&LIST, written))
        })*
    };
}

offers! {
    jobs = LIST_JOBS &[], Some(("pageSize", "100")), Some("text"), "jobs" "jobId" "jobName";
    datasets = LIST_DATASETS &[], Some(("pageSize", "100")), None, "datasets" "datasetId" "name";
    pipelines = LIST_PIPELINES &[], Some(("pageSize", "100")), None, "pipelines" "pipelineId" "name";
    modules = LIST_MODULES &[], Some(("limit", "1000")), None, "modules" "name" "current";
    job_types = LIST_JOB_TYPES &[], None, None, "jobTypes" "jobType" "title";
    bulk_actions = LIST_BULK &[], Some(("limit", "1000")), None, "bulkActions" "bulkId" "action";
    uploads = LIST_UPLOADS &[], None, None, "uploads" "uploadId" "name";
    views = LIST_SAVED &[("kind", "views")], Some(("limit", "100")), None, "saved" "name" "query";
    parameter_sets = LIST_SAVED &[("kind", "parameters")], Some(("limit", "100")), None, "saved" "name" "module";
    secrets = LIST_SECRETS &[], Some(("limit", "1000")), None, "secrets" "name" "lastUpdated";
}

/// Files and folders, and jobs.
pub(crate) fn places_and_jobs() -> ArgValueCompleter {
    let jobs = jobs();
    ArgValueCompleter::new(move |written: &OsStr| {
        let mut offers = PathCompleter::any().complete(written);
        offers.extend(jobs.complete(written));
        offers
    })
}

/// Files, also behind a name: `NAME=FILE`.
pub fn named_files() -> ArgValueCompleter {
    ArgValueCompleter::new(|written: &OsStr| {
        match written.to_str().and_then(|written| written.split_once('=')) {
            Some((name, file)) => {
                let offers = PathCompleter::any().complete(file.as_ref()).into_iter();
                offers.map(|offer| offer.add_prefix(format!("{name}="))).collect()
            }
            None => PathCompleter::any().complete(written),
        }
    })
}

/// What begins as it is written, if it comes in time.
fn offered(list: &'static List, written: &OsStr) -> Vec<CompletionCandidate> {
    let Some(written) = written.to_str().map(str::to_owned) else { return Vec::new() };
    in_time(move || names(list, &written))
}

/// What comes in time. A name that cannot be resolved or a server that does not answer keeps its thread, and the program
/// ends without it.
fn in_time(
    ask: impl FnOnce() -> Option<Vec<CompletionCandidate>> + Send + 'static,
) -> Vec<CompletionCandidate> {
    let (tell, told) = mpsc::channel();
    // Who waits no longer is told nothing.
    thread::spawn(move || drop(tell.send(ask())));
    told.recv_timeout(PATIENCE).ok().flatten().unwrap_or_default()
}

/// As many as one answer has: of jobs those that begin so, of others the first.
fn names(list: &List, written: &str) -> Option<Vec<CompletionCandidate>> {
    let connection = of_environment()?.open().ok()?;
    let mut call = connection.call(list.operation, list.fill).ok()?.within(PATIENCE);
    if let Some((name, most)) = list.most {
        call = call.query(name, Some(most));
    }
    if let Some(name) = list.beginning.filter(|_| !written.is_empty()) {
        call = call.query(name, Some(written));
    }
    let told = connection.http.send(&call).ok()?;
    let entries = told[list.member].as_array()?.iter();
    let text = |entry: &Value, member: &str| entry[member].as_str().map(str::to_owned);
    let offers = entries.filter_map(|entry| {
        let value = text(entry, list.value).filter(|value| value.starts_with(written))?;
        Some(offer(value, &text(entry, list.title).unwrap_or_default()))
    });
    Some(offers.collect())
}

fn offer(value: String, title: &str) -> CompletionCandidate {
    let title = harmless(title);
    CompletionCandidate::new(value).help((!title.is_empty()).then(|| title.into()))
}

/// The server that variables and the profile name. Flags of the line that is being written are not told to this program.
fn of_environment() -> Option<ConnectionFlags> {
    let command = ConnectionFlags::augment_args(Command::new("fuelcell"));
    ConnectionFlags::from_arg_matches(&command.try_get_matches_from(["fuelcell"]).ok()?).ok()
}
