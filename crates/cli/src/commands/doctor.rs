//! `fuelcell doctor`: what stands in a user's or an author's way on this machine, each with its remedy.

use crate::connection::{Connection, ConnectionFlags};
use crate::failure::{Exit, Failure, Outcome};
use crate::operations::{GET_SESSION, PING, READYZ};
use crate::output::{self, Column, Form};
use crate::profile::{Profiles, path};
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

/// A clock that is further off than this makes times and expiries hard to understand.
const CLOCK: Duration = Duration::from_secs(60);

const FINDINGS: &[Column] = &[
    ("CODE", "code", Form::Text),
    ("STATE", "state", Form::Text),
    ("DETAIL", "detail", Form::Text),
    ("REMEDY", "remedy", Form::Text),
];

/// What `doctor` takes.
#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    connection: ConnectionFlags,
}

/// What was found of one thing. Tools of authors that are missing are no fault.
struct Finding {
    code: &'static str,
    state: &'static str,
    detail: String,
    remedy: String,
}

impl Finding {
    fn well(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, state: "ok", detail: detail.into(), remedy: String::new() }
    }

    fn missing(code: &'static str, detail: &str, remedy: &str) -> Self {
        Self { code, state: "missing", detail: detail.into(), remedy: remedy.into() }
    }

    fn wrong(code: &'static str, failure: &Failure) -> Self {
        let (detail, remedy) = failure.parts();
        Self { code, state: "wrong", detail: detail.into(), remedy: remedy.unwrap_or_default().into() }
    }

    fn document(&self) -> Value {
        json!({"code": self.code, "state": self.state, "detail": self.detail, "remedy": self.remedy})
    }
}

/// `fuelcell doctor`
pub(crate) fn run(arguments: &Doctor) -> Outcome {
    let flags = &arguments.connection;
    let mut findings = vec![profiles(), server(flags)];
    match flags.open().and_then(|connection| Ok((connection.send(GET_SESSION, &[])?, connection))) {
        Err(failure) => findings.push(Finding::wrong("token", &failure)),
        Ok((session, connection)) => {
            let text = |name: &str| output::harmless(session[name].as_str().unwrap_or_default());
            findings.push(Finding::well("token", format!("{}, {}", text("subject"), text("role"))));
            findings.extend(clock(&connection));
        }
    }
    findings.extend([rust(), target(), python()]);
    let documents: Vec<_> = findings.iter().map(Finding::document).collect();
    output::list(flags.output, FINDINGS, &documents)?;
    let wrong: Vec<_> =
        findings.iter().filter(|finding| finding.state == "wrong").map(|finding| finding.code).collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(Exit::Failed, format!("not as it should be: {}", wrong.join(", ")))),
    }
}

fn profiles() -> Finding {
    match Profiles::load() {
        Err(failure) => Finding::wrong("profiles", &failure),
        Ok(found) if found.profiles.is_empty() => {
            Finding::missing("profiles", "there is none", "fuelcell login makes one")
        }
        Ok(found) => {
            let place = path().unwrap_or_default();
            Finding::well("profiles", format!("{} in {}", found.profiles.len(), place.display()))
        }
    }
}

fn server(flags: &ConnectionFlags) -> Finding {
    let asked = flags.open_unknown().and_then(|http| {
        let answer = http.any(&crate::http::Call::new(READYZ, &[]), None, String::new())?;
        Ok((http.server, answer.status().as_u16()))
    });
    match asked {
        Ok((server, 200)) => Finding::well("server", server),
        Ok((server, status)) => {
            let failure = Failure::new(Exit::Unreachable, format!("{server} takes no work now ({status})"));
            Finding::wrong("server", &failure.with_remedy("fuelcell system health names what is not well"))
        }
        Err(failure) => Finding::wrong("server", &failure),
    }
}

/// How far this clock is from the server's, where a project answers.
fn clock(connection: &Connection) -> Option<Finding> {
    let told = connection.send(PING, &[]).ok()?;
    let there = humantime::parse_rfc3339_weak(told["timestamp"].as_str()?).ok()?;
    let here = SystemTime::now();
    let apart = here.duration_since(there).or_else(|_| there.duration_since(here)).ok()?;
    let seconds = apart.as_secs();
    Some(match apart <= CLOCK {
        true => Finding::well("clock", format!("{seconds} s from the server's")),
        false => Finding::wrong(
            "clock",
            &Failure::new(
                Exit::Failed,
                format!("{seconds} s from the server's, so that times and expiries differ"),
            )
            .with_remedy("set the clock of this machine, or the server's, by NTP"),
        ),
    })
}

/// The first line that a program prints; none when it is not there or fails.
fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

fn rust() -> Finding {
    match first_line("cargo", &["--version"]) {
        Some(version) => Finding::well("rust", version),
        None => Finding::missing("rust", "cargo does not run", "for jobs in Rust, install it by rustup"),
    }
}

fn target() -> Finding {
    let folder = first_line("rustc", &["--print", "target-libdir", "--target", "wasm32-wasip2"]);
    match folder.filter(|folder| Path::new(folder).is_dir()) {
        Some(_) => Finding::well("wasm-target", "wasm32-wasip2"),
        None => Finding::missing(
            "wasm-target",
            "rustc has no wasm32-wasip2",
            "for jobs in Rust: rustup target add wasm32-wasip2",
        ),
    }
}

fn python() -> Finding {
    let code =
        "import sys; print('Python %d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))";
    match first_line("python3", &["-c", code]) {
        Some(version) => Finding::well("python", version),
        None => Finding::missing(
            "python",
            "there is no Python 3.11 or newer",
            "only the SDK's tests and its packer need it; the engine has its own",
        ),
    }
}
