//! What an author gets: a new job that runs here and on a server, following its README.

use fuelcell_tests::{Project, Server, built};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs commands as an author types them in `folder`.
fn follow(commands: &str, folder: &Path, variables: &[(&str, &str)]) -> String {
    let output = try_follow(commands, folder, variables);
    assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn try_follow(commands: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let tools = built::fuelcell();
    let tools = tools.parent().expect("the binary lies in a folder").display();
    Command::new("sh")
        .args(["-e", "-c", commands])
        .current_dir(folder)
        .env("PATH", format!("{tools}:{}", std::env::var("PATH").unwrap()))
        .env("XDG_CONFIG_HOME", folder)
        // Variables that cargo sets for this test are not those of an author's shell.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell")
}

/// The commands of a template's README, from the first to the last that is wanted.
fn commands(folder: &Path, wanted: impl Fn(&str) -> bool) -> String {
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let lines: Vec<_> =
        readme.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| wanted(line)).collect();
    assert!(!lines.is_empty(), "{readme}");
    lines.join("\n")
}

#[test]
fn a_new_job_in_python_runs_here_and_on_a_server() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = tempfile::tempdir().unwrap();
    let script = [
        ("FUELCELL_SERVER", server.base()),
        ("FUELCELL_TOKEN", &project.token),
        ("FUELCELL_TENANT", &project.tenant),
        ("FUELCELL_PROJECT", &project.project),
    ];
    follow("fuelcell new word-count --lang python", home.path(), &[]);
    let folder = home.path().join("word-count");
    assert!(fs::read_to_string(folder.join("README.md")).unwrap().contains("(the SDK, `guest-sdk/python`)"));
    let printed = follow(&commands(&folder, |_| true), &folder, &script);
    assert!(printed.contains("Completed"), "{printed}");
    assert_eq!(fs::read_to_string(folder.join("out/count.txt")).unwrap(), "9 words\n");
    assert_eq!(follow("grep -x '9 words' out/count.txt", &folder, &[]), "9 words\n", "as its CI asks");

    // Nothing that is there is touched.
    fs::write(folder.join("main.py"), "mine").unwrap();
    let again = try_follow("fuelcell new word-count --lang python", home.path(), &[]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"), "{again:?}");
    assert_eq!(fs::read_to_string(folder.join("main.py")).unwrap(), "mine");
    for (arguments, told) in [
        ("../outside --lang python", "cannot be the name of a job"),
        ("count --lang rust", "--sdk"),
        ("count --lang rust --sdk nowhere", "there is no crate in nowhere"),
    ] {
        let refused = try_follow(&format!("fuelcell new {arguments}"), home.path(), &[]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(told), "{arguments}: {said}");
    }
    assert!(!home.path().join("count").exists());
}

#[test]
fn a_new_job_in_rust_is_tested_built_and_run() {
    let home = tempfile::tempdir().unwrap();
    let sdk = built::source("guest-sdk/rust").display().to_string();
    follow("fuelcell new word-count --lang rust --sdk \"$SDK\"", home.path(), &[("SDK", &sdk)]);
    let folder = home.path().join("word-count");
    // A warm target directory and this repository's versions: the template is tested here, not the registry.
    let target = built::target().join("guide");
    fs::create_dir_all(&target).unwrap();
    symlink(&target, folder.join("target")).unwrap();
    fs::copy(built::source("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let here = |line: &str| !line.starts_with("rustup") && !line.contains("push") && !line.contains("submit");
    let printed = follow(&commands(&folder, here), &folder, &[]);
    assert!(printed.contains("completed"), "{printed}");
    assert_eq!(fs::read_to_string(folder.join("out/count.txt")).unwrap(), "9 words\n");
}

#[test]
fn golden_cases_tell_what_is_not_as_expected() {
    let home = tempfile::tempdir().unwrap();
    follow("fuelcell new word-count --lang python", home.path(), &[]);
    let folder = home.path().join("word-count");
    assert!(follow("fuelcell test .", &folder, &[]).ends_with("1 of 1 cases as expected\n"));
    let main = fs::read_to_string(folder.join("main.py")).unwrap();

    // Another text, and a budget that does not do.
    fs::write(folder.join("main.py"), main.replace(" words\\n", " long words\\n")).unwrap();
    fs::write(
        folder.join("golden/long-words/case.json"),
        r#"{"parameters": {"leastLength": 4}, "fuelAtMost": 10}"#,
    )
    .unwrap();
    let output = try_follow("fuelcell test . --junit report.xml", &folder, &[]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains(r#"count.txt: line 1: "5 words" was expected, and it is "5 long words""#),
        "{told}"
    );
    assert!(told.contains("10 at most were expected"), "{told}");
    let report = fs::read_to_string(folder.join("report.xml")).unwrap();
    assert!(
        report.contains(r#"tests="1" failures="1""#) && report.contains("&quot;5 long words&quot;"),
        "{report}"
    );

    // What it gives now becomes what is expected, budget aside.
    follow("fuelcell test . --update", &folder, &[]);
    assert_eq!(
        fs::read_to_string(folder.join("golden/long-words/expected/count.txt")).unwrap(),
        "5 long words\n"
    );
    fs::write(
        folder.join("golden/long-words/case.json"),
        r#"{"parameters": {"leastLength": 4}, "error": "GuestError"}"#,
    )
    .unwrap();
    let told = try_follow("fuelcell test . --output json", &folder, &[]).stdout;
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told[0]["differences"][0], "GuestError was expected, and it is completed: ");

    // What breaks is a failure with its code; a test of nothing is none.
    fs::write(
        folder.join("main.py"),
        main.replace("    context.report(report)\n    with", "    raise ValueError('broken')\n    with"),
    )
    .unwrap();
    fs::remove_file(folder.join("golden/long-words/expected/count.txt")).unwrap();
    follow("fuelcell test .", &folder, &[]);
    assert!(!try_follow("fuelcell test . --only nothing", &folder, &[]).status.success());
    fs::write(folder.join("golden/long-words/case.json"), r#"{"parameterz": {}}"#).unwrap();
    let said = try_follow("fuelcell test .", &folder, &[]).stderr;
    assert!(String::from_utf8(said).unwrap().contains("parameterz"));
}
