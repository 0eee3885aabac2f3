//! `fuelcell profile`: where the fuel of a run went.

use fuelcell_tests::built;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Two steps, one of which burns nearly all fuel.
const STEPS: &str = r#"{"steps": [{"do": "work", "rounds": 2000000}, {"do": "allocate", "bytes": 8388608}]}"#;

fn profile(folder: &Path, arguments: &[&str]) -> Output {
    fs::write(folder.join("steps.json"), STEPS).unwrap();
    let mut command = Command::new(built::fuelcell());
    command.arg("profile").arg(built::module_path("probe")).args(["--parameters-file", "steps.json"]);
    command
        .args(arguments)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", fuelcell_tests::cache())
        .output()
        .unwrap()
}

fn folded(file: &Path) -> Vec<(String, u64)> {
    let lines = fs::read_to_string(file).unwrap();
    let line = |line: &str| {
        let (stack, amount) = line.rsplit_once(' ').unwrap();
        (stack.to_owned(), amount.parse().unwrap())
    };
    lines.lines().map(line).collect()
}

#[test]
fn a_profile_tells_the_fuel_of_each_function_and_adds_up_to_that_of_the_run() {
    let home = TempDir::new().unwrap();
    let output = profile(home.path(), &["--json", "--deterministic"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fuel = told["usage"]["fuel"].as_u64().unwrap();
    assert_eq!(told["profile"]["fuel"], fuel);
    let files = json!(["profile/profile.html", "profile/fuel.folded", "profile/memory.folded"]);
    assert_eq!(told["profile"]["files"], files);
    let stacks = folded(&home.path().join("profile/fuel.folded"));
    assert_eq!(stacks.iter().map(|(_, fuel)| fuel).sum::<u64>(), fuel);
    let of_burning: u64 =
        stacks.iter().filter(|(stack, _)| stack.contains("probe::perform")).map(|(_, fuel)| fuel).sum();
    assert!(of_burning > fuel / 2, "{stacks:?}");
    let taken = folded(&home.path().join("profile/memory.folded"));
    let of_step: u64 =
        taken.iter().filter(|(stack, _)| stack.contains("probe::perform")).map(|(_, bytes)| bytes).sum();
    assert!(of_step >= 8_388_608, "{taken:?}");
    // The same run tells the same, to the byte, wherever its cell is.
    let first = fs::read(home.path().join("profile/profile.html")).unwrap();
    profile(home.path(), &["--json", "--deterministic", "--force", "--isolation", "process"]);
    assert!(fs::read(home.path().join("profile/profile.html")).unwrap() == first);
    let page = String::from_utf8(first).unwrap();
    for part in ["Profile of probe.wasm", "Fuel by call stack", "Memory by call stack", "<svg"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        !page.contains("<script") && !page.contains("src=") && !page.contains("://"),
        "the page needs no script and no network"
    );
}

#[test]
fn people_are_told_what_burnt_most_and_where_the_files_are() {
    let home = TempDir::new().unwrap();
    let output = profile(home.path(), &["--to", "here"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let most = told.split_once("most fuel of their own:\n").unwrap().1;
    assert!(most.lines().next().unwrap().contains(" %  "), "{told}");
    assert!(
        told.ends_with("written:\n  here/profile.html\n  here/fuel.folded\n  here/memory.folded\n"),
        "{told}"
    );
}

#[test]
fn a_run_that_fails_has_its_profile_and_ends_with_1() {
    let home = TempDir::new().unwrap();
    let output = profile(home.path(), &["--fuel", "1000000"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("failed: FuelExhausted"), "{told}");
    let stacks = folded(&home.path().join("profile/fuel.folded"));
    assert_eq!(stacks.iter().map(|(_, fuel)| fuel).sum::<u64>(), 1_000_000);
}

#[test]
fn what_cannot_be_profiled_is_said_and_nothing_is_replaced() {
    let home = TempDir::new().unwrap();
    fs::create_dir(home.path().join("full")).unwrap();
    fs::write(home.path().join("full/mine.txt"), "mine").unwrap();
    for (arguments, said) in [
        (&["--repeat", "2"][..], "a profile is of one run: leave --repeat out"),
        (
            &["--to", "full"],
            "there are files in full, which could be replaced: name another folder with --to",
        ),
        (&["--to", "out"], "--to and --out name the same folder"),
    ] {
        let output = profile(home.path(), arguments);
        assert!(!output.status.success());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(fs::read_to_string(home.path().join("full/mine.txt")).unwrap(), "mine");
}
