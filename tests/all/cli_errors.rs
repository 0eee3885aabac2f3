//! The tour of errors: what a user is told when something is wrong. Each names the cause, and what helps.

use crate::cli_client::{Home, said, write};
use fuelcell_tests::proxy::{Fate, Proxy};
use fuelcell_tests::{Project, Server, built, eventually};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// What is wrong, the line that is typed, and the words of the answer that say what helps.
const TOUR: &[(&str, &str, &str)] = &[
    ("no token", "FUELCELL_TOKEN= fuelcell job list", "sign in: fuelcell login"),
    (
        "a token that the server does not know",
        "FUELCELL_TOKEN=mistyped fuelcell job list",
        "fuelcell login --server http://SERVER",
    ),
    (
        "a token that has expired",
        "FUELCELL_TOKEN=$EXPIRED fuelcell job list",
        "fuelcell login --server http://SERVER",
    ),
    (
        "the server is down",
        "fuelcell job list --server http://127.0.0.1:1",
        "`fuelcell serve` starts a server here",
    ),
    ("no address", "fuelcell job list --server 127.0.0.1:1", "an address begins with http:// or https://"),
    (
        "no such profile",
        "fuelcell job list --profile staging",
        "fuelcell profiles list shows those that there are",
    ),
    ("the clock is off", "fuelcell doctor --server $PROXY", "set the clock of this machine"),
    ("a typo in a command", "fuelcell job submits", "some similar subcommands exist: 'results', 'submit'"),
    ("a typo in a flag", "fuelcell job list --outptu json", "a similar argument exists: '--output'"),
    ("an empty variable", "fuelcell job show nonsense", "is a variable not set?"),
    ("a job of nothing", "fuelcell job submit", "say --pipeline ID or --module NAME"),
    ("no such module", "fuelcell job submit --module prob", "did you mean probe?"),
    (
        "a typo in a job type",
        "fuelcell job submit --module probe --type Analyses",
        "did you mean \"Analysis\"?",
    ),
    (
        "a parameter that does not fit",
        "fuelcell job submit --module probe --type Analysis --param steps=7",
        "must be an array",
    ),
    (
        "a typo in a parameter",
        "fuelcell run words --in words/sample.txt --param leastLenght=4",
        "did you mean \"leastLength\"?",
    ),
    (
        "a typo in a parameter of a server's job",
        "fuelcell job submit --module words --type Analysis --param leastLenght=4",
        "did you mean \"leastLength\"?",
    ),
    ("a parameter without a value", "fuelcell job submit --module probe --param steps", "is not NAME=VALUE"),
    (
        "a size that is none",
        "fuelcell job submit --module probe --memory much",
        "a size such as 512MiB or 2GiB",
    ),
    ("no such file", "fuelcell dataset put nothing.csv", "is the path right?"),
    ("no version", "fuelcell module push $PROBE job", "a version is NAME@VERSION, as in word-count@1.2.0"),
    ("no Rust", "PATH=$TOOLS fuelcell build crate", "Rust comes by https://rustup.rs"),
    (
        "a toolchain that is not installed",
        "PATH=$ABSENT:$TOOLS fuelcell build crate",
        "`rustup toolchain install` gets it",
    ),
    (
        "a toolchain that is too old",
        "PATH=$OLD:$TOOLS fuelcell build crate",
        "`rustup update` brings it up to date",
    ),
    (
        "a toolchain without the target",
        "PATH=$BARE:$TOOLS fuelcell build crate",
        "rustup target add wasm32-wasip2",
    ),
    ("a folder that is no job", "fuelcell build empty", "it can have main.ts or main.js"),
    (
        "a program that says nothing of itself",
        "fuelcell module pack plain.wasm",
        "write the manifest as JSON and pack it with `--manifest`",
    ),
    (
        "the fuel is burnt",
        r#"fuelcell run $PROBE --param 'steps=[{"do":"work","rounds":100000000}]' --fuel 1000000"#,
        "--fuel sets the limit",
    ),
    (
        "the memory of a server's job is used up",
        r#"fuelcell job submit --module probe --type Analysis --param 'steps=[{"do":"allocate","bytes":200000000}]' --memory 64MiB --watch"#,
        "fuelcell explain MemoryLimit",
    ),
    ("a typo in a code", "fuelcell explain FuelExhaustd", "did you mean FuelExhausted?"),
    ("the port is in use", "fuelcell serve --data data --listen $ADDRESS", "--listen takes another address"),
    ("the disk is full", "fuelcell job types > /dev/full", "make room there"),
];

