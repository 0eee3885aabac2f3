//! `fuelcell system …` and `fuelcell usage`: how the server does, and what jobs used.

use crate::connection::{Connection, ConnectionFlags};
use crate::failure::{Exit, Failure, Outcome};
use crate::http::{Call, Http, read};
use crate::operations::{
    BEGIN_BACKUP, GET_BACKUPS, LIST_ENGINES, PROJECT_HOURS, PROJECT_USAGE, READYZ, SERVER_STATUS,
    SYSTEM_STATUS, USAGE,
};
use crate::output::{self, Column, Form, Format, note};
use clap::{Args, Subcommand};
use serde_json::Value;
use std::thread;
use std::time::Duration;

const STATUS: &[Column] = &[
    ("status", "systemStatus", Form::Text),
    ("running", "queueStatistics/runningJobs", Form::Text),
    ("queued", "queueStatistics/totalQueuedJobs", Form::Text),
    ("scheduled", "queueStatistics/scheduledJobs", Form::Text),
    ("average wait", "queueStatistics/averageWaitSeconds", Form::Seconds),
    ("completed today", "performanceMetrics/jobsCompletedToday", Form::Text),
    ("success rate", "performanceMetrics/successRate", Form::Text),
    ("average duration", "performanceMetrics/averageJobDurationSeconds", Form::Seconds),
    ("memory in use", "resourceUtilization/usedMemoryBytes", Form::Bytes),
    ("memory", "resourceUtilization/totalMemoryBytes", Form::Bytes),
    ("disk free", "resourceUtilization/diskBytesAvailable", Form::Bytes),
];

const NODES: &[Column] = &[
    ("NODE", "nodeId", Form::Text),
    ("STATUS", "status", Form::Text),
    ("JOBS", "activeJobs", Form::Number),
    ("CAPACITY", "jobCapacity", Form::Number),
    ("CPU %", "cpuUsage", Form::Number),
    ("MEMORY %", "memoryUsage", Form::Number),
];

const TENANTS: &[Column] = &[
    ("TENANT", "tenantId", Form::Text),
    ("NAME", "name", Form::Text),
    ("RUNNING", "runningJobs", Form::Number),
    ("QUEUED", "queuedJobs", Form::Number),
    ("SCHEDULED", "scheduledJobs", Form::Number),
    ("COMPLETED TODAY", "completedToday", Form::Number),
    ("FAILED TODAY", "failedToday", Form::Number),
];

const WAITING: &[Column] = &[
    ("WAITING JOB", "jobId", Form::Text),
    ("PRIORITY", "priority", Form::Text),
    ("MODULE", "module", Form::Text),
    ("FOR", "waitedSeconds", Form::Seconds),
    ("TENANT", "tenantId", Form::Text),
];

const SERVER_NODES: &[Column] = &[
    ("NODE", "nodeId", Form::Text),
    ("TAKES JOBS", "active", Form::Text),
    ("JOBS", "activeJobs", Form::Number),
    ("CAPACITY", "jobCapacity", Form::Number),
    ("MEMORY OF JOBS", "jobMemoryReservedBytes", Form::Bytes),
    ("AT MOST", "jobMemoryBytes", Form::Bytes),
    ("DISK FREE", "diskFreeBytes", Form::Bytes),
];

const ENGINES: &[Column] = &[
    ("ENGINE", "name", Form::Text),
    ("VERSION", "version", Form::Text),
    ("SIZE", "sizeBytes", Form::Bytes),
    ("COMPILED", "compiled", Form::Text),
    ("ERROR", "error", Form::Text),
];

const CHECKS: &[Column] =
    &[("CHECK", "name", Form::Text), ("WELL", "well", Form::Text), ("DETAIL", "detail", Form::Text)];

const USED: &[Column] = &[
    ("FUEL", "fuel", Form::Number),
    ("CPU S", "cpuSeconds", Form::Number),
    ("GIB S", "gibSeconds", Form::Number),
    ("READ", "bytesRead", Form::Bytes),
    ("WRITTEN", "bytesWritten", Form::Bytes),
    ("ATTEMPTS", "attempts", Form::Number),
    ("LOST", "lostAttempts", Form::Number),
    ("COMPLETED", "jobs/completed", Form::Number),
    ("FAILED", "jobs/failed", Form::Number),
    ("CANCELLED", "jobs/cancelled", Form::Number),
    ("OF", "of", Form::Text),
];

