//! Notebooks and scripts in Python: what their engine takes to compile, what a job waits for, what it computes beside native
//! Python, and what many at once hold.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    account::{RunAccount, work},
    project::start,
    quantiles::Quantiles,
    row::{Row, measure},
    site::{POLL, Site},
};
use crate::{
    client::text,
    process::capture,
    server::{Interrupt, Server},
    tools::Venv,
    workspace::{Build, Workspace},
};

/// What computes, in cells and natively.
pub(super) const CPU_BOUND: &str = "example-jobs/built-in/notebook/tests/data/cpu_bound.ipynb";
/// The same without a cell.
const EMPTY: &str = "example-jobs/built-in/notebook/tests/data/empty.ipynb";
/// Says when it runs.
const MOMENT: &str = "import time\nprint(time.time())";
/// Stays in its cell until it is cancelled.
const WAITS: &str = "import time\ntime.sleep(3600)";
/// Notebooks that are held in memory together.
const AT_ONCE: usize = 20;
/// Jobs whose times are measured.
const JOBS: usize = 20;
/// Attempts of which the one that took least counts.
pub(super) const ROUNDS: usize = 3;
const MIB: f64 = 1024.0 * 1024.0;

/// A script that needs nothing.
const MANIFEST: &str = r#"{"interface": "0.1", "title": "Hello", "jobType": "Analysis", "engine": "python@3.14", "entry": "main.py"}"#;

pub(super) fn rows(workspace: &Workspace, folder: &Path, interrupt: &Interrupt) -> Result<Vec<Row>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let bench = Bench { workspace, folder, venv: Venv::ensure(workspace)? };
    let mut rows = vec![bench.compile()?];
    interrupt.check()?;
    rows.push(bench.beside_native()?);
    interrupt.check()?;
    rows.extend(bench.on_a_server(interrupt)?);
    Ok(rows)
}

/// A program in Python to compare with.
pub(super) fn peer(workspace: &Workspace, venv: &Venv, script: &str) -> Command {
    let mut command = venv.program("python");
    command.arg(workspace.root.join("crates/xtask/src/bench/peers").join(script));
    command
}

struct Bench<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
    venv: Venv,
}

