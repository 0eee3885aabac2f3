//! Builds the engines for scripts in Python. The first: componentize-py makes a component of CPython, our SDK and what it imports, as all
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
use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;

use crate::{
    process::run,
    tools::{COMPONENTIZE_PY, Venv, WASM_TOOLS},
    workspace::Workspace,
};

/// Where the engine's sources lie.
const SOURCES: &str = "guest-sdk/engines/python";
/// The SDK, which is part of it.
const SDK: &str = "guest-sdk/python/src";
/// Where those of the engine with scientific libraries lie, which it has beside those of the first.
const SCIENCE: &str = "guest-sdk/engines/python-science";
/// The version of Python of its interpreter.
const SCIENCE_PYTHON: &str = "3.15";
/// A version of Python and a platform for which there are packages of `data.txt`, whatever runs here.
const DATA_OF: (&str, &str) = ("3.13", "manylinux_2_28_x86_64");
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

/// The packages of the engine for scripts.
fn packages(workspace: &Workspace, venv: &Venv) -> Result<PathBuf> {
    packages_of(workspace, venv, "engine-python", &format!("{SOURCES}/requirements.txt"), (PYTHON, "any"))
}

/// The packages of a list in a folder of their own, as a virtual environment has them.
fn packages_of(
    workspace: &Workspace,
    venv: &Venv,
    name: &str,
    requirements: &str,
    (python, platform): (&str, &str),
) -> Result<PathBuf> {
    let folder = workspace.tools().join(name);
    let requirements = workspace.root.join(requirements);
    let wanted = fs::read(&requirements)?;
    let stamp = folder.join("requirements.txt");
    if fs::read(&stamp).is_ok_and(|present| present == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let site = site_packages(&folder, python);
    let mut command: Command = venv.program("python");
    command
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"])
        .args(["--only-binary=:all:", "--platform", platform, "--python-version", python])
        .arg("--target")
        .arg(site)
        .arg("-r")
        .arg(requirements);
    run(&mut command)?;
    fs::write(stamp, wanted)?;
    Ok(folder)
}

fn site_packages(folder: &Path, python: &str) -> PathBuf {
    folder.join(format!("lib/python{python}/site-packages"))
}

/// Builds what `fuelcell engine install python-science` puts around the interpreter, unless it was built of the same sources,
/// and says where it is: a component with a placeholder for the interpreter, and the files of the engine.
pub(crate) fn science(workspace: &Workspace, bridge: &Path) -> Result<PathBuf> {
    let built = workspace.module("python-science").with_extension("zip");
    let stamp = built.with_extension("sources");
    let bridge_bytes =
        fs::read(bridge).with_context(|| format!("cannot read {}", workspace.shown(bridge)))?;
    let sources = fingerprint(workspace, &[SCIENCE, SOURCES, SDK, "guest-sdk/wit"])?
        + &hex::encode(Sha256::digest(bridge_bytes))
        + WASM_TOOLS;
    if !built.is_file() || !fs::read_to_string(&stamp).is_ok_and(|present| present == sources) {
        make_science(workspace, bridge, &built)?;
        fs::write(stamp, sources)?;
    }
    Ok(built)
}

fn make_science(workspace: &Workspace, bridge: &Path, built: &Path) -> Result<()> {
    let venv = Venv::ensure(workspace)?;
    venv.ensure_packages(&[WASM_TOOLS])?;
    let list = |file| format!("{SCIENCE}/{file}");
    let packages = packages_of(
        workspace,
        &venv,
        "engine-python-science",
        &list("requirements.txt"),
        (SCIENCE_PYTHON, "any"),
    )?;
    // Of these no program is taken, so that it does not matter whose they are.
    let data = packages_of(workspace, &venv, "engine-python-science-data", &list("data.txt"), DATA_OF)?;
    let folder = workspace.target.join("engines");
    fs::create_dir_all(&folder)?;
    let sources = workspace.root.join(SCIENCE);
    let part = |name: &str| folder.join(name);
    let wasm_tools = |arguments: &[&str], from: &Path, to: &Path| {
        let mut command = venv.program("wasm-tools");
        run(command.current_dir(&sources).args(arguments).arg(from).arg("-o").arg(to))
    };
    let (placeholder, door, wasi) = (part("placeholder.wasm"), part("door.wasm"), part("wasi.wasm"));
    let (interpreter, component) = (part("interpreter.wasm"), part("component.wasm"));
    fs::write(&wasi, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?;
    wasm_tools(&["parse"], Path::new("parts/interpreter.wat"), &placeholder)?;
    wasm_tools(&["parse"], Path::new("parts/door.wat"), &door)?;
    wasm_tools(&["component", "embed", "wit", "--world", "interpreter"], &door, &door)?;
    let adapters = [format!("wasi_snapshot_preview1={}", wasi.display()), format!("host={}", door.display())];
    let adapters = ["component", "new", "--adapt", &adapters[0], "--adapt", &adapters[1]];
    wasm_tools(&adapters, &placeholder, &interpreter)?;
    // Names of components have no underscores.
    let definition = part("bridge.wasm");
    fs::copy(bridge, &definition)?;
    let definition = definition.display().to_string();
    wasm_tools(&["compose", "--definitions", &definition], &interpreter, &component)?;
    let mut pack = venv.program("python");
    pack.arg(sources.join("pack.py")).arg(site_packages(&packages, SCIENCE_PYTHON));
    pack.arg(site_packages(&data, DATA_OF.0)).arg(&component).arg(&placeholder).arg(built);
    run(&mut pack)
}

/// Where Python finds the SDK and the packages of the engine, as a script does that the engine runs.
pub(crate) fn python_path(workspace: &Workspace, venv: &Venv) -> Result<OsString> {
    let packages = site_packages(&packages(workspace, venv)?, PYTHON);
    Ok(env::join_paths([workspace.root.join(SDK), packages])?)
}

/// What is built of these folders by componentize-py and the SDK.
pub(crate) fn fingerprint(workspace: &Workspace, folders: &[&str]) -> Result<String> {
    let is_source = |file: &Path| {
        file.extension().is_some_and(|kind| ["py", "wit", "wat", "txt"].iter().any(|known| kind == *known))
    };
    fingerprint_of(workspace, folders, is_source, COMPONENTIZE_PY)
}

/// What is built of those files of these folders that count, by a tool in a version.
pub(crate) fn fingerprint_of(
    workspace: &Workspace,
    folders: &[&str],
    counts: impl Fn(&Path) -> bool,
    tool: &str,
) -> Result<String> {
    let mut files = Vec::new();
    for folder in folders {
        gather(&workspace.root.join(folder), &mut files)?;
    }
    files.retain(|file| counts(file));
    files.sort();
    let mut hash = Sha256::new();
    hash.update(tool);
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
            false => files.push(path),
        }
    }
    Ok(())
}
