//! Jobs on a generated table of orders: the module, the same code built natively, and peers that do the same work.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use bytesize::ByteSize;

use super::{
    account::{RunAccount, work},
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
/// How often each program runs: on a gigabyte each takes a minute or two.
const ROUNDS: usize = 2;

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

/// Measures DataEnrichment on a table of `size`, and a question to Analysis, which keeps its table, on a tenth of that.
pub(super) fn measure_both(
    workspace: &Workspace,
    folder: &Path,
    size: ByteSize,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let examples = ["-p", "data-enrichment", "--example", "enrich", "-p", "analysis", "--example", "explain"];
    run(cargo(workspace).args(["build", "--profile", "guest"]).args(examples))?;
    fs::create_dir_all(folder)?;
    let venv = Venv::ensure(workspace)?;
    venv.ensure_peers()?;
    let peer = |script: &str, table: &Path| {
        let mut command = venv.program("python");
        command.arg(workspace.root.join("crates/xtask/src/bench/peers").join(script)).arg(table);
        command
    };

    let question = serde_json::json!({"sql": QUESTION}).to_string();
    let small = Bench::new(workspace, folder, ByteSize(size.as_u64() / 10), "orders-tenth.csv")?;
    let mut duckdb = peer("duckdb_orders.py", &small.table);
    duckdb.arg(QUESTION);
    small.rows("analysis", "explain", &question, &mut [("DuckDB", duckdb)], rows)?;

    let large = Bench::new(workspace, folder, size, "orders.csv")?;
    let mut polars = peer("polars_orders.py", &large.table);
    polars.arg(folder.join("polars.csv")).arg("steps");
    let mut xan = peer("xan_orders.py", &large.table);
    xan.arg(tools::xan(workspace)?).arg(folder.join("xan.csv"));
    large.rows("data-enrichment", "enrich", STEPS, &mut [("polars", polars), ("xan", xan)], rows)
}

struct Bench<'a> {
    workspace: &'a Workspace,
    folder: &'a Path,
    table: PathBuf,
    size: ByteSize,
}

/// What a program took.
struct Took {
    work: Duration,
    /// The peak; `None` where nobody says it.
    memory_bytes: Option<u64>,
}

impl<'a> Bench<'a> {
    /// With a table of this size and name.
    fn new(workspace: &'a Workspace, folder: &'a Path, size: ByteSize, name: &str) -> Result<Self> {
        let table = folder.join(name);
        orders::write_file(size, SEED, &table)?;
        Ok(Self { workspace, folder, table, size })
    }

    /// The job as module beside the same code built natively, and beside peers.
    fn rows(
        &self,
        package: &str,
        example: &str,
        parameters: &str,
        peers: &mut [(&str, Command)],
        rows: &mut Vec<Row>,
    ) -> Result<()> {
        let (out, asked) = (self.folder.join(package), self.folder.join(format!("{package}.json")));
        fs::write(&asked, parameters)?;
        let mut module = Command::new(self.workspace.binary(Build::Release, "fuelcell"));
        module.arg("run").arg(self.workspace.module(package)).args(["--json", "--force"]);
        module.args(["--memory", MEMORY, "--parameters-file"]).arg(&asked);
        module.arg("--in").arg(&self.table).arg("--out").arg(&out);
        let mut native = Command::new(self.workspace.target.join("guest/examples").join(example));
        native.arg(&self.table).arg(&out).arg(parameters);

        let mut programs = vec![("module", &mut module), ("native", &mut native)];
        programs.extend(peers.iter_mut().map(|(name, peer)| (*name, peer)));
        let names: Vec<_> = programs.iter().map(|(name, _)| *name).collect();
        let label = format!("{package} of {} of CSV, by {}", self.size, names.join(", "));
        let took = measure(&label, || in_turns(&mut programs))?;
        let (module, others) = took.split_first().context("the module was run")?;
        let what = |other: &str| format!("{package} of {} of CSV, module : {other}", self.size);
        rows.extend(
            names[1..].iter().zip(others).map(|(name, other)| Row::new(&what(name), beside(module, other))),
        );
        Ok(())
    }
}

/// Runs programs in turns. Of each the run counts that took least: what else the machine does can only add.
fn in_turns(programs: &mut [(&str, &mut Command)]) -> Result<Vec<Took>> {
    let mut best: Vec<Option<Took>> = programs.iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for ((name, program), best) in programs.iter_mut().zip(&mut best) {
            let took =
                took(&capture(program)?).with_context(|| format!("{name} does not say what it took"))?;
            if best.as_ref().is_none_or(|best| took.work < best.work) {
                *best = Some(took);
            }
        }
    }
    Ok(best.into_iter().flatten().collect())
}

/// What a program says that it took.
fn took(printed: &str) -> Option<Took> {
    let told = printed.lines().find_map(|line| line.strip_prefix("peakMemoryBytes "));
    let of_module =
        || serde_json::from_str(printed).ok().map(|account: RunAccount| account.usage.peak_memory_bytes);
    Some(Took {
        work: work(printed)?,
        memory_bytes: told.and_then(|bytes| bytes.parse().ok()).or_else(of_module),
    })
}

fn beside(module: &Took, other: &Took) -> String {
    let (own, others) = (module.work.as_secs_f64(), other.work.as_secs_f64());
    let work = format!("{:.2} (CPU {own:.1} s : {others:.1} s)", own / others);
    let memory = module.memory_bytes.zip(other.memory_bytes).map(|(own, others)| {
        let (own, others) = (own as f64 / MIB, others as f64 / MIB);
        format!("; memory {:.2} ({own:.0} MiB in the cell : {others:.0} MiB)", own / others)
    });
    work + &memory.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_ratio_of_times_and_of_memory_where_both_are_told() {
        let module =
            took(r#"{"recordsProcessed": 1, "usage": {"peakMemoryBytes": 104857600, "cpuSeconds": 3.0}}"#);
        let peer = took("peakMemoryBytes 209715200\ncpuSeconds 2.0\n");
        let native = took("cpuSeconds 1.5\n");
        let (module, peer, native) = (module.unwrap(), peer.unwrap(), native.unwrap());
        assert_eq!(
            beside(&module, &peer),
            "1.50 (CPU 3.0 s : 2.0 s); memory 0.50 (100 MiB in the cell : 200 MiB)"
        );
        assert_eq!(beside(&module, &native), "2.00 (CPU 3.0 s : 1.5 s)");
        assert!(took("nothing").is_none());
    }

    #[test]
    fn of_two_runs_the_shorter_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Command::new("sh");
        first.current_dir(folder.path()).args(["-c", "echo cpuSeconds $(ls | wc -l); touch a$(ls | wc -l)"]);
        let took = in_turns(&mut [("first", &mut first)]).unwrap();
        assert_eq!(took[0].work, Duration::ZERO);
        assert!(in_turns(&mut [("silent", &mut Command::new("true"))]).is_err());
    }
}
