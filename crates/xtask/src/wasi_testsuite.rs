//! The test suite of WASI itself, in our cells.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{
    process::{cargo, run},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct WasiTestsuiteArguments {
    /// A checkout of WebAssembly/wasi-testsuite, branch prod/testsuite-base
    directory: PathBuf,
}

/// Runs the tests for wasm32-wasip1 and prints one line for each.
pub(crate) fn run_suite(workspace: &Workspace, arguments: &WasiTestsuiteArguments) -> Result<()> {
    let mut command = cargo(workspace);
    command.args(["run", "--package", "fuelcell-sandbox", "--example", "wasi-testsuite", "--"]);
    run(command.arg(arguments.directory.canonicalize()?))
}
