//! The complete run of README.md, line by line, as a stranger types it.

use fuelcell_tests::{Server, built};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

const BEGIN: &str = "```sh\n";
const END: &str = "```";
/// What a stranger's folder has: the example log, and the data of a server that was started in it.
const SAMPLES: &str = "example-jobs";

#[test]
fn the_complete_run_of_the_readme_ends_with_the_files_that_it_promises() {
    let readme = fs::read_to_string(built::source("README.md")).unwrap();
    let (_, rest) = readme.split_once(BEGIN).expect("README has lines for a shell");
    let (lines, rest) = rest.split_once(END).unwrap();
    assert!(!rest.contains(BEGIN), "there is one block of such lines");
    assert!(readme.len() <= 6_000, "README is to be read to its end: {} bytes", readme.len());

    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    symlink(server.data(), folder.path().join("data")).unwrap();
    symlink(built::source(SAMPLES), folder.path().join(SAMPLES)).unwrap();
    let output = Command::new("sh")
        .args(["-e", "-u", "-c", lines])
        .current_dir(folder.path())
        .env("URL", server.base())
        .output()
        .expect("there is a shell");
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    for file in ["report.html", "process-map.svg", "process-mining.json", "enriched-log.csv"] {
        assert!(printed.contains(file), "{file} is in the archive: {printed}");
    }
}
