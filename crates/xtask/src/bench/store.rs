//! What the embedded store does without server and engine: the figures of `fuelcell-store-sled`'s example of that name.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::row::Row;
use crate::{
    process::{cargo, run},
    progress::Progress,
    workspace::Workspace,
};

/// Builds the example and runs it in a folder of its own on the disk of `folder`. It makes `jobs` jobs itself.
pub(super) fn rows(workspace: &Workspace, folder: &Path, jobs: u64, seconds: u64) -> Result<Vec<Row>> {
    let example = ["build", "--release", "--package", "fuelcell-store-sled", "--example", "figures"];
    run(cargo(workspace).args(example))?;
    fs::create_dir_all(folder)?;
    let mut progress = Progress::spinner(&format!("The store with {jobs} jobs"));
    let mut child = Command::new(workspace.target.join("release/examples/figures"))
        .arg(folder)
        .args([jobs.to_string(), seconds.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the example `figures`")?;
    let printed = child.stdout.take().context("the example prints nothing")?;
    let mut rows = Vec::new();
    for line in BufReader::new(printed).lines() {
        let line = line?;
        let row: Row = serde_json::from_str(&line).with_context(|| format!("this is no figure: {line}"))?;
        progress.set(0, &row.what);
        rows.push(row);
    }
    ensure!(child.wait()?.success(), "the example `figures` failed");
    Ok(rows)
}
