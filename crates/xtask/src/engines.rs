//! Builds the engine for scripts in Python: componentize-py makes a component of CPython, our SDK and what it imports, as all
//! of it is in memory right before a script begins.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{
    process::run,
    tools::{COMPONENTIZE_PY, Venv},
    workspace::Workspace,
};

/// Where the engine's sources lie.
const SOURCES: &str = "guest-sdk/engines/python";
/// The SDK, which is part of it.
const SDK: &str = "guest-sdk/python/src";
/// The version of Python that componentize-py brings, by which its packages are chosen.
const PYTHON: &str = "3.14";

/// Builds the engine, unless it was built of the same sources, and says where it is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let built = workspace.module("python");
    let stamp = built.with_extension("sources");
    let sources = fingerprint(workspace, &[SOURCES, SDK, "guest-sdk/wit"])?;
    if !built.is_file() || !fs::read_to_string(&stamp).is_ok_and(|present| present == sources) {
        make(workspace, &built)?;
        fs::write(stamp, sources)?;
    }
    Ok(built)
}

/// Builds the engine.
fn make(workspace: &Workspace, built: &Path) -> Result<()> {
    let venv = Venv::ensure(workspace)?;
    venv.ensure_packages(&[COMPONENTIZE_PY])?;
    let packages = packages(workspace, &venv)?;
    fs::create_dir_all(built.parent().context("a module has a folder")?)?;
    let unfinished = built.with_extension("unfinished");
    let mut command = venv.program("componentize-py");
    command
        .current_dir(workspace.root.join(SOURCES))
        // Where it looks for packages: with another Python's it would take what happens to be there.
        .env("VIRTUAL_ENV", &packages)
        .args(["--quiet", "-d", "wit", "-w", "python", "componentize", "fuelcell_engine", "-p", "app", "-p"])
        .arg(workspace.root.join(SDK))
        .arg("-o")
        .arg(&unfinished);
    run(&mut command)?;
    Ok(fs::rename(&unfinished, built)?)
}

/// The packages of `requirements.txt` in a folder of their own, as a virtual environment has them.
fn packages(workspace: &Workspace, venv: &Venv) -> Result<PathBuf> {
    let folder = workspace.tools().join("engine-python");
    let requirements = workspace.root.join(SOURCES).join("requirements.txt");
    let wanted = fs::read(&requirements)?;
    let stamp = folder.join("requirements.txt");
    if fs::read(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let site = folder.join(format!("lib/python{PYTHON}/site-packages"));
    let mut command: Command = venv.program("python");
    command
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"])
        .args(["--only-binary=:all:", "--platform", "any", "--python-version", PYTHON])
        .arg("--target")
        .arg(site)
        .arg("-r")
        .arg(requirements);
    run(&mut command)?;
    fs::write(stamp, wanted)?;
    Ok(folder)
}

/// Where Python finds the SDK and the packages of the engine, as a script does that the engine runs.
pub(crate) fn python_path(workspace: &Workspace, venv: &Venv) -> Result<OsString> {
    let packages = packages(workspace, venv)?.join(format!("lib/python{PYTHON}/site-packages"));
    Ok(env::join_paths([workspace.root.join(SDK), packages])?)
}

/// What is built of these folders by componentize-py and the SDK.
pub(crate) fn fingerprint(workspace: &Workspace, folders: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for folder in folders {
        gather(&workspace.root.join(folder), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    hash.update(COMPONENTIZE_PY);
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", workspace.shown(&file)))?;
        hash.update(workspace.shown(&file).to_string());
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match path.is_dir() {
            true if name == "__pycache__" => {}
            true => gather(&path, files)?,
            false
                if path
                    .extension()
                    .is_some_and(|kind| ["py", "wit", "txt"].iter().any(|known| kind == *known)) =>
            {
                files.push(path);
            }
            false => {}
        }
    }
    Ok(())
}
