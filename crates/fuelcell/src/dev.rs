//! `fuelcell dev`: builds a job, runs it, and does so again whenever something in its folder changes.
//!
//! What was built last never runs in place of what could not be built. Each run is a process of its own, which ends when
//! there is something newer to run.

use crate::account::outputs;
use crate::build::build;
use anyhow::{Context, ensure};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Names that are no sources: what tools make there by themselves.
const NO_SOURCES: [&str; 5] = ["target", "node_modules", "__pycache__", "out", "Cargo.lock"];

/// What is built and run.
#[derive(Args)]
pub(crate) struct DevArguments {
    /// The folder of the job: a crate, a module of Go, files of C, or a script.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Run the cases in the folder `golden`, as `fuelcell test` does.
    #[arg(long, conflicts_with = "run")]
    test: bool,
    /// What `fuelcell run` takes: inputs, parameters, limits. Files that it names are watched, too.
    #[arg(last = true, value_name = "RUN ARGUMENTS")]
    run: Vec<String>,
}

/// Goes on until it is interrupted.
pub(crate) async fn run(arguments: &DevArguments) -> anyhow::Result<ExitCode> {
    ensure!(arguments.folder.is_dir(), "there is no folder {}", arguments.folder.display());
    for own in ["--out", "--json"] {
        let is_own = |argument: &String| argument == own || argument.starts_with(&format!("{own}="));
        ensure!(!arguments.run.iter().any(is_own), "{own} is not for `fuelcell dev`, which sets it itself");
    }
    let mut stop = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = again_and_again(arguments) => ended,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
        _ = stop.recv() => Ok(ExitCode::from(130)),
    }
}

