//! The long form of what the tests do briefly.

use anyhow::Result;

use crate::{
    guests,
    process::{cargo, run},
    tools::Venv,
    workspace::{Build, Workspace},
};

/// Examples of each operation and phase: together far more than 10,000 requests.
const EXAMPLES: &str = "600";

/// Runs the generated API tests with many examples.
pub(crate) fn soak(workspace: &Workspace) -> Result<()> {
    Venv::ensure(workspace)?.ensure_test_packages()?;
    guests::build(workspace, Build::Dev)?;
    let test = ["test", "--package", "fuelcell-tests", "--test", "all", "openapi::", "--", "--nocapture"];
    run(cargo(workspace).args(test).env("FUELCELL_API_EXAMPLES", EXAMPLES))
}