const HOURS: &[Column] = &[
    ("HOUR", "start", Form::Time),
    ("COMPLETED", "completed", Form::Number),
    ("FAILED", "failed", Form::Number),
    ("CANCELLED", "cancelled", Form::Number),
    ("ATTEMPTS", "attempts", Form::Number),
    ("FUEL", "fuel", Form::Number),
    ("WAIT", "waitSeconds/p50", Form::Seconds),
    ("WAIT 95 %", "waitSeconds/p95", Form::Seconds),
    ("RUN", "runSeconds/p50", Form::Seconds),
    ("RUN 95 %", "runSeconds/p95", Form::Seconds),
];

/// In a table it stands before the fuel.
const ONLY_IN_CSV: &[Column] = &[("FUEL AT LEAST", "fuelIsLowerBound", Form::Text)];

/// What `fuelcell system` does.
#[derive(Subcommand)]
pub enum SystemCommand {
    /// Show queue, figures and capacity.
    #[command(after_help = "Examples:\n  $ fuelcell system status\n  $ fuelcell system status --output json")]
    Status,
    /// Say whether the server can take work, and what is not well.
    ///
    /// It needs no token, and ends with 6 when the server cannot.
    #[command(after_help = "Examples:\n  $ fuelcell system health")]
    Health,
    /// Show the whole server to its operator: nodes, tenants, and which jobs have waited longest.
    ///
    /// CSV has the tenants.
    #[command(after_help = "Examples:\n  $ fuelcell system server")]
    Server,
    /// List the engines that run scripts.
    #[command(after_help = "Examples:\n  $ fuelcell system engines")]
    Engines,
    /// Have the server make a backup of itself, and wait until it is there.
    ///
    /// It goes into the folder that the server has for backups. Ends with 1 when it comes to nothing, and with 5 when
    /// one is being made or the server makes none.
    #[command(
        after_help = "Examples:\n  $ fuelcell system backup\n  $ fuelcell system backup --show --output json"
    )]
    Backup {
        /// Show how the latest ones went, and begin none.
        #[arg(long)]
        show: bool,
    },
}

const BACKUPS: &[Column] = &[
    ("makes backups", "enabled", Form::Text),
    ("by itself every", "everySeconds", Form::Seconds),
    ("running since", "runningSince", Form::Text),
    ("last good", "lastGood", Form::Text),
    ("latest began", "last/startedAt", Form::Text),
    ("latest ended", "last/endedAt", Form::Text),
    ("it was good", "last/good", Form::Text),
    ("it says", "last/message", Form::Text),
    ("failures", "failures", Form::Text),
];

/// How often a backup is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What `fuelcell usage` sums.
#[derive(Args)]
pub struct Usage {
    /// The first UTC day, such as 2026-01-31; absent = 29 days before the last one.
    #[arg(long)]
    from: Option<String>,
    /// The last UTC day; absent = today.
    #[arg(long)]
    to: Option<String>,
    /// What to tell apart, with commas: day, and one of module, subject, label; of several projects also tenant and
    /// project.
    #[arg(long)]
    group_by: Option<String>,
    /// All projects that the token administers, or all of the tenant that is named: by --tenant, FUELCELL_TENANT or the
    /// profile.
    #[arg(long)]
    everywhere: bool,
    /// How the project's jobs fared in each of the latest hours, 168 at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with_all = ["from", "to", "group_by", "everywhere"])]
    hours: Option<u16>,
}

/// `fuelcell system …`; health needs no token.
pub(crate) fn run(flags: &ConnectionFlags, command: &SystemCommand) -> Outcome {
    let format = flags.output;
    match command {
        SystemCommand::Status => {
            let told = flags.open()?.send(SYSTEM_STATUS, &[])?;
            output::one(format, STATUS, &told)?;
            match format {
                Format::Table => {
                    let nodes = told["executionNodes"].as_array().map_or(&[][..], Vec::as_slice);
                    output::say("\n").and_then(|()| output::list(format, NODES, nodes))
                }
                _ => Ok(()),
            }
        }
        SystemCommand::Server => server(&flags.open()?.send(SERVER_STATUS, &[])?, format),
        SystemCommand::Health => health(&flags.open_unknown()?, format),
        SystemCommand::Backup { show } => backup(&flags.open()?, *show),
        SystemCommand::Engines => {
            let told = flags.open()?.send(LIST_ENGINES, &[])?;
            output::list(format, ENGINES, told["engines"].as_array().map_or(&[], Vec::as_slice))
        }
    }
}

