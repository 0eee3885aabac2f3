//! `cargo xtask bench`: a first table of what the platform costs.
//!
//! Absolute times say as much about the machine as about Fuelcell. So each figure has a neighbour from the same run: the
//! disk's flush rate beside durable submits, the native build beside the module.

mod account;
mod cell;
mod crowd;
mod disk;
mod languages;
mod listeners;
mod load;
mod native;
mod notebooks;
mod pages;
mod project;
mod quantiles;
mod row;
mod science;
mod site;
mod spread;
mod store;
mod tables;
mod traces;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Result, ensure};
use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use crate::{
    dashboard, event_log, guests,
    order_to_cash::LogOptions,
    process::{capture, cargo, run},
    progress::note,
    server::{Interrupt, Server},
    workspace::{Build, Workspace},
};
use account::{RunAccount, work};
use load::Throughput;
use project::start;
pub(crate) use project::{MODULE, project};
use row::{Row, measure};

/// Options of the benchmark.
#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Events of the log for the comparison with native code
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// A further event log for the comparison with native code
    #[arg(long)]
    log: Vec<PathBuf>,
    /// Size of the table for the comparison of jobs on tables
    #[arg(long, default_value = "1GB")]
    table: ByteSize,
    /// Seconds of load per measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Jobs in the store for its figures
    #[arg(long, default_value_t = 1_000_000)]
    jobs: u64,
    /// Only this part
    #[arg(long)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A server from the outside
    Platform,
    /// Jobs beside a thousand streams of events
    Listeners,
    /// The dashboard with a long log and many jobs, in a browser
    Dashboard,
    /// Jobs whose spans are sent to a collector
    Traces,
    /// Cells without a server
    Cells,
    /// The store without a server
    Store,
    /// Process mining beside native code
    Mining,
    /// Jobs on tables beside native code, polars, xan and DuckDB
    Tables,
    /// Notebooks and scripts in Python, and their engine
    Notebooks,
    /// A module in every language of the SDKs
    Languages,
}

/// Builds optimised binaries, measures, and prints the table.
pub(crate) fn bench(workspace: &Workspace, arguments: &BenchArguments) -> Result<()> {
    if cfg!(debug_assertions) {
        // The load generator must not be what is measured: it runs optimised too.
        note("Building with --release. The first time that takes 10 to 20 minutes on two cores.");
        let own = ["run", "--release", "--package", "xtask", "--", "bench"];
        let mut command = cargo(workspace);
        command.args(own);
        for (option, value) in
            [("--events", arguments.events), ("--seconds", arguments.seconds), ("--jobs", arguments.jobs)]
        {
            command.arg(option).arg(value.to_string());
        }
        command.arg("--table").arg(format!("{}B", arguments.table.as_u64()));
        if let Some(part) = arguments.only.as_ref().and_then(ValueEnum::to_possible_value) {
            command.args(["--only", part.get_name()]);
        }
        for log in &arguments.log {
            command.arg("--log").arg(log);
        }
        return run(&mut command);
    }
    let (mut rows, mut verdicts) = (Vec::new(), Vec::new());
    let outcome = measure_all(workspace, arguments, &mut rows, &mut verdicts);
    // What was measured before something failed took its time, and is shown.
    print(&rows)?;
    outcome?;
    ensure!(verdicts.is_empty(), "{}", verdicts.join("; "));
    Ok(())
}

fn measure_all(
    workspace: &Workspace,
    arguments: &BenchArguments,
    rows: &mut Vec<Row>,
    verdicts: &mut Vec<String>,
) -> Result<()> {
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let folder = workspace.target.join("bench");
    let interrupt = Interrupt::listen()?;
    let of_server = [Part::Platform, Part::Listeners, Part::Dashboard, Part::Traces];
    let of_modules = [Part::Cells, Part::Mining, Part::Tables, Part::Notebooks, Part::Languages];
    if wanted(Part::Dashboard) {
        // The binary embeds it.
        dashboard::build(workspace)?;
    }
    if of_server.into_iter().chain(of_modules).any(wanted) {
        guests::build(workspace, Build::Release)?;
    }
    let time = Duration::from_secs(arguments.seconds);
    if wanted(Part::Platform) {
        platform(workspace, &folder, arguments, &interrupt, rows)?;
    }
    if wanted(Part::Listeners) {
        let server = start(workspace, &folder.join("data"), &[], &interrupt)?;
        let project = project(workspace, &server.operator()?)?;
        rows.extend(listeners::rows(&server, &project, time, &interrupt)?);
    }
    if wanted(Part::Dashboard) {
        rows.extend(pages::rows(workspace, &folder.join("pages"), &interrupt)?);
    }
    if wanted(Part::Traces) {
        rows.push(traces::row(workspace, &folder, time, &interrupt)?);
    }
    if wanted(Part::Cells) {
        let (cells, suffered) =
            cell::rows(&workspace.binary(Build::Release, "fuelcell"), &workspace.module(MODULE))?;
        rows.extend(cells);
        verdicts.extend(suffered);
    }
    interrupt.check()?;
    if wanted(Part::Store) {
        rows.extend(store::rows(workspace, &folder.join("store"), arguments.jobs, arguments.seconds)?);
    }
    interrupt.check()?;
    if wanted(Part::Mining) {
        rows.extend(mining(workspace, &folder, arguments)?);
    }
    interrupt.check()?;
    if wanted(Part::Tables) {
        tables::measure_both(workspace, &folder.join("tables"), arguments.table, rows)?;
    }
    interrupt.check()?;
    if wanted(Part::Notebooks) {
        let folder = folder.join("notebooks");
        rows.extend(notebooks::rows(workspace, &folder, &interrupt)?);
        rows.extend(science::rows(workspace, &folder, &interrupt)?);
    }
    interrupt.check()?;
    if wanted(Part::Languages) {
        rows.extend(languages::rows(workspace, &folder.join("languages"), &interrupt)?);
    }
    Ok(())
}

