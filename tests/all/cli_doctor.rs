//! What `fuelcell doctor` finds, and what it mends when it is asked to.

use crate::cli_client::{Home, said, write};
use fuelcell_tests::{Project, Server};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What it says with these flags, by the codes of its findings.
fn look(home: &Home, flags: &[&str]) -> impl Fn(&str, &str) -> String + use<> {
    let path = format!("{}:{}", home.path().join("tools").display(), std::env::var("PATH").unwrap());
    let mut command = home.command(&[&["doctor", "--output", "json"], flags].concat());
    let output = command.env("PATH", path).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    move |code, member| {
        let finding = found.as_array().unwrap().iter().find(|finding| finding["code"] == code);
        let finding = finding.unwrap_or_else(|| panic!("{code}: {found:#}"));
        finding[member].as_str().unwrap_or_default().to_owned()
    }
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_with_tokens_are_closed_when_that_is_wanted() {
    let server = Server::start();
    let project = Project::new(&server);
    let mut home = Home::new();
    let token = write(&home, "token", &project.token);
    home.say(&["login", "--server", server.base(), "--token-file", "token"]);
    let profiles = home.path().join(".config/fuelcell/profiles.toml");
    home.set("FUELCELL_TOKEN_FILE", "token");
    for file in [&profiles, &token] {
        fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    }

    let found = look(&home, &[]);
    assert_eq!([found("profiles", "state"), found("token-file", "state")], ["wrong", "warning"]);
    assert_eq!(found("token-file", "fix"), "chmod 600 token");
    assert_eq!([mode(&profiles), mode(&token)], [0o644, 0o644], "nothing is changed unless it is wanted");
    let (code, told) = home.fail(&["doctor"]);
    assert!(code == 1 && told.contains("fuelcell doctor --fix does: chmod 600"), "{told}");

    let found = look(&home, &["--fix"]);
    assert_eq!([found("profiles", "state"), found("token-file", "state")], ["fixed", "fixed"]);
    assert!(found("profiles", "detail").starts_with("chmod 600 "), "{}", found("profiles", "detail"));
    assert_eq!([mode(&profiles), mode(&token)], [0o600, 0o600]);
    assert_eq!(found("token", "state"), "ok", "what it stood in the way of is looked at then");
    let found = look(&home, &["--fix"]);
    assert_eq!([found("profiles", "state"), found("token-file", "fix")], ["ok", ""]);

    // Secrets that are mounted are open by intent.
    fs::set_permissions(&token, Permissions::from_mode(0o440)).unwrap();
    home.say(&["doctor"]);
    let folder = home.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    for name in ["folder", "absent"] {
        let found = look(&home, &["--fix", "--token-file", name]);
        assert_eq!([found("token-file", "state"), found("token-file", "fix")], ["wrong", ""], "{name}");
    }
    assert_eq!(mode(&folder), 0o755, "a folder is no file with tokens");
}

#[test]
fn the_target_of_rust_is_added_by_rustup() {
    let home = Home::new();
    let tool = |name: &str, text: &str| {
        let file = home.path().join("tools").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    };
    tool("rustc", r#"echo "$HOME/libraries""#);
    tool(
        "rustup",
        r#"[ "$*" = --version ] && echo rustup && exit; echo "info: syncing" >&2; echo "error: no network." >&2; echo "   3: main" >&2; exit 1"#,
    );
    tool("go", r#"[ "$GOTOOLCHAIN $RUSTUP_AUTO_INSTALL" = "local 0" ] && echo "go as it is""#);
    let found = look(&home, &[]);
    assert_eq!(
        [found("wasm-target", "state"), found("wasm-target", "fix")],
        ["missing", "rustup target add wasm32-wasip2"]
    );
    assert_eq!(found("go", "detail"), "go as it is", "looking fetches nothing");
    let found = look(&home, &["--fix"]);
    assert_eq!(found("wasm-target", "state"), "missing");
    assert!(
        found("wasm-target", "detail").ends_with("did not help: no network"),
        "{}",
        found("wasm-target", "detail")
    );
    tool("rustup", r#"[ "$*" = "target add wasm32-wasip2" ] && mkdir -p "$HOME/libraries""#);
    // One that says no version is no rustup.
    assert_eq!(look(&home, &["--fix"])("wasm-target", "fix"), "");
    tool(
        "rustup",
        r#"[ "$*" = --version ] || { [ "$*" = "target add wasm32-wasip2" ] && mkdir -p "$HOME/libraries"; }"#,
    );
    let found = look(&home, &["--fix"]);
    assert_eq!(
        [found("wasm-target", "state"), found("wasm-target", "detail")],
        ["fixed", "rustup target add wasm32-wasip2: wasm32-wasip2"]
    );
}
