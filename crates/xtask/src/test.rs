//! Everything, from a fresh clone. Nothing is skipped: what is missing is fetched, or it fails.

use anyhow::Result;

use crate::{
    check, guests, lint,
    process::{cargo, run, works},
    progress::note,
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
    // The others are told of, too, when one of these fails.
    let mounted = mounted(workspace);
    unmounted(workspace).and(mounted)
}

fn unmounted(workspace: &Workspace) -> Result<()> {
    if works(cargo(workspace).args(["nextest", "--version"])) {
        return run(cargo(workspace).args(["nextest", "run", "--workspace", "--no-fail-fast"]));
    }
    // Documentation tests have run already.
    run(cargo(workspace).args(["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]))
}

/// The tests that mount file systems, where that can be done.
fn mounted(workspace: &Workspace) -> Result<()> {
    if !tools::can_mount() {
        note(
            "NOT RUN: tests of full disks and power cuts. They mount file systems, which takes root and loop devices.",
        );
        return Ok(());
    }
    run(cargo(workspace).args(["test", "--workspace", "--test", "all", "mounted::", "--", "--ignored"]))
}
