//! The languages of jobs: of each, what the module of the conformance suite takes to build and to compile, how long a small job of
//! it takes, and what a million rows take beside a native program that does the same.

use std::{
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{
    account::{RunAccount, work},
    native,
    project::start,
    quantiles::Quantiles,
    row::{Row, measure},
    site::Site,
};
use crate::{
    engines,
    process::{capture, run},
    server::Interrupt,
    tools::{Compilers, Venv},
    workspace::{Build, Workspace},
};

const ROWS: usize = 1_000_000;
/// Small jobs whose times are measured.
const JOBS: usize = 50;
const MIB: f64 = 1024.0 * 1024.0;
/// Native programs that do what the suite's job `rows` does.
const PEERS: &str = "crates/xtask/src/bench/peers/rows";

/// A language, and where the suite's module in it lies.
struct Language {
    name: &'static str,
    sources: &'static str,
    /// Its native program, and what makes or runs that.
    native: Native,
    /// The engine, if its modules are scripts.
    engine: Option<&'static str>,
}

enum Native {
    Rust,
    Go,
    C,
    Node,
    Python,
}

const LANGUAGES: [Language; 5] = [
    Language { name: "Rust", sources: "tests/guests/conformance", native: Native::Rust, engine: None },
    Language { name: "C", sources: "tests/guests/conformance/c", native: Native::C, engine: None },
    Language { name: "Go", sources: "tests/guests/conformance/go", native: Native::Go, engine: None },
    Language {
        name: "TypeScript",
        sources: "tests/guests/conformance/javascript",
        native: Native::Node,
        engine: Some("javascript"),
    },
    Language {
        name: "Python",
        sources: "tests/guests/conformance/python",
        native: Native::Python,
        engine: Some("python"),
    },
];

pub(super) fn rows(workspace: &Workspace, folder: &Path, interrupt: &Interrupt) -> Result<Vec<Row>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let table = folder.join("table.csv");
    write_table(&table)?;
    let compilers = Compilers::ensure(workspace)?;
    let bench = Bench { workspace, folder, table, venv: Venv::ensure(workspace)?, compilers };
    let server = start(workspace, &folder.join("data"), &[], interrupt)?;
    let site = Site::new(&server, interrupt)?;
    let mut rows = Vec::new();
    for language in &LANGUAGES {
        interrupt.check()?;
        let (label, what) = (
            format!("A module in {}", language.name),
            format!("the conformance module in {}", language.name),
        );
        rows.push(Row::new(&what, measure(&label, || bench.language(language, &site))?));
    }
    Ok(rows)
}

struct Bench<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
    /// What the jobs `rows` read.
    table: PathBuf,
    venv: Venv,
    compilers: Compilers,
}

