//! Jobs in Python: the SDK as an author tests with it, and the engine in a cell.

use fuelcell_tests::built;
use std::process::Command;

/// A program of Python as it is on a machine with the SDK installed.
fn python() -> Command {
    let mut command = Command::new(built::python());
    command
        .env("PYTHONPATH", built::source("guest-sdk/python/src"))
        .env("PYTEST_PLUGINS", "fuelcell.pytest_plugin")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[test]
fn the_sdk_passes_its_own_tests() {
    let mut tests = python();
    let output = tests
        .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
        .arg(built::source("guest-sdk/python/tests"))
        .output()
        .expect("the project's Python can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(" passed"), "{said}");
}
