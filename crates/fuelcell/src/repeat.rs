//! `fuelcell run --repeat`: the same run several times, and what is not the same in all.
//!
//! Each is a process of its own, so that nothing of one is left for the next.

use crate::account::outputs;
use crate::cli::{IsolationArgument, RunArguments};
use crate::told::{DifferingOutput, Repeated, Spread, line};
use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use tempfile::TempDir;

/// Figures of a run: what people call them, and their member in its account.
const FIGURES: [(&str, &str); 4] = [
    ("fuel", "fuel"),
    ("peak memory, bytes", "peakMemoryBytes"),
    ("CPU, s", "cpuSeconds"),
    ("wall, s", "wallSeconds"),
];

/// Runs the module `times` times. The exit code is 0 when all runs complete and make the same outputs, otherwise 1.
pub(crate) fn run(arguments: &RunArguments, times: u32) -> anyhow::Result<ExitCode> {
    let scratch = TempDir::new()?;
    let mut runs = Vec::new();
    for number in 0..times {
        // What the first one makes is kept.
        let place = scratch.path().join(number.to_string());
        let out = if number == 0 { &*arguments.out } else { &*place };
        let output = command(arguments, out)?.stdin(Stdio::null()).stderr(Stdio::piped()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let Ok(ran) = serde_json::from_slice::<Value>(&output.stdout) else {
            bail!("{}", said.trim().trim_start_matches("fuelcell: "));
        };
        if number == 0 {
            io::stderr().write_all(&output.stderr).context("standard error cannot be written")?;
        }
        runs.push(ran);
    }
    let told = told(&runs);
    let text = if arguments.says_json()? { line(&told)? } else { as_text(&told) };
    io::stdout().write_all(text.as_bytes())?;
    let is_well = told.same_end && told.same_outputs && told.completed == told.runs;
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same run once, with an account as JSON.
fn command(arguments: &RunArguments, out: &Path) -> anyhow::Result<Command> {
    // By name, so that no argument that is added is forgotten here.
    let RunArguments {
        module,
        // A job is run once.
        from_job: _,
        connection: _,
        engine,
        parameters,
        parameters_file,
        inputs,
        out: _,
        force,
        fuel,
        memory_bytes,
        disk_bytes,
        timeout_seconds,
        isolation,
        deterministic,
        seed,
        repeat: _,
        json: _,
        unmetered,
        http,
        told_to_stop,
    } = arguments;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("run").args(module).arg("--json").arg("--out").arg(out);
    let values = [
        ("--fuel", fuel.map(|units| units.to_string())),
        ("--memory", memory_bytes.map(|bytes| bytes.to_string())),
        ("--disk", disk_bytes.map(|bytes| bytes.to_string())),
        ("--timeout", timeout_seconds.map(|seconds| seconds.to_string())),
        ("--seed", seed.map(|seed| format!("{seed:016x}"))),
    ];
    for (flag, value) in values.into_iter().filter_map(|(flag, value)| Some((flag, value?))) {
        command.arg(flag).arg(value);
    }
    for (flag, file) in [("--engine", engine), ("--parameters-file", parameters_file), ("--http", http)] {
        command.args(file.iter().flat_map(|file| [flag.as_ref(), file.as_os_str()]));
    }
    command.args(parameters.iter().map(|pair| format!("--param={pair}")));
    command.args(inputs.iter().map(|pair| format!("--in={pair}")));
    let flags = [
        ("--force", *force),
        ("--deterministic", *deterministic),
        ("--unmetered", *unmetered),
        ("--isolation=process", matches!(isolation, IsolationArgument::Process)),
    ];
    if let Some(why) = told_to_stop.as_ref().and_then(ValueEnum::to_possible_value) {
        command.args(["--told-to-stop", why.get_name()]);
    }
    command.args(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag));
    Ok(command)
}

/// What the runs have in common, and what they do not.
fn told(runs: &[Value]) -> Repeated {
    let ends: Vec<&Value> = runs.iter().map(|run| &run["error"]["code"]).collect();
    let outputs: Vec<_> = runs.iter().map(outputs).collect();
    let names: BTreeSet<&str> = outputs.iter().flat_map(BTreeMap::keys).copied().collect();
    let digests = |name| {
        let made = outputs.iter().map(|made| made.get(name).map(|digest| (*digest).to_owned()));
        DifferingOutput { name: str::to_owned(name), digests: made.collect() }
    };
    let mut differing: Vec<_> = names.into_iter().map(digests).collect();
    differing.retain(|output| output.digests.iter().any(|one| *one != output.digests[0]));
    let figures =
        FIGURES.map(|(_, member)| (member, spread(runs.iter().map(|run| run["usage"][member].as_f64()))));
    Repeated {
        runs: runs.len(),
        completed: ends.iter().filter(|end| end.is_null()).count(),
        errors: ends.iter().map(|end| end.as_str().map(str::to_owned)).collect(),
        same_end: ends.iter().all(|end| *end == ends[0]),
        same_outputs: differing.is_empty(),
        differing,
        same_fuel: runs.iter().all(|run| run["usage"]["fuel"] == runs[0]["usage"]["fuel"]),
        figures: figures.into_iter().collect(),
    }
}

/// The least, the middle and the most; none where one is not known.
fn spread(figures: impl Iterator<Item = Option<f64>>) -> Option<Spread> {
    let mut figures = figures.collect::<Option<Vec<_>>>()?;
    figures.sort_by(f64::total_cmp);
    let median = (figures[(figures.len() - 1) / 2] + figures[figures.len() / 2]) / 2.0;
    Some(Spread { least: figures[0], median, most: figures[figures.len() - 1] })
}

fn as_text(told: &Repeated) -> String {
    let mut text = format!("{} of {} runs completed\n", told.completed, told.runs);
    for (number, code) in (1..).zip(&told.errors).filter_map(|(number, code)| Some((number, code.as_ref()?)))
    {
        text += &format!("  run {number} failed: {code}\n");
    }
    text += if told.same_outputs { "outputs are the same in all\n" } else { "outputs differ:\n" };
    for DifferingOutput { name, digests } in &told.differing {
        let made = digests.iter().flatten().count();
        let kinds: BTreeSet<_> = digests.iter().flatten().collect();
        let name = name.escape_debug();
        text += &format!("  {name}: {} different, made by {made} of {}\n", kinds.len(), digests.len());
    }
    for (name, member) in FIGURES {
        let spread = told.figures.get(member).copied().flatten();
        let figure = |which: fn(Spread) -> f64| match spread.map(which) {
            None => "unknown".to_owned(),
            Some(figure) if member.ends_with("Seconds") => format!("{figure:.3}"),
            Some(figure) => format!("{figure:.0}"),
        };
        let [least, most, median] =
            [figure(|spread| spread.least), figure(|spread| spread.most), figure(|spread| spread.median)];
        text += &format!("{name}: {least} to {most}, median {median}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_the_same_in_all_is_told() {
        let run = |fuel: u64, code: Value, outputs: Value| json!({"error": {"code": code}, "usage": {"fuel": fuel, "wallSeconds": 0.5}, "receipt": {"outputs": outputs}});
        let (a, b) = (json!({"name": "a", "digest": "1"}), json!({"name": "b", "digest": "2"}));
        let same = told(&[run(7, Value::Null, json!([a, b])), run(7, Value::Null, json!([b, a]))]);
        assert_eq!((same.same_outputs, same.same_fuel, same.completed), (true, true, 2));
        let other = told(&[
            run(7, Value::Null, json!([a, b])),
            run(9, Value::Null, json!([a, {"name": "b", "digest": "3"}])),
            run(8, json!("GuestError"), json!([a])),
        ]);
        let digests = [Some("2"), Some("3"), None].map(|digest| digest.map(str::to_owned)).to_vec();
        assert_eq!(other.differing, [DifferingOutput { name: "b".to_owned(), digests }]);
        assert_eq!(other.figures["fuel"], Some(Spread { least: 7.0, median: 8.0, most: 9.0 }));
        assert_eq!(other.figures["cpuSeconds"], None);
        let text = as_text(&other);
        for line in [
            "2 of 3 runs completed",
            "  run 3 failed: GuestError",
            "  b: 2 different, made by 2 of 3",
            "fuel: 7 to 9, median 8",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        }
    }
}