impl Bench<'_> {
    /// All figures of a language.
    fn language(&self, language: &Language, site: &Site) -> Result<String> {
        let home = self.folder.join(language.name);
        fs::create_dir_all(&home)?;
        let (module, build) = self.build(language, &home)?;
        let compile = self.compile(&module, &home)?;
        let small = small_jobs(site, language, &module)?;
        let beside = self.beside_native(language, &module, &home)?;
        let size = |file: &Path| fs::metadata(file).map(|data| data.len() as f64 / MIB);
        let engine = match language.engine {
            Some(engine) => {
                format!(
                    " and the engine's {:.1} MiB",
                    size(&self.workspace.target.join(format!("builtin-engines/{engine}.wasm")))?
                )
            }
            None => String::new(),
        };
        let (built, compiled) = match language.engine {
            Some(_) => ("packing it", "its engine"),
            None => ("building it with empty caches", "it"),
        };
        Ok(format!(
            "{:.3} MiB{engine}; CPU of {built} {build:.1} s, of compiling {compiled} for cells {compile:.1} s; \
             small job, submit → completed {small}; {beside}",
            size(&module)?
        ))
    }

    fn fuelcell(&self) -> PathBuf {
        self.workspace.binary(Build::Release, "fuelcell")
    }

    /// Runs a command, and says what it and all that it started took of processors.
    fn processor_seconds(&self, command: &Command) -> Result<f64> {
        let told = capture(&mut self.accounted(command))?;
        told.lines()
            .find_map(|line| line.strip_prefix("cpuSeconds "))
            .and_then(|seconds| seconds.parse().ok())
            .with_context(|| format!("no processor time is told in: {told}"))
    }

    /// The command, by a program that says what it took.
    fn accounted(&self, command: &Command) -> Command {
        let mut accounted = self.venv.program("python");
        accounted.arg(self.workspace.root.join("crates/xtask/src/bench/peers/children.py"));
        accounted.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => accounted.env(name, value),
                None => accounted.env_remove(name),
            };
        }
        accounted.current_dir(command.get_current_dir().unwrap_or(&self.workspace.root));
        accounted
    }

    /// Builds the module as its author would, with no cache to take anything from.
    fn build(&self, language: &Language, home: &Path) -> Result<(PathBuf, f64)> {
        let module = home.join(if language.engine.is_some() { "module.zip" } else { "module.wasm" });
        let mut command = match language.engine {
            Some("python") => {
                let mut python = self.venv.program("python");
                python.args(["-m", "fuelcell", "pack"]);
                python
            }
            _ => {
                let mut fuelcell = Command::new(self.fuelcell());
                fuelcell.arg("build");
                fuelcell
            }
        };
        command.arg(language.sources).arg("--out").arg(&module);
        self.compilers.around(&mut command, &self.workspace.root.join("guest-sdk/c"))?;
        command.env("GOCACHE", home.join("go"));
        command.env("ZIG_GLOBAL_CACHE_DIR", home.join("zig")).env("ZIG_LOCAL_CACHE_DIR", home.join("zig"));
        // What the template of a job in Rust says.
        command.env("CARGO_TARGET_DIR", home.join("cargo")).env("CARGO_PROFILE_RELEASE_LTO", "true");
        command.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo");
        command.env("PYTHONPATH", engines::python_path(self.workspace, &self.venv)?);
        command.env("XDG_CACHE_HOME", home.join("asked"));
        // A script's engine is asked what the script is. What compiling the engine takes is another figure.
        if language.engine.is_some() {
            capture(&mut self.accounted(&command))?;
        }
        let seconds = self.processor_seconds(&command)?;
        Ok((module, seconds))
    }

    /// A first run beside one after it.
    fn compile(&self, module: &Path, home: &Path) -> Result<f64> {
        let mut command = self.job(module, "echo", home);
        command.env("XDG_CACHE_HOME", home.join("compiled"));
        let cold = self.processor_seconds(&command)?;
        Ok(cold - self.processor_seconds(&command)?)
    }

    fn job(&self, module: &Path, case: &str, home: &Path) -> Command {
        let mut job = Command::new(self.fuelcell());
        job.arg("run").arg(module).args(["--json", "--force", "--param"]).arg(format!("case={case}"));
        job.arg("--in").arg(&self.table).arg("--out").arg(home.join("out"));
        job
    }

    fn beside_native(&self, language: &Language, module: &Path, home: &Path) -> Result<String> {
        let mut job = self.job(module, "rows", home);
        let account: RunAccount = serde_json::from_str(&capture(&mut job)?)?;
        let kept = home.join("native.csv");
        let mut native = self.native(&language.native, home)?;
        native.arg(&self.table).arg(&kept);
        let compared = native::compare(&mut job, &mut self.accounted(&native), work)?;
        ensure!(
            fs::read(&kept)? == fs::read(home.join("out/rows.csv"))?,
            "the module in {} and the native program kept other rows",
            language.name
        );
        Ok(format!(
            "{ROWS} rows, attempt : native process {}; {:.0} MiB in the cell",
            compared.work,
            account.usage.peak_memory_bytes as f64 / MIB
        ))
    }

    /// The native program, built if that is how it comes about.
    fn native(&self, native: &Native, home: &Path) -> Result<Command> {
        let source = |name: &str| self.workspace.root.join(PEERS).join(name);
        let program = home.join("native");
        let mut build = match native {
            Native::Node => {
                let mut node = Command::new("node");
                node.arg(source("rows.mjs"));
                return Ok(node);
            }
            Native::Python => {
                let mut python = self.venv.program("python");
                python.arg(source("rows.py"));
                return Ok(python);
            }
            Native::Rust => {
                let mut rustc = Command::new("rustc");
                rustc.args(["--edition", "2024", "-O"]).arg(source("rows.rs"));
                rustc
            }
            Native::Go => {
                let mut go = Command::new(self.compilers.programs.join("go"));
                go.arg("build").env("GOCACHE", home.join("go"));
                go
            }
            Native::C => {
                let mut zig = Command::new(self.compilers.programs.join("python-zig"));
                zig.args(["cc", "-O2"]).arg(source("rows.c"));
                zig
            }
        };
        build.arg("-o").arg(&program);
        if matches!(native, Native::Go) {
            build.arg(source("rows.go"));
        }
        run(&mut build)?;
        Ok(Command::new(program))
    }
}

/// Small jobs one after the other.
fn small_jobs(site: &Site, language: &Language, module: &Path) -> Result<Quantiles> {
    let name = language.name.to_lowercase();
    let home = format!("{}/modules/{name}", site.base);
    site.client.put_file(&format!("{home}/versions/1.0.0"), module)?;
    let granted = json!({"http": {"hosts": ["api.example.com", "fuelcell.invalid"], "secrets": ["TOKEN"]}, "hmac": ["KEY"]});
    site.client.put(&format!("{home}/capabilities"), &granted)?;
    let submission = json!({
        "jobName": "echo", "jobType": "Analysis", "module": {"name": name}, "parameters": {"case": "echo"},
    });
    // The first one waits until the module is compiled.
    site.wait(&site.post(&submission)?, "Completed")?;
    let mut durations = Vec::new();
    for _ in 0..JOBS {
        let begun = Instant::now();
        site.wait(&site.post(&submission)?, "Completed")?;
        durations.push(begun.elapsed());
    }
    Ok(Quantiles::of(durations))
}

/// Names and amounts, of which most are kept and some are no numbers.
fn write_table(file: &Path) -> Result<()> {
    let mut table = BufWriter::new(fs::File::create(file)?);
    writeln!(table, "name,amount")?;
    for number in 0..ROWS {
        match number % 1000 {
            999 => writeln!(table, "item {number},none")?,
            _ => writeln!(table, "item {number},{}", number % 40)?,
        }
    }
    Ok(table.flush()?)
}
