//! Steps that need all rows, on a table that is larger than the job's memory: they end within it, or the soak fails, and what
//! they count is counted here too.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::Command,
};

use anyhow::{Context, Result, ensure};
use bytesize::ByteSize;
use serde_json::{Value, json};

use crate::{
    guests, orders,
    process::capture,
    progress::note,
    workspace::{Build, Workspace},
};

/// What the documents promise for tables of any size.
const MEMORY: &str = "256MiB";
const MIB: u64 = 1 << 20;
const SEED: u64 = 2024;

/// What a table of orders holds.
struct Counted {
    rows: u64,
    /// Different order lines.
    lines: u64,
    /// Different customers and statuses together.
    groups: u64,
}

/// What profile.json says.
struct Told {
    total: u64,
    valid: u64,
    duplicates: u64,
    invalid: u64,
    enriched: u64,
}

pub(super) fn soak(workspace: &Workspace, size: ByteSize) -> Result<()> {
    guests::build(workspace, Build::Dev)?;
    let folder = workspace.target.join("soak-tables");
    fs::create_dir_all(&folder)?;
    let (table, customers) = (folder.join("orders.csv"), folder.join("customers.csv"));
    orders::write_file(size, SEED, &table)?;
    orders::write_customers(&customers)?;
    let counted = count(&table)?;
    for (name, step) in steps() {
        let (told, peak, seconds) = run(workspace, &folder, &step)?;
        note(&format!("{name}: {} MiB of {MEMORY}, {seconds:.0} s of a processor", peak / MIB));
        check(name, &told, &counted).with_context(|| format!("{name} over {size}"))?;
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn steps() -> [(&'static str, Value); 5] {
    [
        (
            "sort",
            json!({"sort": {"by": [{"column": "customer"}, {"column": "ordered", "order": "descending"}]}}),
        ),
        ("deduplicate", json!({"deduplicate": {"keys": ["order_id", "line"]}})),
        ("unique", json!({"validate": {"rules": [{"column": "order_line", "unique": true}]}})),
        (
            "aggregate",
            json!({"aggregate": {"groupBy": ["customer", "status"], "measures": [
                {"function": "count", "into": "orders"}, {"function": "sum", "column": "unit_price", "into": "total"},
            ]}}),
        ),
        (
            "lookup",
            json!({"lookup": {"table": "customers", "on": {"customer": "customer"}, "take": ["segment"]}}),
        ),
    ]
}

fn run(workspace: &Workspace, folder: &Path, step: &Value) -> Result<(Told, u64, f64)> {
    let (asked, out) = (folder.join("steps.json"), folder.join("out"));
    let line =
        json!({"derive": {"column": "order_line", "expression": "order_id || '/' || line", "type": "text"}});
    fs::write(&asked, json!({"steps": [line, step]}).to_string())?;
    let mut command = Command::new(workspace.binary(Build::Dev, "fuelcell"));
    command.arg("run").arg(workspace.module("data-enrichment")).args(["--json", "--force"]);
    command.args(["--memory", MEMORY, "--timeout", "2h", "--parameters-file"]).arg(&asked);
    command.arg("--in").arg(folder.join("orders.csv")).arg("--in");
    command.arg(format!("lookups/customers={}", folder.join("customers.csv").display()));
    let account: Value = serde_json::from_str(&capture(command.arg("--out").arg(&out))?)?;
    let profile: Value = serde_json::from_slice(&fs::read(out.join("profile.json"))?)?;
    let number = |name: &str| profile[name].as_u64().with_context(|| format!("profile.json has no {name}"));
    let told = Told {
        total: number("totalRecords")?,
        valid: number("validRecords")?,
        duplicates: number("duplicatesRemoved")?,
        invalid: number("invalidRecords")?,
        enriched: number("enrichedRecords")?,
    };
    let usage = &account["usage"];
    let peak = usage["peakMemoryBytes"].as_u64().context("no memory is told")?;
    Ok((told, peak, usage["cpuSeconds"].as_f64().context("no time is told")?))
}

fn check(name: &str, told: &Told, counted: &Counted) -> Result<()> {
    ensure!(told.total == counted.rows, "{} rows of {} were seen", told.total, counted.rows);
    ensure!(told.valid + told.duplicates + told.invalid == told.total, "the parts do not add up");
    let (what, is, expected) = match name {
        "deduplicate" => ("rows without duplicates", told.enriched, counted.lines),
        "unique" => ("rows that are first of their kind", told.valid, counted.lines),
        "aggregate" => ("groups", told.enriched, counted.groups),
        _ => ("rows", told.enriched, counted.rows),
    };
    ensure!(is == expected, "{is} {what}, not {expected}");
    Ok(())
}

/// Counts by hand. Of the fields before the status only the name may hold a comma: one, in quotes.
fn count(table: &Path) -> Result<Counted> {
    let (mut rows, mut lines, mut groups) = (0, HashSet::new(), HashSet::new());
    for row in BufReader::new(File::open(table)?).lines().skip(1) {
        let row = row?;
        let fields: Vec<_> = row.split(',').collect();
        let quoted = usize::from(fields[3].starts_with('"'));
        let (order, line): (u64, u64) = (fields[0].trim_start_matches("SO-").parse()?, fields[1].parse()?);
        rows += 1;
        lines.insert(order * 4 + line);
        groups.insert((fields[2].to_owned(), fields[8 + quoted].to_owned()));
    }
    Ok(Counted { rows, lines: lines.len() as u64, groups: groups.len() as u64 })
}
