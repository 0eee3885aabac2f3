//! What operators get to run a server with: the unit of systemd, the manifests for Kubernetes, the Debian package and the
//! image.

use fuelcell_tests::{Project, Server, built};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use toml::Table;

const UNIT: &str = "deploy/systemd/fuelcell.service";

fn read(path: &str) -> String {
    fs::read_to_string(built::source(path)).unwrap()
}

/// What systemd's tool says.
fn analyzed(arguments: &[&str]) -> String {
    let mut command = Command::new("systemd-analyze");
    let output = command.args(["--no-pager"]).args(arguments).output().expect("Debian's systemd has it");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_unit_is_exposed_as_little_as_is_stated() {
    let unit = built::source(UNIT);
    let said = analyzed(&["security", "--offline=true", unit.to_str().unwrap()]);
    let level = said.rsplit_once("fuelcell.service: ").unwrap().1.split(' ').next().unwrap();
    let stated = read("docs/deployment.md");
    // Another version of systemd may weigh otherwise.
    let stated = stated.split_once("an exposure of ").unwrap().1.split(' ').next().unwrap();
    let number = |text: &str| text.parse::<f64>().unwrap();
    assert!(number(level) <= number(stated), "{level} is more than the stated {stated}:\n{said}");
    assert!(number(stated) <= 2.0);
}

/// The values of a setting of the unit, in their order.
fn values(setting: &str) -> Vec<String> {
    let unit = read(UNIT);
    let values = unit.lines().filter_map(|line| line.strip_prefix(setting)?.strip_prefix('='));
    values.map(str::to_owned).collect()
}

/// The system calls of a group, and those of the groups in it.
fn calls_of(name: &str) -> BTreeSet<String> {
    if !name.starts_with('@') {
        return BTreeSet::from([name.to_owned()]);
    }
    let listed = analyzed(&["syscall-filter", name]);
    let members =
        listed.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    members.flat_map(calls_of).collect()
}

/// What the unit lets through: the lists are read in their order, and one with a tilde takes away.
fn allowed() -> BTreeSet<String> {
    let mut allowed = BTreeSet::new();
    for list in values("SystemCallFilter") {
        let (takes_away, names) = list.strip_prefix('~').map_or((false, &list[..]), |names| (true, names));
        for call in names.split(' ').flat_map(calls_of) {
            match takes_away {
                true => allowed.remove(&call),
                false => allowed.insert(call),
            };
        }
    }
    allowed
}

#[test]
fn the_unit_allows_every_system_call_that_a_server_at_work_makes() {
    let summary = tempfile::NamedTempFile::new().unwrap();
    // The tracer stands aside, so that the server is told to stop and not it; its compiled modules are its own, so that it
    // compiles.
    let options = "--daemonize --follow-forks --summary-only --env=FUELCELL_ISOLATION=process \
                   --env=FUELCELL_COMPILED --env=FUELCELL_COMPILED_SECRET --output";
    let mut arguments: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
    arguments.push(summary.path().display().to_string());
    arguments.push("--".into());
    let mut server = Server::start_under(Path::new("strace"), &arguments);
    let project = Project::new(&server).with_probe();
    let work = json!([{"do": "allocate", "bytes": 1_000_000}, {"do": "work", "rounds": 1000}, {"do": "artifact", "name": "a.txt", "text": "a"}]);
    project.wait_for(&project.probe(work), "Completed");
    assert!(server.terminate());
    let summary =
        fuelcell_tests::eventually("the summary is written", std::time::Duration::from_secs(60), || {
            Some(fs::read_to_string(summary.path()).unwrap()).filter(|text| text.contains(" total"))
        });
    let rows = summary.lines().skip_while(|line| !line.starts_with("------")).skip(1);
    let made: BTreeSet<_> = rows
        .take_while(|line| !line.starts_with("------"))
        .filter_map(|line| line.split_whitespace().last().map(str::to_owned))
        .collect();
    assert!(made.contains("landlock_restrict_self") || made.contains("seccomp"), "jobs are fenced: {made:?}");
    let allowed = allowed();
    let refused: Vec<_> = made.difference(&allowed).collect();
    assert!(refused.is_empty(), "the unit does not allow {refused:?}");
}

#[test]
fn what_the_unit_starts_is_a_command_that_there_is() {
    let command = values("ExecStart").pop().unwrap();
    let mut words = command.split(' ').skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(words[0], "serve");
    words.push("--help".into());
    assert!(Command::new(built::fuelcell()).args(&words).output().unwrap().status.success(), "{command}");
    let limits =
        [("TimeoutStopSec", "60"), ("Type", "exec"), ("NoNewPrivileges", "yes"), ("DynamicUser", "yes")];
    for (setting, value) in limits {
        assert_eq!(values(setting), [value], "{setting}");
    }
}

#[test]
fn the_manifests_for_kubernetes_are_as_its_schemas_want_them() {
    let output = Command::new(built::python())
        .arg(built::source("tests/clients/kubernetes.py"))
        .arg(built::source("deploy/kubernetes"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "ConfigMap Service Service StatefulSet");
}

#[test]
fn every_configuration_that_is_shipped_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let map = read("deploy/kubernetes/configmap.yaml");
    let inner = map.split_once("fuelcell.toml: |\n").unwrap().1;
    let inner: String = inner.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    for text in [inner, read("deploy/debian/fuelcell.toml")] {
        let file = folder.path().join("fuelcell.toml");
        fs::write(&file, text).unwrap();
        let output =
            Command::new(built::fuelcell()).arg("--config").arg(&file).arg("config").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_debian_package_holds_files_that_there_are() {
    let manifest: Table = read("crates/fuelcell/Cargo.toml").parse().unwrap();
    let package = &manifest["package"]["metadata"]["deb"];
    let assets = package["assets"].as_array().unwrap();
    let mut placed = Vec::new();
    for asset in assets {
        let asset: Vec<_> = asset.as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        let [source, at, mode] = asset[..] else { panic!("{asset:?} is no source, place and mode") };
        assert!(mode == "755" || mode == "644", "{asset:?}");
        match source {
            "target/release/fuelcell" => assert_eq!((at, mode), ("usr/bin/", "755")),
            source => drop(built::source(&format!("crates/fuelcell/{source}"))),
        }
        placed.push(at);
    }
    for at in ["usr/bin/", "etc/fuelcell/"] {
        assert!(placed.contains(&at), "nothing goes to {at}");
    }
    assert_eq!(package["conf-files"].as_array().unwrap()[0].as_str(), Some("/etc/fuelcell/fuelcell.toml"));
    let units = &package["systemd-units"];
    let folder = units["unit-scripts"].as_str().unwrap();
    drop(built::source(&format!("crates/fuelcell/{folder}/fuelcell.service")));
}

#[test]
fn the_image_holds_the_server_alone_and_runs_it_as_nobody() {
    let file = read("deploy/container/Containerfile");
    let instructions: Vec<_> =
        file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
    let of = |name: &str| instructions.iter().filter(|line| line.starts_with(name)).collect::<Vec<_>>();
    assert_eq!(of("FROM "), [&"FROM scratch"]);
    assert_eq!(of("COPY ").len(), 1);
    assert_eq!(of("USER "), [&"USER 65532:65532"]);
    assert_eq!(of("VOLUME "), [&"VOLUME /data"]);
    assert!(of("RUN ").is_empty() && of("ADD ").is_empty(), "there is no shell");
}