impl Bench<'_> {
    fn fuelcell(&self) -> PathBuf {
        self.workspace.binary(Build::Release, "fuelcell")
    }

    fn peer(&self, script: &str) -> Command {
        peer(self.workspace, &self.venv, script)
    }

    /// A script that says nothing else than `text`.
    fn script(&self, text: &str) -> Result<PathBuf> {
        let script = self.folder.join("script");
        fs::create_dir_all(&script)?;
        fs::write(script.join("fuelcell.json"), MANIFEST)?;
        fs::write(script.join("main.py"), format!("print({text:?})\n"))?;
        Ok(script)
    }

    /// A run whose engine must be compiled, beside the same run after it.
    fn compile(&self) -> Result<Row> {
        let (cache, script) = (self.folder.join("cache"), self.script("hello")?);
        let run = || -> Result<(f64, f64)> {
            let mut command = self.peer("children.py");
            command.env("XDG_CACHE_HOME", &cache).arg(self.fuelcell()).arg("run").arg(&script);
            command.arg("--force").arg("--out").arg(self.folder.join("hello"));
            let told = capture(&mut command)?;
            Ok((told_figure(&told, "cpuSeconds")?, told_figure(&told, "peakMemoryBytes")?))
        };
        let ((cold, peak), (warm, _)) = measure("Compiling the engine for Python", || Ok((run()?, run()?)))?;
        let engine = fs::metadata(self.workspace.module("python"))?.len();
        let figure = format!(
            "{:.1} MiB, machine code {:.1} MiB; CPU {:.1} s, at most {:.0} MiB in a process",
            engine as f64 / MIB,
            largest_file(&cache)? as f64 / MIB,
            cold - warm,
            peak / MIB
        );
        Ok(Row::new("the engine for Python, and compiling it", figure))
    }

    /// The cells of a notebook that computes: what they add to an attempt without any, beside the Python of this machine.
    fn beside_native(&self) -> Result<Row> {
        let (mut computes, mut empty) = (self.notebook(CPU_BOUND), self.notebook(EMPTY));
        let mut peer = self.peer("notebook_cells.py");
        peer.arg(self.workspace.root.join(CPU_BOUND));
        let label = "A notebook that computes, in a cell and natively";
        let (account, told, times) = measure(label, || {
            // Caches get warm.
            let (account, told) = (capture(&mut computes)?, capture(&mut peer)?);
            Ok((account, told, least_times([&mut computes, &mut empty, &mut peer])?))
        })?;
        let account: RunAccount = serde_json::from_str(&account)?;
        let version = told.lines().find_map(|line| line.strip_prefix("version "));
        let [whole, start, native] = times.map(|time| time.as_secs_f64());
        let cells = whole - start;
        let figure = format!(
            "{:.2} (CPU {cells:.2} s : {native:.2} s); an attempt without cells {start:.2} s; {:.0} MiB in the cell",
            cells / native,
            account.usage.peak_memory_bytes as f64 / MIB
        );
        let version = version.context("Python says no version")?;
        Ok(Row::new(&format!("notebook cpu_bound, cells : CPython {version}"), figure))
    }

    /// An attempt at a notebook of this repository, without a server.
    fn notebook(&self, notebook: &str) -> Command {
        let notebook = self.workspace.root.join(notebook);
        let mut job = Command::new(self.fuelcell());
        job.arg("run").arg(self.workspace.module("notebook").with_extension("zip"));
        job.args(["--json", "--force", "--in"]).arg(format!("notebook={}", notebook.display()));
        job.arg("--out").arg(self.folder.join("out"));
        job
    }

    fn on_a_server(&self, interrupt: &Interrupt) -> Result<Vec<Row>> {
        let at_once = AT_ONCE.to_string();
        // Their limits together, of which they take a part.
        let settings = [("FUELCELL_SLOTS", &at_once[..]), ("FUELCELL_JOB_MEMORY_BYTES", "64GiB")];
        let server = start(self.workspace, &self.folder.join("data"), &settings, interrupt)?;
        let site = Site::new(&server, interrupt)?;
        let moment = site.put_notebook(self.folder, 1, MOMENT)?;
        // Has the engine compiled.
        site.wait(&site.submit(&moment)?, "Completed")?;
        let starts = measure("Notebooks, from their submit to their first cell", || site.starts(&moment))?;
        let waits = site.put_notebook(self.folder, 2, WAITS)?;
        let held = measure("Notebooks at once", || site.held(&server, &waits))?;
        let uploads = measure("Scripts, from their upload to their result", || self.uploads(&site))?;
        Ok(vec![
            Row::new("notebook, submit → its first cell runs, engine ready", starts.to_string()),
            Row::new(&format!("{AT_ONCE} notebooks at once in the server's process"), held),
            Row::new("script in Python, upload → job completed", uploads.to_string()),
        ])
    }

    /// New versions of a script, each from its upload to the end of its first job.
    fn uploads(&self, site: &Site) -> Result<Quantiles> {
        let archive = self.folder.join("script.zip");
        let mut durations = Vec::new();
        for number in 0..JOBS {
            let script = self.script(&format!("hello {number}"))?;
            capture(
                Command::new(self.fuelcell()).args(["module", "pack"]).arg(script).arg("--out").arg(&archive),
            )?;
            let begun = Instant::now();
            let version = format!("1.0.{number}");
            site.client.put_file(&format!("{}/modules/hello/versions/{version}", site.base), &archive)?;
            let module = json!({"name": "hello", "version": version});
            let job = site.post(&json!({"jobName": "hello", "jobType": "Analysis", "module": module}))?;
            site.wait(&job, "Completed")?;
            durations.push(begun.elapsed());
        }
        Ok(Quantiles::of(durations))
    }
}