/// Begins a backup and waits for it, unless it is only to be shown how they stand.
fn backup(connection: &Connection, show: bool) -> Outcome {
    if show {
        return output::one(connection.format, BACKUPS, &connection.send(GET_BACKUPS, &[])?);
    }
    let mut told = connection.send(BEGIN_BACKUP, &[])?;
    note("the backup has begun");
    while !told["runningSince"].is_null() {
        thread::sleep(LOOK);
        told = connection.send(GET_BACKUPS, &[])?;
    }
    output::one(connection.format, BACKUPS, &told)?;
    match &told["last"]["good"] {
        Value::Bool(true) => Ok(()),
        Value::Null => Err(Failure::new(Exit::Failed, "the server was started again meanwhile".to_owned())),
        _ => Err(Failure::new(Exit::Failed, "the backup came to nothing".to_owned())),
    }
}

fn server(told: &Value, format: Format) -> Outcome {
    let part = |name: &str| told[name].as_array().map_or(&[][..], Vec::as_slice);
    match format {
        Format::Table => {
            output::list(format, SERVER_NODES, part("nodes"))?;
            output::say("\n").and_then(|()| output::list(format, TENANTS, part("tenants")))?;
            match part("waiting") {
                [] => Ok(()),
                waiting => output::say("\n").and_then(|()| output::list(format, WAITING, waiting)),
            }
        }
        Format::Csv => output::list(format, TENANTS, part("tenants")),
        format => output::one(format, &[], told),
    }
}

/// What `/readyz` says, also where it is not well.
fn health(http: &Http, format: Format) -> Outcome {
    let answer = http.any(&Call::new(READYZ, &[]), None, String::new())?;
    let status = answer.status().as_u16();
    let told = read(answer)?;
    match format {
        Format::Table | Format::Csv => {
            output::list(format, CHECKS, told["checks"].as_array().map_or(&[], Vec::as_slice))?;
        }
        format => output::one(format, &[], &told)?,
    }
    match told["ready"] == true {
        true => Ok(()),
        false => Err(Failure::new(Exit::Unreachable, format!("the server takes no work now ({status})"))),
    }
}

/// `fuelcell usage`: of the project that is named or the only one, else of all that the token administers.
pub(crate) fn usage(connection: &Connection, wanted: &Usage) -> Outcome {
    if let Some(count) = wanted.hours {
        let call = connection.call(PROJECT_HOURS, &[])?.query("hours", Some(count.to_string()));
        let told = connection.http.send(&call)?;
        return match connection.format {
            Format::Json => output::one(Format::Json, &[], &told),
            format => output::list(format, HOURS, told["hours"].as_array().map_or(&[], Vec::as_slice)),
        };
    }
    let scope = connection.named().clone();
    // A project that is named and cannot be found is told, and not taken for all.
    let one_project = !wanted.everywhere && (scope.project.is_some() || connection.scope(true).is_ok());
    let (call, groups) = match one_project {
        true => (connection.call(PROJECT_USAGE, &[])?, "module"),
        false => (connection.call(USAGE, &[])?.query("tenantId", scope.tenant), "project"),
    };
    let call = call
        .query("groupBy", Some(wanted.group_by.as_deref().unwrap_or(groups)))
        .query("from", wanted.from.as_ref())
        .query("to", wanted.to.as_ref());
    let told = connection.http.send(&call)?;
    match connection.format {
        Format::Table | Format::Csv => {
            let rows = told["groups"].as_array().into_iter().flatten().map(|group| row(group, name(group)));
            let rows: Vec<_> = rows.chain([row(&told["total"], "total".to_owned())]).collect();
            if connection.format == Format::Csv {
                return output::list(Format::Csv, &[USED, ONLY_IN_CSV].concat(), &rows);
            }
            let day = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            note(&format!("{} to {} (UTC)", day("from"), day("to")));
            output::list(Format::Table, USED, &rows.into_iter().map(readable).collect::<Vec<_>>())
        }
        format => output::one(format, &[], &told),
    }
}

/// Sums as columns have them.
fn row(sums: &Value, of: String) -> Value {
    let mut row = sums.clone();
    row["gibSeconds"] = sums["memoryByteSeconds"].as_f64().map(|seconds| seconds / f64::from(1 << 30)).into();
    row["of"] = of.into();
    row
}

/// The same for people: rounded. Fuel that is known only from below says so.
fn readable(mut row: Value) -> Value {
    for name in ["cpuSeconds", "gibSeconds"] {
        row[name] = format!("{:.3}", row[name].as_f64().unwrap_or(0.0)).into();
    }
    if row["fuelIsLowerBound"] == true {
        row["fuel"] = format!("≥ {}", row["fuel"]).into();
    }
    row
}

/// What a group is of.
fn name(group: &Value) -> String {
    let parts = ["day", "tenantId", "projectId", "module", "subject", "label"];
    let mut parts: Vec<&str> = parts.iter().filter_map(|part| group[*part].as_str()).collect();
    if group["other"] == true {
        parts.push("(others)");
    }
    parts.join(" ")
}
