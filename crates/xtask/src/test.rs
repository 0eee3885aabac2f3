//! Everything, from a fresh clone. Nothing is skipped: what is missing is fetched, or it fails.

use anyhow::Result;

use crate::{
    check, dashboard, guests, lint,
    process::{cargo, run, works},
    programs,
    progress::note,
    tiers::Tiers,
    tools::{self, Venv},
    workspace::{Build, Workspace},
};

/// Sets up, builds, checks, lints and tests, and says how long each of it took. The test runner comes last, so that its
/// summary is the last thing to read but for those minutes.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let mut tiers = Tiers::default();
    let outcome = pass(workspace, &mut tiers);
    note(&tiers.summary());
    outcome
}

fn pass(workspace: &Workspace, tiers: &mut Tiers) -> Result<()> {
    tiers.time("set-up", || set_up(workspace))?;
    tiers.time("dashboard", || dashboard::build(workspace))?;
    tiers.time("guests and binary", || guests::build(workspace, Build::Dev))?;
    tiers.time("guests in Go and C", || programs::build(workspace))?;
    tiers.time("checks and lints", || lint::lint(workspace))?;
    tiers.time("documentation tests", || run(cargo(workspace).args(["test", "--workspace", "--doc"])))?;
    tiers.time("building tests", || build(workspace))?;
    // The others are told of, too, when one of these fails.
    let mounted = tiers.time("tests with mounts", || mounted(workspace));
    tiers.time("tests", || unmounted(workspace)).and(mounted)
}

fn set_up(workspace: &Workspace) -> Result<()> {
    check::check(workspace)?;
    tools::ensure_node()?;
    tools::ensure_axios(workspace)?;
    tools::ensure_php()?;
    tools::ensure_curl()?;
    tools::ensure_strace()?;
    tools::ensure_systemd_analyze()?;
    tools::ensure_promtool(workspace)?;
    tools::ensure_postgresql()?;
    tools::ensure_chromium()?;
    dashboard::ensure_packages(workspace)?;
    Venv::ensure(workspace)?.ensure_test_packages()
}

/// Builds what both runs of tests need, so that neither is charged with it.
fn build(workspace: &Workspace) -> Result<()> {
    run(cargo(workspace).args(["test", "--workspace", "--no-run"]))
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
            "NOT RUN: tests of full disks, power cuts, and data of earlier releases under the unit's restrictions. They mount file systems, which takes root and loop devices.",
        );
        return Ok(());
    }
    run(cargo(workspace).args(["test", "--workspace", "--test", "all", "mounted::", "--", "--ignored"]))
}