/// What a job costs that does nothing, from the outside.
fn platform(
    workspace: &Workspace,
    folder: &Path,
    arguments: &BenchArguments,
    interrupt: &Interrupt,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let data = folder.join("data");
    let server = start(workspace, &data, &[], interrupt)?;
    let load = project(workspace, &server.operator()?)?.load(interrupt);
    let time = Duration::from_secs(arguments.seconds);

    let latency = measure("No-op jobs, one after the other", || load.latency(time))?;
    rows.push(Row::new("no-op job, submit → completed", latency.to_string()));
    let flushes = measure("Flushes to disk", || disk::flushes(&data, FLUSHES))?;
    rows.push(Row::new("4 KiB write + fdatasync", flushes.to_string()));
    rows.push(Row::new("fdatasync rate", format!("{:.0} /s", flushes.rate())));
    for clients in [1, 32] {
        let label = format!("No-op jobs from {clients} client(s)");
        let what = format!("no-op jobs end to end, durable submits, {clients} client(s)");
        rows.push(beside_the_disk(&what, &server, &data, || {
            measure(&label, || load.throughput(clients, time))
        })?);
    }
    rows.push(beside_the_disk(
        "backlog of no-op jobs, from due to completed (CPU with their submits)",
        &server,
        &data,
        || measure("A backlog of no-op jobs", || load.backlog(32, time)),
    )?);
    for clients in [1, 32, 256] {
        let label = format!("Submits from {clients} client(s)");
        let what = format!("durable submits over HTTP, {clients} client(s)");
        rows.push(beside_the_disk(&what, &server, &data, || {
            measure(&label, || load.submits(clients, time))
        })?);
    }
    for size in [10, 100, 1000] {
        let label = format!("Submits of {size} jobs at a time");
        let what = format!("durable submits over HTTP, 1 client, {size} jobs at a time");
        rows.push(beside_the_disk(&what, &server, &data, || measure(&label, || load.batches(size, time)))?);
    }
    Ok(())
}

/// How long the disk is measured before each figure that stands beside it.
const FLUSHES: Duration = Duration::from_secs(1);

/// A rate, beside the flush rate of the same minute and the server's CPU time for each job.
fn beside_the_disk(
    what: &str,
    server: &Server,
    data: &Path,
    work: impl FnOnce() -> Result<Throughput>,
) -> Result<Row> {
    let flushes = disk::flushes(data, FLUSHES)?.rate();
    let before = server.cpu_time()?;
    let throughput = work()?;
    let (rate, jobs) = (throughput.rate(), throughput.jobs);
    let micros = (server.cpu_time()? - before).as_secs_f64() * 1e6 / jobs as f64;
    let beside = rate / flushes;
    Ok(Row::new(
        what,
        format!("{rate:.0} /s = {beside:.2} × fdatasync rate; CPU {micros:.0} µs each ({jobs} jobs)"),
    ))
}

/// Process mining of event logs: the module against the same code, built natively with the same profile.
fn mining(workspace: &Workspace, folder: &Path, arguments: &BenchArguments) -> Result<Vec<Row>> {
    run(cargo(workspace).args(["build", "--profile", "guest", "-p", "process-mining", "--example", "mine"]))?;
    let generated = folder.join("order-to-cash.csv");
    event_log::write_file(&LogOptions { events: arguments.events, ..LogOptions::demo() }, &generated)?;
    arguments.log.iter().chain([&generated]).map(|log| mining_row(workspace, folder, log)).collect()
}

fn mining_row(workspace: &Workspace, folder: &Path, log: &Path) -> Result<Row> {
    let as_module = |options: &[&str]| {
        let mut module = Command::new(workspace.binary(Build::Release, "fuelcell"));
        module.arg("run").arg(workspace.module("process-mining")).args(["--json", "--in"]).arg(log);
        module.arg("--force").arg("--out").arg(folder.join("module")).args(options);
        module
    };
    let (mut module, mut unmetered) = (as_module(&[]), as_module(&["--unmetered"]));
    let mut native = Command::new(workspace.target.join("guest/examples/mine"));
    native.arg(log).arg(folder.join("native"));
    let name = log.file_name().unwrap_or(log.as_os_str()).display();
    let label = format!("Process mining of {name}, as module and natively");
    let (account, compared, metering) = measure(&label, || {
        let account: RunAccount = serde_json::from_str(&capture(&mut module)?)?;
        let metering = native::compare(&mut module, &mut unmetered, work)?;
        Ok((account, native::compare(&mut module, &mut native, work)?, metering))
    })?;
    let memory = account.usage.peak_memory_bytes as f64 / (1024.0 * 1024.0);
    let what = format!("process mining of {name}, {} events, module : native", account.records_processed);
    let figure = format!(
        "{}; whole processes {}; metered : unmetered {}; peak memory in the cell {memory:.1} MiB",
        compared.work, compared.processes, metering.work
    );
    Ok(Row::new(&what, figure))
}

fn print(rows: &[Row]) -> Result<()> {
    let width = rows.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
    let mut out = std::io::stdout().lock();
    for row in rows {
        std::io::Write::write_fmt(&mut out, format_args!("{:width$}  {}\n", row.what, row.figure))?;
    }
    Ok(())
}
