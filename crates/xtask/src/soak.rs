//! The long form of what the tests do briefly: generated requests to a server, generated modules in cells, a neighbour beside
//! attack modules, one deterministic job many times, damaged inputs of every parser, kills of a server at work, power cuts,
//! the scheduler's simulation, kills between ends of jobs and their notifications, an overload,
//! quotes against runs, steps over a table that is larger than a job's memory, and what operators install.

mod packages;
mod tables;

use std::{fs, thread};

use anyhow::{Result, ensure};
use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use crate::{
    guests,
    process::{cargo, run},
    tools::{self, Venv},
    workspace::{Build, Workspace},
};

/// Examples of each operation and phase: together more than 10,000 requests.
const EXAMPLES: &str = "250";

#[derive(Args)]
pub(crate) struct SoakArguments {
    /// Only this part
    #[arg(long)]
    only: Option<Part>,
    /// Generated and damaged modules to inspect and run
    #[arg(long, default_value_t = 200_000)]
    modules: u64,
    /// Minutes of damaged inputs for all parsers together
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Runs of the same deterministic job
    #[arg(long, default_value_t = 1_000)]
    runs: u64,
    /// Kills of a server at work
    #[arg(long, default_value_t = 300)]
    kills: u64,
    /// Kills of a server between the ends of jobs and their notifications
    #[arg(long, default_value_t = 50)]
    notice_kills: u64,
    /// Seconds of overload
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Runs that quotes are compared with
    #[arg(long, default_value_t = 50)]
    quotes: u64,
    /// Power cuts of a server at work
    #[arg(long, default_value_t = 20)]
    cuts: u64,
    /// Seeds of the scheduler's simulation
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// Size of the table for steps that need all rows
    #[arg(long, default_value = "1GB")]
    table: ByteSize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Generated requests
    Api,
    /// Attack modules beside a neighbour's job, whose time is taken
    Attacks,
    /// Generated modules, and one job again and again
    Cell,
    /// One ProcessMining job again and again, through a server at both isolation levels
    Deterministic,
    /// Kills of a server at work
    Kills,
    /// Kills of a server between the ends of jobs and their notifications
    Notifications,
    /// The engine python-science: installs, compiles and uses it, also for the notebooks of other people
    Notebooks,
    /// Ten times what the server sustains, beside idle and slow clients
    Overload,
    /// The Debian package and the image: made, started, and given a job
    Packages,
    /// Damaged inputs of every parser of outside bytes
    Parsers,
    /// Power cuts and full disks, on file systems of their own
    Power,
    /// Quotes against runs of different sizes
    Quotes,
    /// The scheduler with a store and a runner that fail
    Simulation,
    /// Steps that need all rows of a large table
    Tables,
}

/// Runs the parts; the first that fails ends it.
pub(crate) fn soak(workspace: &Workspace, arguments: &SoakArguments) -> Result<()> {
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    if wanted(Part::Api) {
        soak_api(workspace)?;
    }
    if wanted(Part::Attacks) {
        soak_attacks(workspace)?;
    }
    if wanted(Part::Cell) {
        soak_cell(workspace, arguments)?;
    }
    if wanted(Part::Deterministic) {
        soak_deterministic(workspace, arguments.runs)?;
    }
    if wanted(Part::Kills) {
        soak_kills(workspace, arguments.kills)?;
    }
    if wanted(Part::Notifications) {
        soak_notifications(workspace, arguments.notice_kills)?;
    }
    if wanted(Part::Notebooks) {
        soak_notebooks(workspace)?;
    }
    if wanted(Part::Overload) {
        soak_optimised(workspace, "overload::", ("SOAK_OVERLOAD_SECONDS", arguments.seconds))?;
    }
    if wanted(Part::Packages) {
        packages::soak(workspace)?;
    }
    if wanted(Part::Parsers) {
        soak_parsers(workspace, arguments.minutes)?;
    }
    if wanted(Part::Power) {
        soak_power(workspace, arguments.cuts)?;
    }
    if wanted(Part::Quotes) {
        soak_optimised(workspace, "quotes_hold", ("SOAK_QUOTE_RUNS", arguments.quotes))?;
    }
    if wanted(Part::Simulation) {
        soak_simulation(workspace, arguments.seeds)?;
    }
    if wanted(Part::Tables) {
        tables::soak(workspace, arguments.table)?;
    }
    Ok(())
}

/// The generated API tests with many examples.
fn soak_api(workspace: &Workspace) -> Result<()> {
    Venv::ensure(workspace)?.ensure_test_packages()?;
    guests::build(workspace, Build::Dev)?;
    let test = ["test", "--package", "fuelcell-tests", "--test", "all", "openapi::", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("SOAK_API_EXAMPLES", EXAMPLES))
}

