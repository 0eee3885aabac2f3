//! Everything, from a fresh clone. Nothing is skipped: what is missing is fetched, or it fails.

use anyhow::Result;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

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
    note(&transcripts(workspace));
    note(&tiers.summary());
    outcome
}

/// How long what guides say took, by the transcripts that the tests wrote.
fn transcripts(workspace: &Workspace) -> String {
    let folder = transcripts_folder(workspace);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut totals: Vec<_> = entries.filter_map(|entry| total(&entry.path())).collect();
    if totals.is_empty() {
        return format!("transcripts in {}: none", workspace.shown(&folder));
    }
    totals.sort();
    format!("transcripts in {}: {}", workspace.shown(&folder), totals.join(", "))
}

/// Removes those of an earlier run, so that none counts as one of this run.
fn forget_transcripts(workspace: &Workspace) -> Result<()> {
    match fs::remove_dir_all(transcripts_folder(workspace)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn transcripts_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("transcripts")
}

/// The name of a transcript with the seconds in its last line.
fn total(transcript: &Path) -> Option<String> {
    let text = fs::read_to_string(transcript).ok()?;
    let seconds = text.lines().last()?.strip_prefix("total ")?;
    Some(format!("{} {seconds}", transcript.file_stem()?.display()))
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
    forget_transcripts(workspace)?;
    check::check(workspace)?;
    tools::ensure_node()?;
    tools::ensure_node_packages(workspace)?;
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
