//! `fuelcell profile`: a run, and where its fuel and its memory went.

mod files;
mod page;
mod tree;

use crate::cli::{ProfileArguments, RunArguments};
use crate::run::{self, Ran};
use crate::told::{FunctionTold, ProfileTold, RunTold, line};
use anyhow::{Context, ensure};
pub(crate) use files::JobProfile;
use files::{folded, page_of};
use fuelcell_domain::FuelProfile;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tree::{FunctionUse, functions};

/// Functions that the terminal is told of.
const TOLD: usize = 10;

/// Runs the module once, as `fuelcell run` does, and writes its profile. The exit code is 0 when it completed.
pub(crate) async fn run(arguments: ProfileArguments) -> anyhow::Result<ExitCode> {
    let ProfileArguments { run: arguments, to } = arguments;
    check(&arguments, &to)?;
    let json = arguments.says_json()?;
    let of_job = || arguments.from_job.as_ref().map(|id| format!("job {id}"));
    let file_name = |module: &PathBuf| Some(module.file_name()?.to_string_lossy().into_owned());
    let name = arguments.module.as_ref().and_then(file_name).or_else(of_job).unwrap_or_default();
    let ran = run::execute(arguments, true).await?;
    let profile = ran.profile.as_ref().context("the run ended before it began, and has no profile")?;
    let files = write(&name, &ran, profile, &to)?;
    let told = match json {
        true => line(&as_document(&ran, profile, files))?,
        false => as_text(&ran, profile, &files),
    };
    io::stdout().write_all(told.as_bytes())?;
    Ok(ran.exit_code())
}

fn check(arguments: &RunArguments, to: &Path) -> anyhow::Result<()> {
    ensure!(arguments.repeat.is_none(), "a profile is of one run: leave --repeat out");
    ensure!(!arguments.unmetered, "a profile counts fuel: leave --unmetered out");
    ensure!(*to != arguments.out, "--to and --out name the same folder, and the profile is no artifact");
    run::check_folder("--to", to, arguments.force)
}

/// Writes the page and the folded stacks.
fn write(name: &str, ran: &Ran, profile: &FuelProfile, to: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let files = [
        ("profile.html", page_of(&ran.profiled(name, profile))),
        ("fuel.folded", folded(profile, |stack| stack.fuel).into_bytes()),
        ("memory.folded", folded(profile, |stack| stack.bytes).into_bytes()),
    ];
    let written = files.into_iter().map(|(name, bytes)| {
        let path = to.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    });
    written.collect()
}

fn as_text(ran: &Ran, profile: &FuelProfile, files: &[PathBuf]) -> String {
    let mut text = ran.as_text();
    text += "most fuel of their own:\n";
    for function in functions(profile).iter().take(TOLD) {
        let share = 100.0 * function.own_fuel as f64 / profile.fuel().max(1) as f64;
        let _ = writeln!(text, "  {share:>5.1} %  {}", function.name);
    }
    text += "written:\n";
    for file in files {
        let _ = writeln!(text, "  {}", file.display());
    }
    text
}

/// How the run went, with its profile.
fn as_document(ran: &Ran, profile: &FuelProfile, files: Vec<PathBuf>) -> RunTold {
    let told = |function: &FunctionUse<'_>| FunctionTold {
        name: function.name.to_owned(),
        own_fuel: function.own_fuel,
        fuel: function.fuel,
        own_bytes: function.own_bytes,
        bytes: function.bytes,
    };
    let profile = ProfileTold {
        samples: profile.samples,
        fuel: profile.fuel(),
        bytes: profile.bytes(),
        functions: functions(profile).iter().map(told).collect(),
        files,
    };
    RunTold { profile: Some(profile), ..ran.told() }
}