/// Kills, restarts, and looks for everything that was acknowledged.
fn soak_kills(workspace: &Workspace, kills: u64) -> Result<()> {
    guests::build(workspace, Build::Dev)?;
    let test = [
        "test",
        "--package",
        "fuelcell-tests",
        "--test",
        "all",
        "what_was_acknowledged",
        "--",
        "--nocapture",
    ];
    run(cargo(workspace).args(test).env("SOAK_KILLS", kills.to_string()))
}

/// Kills right after the ends of jobs, and looks for their notifications.
fn soak_notifications(workspace: &Workspace, kills: u64) -> Result<()> {
    guests::build(workspace, Build::Dev)?;
    let test =
        ["test", "--package", "fuelcell-tests", "--test", "all", "notifications::kill", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("SOAK_NOTICE_KILLS", kills.to_string()))
}

/// A test in its long form, optimised: what an overload costs to refuse decides, and what a server adds to a run's time.
fn soak_optimised(workspace: &Workspace, test: &str, (variable, value): (&str, u64)) -> Result<()> {
    guests::build(workspace, Build::Release)?;
    let test =
        ["test", "--release", "--package", "fuelcell-tests", "--test", "all", test, "--", "--nocapture"];
    run(cargo(workspace).args(test).env(variable, value.to_string()))
}

/// The engine of which a plain run installs nothing, and what comes of public notebooks on it.
fn soak_notebooks(workspace: &Workspace) -> Result<()> {
    guests::build(workspace, Build::Dev)?;
    let test = ["test", "--package", "fuelcell-tests", "--test", "all", "--", "python::science::"];
    run(cargo(workspace).args(test).args(["python::public::", "--ignored", "--test-threads", "1"]))
}

/// The fuzz targets, unoptimised, where numbers that overflow are defects that show. What fails is in the corpus afterwards.
fn soak_parsers(workspace: &Workspace, minutes: u64) -> Result<()> {
    let corpora = fs::read_dir(workspace.root.join("tests/corpus"))?;
    let targets = corpora.flatten().filter(|entry| entry.path().is_dir()).count() as u64;
    // As many at a time as there are cores.
    let lanes = thread::available_parallelism().map_or(1, usize::from) as u64;
    let seconds = (minutes * 60 * lanes / targets.max(1)).max(1);
    let test = ["test", "--workspace", "--lib", "--bins", "--no-fail-fast", "fuzz::", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("FUELCELL_FUZZ_SECONDS", seconds.to_string()))
}

/// Cuts the power of a disk image, and fills a disk in memory.
fn soak_power(workspace: &Workspace, cuts: u64) -> Result<()> {
    ensure!(
        tools::can_mount(),
        "power cuts were not tried: they mount disk images, which takes root and loop devices"
    );
    guests::build(workspace, Build::Dev)?;
    let test = ["test", "--package", "fuelcell-tests", "--test", "all", "mounted::", "--", "--ignored"];
    run(cargo(workspace).args(test).env("SOAK_POWER_CUTS", cuts.to_string()))
}

/// The simulation, optimised.
fn soak_simulation(workspace: &Workspace, seeds: u64) -> Result<()> {
    let test =
        ["test", "--release", "--package", "fuelcell-scheduler", "--lib", "simulation", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("FUELCELL_TEST_SEEDS", seeds.to_string()))
}

/// How much longer a job takes beside attack modules, optimised.
fn soak_attacks(workspace: &Workspace) -> Result<()> {
    let mut command = cargo(workspace);
    command.args(["test", "--release", "--package", "fuelcell-sandbox", "--test", "attacks", "--"]);
    run(command.args(["--nocapture", "--ignored", "suite::"]))
}

/// The same job through a server, many times.
fn soak_deterministic(workspace: &Workspace, runs: u64) -> Result<()> {
    guests::build(workspace, Build::Dev)?;
    let test =
        ["test", "--package", "fuelcell-tests", "--test", "all", "deterministic::", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("SOAK_DETERMINISTIC_RUNS", runs.to_string()))
}

/// Fuzzing and the determinism test, optimised.
fn soak_cell(workspace: &Workspace, arguments: &SoakArguments) -> Result<()> {
    let mut command = cargo(workspace);
    command.args(["test", "--release", "--package", "fuelcell-sandbox", "--test", "attacks", "--"]);
    command.args(["--nocapture", "fuzz::", "determinism::"]);
    command.env("FUELCELL_SOAK_MODULES", arguments.modules.to_string());
    command.env("FUELCELL_SOAK_RUNS", arguments.runs.to_string());
    run(&mut command)
}