/// `BLESS=1` writes the page anew.
#[test]
fn the_tour_of_errors_names_causes_and_remedies() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let proxy = Proxy::start(&server);
    proxy.plan("GET", "execution/ping", [Fate::Answered(LONG_AGO)]);
    let stage = Stage::new(&home, &server, &proxy);
    let named = |told: String| {
        let names = [
            (server.base(), "http://SERVER"),
            (&stage.address, "SERVER"),
            (&proxy.url(), "http://PROXY"),
            (&project.tenant, "TENANT"),
            (&project.project, "PROJECT"),
        ];
        names.into_iter().fold(told, |told, (text, name)| told.replace(text, name))
    };
    let mut page = String::new();
    for (wrong, line, remedy) in TOUR {
        let mut shell = home.started(Path::new("sh"));
        let output = shell.args(["-c", line]).envs(stage.variables()).output().unwrap();
        let told = named(trimmed(line, &said(&output)));
        // What was typed and is repeated helps nobody.
        assert!(told.contains(remedy) && !line.contains(remedy), "{wrong}: {remedy:?} is not said in {told}");
        page += &format!("# {wrong}\n$ {line}\n{told}\n[{}]\n\n", output.status.code().unwrap());
    }
    let kept = built::source("tests/all").join("cli_errors.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&kept, &page).unwrap();
    }
    let kept = fs::read_to_string(kept).unwrap_or_default();
    assert_eq!(kept, page, "BLESS=1 writes tests/all/cli_errors.txt anew");
}

/// A server whose clock is years behind.
const LONG_AGO: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 36\r\nconnection: close\r\n\r\n{\"timestamp\":\"2001-01-01T00:00:00Z\"}";

/// What the lines find.
struct Stage {
    address: String,
    variables: Vec<(&'static str, String)>,
}

impl Stage {
    fn new(home: &Home, server: &Server, proxy: &Proxy) -> Self {
        let folder = |name: &str| {
            let path = home.path().join(name);
            fs::create_dir(&path).unwrap();
            path.display().to_string()
        };
        folder("empty");
        folder("crate");
        write(home, "crate/Cargo.toml", "[package]\nname = \"job\"\nedition = \"2024\"\n");
        home.say(&["new", "words", "--lang", "python"]);
        home.say(&["module", "push", "words", "words@1.0.0"]);
        let plain = r#"(module (memory (export "memory") 1) (func (export "_start")))"#;
        fs::write(home.path().join("plain.wasm"), wat::parse_str(plain).unwrap()).unwrap();
        // Programs that answer as those of rustup and of Rust do.
        let rustc = |name: &'static str, answer: &str| {
            let folder = folder(name);
            let path = Path::new(&folder).join("rustc");
            fs::write(&path, format!("#!/bin/sh\n{answer}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            folder
        };
        let absent = rustc(
            "absent",
            "echo \"error: toolchain '1.95-x86_64-unknown-linux-gnu' is not installed\" >&2; exit 1",
        );
        let old = rustc(
            "old",
            "echo 'error: Error loading target specification: Could not find specification for target \"wasm32-wasip2\".' >&2; exit 1",
        );
        let bare = rustc("bare", "echo /usr/lib/rustlib/wasm32-wasip2/lib");
        let tools = built::fuelcell().parent().unwrap().display().to_string();
        let address = server.base().strip_prefix("http://").unwrap().to_owned();
        let variables = vec![
            ("EXPIRED", expired(home)),
            ("PROXY", proxy.url()),
            ("PROBE", built::module_path("probe").display().to_string()),
            ("PATH", format!("{tools}:{}", std::env::var("PATH").unwrap())),
            ("TOOLS", tools),
            ("ABSENT", absent),
            ("OLD", old),
            ("BARE", bare),
            ("ADDRESS", address.clone()),
        ];
        Self { address, variables }
    }

    fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, &**value))
    }
}

/// A token that was valid.
fn expired(home: &Home) -> String {
    let token = home
        .say(&["token", "create", "--subject", "ann", "--role", "viewer", "--expires-in", "1s"])
        .trim()
        .to_owned();
    eventually("the token expires", Duration::from_secs(30), || {
        let mut list = home.started(&built::fuelcell());
        let output = list.args(["job", "list"]).env("FUELCELL_TOKEN", &token).output().unwrap();
        (output.status.code() == Some(4)).then_some(())
    });
    token
}

/// What is said of what is wrong: without figures of a run, the log of a server, events of a job, and what the doctor finds on
/// this machine.
fn trimmed(line: &str, said: &str) -> String {
    let is_figure = |line: &&str| {
        ["fuel ", "engine ", "module ", "parameters ", "at 0x"].iter().any(|start| line.starts_with(start))
    };
    let lines: Vec<_> = match line {
        _ if line.contains("doctor") => said.lines().filter(|line| line.starts_with("clock")).collect(),
        _ if line.contains("serve") || line.contains("--watch") => {
            said.lines().skip_while(|line| !line.starts_with("fuelcell:")).collect()
        }
        _ => said.lines().filter(|line| !is_figure(line)).collect(),
    };
    lines.into_iter().map(without_chance).collect::<Vec<_>>().join("\n")
}

/// Without what differs from one run to the next: the id of a job, and how far a clock is off.
fn without_chance(line: &str) -> String {
    let words = line.split(' ').map(|word| match word {
        _ if Uuid::parse_str(word.trim_end_matches(':')).is_ok() => "JOB",
        _ if line.starts_with("clock") && word.parse::<u64>().is_ok() => "SECONDS",
        word => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
