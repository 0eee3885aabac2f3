//! The long forms of tests that are short in `cargo xtask test`: hours, optimised.

use anyhow::Result;
use clap::Args;

use crate::{
    process::{cargo, run},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct SoakArguments {
    /// Generated and damaged modules to inspect and run
    #[arg(long, default_value_t = 200_000)]
    modules: u64,
    /// Runs of the same deterministic job
    #[arg(long, default_value_t = 1_000)]
    runs: u64,
}

/// Runs them; the first that fails ends it.
pub(crate) fn soak(workspace: &Workspace, arguments: &SoakArguments) -> Result<()> {
    let mut command = cargo(workspace);
    command.args(["test", "--release", "--package", "fuelcell-sandbox", "--test", "attacks", "--"]);
    command.args(["--nocapture", "fuzz::", "determinism::"]);
    command.env("FUELCELL_SOAK_MODULES", arguments.modules.to_string());
    command.env("FUELCELL_SOAK_RUNS", arguments.runs.to_string());
    run(&mut command)
}
