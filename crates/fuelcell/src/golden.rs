//! `fuelcell test`: cases in folders, each with inputs, parameters and what is expected, run in the sandbox that servers use.
//!
//! A case is a folder: `in/NAME.EXT` is the input NAME, `case.json` has parameters and what is asked of the run, `http.json`
//! answers to requests, and `expected/` the outputs. Each runs by `fuelcell run`, deterministically, so that the same module
//! gives the same outputs.

use crate::case::{Asked, Given, Told, files};
use crate::hostile;
use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;

/// Which cases run, and what is told of them.
#[derive(Args)]
pub(crate) struct TestArguments {
    /// The module: a file, or the folder of a script.
    module: PathBuf,
    /// Folder with a folder for each case; absent = golden, beside or in the module.
    #[arg(long, value_name = "FOLDER")]
    cases: Option<PathBuf>,
    /// Run only cases whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write what the cases make as what is expected, instead of comparing.
    #[arg(long)]
    update: bool,
    /// Run each case on empty, broken and large inputs, with too little of everything, without answers to its requests,
    /// and told to stop, and say how the module ends. It passes when it completes, fails in words of its own, or ends
    /// by the limit that was set.
    #[arg(long, conflicts_with = "update")]
    hostile: bool,
    /// Write a JUnit report for continuous integration.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Format of standard output.
    #[arg(long, short, value_enum, default_value_t)]
    output: Report,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Report {
    /// A line for each case
    #[default]
    Table,
    /// An array of cases
    Json,
}

/// Runs the cases. The exit code is 0 when all are as expected, 1 when one is not.
pub(crate) fn run(arguments: &TestArguments) -> anyhow::Result<ExitCode> {
    ensure!(arguments.module.exists(), "there is no module {}", arguments.module.display());
    let mut told = Vec::new();
    let mut tell = |one: Told| {
        if matches!(arguments.output, Report::Table) {
            io::stdout().write_all(line(&one).as_bytes())?;
        }
        told.push(one);
        io::Result::Ok(())
    };
    for case in cases(arguments)? {
        let cannot = || format!("the case {} cannot be run", case.display());
        match arguments.hostile {
            true => {
                let given = Given::read(&case).with_context(cannot)?;
                hostile::run(&arguments.module, &name(&case), &given, &mut tell).with_context(cannot)?;
            }
            false => {
                tell(try_case(&arguments.module, &case, arguments.update).with_context(cannot)?)?;
            }
        }
    }
    let failed = told.iter().filter(|one| !one.passed).count();
    match arguments.output {
        Report::Json => writeln!(io::stdout(), "{:#}", serde_json::to_value(&told)?)?,
        Report::Table => {
            let word = if arguments.hostile { "ended well" } else { "as expected" };
            writeln!(io::stdout(), "{} of {} cases {word}", told.len() - failed, told.len())?;
        }
    }
    if let Some(file) = &arguments.junit {
        fs::write(file, junit(&told)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The folders of the cases. None is an error: a test of nothing must not pass.
fn cases(arguments: &TestArguments) -> anyhow::Result<Vec<PathBuf>> {
    let inside = if arguments.module.is_dir() { Some(&*arguments.module) } else { arguments.module.parent() };
    let folder = arguments.cases.clone().unwrap_or_else(|| inside.unwrap_or(Path::new("")).join("golden"));
    let entries =
        fs::read_dir(&folder).with_context(|| format!("there are no cases in {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && arguments.only.as_ref().is_none_or(|only| name.contains(only)) {
            found.push(path);
        }
    }
    ensure!(!found.is_empty(), "there are no such cases in {}", folder.display());
    found.sort();
    Ok(found)
}

fn try_case(module: &Path, case: &Path, update: bool) -> anyhow::Result<Told> {
    let given = Given::read(case)?;
    let scratch = TempDir::new()?;
    let out = scratch.path().join("out");
    let ran = given.run(module, &[], &out)?;
    let asked = given.asked;
    let code = ran["error"]["code"].as_str();
    let mut told = Told {
        case: name(case),
        passed: true,
        differences: Vec::new(),
        fuel: ran["usage"]["fuel"].as_u64(),
        seconds: ran["usage"]["wallSeconds"].as_f64(),
        ended: None,
    };
    if update {
        write_expected(case, Asked { error: code.map(str::to_owned), ..asked }, &out)?;
        return Ok(told);
    }
    if code != asked.error.as_deref() {
        let message = ran["error"]["message"].as_str().unwrap_or_default();
        let wanted = asked.error.as_deref().unwrap_or("completed");
        told.differences
            .push(format!("{wanted} was expected, and it is {}: {message}", code.unwrap_or("completed")));
    }
    if let (Some(most), Some(fuel)) = (asked.fuel_at_most, told.fuel)
        && fuel > most
    {
        told.differences.push(format!("it took {fuel} units of fuel, {most} at most were expected"));
    }
    compare(&files(&case.join("expected"))?, &files(&out)?, &mut told.differences)?;
    told.passed = told.differences.is_empty();
    Ok(told)
}

fn name(case: &Path) -> String {
    case.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn compare(
    expected: &BTreeMap<String, PathBuf>,
    made: &BTreeMap<String, PathBuf>,
    differences: &mut Vec<String>,
) -> anyhow::Result<()> {
    for (name, file) in expected {
        let Some(other) = made.get(name) else {
            differences.push(format!("{name} was not made"));
            continue;
        };
        let (wanted, found) = (fs::read(file)?, fs::read(other)?);
        if wanted != found {
            differences.push(format!("{name}: {}", difference(&wanted, &found)));
        }
    }
    let more = made.keys().filter(|name| !expected.contains_key(*name));
    differences.extend(more.map(|name| format!("{name} was not expected")));
    Ok(())
}

/// The first line that differs, of texts.
fn difference(wanted: &[u8], found: &[u8]) -> String {
    let sizes = || format!("{} bytes were expected, and there are {} others", wanted.len(), found.len());
    let (Ok(wanted), Ok(found)) = (std::str::from_utf8(wanted), std::str::from_utf8(found)) else {
        return sizes();
    };
    let (mut left, mut right) = (wanted.lines(), found.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return sizes(),
            (left, right) if left == right => {}
            (left, right) => {
                let shown = |line: Option<&str>| {
                    line.map_or_else(|| "no such line".to_owned(), |line| format!("{line:?}"))
                };
                return format!("line {number}: {} was expected, and it is {}", shown(left), shown(right));
            }
        }
    }
}

fn write_expected(case: &Path, asked: Asked, out: &Path) -> anyhow::Result<()> {
    let expected = case.join("expected");
    for file in files(&expected)?.values() {
        fs::remove_file(file)?;
    }
    for (name, file) in files(out)? {
        let place = expected.join(name);
        fs::create_dir_all(place.parent().unwrap_or(&expected))?;
        fs::copy(file, place)?;
    }
    let text = serde_json::to_string_pretty(&asked)? + "\n";
    Ok(fs::write(case.join("case.json"), text)?)
}

fn line(told: &Told) -> String {
    let fuel = told.fuel.map_or_else(|| "unknown".to_owned(), |fuel| fuel.to_string());
    let word = if told.passed { "ok  " } else { "FAIL" };
    let ended = told.ended.as_ref().map(|ended| format!(": {ended}")).unwrap_or_default();
    let mut text = format!("{word} {}, fuel {fuel}{ended}\n", told.case);
    told.differences.iter().for_each(|difference| text += &format!("     {difference}\n"));
    text
}

fn junit(told: &[Told]) -> String {
    let failed = told.iter().filter(|one| !one.passed).count();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(text, "<testsuite name=\"fuelcell\" tests=\"{}\" failures=\"{failed}\">", told.len());
    for one in told {
        let seconds = one.seconds.unwrap_or(0.0);
        let _ = write!(text, "  <testcase name=\"{}\" time=\"{seconds:.3}\">", escaped(&one.case));
        if !one.passed {
            let _ = write!(text, "<failure message=\"{}\"/>", escaped(&one.differences.join("; ")));
        }
        text += "</testcase>\n";
    }
    text + "</testsuite>\n"
}

/// As an attribute of XML, without what XML cannot have.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            c if c.is_control() => escaped += &c.escape_default().to_string(),
            c => escaped.push(c),
        }
    }
    escaped
}
