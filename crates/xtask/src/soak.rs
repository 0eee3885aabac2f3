//! The long form of what the tests do briefly: generated requests to a server, generated modules in cells.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::{
    guests,
    process::{cargo, run},
    tools::Venv,
    workspace::{Build, Workspace},
};

/// Examples of each operation and phase: together far more than 10,000 requests.
const EXAMPLES: &str = "600";

#[derive(Args)]
pub(crate) struct SoakArguments {
    /// Only this part
    #[arg(long)]
    only: Option<Part>,
    /// Generated and damaged modules to inspect and run
    #[arg(long, default_value_t = 200_000)]
    modules: u64,
    /// Runs of the same deterministic job
    #[arg(long, default_value_t = 1_000)]
    runs: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Generated requests
    Api,
    /// Generated modules, and one job again and again
    Cell,
}

/// Runs the parts; the first that fails ends it.
pub(crate) fn soak(workspace: &Workspace, arguments: &SoakArguments) -> Result<()> {
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    if wanted(Part::Api) {
        soak_api(workspace)?;
    }
    if wanted(Part::Cell) {
        soak_cell(workspace, arguments)?;
    }
    Ok(())
}

/// The generated API tests with many examples.
fn soak_api(workspace: &Workspace) -> Result<()> {
    Venv::ensure(workspace)?.ensure_test_packages()?;
    guests::build(workspace, Build::Dev)?;
    let test = ["test", "--package", "fuelcell-tests", "--test", "all", "openapi::", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("FUELCELL_API_EXAMPLES", EXAMPLES))
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