async fn again_and_again(arguments: &DevArguments) -> anyhow::Result<ExitCode> {
    let scratch = TempDir::new()?;
    let mut previous = Value::Null;
    for number in 1.. {
        let seen = sources(arguments);
        match build(&arguments.folder, Some(&scratch.path().join("module"))).await {
            Err(error) => say(&format!("not built: {error:#}\n"))?,
            Ok(module) => {
                let out = scratch.path().join(format!("out-{number}"));
                let told = ended(start(arguments, &module, &out)?, || sources(arguments) != seen).await?;
                if let Some(ran) = told {
                    say(&account(&ran, &previous))?;
                    previous = ran;
                    // Of two runs there is something to look at.
                    let before = scratch.path().join(format!("out-{}", number - 2));
                    let _ = fs::remove_dir_all(before);
                }
            }
        }
        if sources(arguments) == seen {
            say(&format!("waiting for a change in {}\n", arguments.folder.display()))?;
        }
        while sources(arguments) == seen {
            sleep(LOOK).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// The process of a run, which ends with us.
struct Running {
    process: Child,
    /// Where its account goes; none where it speaks for itself.
    account: Option<PathBuf>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(arguments: &DevArguments, module: &Path, out: &Path) -> anyhow::Result<Running> {
    let mut command = Command::new(std::env::current_exe()?);
    command.stdin(Stdio::null());
    if arguments.test {
        command.arg("test").arg(module).arg("--cases").arg(arguments.folder.join("golden"));
        return Ok(Running { process: command.spawn()?, account: None });
    }
    let account = out.with_added_extension("json");
    command.arg("run").arg(module).arg("--json").arg("--out").arg(out);
    let is_seeded = arguments.run.iter().any(|one| one == "--deterministic" || one.starts_with("--seed"));
    if !is_seeded {
        command.arg("--deterministic");
    }
    command.args(&arguments.run).stdout(File::create(&account)?);
    Ok(Running { process: command.spawn()?, account: Some(account) })
}

/// Waits for the end of a run, and returns its account; none where there is none, or when something newer is there to run.
async fn ended(mut running: Running, is_old: impl Fn() -> bool) -> anyhow::Result<Option<Value>> {
    while running.process.try_wait()?.is_none() {
        if is_old() {
            return Ok(None);
        }
        sleep(LOOK).await;
    }
    let Some(account) = &running.account else { return Ok(None) };
    let text = fs::read_to_string(account).context("the run's account cannot be read")?;
    // A run that was refused has said why on standard error.
    Ok(serde_json::from_str(&text).ok())
}

/// Files of the job, and those that the run reads, with what tells that they changed.
fn sources(arguments: &DevArguments) -> BTreeMap<PathBuf, (Option<SystemTime>, u64)> {
    let mut found = BTreeMap::new();
    let named = arguments.run.iter().map(|argument| argument.rsplit('=').next().unwrap_or(argument));
    let mut left: Vec<PathBuf> = named.map(PathBuf::from).filter(|path| path.is_file()).collect();
    left.push(arguments.folder.clone());
    while let Some(path) = left.pop() {
        // What goes while it is looked at is missed the next time.
        let Ok(metadata) = path.metadata() else { continue };
        if !metadata.is_dir() {
            found.insert(path, (metadata.modified().ok(), metadata.len()));
            continue;
        }
        for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !name.starts_with('.') && !NO_SOURCES.contains(&&*name) && !is_link {
                left.push(entry.path());
            }
        }
    }
    found
}

/// What a run did, beside what the one before it did.
fn account(ran: &Value, previous: &Value) -> String {
    let end = match ran["error"]["code"].as_str() {
        Some(code) => {
            let (message, details) = (&ran["error"]["message"], ran["error"]["details"].as_str());
            let details = details.map(|details| format!("\n{details}")).unwrap_or_default();
            format!("failed: {code}: {}{details}", message.as_str().unwrap_or_default())
        }
        None => "completed".to_owned(),
    };
    let seconds = ran["usage"]["wallSeconds"].as_f64().unwrap_or(0.0);
    let figures = [("fuel", "fuel"), ("peak memory", "peakMemoryBytes")].map(|(name, member)| {
        let (now, before) = (ran["usage"][member].as_u64(), previous["usage"][member].as_u64());
        format!("{name} {}", compared(now, before))
    });
    let mut text = format!("{end}\n{} · wall {seconds:.3} s\n", figures.join(" · "));
    let (now, before) = (outputs(ran), outputs(previous));
    for artifact in ran["artifacts"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        // An artifact's place ends with its name.
        let is_of = |name: &&&str| Path::new(artifact).ends_with(name);
        let name = now.keys().filter(is_of).max_by_key(|name| name.len()).copied().unwrap_or(artifact);
        let word = match before.get(name) {
            _ if previous.is_null() => "",
            None => "  (new)",
            Some(digest) if Some(digest) == now.get(name) => "  (same)",
            Some(_) => "  (changed)",
        };
        text += &format!("  {artifact}{word}\n");
    }
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    gone.for_each(|name| text += &format!("  {name} is not made any more\n"));
    text
}

/// A figure, and how far it is from the one before.
fn compared(now: Option<u64>, before: Option<u64>) -> String {
    match (now, before) {
        (None, _) => "unknown".to_owned(),
        (Some(now), Some(before)) if before > 0 && now != before => {
            format!("{now} ({:+.1} %)", (now as f64 - before as f64) / before as f64 * 100.0)
        }
        (Some(now), Some(before)) if now == before => format!("{now} (same)"),
        (Some(now), _) => now.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_run_is_told_beside_the_one_before() {
        let ran = |fuel: u64, outputs: &[(&str, &str)]| {
            let named = |(name, digest): &(&str, &str)| json!({"name": name, "digest": digest});
            let places: Vec<_> = outputs.iter().map(|(name, _)| format!("/scratch/out-1/{name}")).collect();
            json!({
                "error": null, "artifacts": places, "usage": {"fuel": fuel, "peakMemoryBytes": 7, "wallSeconds": 0.5},
                "receipt": {"outputs": outputs.iter().map(named).collect::<Vec<_>>()},
            })
        };
        let first = ran(100, &[("a.txt", "1"), ("b/a.txt", "2"), ("c.txt", "3")]);
        assert!(
            account(&first, &Value::Null).starts_with("completed\nfuel 100 · peak memory 7 · wall 0.500 s\n")
        );
        let told = account(&ran(90, &[("a.txt", "1"), ("b/a.txt", "9"), ("d.txt", "4")]), &first);
        for line in [
            "fuel 90 (-10.0 %) · peak memory 7 (same) · wall 0.500 s",
            "  /scratch/out-1/a.txt  (same)",
            "  /scratch/out-1/b/a.txt  (changed)",
            "  /scratch/out-1/d.txt  (new)",
            "  c.txt is not made any more",
        ] {
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
        let failed =
            json!({"error": {"code": "GuestError", "message": "no luck", "details": "line 3"}, "usage": {}});
        assert!(account(&failed, &first).starts_with("failed: GuestError: no luck\nline 3\nfuel unknown"));
    }
}
