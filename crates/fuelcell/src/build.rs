//! `fuelcell build`: the module of a folder, packed and checked as a server would. Rust is built by cargo; scripts are as they
//! are, and their engine is asked what they are.

use crate::module;
use anyhow::{Context, bail, ensure};
use clap::Args;
use fuelcell_domain::script::SCRIPT_MANIFEST;
use serde_json::Value;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const TARGET: &str = "wasm32-wasip2";

/// What is built.
#[derive(Args)]
pub(crate) struct BuildArguments {
    /// The folder of the job: a crate, or a script.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The file to write; absent = NAME.wasm in the folder of a crate, and the folder's name with .zip beside a script.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Builds, and prints the name of the file.
pub(crate) async fn run(arguments: &BuildArguments) -> anyhow::Result<()> {
    let built = build(&arguments.folder, arguments.out.as_deref()).await?;
    Ok(writeln!(io::stdout(), "{}", built.display())?)
}

/// Builds the module of a folder into a file.
pub(crate) async fn build(folder: &Path, out: Option<&Path>) -> anyhow::Result<PathBuf> {
    ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    if !folder.join("Cargo.toml").is_file() {
        let beside = folder.canonicalize()?.with_added_extension("zip");
        let out = out.unwrap_or(&beside);
        module::pack(folder, None, Some(out)).await?;
        return Ok(out.to_owned());
    }
    let name = crate_name(folder)?;
    let built = by_cargo(folder)?;
    let manifest = folder.join(SCRIPT_MANIFEST);
    let manifest = manifest.is_file().then_some(&*manifest);
    let inside = folder.join(format!("{name}.wasm"));
    let out = out.unwrap_or(&inside);
    module::pack(&built, manifest, Some(out)).await?;
    Ok(out.to_owned())
}

fn crate_name(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("Cargo.toml");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let manifest: toml::Table =
        toml::from_str(&text).with_context(|| format!("{} is no TOML", file.display()))?;
    let name = manifest.get("package").and_then(|package| package.get("name")?.as_str());
    let name = name.with_context(|| format!("{} is of no crate: name the folder of one", file.display()))?;
    Ok(name.to_owned())
}

/// What cargo makes of the crate in the folder. Its words go to standard error as they come.
fn by_cargo(folder: &Path) -> anyhow::Result<PathBuf> {
    check_target(folder)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    let output = output(cargo.stderr(Stdio::inherit()), folder)?;
    ensure!(output.status.success(), "cargo could not build it; what it says stands above");
    let manifest = folder.canonicalize()?.join("Cargo.toml");
    let lines = String::from_utf8_lossy(&output.stdout);
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let made: Vec<PathBuf> = messages
        .filter(|message| message["reason"] == "compiler-artifact")
        .filter(|message| message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == manifest))
        .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
        .filter_map(|file| file.as_str().filter(|file| file.ends_with(".wasm")).map(PathBuf::from))
        .collect();
    match &made[..] {
        [one] => Ok(one.clone()),
        [] => bail!("the crate makes no module: it needs crate-type = [\"cdylib\"] in [lib], or a program"),
        _ => bail!("the crate makes {} modules, and one is wanted: pack the right one by hand", made.len()),
    }
}

/// A missing target is told in words that help: cargo's own end with hundreds of lines about a missing `core`.
fn check_target(folder: &Path) -> anyhow::Result<()> {
    let mut rustc = Command::new("rustc");
    let told = output(rustc.args(["--print", "target-libdir", "--target", TARGET]), folder)?;
    let libraries = String::from_utf8_lossy(&told.stdout);
    let is_there = told.status.success() && Path::new(libraries.trim()).is_dir();
    ensure!(is_there, "this Rust cannot build for {TARGET} yet: rustup target add {TARGET}");
    Ok(())
}

fn output(command: &mut Command, folder: &Path) -> anyhow::Result<Output> {
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no {}: Rust comes by https://rustup.rs", command.get_program().display())
        }
        output => output.with_context(|| format!("cannot start {}", command.get_program().display())),
    }
}
