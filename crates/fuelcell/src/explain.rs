//! `fuelcell explain CODE`: what the page on troubleshooting says of a code. The page is the one list: `cargo xtask check`
//! verifies that it has a row for every code of a failed job, of a refusal and of a reason to wait.

use crate::told::{Explained, Output};
use fuelcell_cli::{Failure, nearest};
use std::io::Write;

const PAGE: &str = include_str!("../../../docs/troubleshooting.md");

/// A row that begins with one code, or with several.
struct Row<'a> {
    /// The heading above the table.
    section: &'a str,
    codes: Vec<&'a str>,
    /// The other columns: name and contents.
    cells: Vec<(&'a str, &'a str)>,
}

impl Row<'_> {
    fn told(&self) -> Explained {
        let says = self.cells.iter().map(|(name, contents)| ((*name).to_owned(), contents.replace('`', "")));
        Explained {
            codes: self.codes.iter().map(|code| (*code).to_owned()).collect(),
            section: self.section.to_owned(),
            says: says.collect(),
        }
    }
}

/// Prints what is known of a code.
pub(crate) fn explain(code: &str, output: Output) -> anyhow::Result<()> {
    let rows = rows(PAGE);
    let found: Vec<_> =
        rows.iter().filter(|row| row.codes.iter().any(|known| known.eq_ignore_ascii_case(code))).collect();
    if found.is_empty() {
        return Err(unknown(code, &rows).into());
    }
    if output == Output::Json {
        let told: Vec<_> = found.into_iter().map(Row::told).collect();
        return Ok(writeln!(std::io::stdout(), "{:#}", serde_json::to_value(told)?)?);
    }
    let mut text = String::new();
    for row in found {
        text += &format!("{}\n  {}\n", row.codes.join(", "), row.section);
        for (name, contents) in &row.cells {
            text += &format!("  {name}: {}\n", contents.replace('`', ""));
        }
    }
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}

fn unknown(code: &str, rows: &[Row<'_>]) -> Failure {
    let failure = Failure::usage(format!("no page explains {code:?}"));
    match nearest(code, rows.iter().flat_map(|row| row.codes.iter().copied())) {
        Some(near) => failure.with_remedy(format!("did you mean {near}?")),
        None => failure.with_remedy("`detail` of a refusal says what was wrong with the request"),
    }
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let (mut section, mut names, mut rows) = ("", Vec::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with('#') {
            section = line.trim_start_matches('#').trim();
        }
        let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
            names.clear();
            continue;
        };
        let cells: Vec<_> = inner.split(" | ").collect();
        // The first row of a table names its columns.
        if names.is_empty() {
            names = cells;
            continue;
        }
        let codes: Vec<_> = cells[0].split('`').skip(1).step_by(2).collect();
        if !codes.is_empty() {
            let others = names.iter().copied().zip(cells).skip(1).collect();
            rows.push(Row { section, codes, cells: others });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_with_their_cause() {
        let rows = rows(PAGE);
        let of = |code: &str| rows.iter().find(|row| row.codes.contains(&code)).expect("it has a row");
        assert_eq!(of("FuelExhausted").cells[1].0, "remedy");
        assert_eq!(of("NoFreeSlot").cells[0].0, "cause");
        assert!(unknown("FuelExhaust", &rows).to_string().ends_with("did you mean FuelExhausted?"));
        assert!(!unknown("Nope", &rows).to_string().contains("did you mean"));
    }
}
