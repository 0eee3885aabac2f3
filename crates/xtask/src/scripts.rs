//! Packs the script module that ships with Fuelcell: the job type Notebook, an archive of sources in Python.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::{engines, process::run, tools::Venv, workspace::Workspace};

/// Where its sources lie.
const SOURCES: &str = "example-jobs/built-in/notebook/src";
/// What writes its manifest.
const SDK: &str = "guest-sdk/python/src";

/// Packs it as its author would, unless it was packed of the same sources, and says where it is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let packed = workspace.module("notebook").with_extension("zip");
    let stamp = packed.with_extension("sources");
    let sources = engines::fingerprint(workspace, &[SOURCES, SDK])?;
    if packed.is_file() && fs::read_to_string(&stamp).is_ok_and(|present| present == sources) {
        return Ok(packed);
    }
    let venv = Venv::ensure(workspace)?;
    let mut command = venv.program("python");
    command
        .current_dir(&workspace.root)
        .env("PYTHONPATH", engines::python_path(workspace, &venv)?)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-m", "fuelcell", "pack", SOURCES, "--out"])
        .arg(&packed);
    run(&mut command)?;
    fs::write(stamp, sources)?;
    Ok(packed)
}