impl Site<'_> {
    /// A notebook of one cell, as a dataset of this number. Returns its id.
    pub(super) fn put_notebook(&self, folder: &Path, number: u32, source: &str) -> Result<String> {
        let cell = json!({"cell_type": "code", "metadata": {}, "source": source});
        let notebook = json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]});
        self.put_cells(folder, number, &notebook)
    }

    /// A notebook, as a dataset of this number. Returns its id.
    pub(super) fn put_cells(&self, folder: &Path, number: u32, notebook: &Value) -> Result<String> {
        let (file, id) = (folder.join("one.ipynb"), format!("00000000-0000-4000-8000-{number:012}"));
        fs::write(&file, notebook.to_string())?;
        self.client.put_file(&format!("{}/datasets/{id}?name=one.ipynb", self.base), &file)?;
        Ok(id)
    }

    pub(super) fn submit(&self, notebook: &str) -> Result<String> {
        self.post(&json!({
            "jobName": "notebook", "jobType": "Notebook", "module": {"name": "notebook"},
            "parameters": {"notebookId": notebook},
        }))
    }

    /// Jobs one after the other: how long after its submit each was in its first cell.
    pub(super) fn starts(&self, notebook: &str) -> Result<Quantiles> {
        let mut durations = Vec::new();
        for _ in 0..JOBS {
            let begun = SystemTime::UNIX_EPOCH.elapsed()?;
            let job = self.submit(notebook)?;
            self.wait(&job, "Completed")?;
            let printed = self.printed(&job)?;
            let moment: f64 = printed.trim().parse().with_context(|| format!("no moment: {printed}"))?;
            // The clock of cells is rounded down to a millisecond.
            durations.push(Duration::from_secs_f64(moment).saturating_sub(begun));
        }
        Ok(Quantiles::of(durations))
    }

    /// What the first cell of a job's notebook printed.
    fn printed(&self, job: &str) -> Result<String> {
        let results =
            self.client.get(&format!("{}/execution/job/{job}/results?format=detailed", self.base))?;
        let outputs = results["results"]["additionalOutputs"].as_array().into_iter().flatten();
        let executed = outputs.into_iter().find(|output| output["name"] == "notebook.ipynb");
        let url = text(executed.context("a job has no executed notebook")?, "downloadUrl")?.to_owned();
        let notebook = self.client.download(&url)?;
        Ok(joined(&notebook["cells"][0]["outputs"][0]["text"]))
    }

    /// What the process of the server holds while so many jobs are in a cell of their notebook.
    fn held(&self, server: &Server, notebook: &str) -> Result<String> {
        let before = server.resident_bytes()? as f64;
        let jobs = (0..AT_ONCE).map(|_| self.submit(notebook)).collect::<Result<Vec<_>>>()?;
        for job in &jobs {
            self.wait_for_cell(job)?;
        }
        let held = server.resident_bytes()? as f64;
        let cancelled = self.client.post(
            &format!("{}/execution/jobs/bulk", self.base),
            &json!({"action": "cancel", "jobIds": jobs}),
        )?;
        for job in &jobs {
            self.wait(job, "Cancelled").with_context(|| format!("after {cancelled}"))?;
        }
        let each = (held - before) / AT_ONCE as f64;
        Ok(format!(
            "RSS {:.0} MiB, {:.0} MiB before them: {:.1} MiB each",
            held / MIB,
            before / MIB,
            each / MIB
        ))
    }

    fn wait_for_cell(&self, job: &str) -> Result<()> {
        loop {
            let status = self.job(job)?;
            if status["progress"]["currentStage"].as_str().is_some_and(|stage| stage.starts_with("Cell 1 ")) {
                return Ok(());
            }
            let state = text(&status, "status")?;
            ensure!(matches!(state, "Queued" | "Running"), "a job ended as {state}: {}", status["error"]);
            self.interrupt.wait(POLL)?;
        }
    }
}

/// A text of a notebook: one, or its lines.
fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        lines => lines.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

/// A figure among lines of `name figure`.
fn told_figure(told: &str, name: &str) -> Result<f64> {
    let mut lines = told.lines().filter_map(|line| line.split_once(' '));
    let figure = lines.find(|(known, _)| *known == name).map(|(_, figure)| figure);
    figure.and_then(|figure| figure.parse().ok()).with_context(|| format!("{name} is not told: {told}"))
}

/// The least processor time of the work of each, of some rounds: what else the machine does can only add.
fn least_times<const N: usize>(mut commands: [&mut Command; N]) -> Result<[Duration; N]> {
    let mut least = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (command, least) in commands.iter_mut().zip(&mut least) {
            let printed = capture(command)?;
            let time = work(&printed).with_context(|| format!("no processor time is told in: {printed}"))?;
            *least = time.min(*least);
        }
    }
    Ok(least)
}

/// Bytes of the largest file below a folder.
fn largest_file(folder: &Path) -> Result<u64> {
    let mut largest = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let size =
            if entry.file_type()?.is_dir() { largest_file(&entry.path())? } else { entry.metadata()?.len() };
        largest = largest.max(size);
    }
    Ok(largest)
}
