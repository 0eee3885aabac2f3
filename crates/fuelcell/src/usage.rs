//! `fuelcell usage`: what jobs used on a running server, summed.

use crate::cli::UsageArguments;
use crate::client::{Server, escaped};
use anyhow::Context;
use serde_json::Value;
use std::io::Write;

const HEADINGS: [&str; 11] = [
    "fuel",
    "CPU s",
    "GiB s",
    "read",
    "written",
    "attempts",
    "lost",
    "completed",
    "failed",
    "cancelled",
    "of",
];

/// Asks and prints.
pub(crate) fn run(arguments: &UsageArguments) -> anyhow::Result<()> {
    let UsageArguments { server, tenant, project, from, to, group_by, json } = arguments;
    let given = [("tenantId", tenant), ("projectId", project), ("from", from), ("to", to)];
    let mut query = format!("groupBy={}", escaped(group_by));
    for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        query += &format!("&{name}={}", escaped(value));
    }
    let report = Server::of(server)?.send("GET", &format!("/api/admin/usage?{query}"), &Value::Null)?;
    let text = match json {
        true => format!("{report:#}\n"),
        false => table(&report).context("the answer is no report of usage")?,
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn table(report: &Value) -> Option<String> {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    for group in report["groups"].as_array()? {
        rows.push(row(group, name(group)));
    }
    rows.push(row(&report["total"], "total".to_owned()));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADINGS.len() - 1).map(width).collect();
    let mut text = format!("{} to {} (UTC)\n", report["from"].as_str()?, report["to"].as_str()?);
    for row in &rows {
        for (cell, width) in row.iter().zip(&widths) {
            text += &format!("{cell:>width$}  ");
        }
        text += &format!("{}\n", row[HEADINGS.len() - 1]);
    }
    Some(text)
}

fn row(sums: &Value, of: String) -> [String; 11] {
    let number = |name: &str| sums[name].as_u64().unwrap_or(0).to_string();
    let real = |name: &str| sums[name].as_f64().unwrap_or(0.0);
    let jobs = |name: &str| sums["jobs"][name].as_u64().unwrap_or(0).to_string();
    let at_least = if sums["fuelIsLowerBound"] == true { "≥ " } else { "" };
    [
        format!("{at_least}{}", number("fuel")),
        format!("{:.3}", real("cpuSeconds")),
        format!("{:.3}", real("memoryByteSeconds") / f64::from(1 << 30)),
        number("bytesRead"),
        number("bytesWritten"),
        number("attempts"),
        number("lostAttempts"),
        jobs("completed"),
        jobs("failed"),
        jobs("cancelled"),
        of,
    ]
}

/// What a group is of. Names are others' words: nothing in them moves a cursor.
fn name(group: &Value) -> String {
    let parts = ["day", "tenantId", "projectId", "module", "subject", "label"];
    let mut parts: Vec<String> = parts
        .iter()
        .filter_map(|part| group[*part].as_str())
        .map(|text| text.escape_debug().to_string())
        .collect();
    if group["other"] == true {
        parts.push("(others)".to_owned());
    }
    parts.join(" ")
}
