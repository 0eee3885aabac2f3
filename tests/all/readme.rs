//! What documents promise: the complete run of README.md, line by line, as a stranger types it, and tables that are whole.

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

/// The variants of an enumeration, as its file has them.
fn variants(file: &str, name: &str) -> Vec<String> {
    let code = fs::read_to_string(built::source(file)).unwrap();
    let (_, rest) = code.split_once(&format!("pub enum {name} {{\n")).expect("the file has the enumeration");
    let (body, _) = rest.split_once("\n}").unwrap();
    let lines = body.lines().map(str::trim).filter(|line| line.starts_with(char::is_uppercase));
    lines.map(|line| line.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()).collect()
}

#[test]
fn every_code_of_a_failure_and_every_reason_to_wait_is_explained() {
    for (file, name, page, least) in [
        ("crates/domain/src/error.rs", "ErrorCode", "docs/troubleshooting.md", 10),
        ("crates/domain/src/estimate.rs", "WaitReason", "docs/queue.md", 5),
    ] {
        let text = fs::read_to_string(built::source(page)).unwrap();
        let codes = variants(file, name);
        assert!(codes.len() >= least, "{codes:?}");
        for code in codes {
            assert!(text.contains(&format!("| `{code}` | ")), "{page} has no row for {code}");
        }
    }
}
