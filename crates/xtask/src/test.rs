//! Everything, from a fresh clone. Nothing is skipped: what is missing is fetched, or it fails.

use anyhow::Result;

use crate::{
    check, guests, lint,
    process::{cargo, run, works},
    tools::{self, Venv},
    workspace::{Build, Workspace},
};

/// Sets up, builds, checks, lints and tests. The test runner comes last, so that its summary is the last thing to read.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    check::check(workspace)?;
    tools::ensure_node()?;
    tools::ensure_axios(workspace)?;
    tools::ensure_php()?;
    tools::ensure_curl()?;
    tools::ensure_strace()?;
    tools::ensure_chromium()?;
    Venv::ensure(workspace)?.ensure_test_packages()?;
    guests::build(workspace, Build::Dev)?;
    lint::lint(workspace)?;
    run(cargo(workspace).args(["test", "--workspace", "--doc"]))?;
    if works(cargo(workspace).args(["nextest", "--version"])) {
        return run(cargo(workspace).args(["nextest", "run", "--workspace", "--no-fail-fast"]));
    }
    // Documentation tests have run already.
    run(cargo(workspace).args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]))
}
