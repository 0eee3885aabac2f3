//! Jobs on a generated table of orders: the module, the same code built natively, and peers that do the same work.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use bytesize::ByteSize;

use super::{
    account::{RunAccount, work},
    native,
    row::{Row, measure},
};
use crate::{
    orders,
    process::{capture, cargo, run},
    tools::{self, Venv},
    workspace::{Build, Workspace},
};

/// Memory of the cell, which is what the documents promise for steps that stream.
const MEMORY: &str = "256MiB";
const MIB: f64 = 1024.0 * 1024.0;
const SEED: u64 = 2024;

/// One row after another: cast, normalise, map, derive, filter, mask.
const STEPS: &str = r#"{"steps": [
    {"cast": {"column": "quantity", "type": "integer", "onError": "reject"}},
    {"normalise": {"columns": ["name"], "case": "title"}},
    {"map": {"column": "country", "values": {"de": "DE", "Germany": "DE", "fr": "FR", "France": "FR", "gb": "GB",
        "United Kingdom": "GB", "se": "SE", "Sweden": "SE", "es": "ES", "Spain": "ES"}}},
    {"derive": {"column": "amount", "expression": "quantity * unit_price * (1 - coalesce(discount, 0))", "type": "float"}},
    {"filter": {"expression": "status <> 'cancelled'"}},
    {"anonymise": {"column": "email", "method": "mask", "keep": 4}}]}"#;

const QUESTION: &str = "SELECT country, status, count(*) AS orders, avg(unit_price) AS price FROM dataset GROUP BY country, status";

/// Measures both jobs on a table of `size`.
pub(super) fn rows(workspace: &Workspace, folder: &Path, size: ByteSize) -> Result<Vec<Row>> {
    let examples = ["-p", "data-enrichment", "--example", "enrich", "-p", "analysis", "--example", "explain"];
    run(cargo(workspace).args(["build", "--profile", "guest"]).args(examples))?;
    fs::create_dir_all(folder)?;
    let table = folder.join("orders.csv");
    orders::write_file(size, SEED, &table)?;
    let venv = Venv::ensure(workspace)?;
    venv.ensure_peers()?;
    let peer = |script: &str| {
        let mut command = venv.program("python");
        command.arg(workspace.root.join("crates/xtask/src/bench/peers").join(script)).arg(&table);
        command
    };

    let mut polars = peer("polars_orders.py");
    polars.arg(folder.join("polars.csv")).arg("steps");
    let question = serde_json::json!({"sql": QUESTION}).to_string();
    let mut duckdb = peer("duckdb_orders.py");
    duckdb.arg(QUESTION);
    let mut xan = peer("xan_orders.py");
    xan.arg(tools::xan(workspace)?).arg(folder.join("xan.csv"));
    let bench = Bench { workspace, folder, table: &table, size };
    Ok(vec![
        bench.row("data-enrichment", "enrich", "profile and six steps", STEPS, ("polars", &mut polars))?,
        bench.row("data-enrichment", "enrich", "profile and six steps", STEPS, ("xan", &mut xan))?,
        bench.row("analysis", "explain", "SQL group-by", &question, ("DuckDB", &mut duckdb))?,
    ])
}

struct Bench<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
    table: &'a Path,
    size: ByteSize,
}

impl Bench<'_> {
    fn row(
        &self,
        package: &str,
        example: &str,
        what: &str,
        parameters: &str,
        (peer, command): (&str, &mut Command),
    ) -> Result<Row> {
        let (out, asked) = (self.folder.join(package), self.folder.join(format!("{package}.json")));
        fs::write(&asked, parameters)?;
        let mut module = Command::new(self.workspace.binary(Build::Release, "fuelcell"));
        module.arg("run").arg(self.workspace.module(package)).args(["--json", "--force"]);
        module.args(["--memory", MEMORY, "--parameters-file"]).arg(&asked);
        module.arg("--in").arg(self.table).arg("--out").arg(&out);
        let mut native = Command::new(self.workspace.target.join("guest/examples").join(example));
        native.arg(self.table).arg(&out).arg(parameters);
        let label = format!("{package}: {what}, as module, natively and by {peer}");
        let (account, told, beside, natively) = measure(&label, || {
            let account: RunAccount = serde_json::from_str(&capture(&mut module)?)?;
            let told = capture(command)?;
            let beside = native::compare(&mut module, command, work)?;
            Ok((account, told, beside, native::compare(&mut module, &mut native, work)?))
        })?;
        let told = told.lines().find_map(|line| line.strip_prefix("peakMemoryBytes "));
        let peak: f64 = told.and_then(|bytes| bytes.parse().ok()).context("the peer says no memory")?;
        let memory = account.usage.peak_memory_bytes as f64;
        Ok(Row::new(
            &format!("{package} of {} of CSV, {what}, module : {peer}", self.size),
            format!(
                "{}; memory {:.2} ({:.0} MiB in the cell : {:.0} MiB); module : native {}",
                beside.work,
                memory / peak,
                memory / MIB,
                peak / MIB,
                natively.work
            ),
        ))
    }
}
