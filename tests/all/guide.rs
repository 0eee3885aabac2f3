//! The guide "Write your first job in Rust", followed word for word.

use fuelcell_tests::page::{Block, blocks};
use fuelcell_tests::{Project, Server, built};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Runs the block's commands in `folder`, as somebody who works in the project, and returns what they printed.
fn follow(commands: &str, folder: &Path, server: &Server, project: &Project) -> String {
    let tools = built::fuelcell();
    let tools = tools.parent().expect("the binary lies in a folder").display();
    let path = format!("{tools}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-e", "-c", commands])
        .current_dir(folder)
        .env("PATH", path)
        .env("XDG_CACHE_HOME", fuelcell_tests::cache())
        .env("XDG_CONFIG_HOME", folder)
        .env("FUELCELL_SERVER", server.base())
        .env("FUELCELL_TOKEN", &project.token)
        .env("FUELCELL_TENANT", &project.tenant)
        .env("FUELCELL_PROJECT", &project.project)
        // Variables that cargo sets for this test are not those of an author's shell.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{commands}\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_first_job_of_the_guide_is_written_tested_built_packed_and_run_here_and_on_a_server() {
    let server = Server::start();
    let project = Project::new(&server);
    let guide = fs::read_to_string(built::source("guest-sdk/rust/README.md")).unwrap();
    let blocks: Vec<Block<'_>> = blocks(&guide).collect();
    let [install, manifest, job, build, run, push, fetch] = &blocks[..] else {
        panic!("the guide has seven blocks")
    };
    let languages = blocks.iter().map(|block| block.language).collect::<Vec<_>>();
    assert_eq!(languages, ["sh", "toml", "rust", "sh", "sh", "sh", "sh"]);
    let follow = |block: &Block<'_>, folder: &Path| follow(block.text, folder, &server, &project);

    let folder = tempfile::tempdir().unwrap();
    follow(install, folder.path());
    let home = folder.path().join("word-count");
    // A warm target directory and this repository's versions: the guide is tested here, not the registry.
    let target = built::target().join("guide");
    fs::create_dir_all(&target).unwrap();
    symlink(&target, home.join("target")).unwrap();
    fs::copy(built::source("Cargo.lock"), home.join("Cargo.lock")).unwrap();
    write_manifest(&home, manifest.text);
    fs::write(home.join("src/lib.rs"), job.text).unwrap();

    follow(build, &home);
    assert!(follow(run, &home).ends_with("2 words\n"));
    let said = follow(push, &home);
    assert!(said.contains("Completed"), "{said}");
    let said = follow(fetch, &home);
    assert!(said.contains("Completed") && said.contains("count.txt"), "{said}");
    assert!(said.ends_with(r#"{"lines":1,"words":2}"#), "{said}");
}

/// The guide's part behind what `cargo new` wrote, without the second `[dependencies]`.
fn write_manifest(home: &Path, text: &str) {
    let path = home.join("Cargo.toml");
    let written = fs::read_to_string(&path).unwrap().replace("[dependencies]\n", "");
    let sdk = built::source("guest-sdk/rust").display().to_string();
    fs::write(&path, written).unwrap();
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.replace("…/guest-sdk/rust", &sdk).as_bytes()).unwrap();
}
