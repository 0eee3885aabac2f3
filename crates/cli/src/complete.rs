//! What a shell offers where a name of the server is wanted. It says nothing when there is no answer at once.

use crate::connection::ConnectionFlags;
use crate::operations::{
    LIST_DATASETS, LIST_JOB_TYPES, LIST_JOBS, LIST_MODULES, LIST_PIPELINES, LIST_SECRETS, Operation,
};
use crate::output::harmless;
use clap::{Args, Command, FromArgMatches};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use serde_json::Value;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long somebody who pressed a key waits.
const PATIENCE: Duration = Duration::from_millis(900);

/// Where a list lies: the operation, the member with its entries, what is written, and what it is called.
struct List {
    operation: Operation,
    member: &'static str,
    value: &'static str,
    title: &'static str,
}

macro_rules! offers {
    ($($offer:ident = $operation:ident $member:literal $value:literal $title:literal;)*) => {
        $(pub(crate) fn $offer() -> ArgValueCandidates {
            const LIST: List =
                List { operation: $operation, member: $member, value: $value, title: $title };
            ArgValueCandidates::new(|| in_time(|| names(&LIST)))
        })*
    };
}

offers! {
    jobs = LIST_JOBS "jobs" "jobId" "jobName";
    datasets = LIST_DATASETS "datasets" "datasetId" "name";
    pipelines = LIST_PIPELINES "pipelines" "pipelineId" "name";
    modules = LIST_MODULES "modules" "name" "current";
    job_types = LIST_JOB_TYPES "jobTypes" "jobType" "title";
    secrets = LIST_SECRETS "secrets" "name" "lastUpdated";
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

/// The first page: whoever has more types more of the name.
fn names(list: &List) -> Option<Vec<CompletionCandidate>> {
    let connection = of_environment()?.open().ok()?;
    let call = connection.call(list.operation, &[]).ok()?.within(PATIENCE);
    let told = connection.http.send(&call).ok()?;
    let entries = told[list.member].as_array()?.iter();
    let text = |entry: &Value, member: &str| entry[member].as_str().map(str::to_owned);
    let offers = entries.filter_map(|entry| {
        let value = text(entry, list.value)?;
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
