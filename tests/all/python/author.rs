//! What an author of jobs in Python has at hand: the program, the SDK, pytest.

use fuelcell_tests::built;
use fuelcell_tests::script::{self, scripts};
use serde_json::json;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A command as on a machine with the SDK installed, and the packages that the engine has.
fn with_sdk(mut command: Command) -> Command {
    let packages = built::target().join("tools/engine-python/lib/python3.14/site-packages");
    let path = std::env::join_paths([built::source("guest-sdk/python/src"), packages]).unwrap();
    command
        .env("PYTHONPATH", path)
        .env("PYTEST_PLUGINS", "fuelcell.pytest_plugin")
        .env("PYTEST_ADDOPTS", "-p no:cacheprovider")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A cache for `fuelcell run` with the compiled code of the test servers, in which the engine is, once it was run.
pub(super) fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(make_cache)
}

fn make_cache() -> PathBuf {
    let folder = fuelcell_tests::cache().to_owned();
    // Tests that begin together wait for the one that compiles.
    let lock = File::create(folder.join("lock-python")).unwrap();
    lock.lock().unwrap();
    let ended = start(&folder, scripts(&[("main.py", "")]).path(), &[]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    folder
}

/// Runs the script in a folder on the engine, with a manifest unless it has one.
pub(super) fn start(cache: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let manifest = folder.join("script/fuelcell.json");
    if !manifest.exists() {
        let plain = json!({"interface": "0.1", "engine": "python@3.14", "title": "A script",
            "inputs": [{"name": "dataset", "parameter": "datasetId"}, {"name": "lookups", "parameter": "lookups", "many": true}]});
        fs::write(manifest, plain.to_string()).unwrap();
    }
    script::start(cache, folder, arguments)
}

/// Runs the tests of a folder as their author does.
pub(super) fn pytest(folder: &str) {
    let mut tests = with_sdk(Command::new(built::python()));
    let output = tests
        .args(["-m", "pytest", "--quiet", "tests"])
        .current_dir(built::source(folder))
        .output()
        .expect("the project's Python can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(" passed"), "{said}");
}

/// Runs commands as somebody would who has the program, the SDK and pytest, and returns what they printed.
pub(super) fn follow(commands: &str, folder: &Path) -> String {
    let beside = |program: PathBuf| program.parent().expect("a program lies in a folder").to_owned();
    let folders = [beside(built::fuelcell()), beside(built::python()), "/usr/bin".into(), "/bin".into()];
    let mut shell = with_sdk(Command::new("sh"));
    shell
        .args(["-e", "-c", commands])
        .current_dir(folder)
        .env("PATH", std::env::join_paths(folders).unwrap());
    let output = shell.env("XDG_CACHE_HOME", cache()).output().expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{commands}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}
