//! `fuelcell test --hostile`: golden cases made hard, and how the module ends then.
//!
//! A job that is well made completes, fails in words of its own, or ends by the limit that was set for it. What it must not do is
//! crash, end by an error that nobody caught, or run into its limits on a small input.

use crate::case::{Given, Told};
use anyhow::Context;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Bytes of an input that is repeated.
const LARGE: usize = 16 << 20;
/// Bytes of an input that no format has.
const NOISE: usize = 64 << 10;
/// What a run may take at most, so that the whole comes to an end.
const TIMEOUT: &str = "120";

/// How an input is changed.
#[derive(Clone, Copy)]
enum Change {
    Empty,
    Cut,
    Noise,
    NotUtf8,
    OneLine,
    Repeated,
}

const CHANGES: [(&str, Change); 6] = [
    ("empty", Change::Empty),
    ("cut in half", Change::Cut),
    ("random bytes", Change::Noise),
    ("bytes that are no UTF-8 in it", Change::NotUtf8),
    ("without line ends", Change::OneLine),
    ("repeated to 16 MiB", Change::Repeated),
];

/// Codes of limits.
const LIMITS: [&str; 4] = ["FuelExhausted", "MemoryLimit", "DiskQuota", "Timeout"];
/// How the SDK for Go names an error that nobody caught, and the host a program that ended with a code.
const NOT_OWN: [&str; 2] = ["Panic", "Exit"];

/// One way in which a case is made hard.
struct Hardship {
    name: String,
    options: Vec<String>,
    /// The limits that may end it.
    may_hit: &'static [&'static str],
}

/// Runs a case in all of them.
///
/// # Errors
/// When the case cannot be run at all, or a file cannot be read or written.
pub(crate) fn run(
    module: &Path,
    case: &str,
    given: &Given,
    tell: &mut impl FnMut(Told) -> io::Result<()>,
) -> anyhow::Result<()> {
    let scratch = TempDir::new()?;
    let (made, changed) = (scratch.path().join("made"), scratch.path().join("changed"));
    fs::create_dir(&changed)?;
    let out = |name: &str| made.join(name);
    let as_it_is = given.run(module, &[], &out("as-it-is"))?;
    tell(told_as_it_is(case, given, &as_it_is))?;
    for (number, (input, file)) in given.inputs.iter().enumerate() {
        for (what, change) in CHANGES {
            let changed = changed.join(file.file_name().unwrap_or_default());
            write_changed(file, change, &changed)
                .with_context(|| format!("cannot change {}", file.display()))?;
            let mut inputs = given.inputs.clone();
            inputs.insert(input.clone(), changed);
            let may_hit: &[&str] = if matches!(change, Change::Repeated) { &LIMITS } else { &[] };
            let hardship = Hardship { name: format!("{input} {what}"), options: timeout(), may_hit };
            let out = out(&format!("input-{number}-{what}"));
            tell(hardship.met(module, case, &given.with(inputs, given.answers.clone()), &out)?)?;
        }
    }
    if let Some(answers) = &given.answers {
        let silent = silent(answers, scratch.path())?;
        let hardship =
            Hardship { name: "no host can be reached".to_owned(), options: timeout(), may_hit: &[] };
        let given = given.with(given.inputs.clone(), Some(silent));
        tell(hardship.met(module, case, &given, &out("silent"))?)?;
    }
    for (number, hardship) in of_limits(&as_it_is).into_iter().enumerate() {
        tell(hardship.met(module, case, given, &out(&format!("limit-{number}")))?)?;
    }
    Ok(())
}

/// A case that does not do what it is to do shows nothing of hardships.
fn told_as_it_is(case: &str, given: &Given, ran: &Value) -> Told {
    let code = ran["error"]["code"].as_str();
    let passed = code == given.asked.error.as_deref();
    let message = ran["error"]["message"].as_str().unwrap_or_default();
    let fault = format!("the case itself does not end as expected: {message}");
    Told {
        case: format!("{case}, as it is"),
        passed,
        differences: if passed { Vec::new() } else { vec![fault] },
        fuel: ran["usage"]["fuel"].as_u64(),
        seconds: ran["usage"]["wallSeconds"].as_f64(),
        ended: Some(code.unwrap_or("completed").to_owned()),
    }
}

fn timeout() -> Vec<String> {
    vec!["--timeout".to_owned(), TIMEOUT.to_owned()]
}

/// Too little of everything, and told to stop. What a run took as it is says how much is too little.
fn of_limits(as_it_is: &Value) -> Vec<Hardship> {
    let half = |figure: &Value| (figure.as_u64().unwrap_or_default() / 2).max(1).to_string();
    let usage = &as_it_is["usage"];
    let hardship = |name: &str, options: &[&str], may_hit| {
        let options = options.iter().map(|option| (*option).to_owned()).chain(timeout()).collect();
        Hardship { name: name.to_owned(), options, may_hit }
    };
    let mut all = vec![
        hardship("half of its fuel", &["--fuel", &half(&usage["fuel"])], &["FuelExhausted"]),
        hardship(
            "half of its memory",
            &["--memory", &half(&usage["peakMemoryBytes"])],
            &["MemoryLimit", "FuelExhausted"],
        ),
        hardship("told to stop", &["--told-to-stop", "user"], &[]),
        hardship("close to its deadline", &["--told-to-stop", "deadline"], &[]),
    ];
    // Who writes nothing needs no disk.
    if usage["bytesWritten"].as_u64().is_some_and(|bytes| bytes > 0) {
        all.push(hardship("one byte of disk", &["--disk", "1"], &["DiskQuota"]));
    }
    all
}

impl Hardship {
    fn met(&self, module: &Path, case: &str, given: &Given, out: &Path) -> anyhow::Result<Told> {
        let ran = given.run(module, &self.options, out)?;
        let (ended, fault) = self.judged(&ran);
        Ok(Told {
            case: format!("{case}, {}", self.name),
            passed: fault.is_none(),
            differences: fault.into_iter().collect(),
            fuel: ran["usage"]["fuel"].as_u64(),
            seconds: ran["usage"]["wallSeconds"].as_f64(),
            ended: Some(ended),
        })
    }

    /// How it ended, and what of that is wrong.
    fn judged(&self, ran: &Value) -> (String, Option<String>) {
        if ran["completed"] == true {
            return ("completed".to_owned(), None);
        }
        let Some(code) = ran["error"]["code"].as_str() else {
            let word = "it did not heed that it was told to stop, and was stopped by force";
            return ("stopped".to_owned(), Some(word.to_owned()));
        };
        let message = ran["error"]["message"].as_str().unwrap_or_default();
        let details = ran["error"]["details"].as_str().unwrap_or_default();
        let fault = match code {
            "GuestError" if !is_uncaught(details, message) => None,
            "GuestError" => Some("an error that nobody caught: fail with a code and a sentence of your own"),
            limit if self.may_hit.contains(&limit) => None,
            limit if LIMITS.contains(&limit) => Some("it ran into a limit that it should not need"),
            _ => Some("it crashed: fail with a code and a sentence of your own"),
        };
        let word = if code == "GuestError" && fault.is_none() { details } else { code };
        let first = message.lines().next().unwrap_or_default();
        (format!("{word}: {first}"), fault.map(str::to_owned))
    }
}

/// Whether an error is one that nobody caught: engines tell it by the name of its class and with where it was.
fn is_uncaught(details: &str, message: &str) -> bool {
    let is_told_by_class = message.strip_prefix(details).is_some_and(|rest| rest.starts_with(": "));
    NOT_OWN.contains(&details) || details.contains('\n') || is_told_by_class && message.contains('\n')
}

fn write_changed(file: &Path, change: Change, changed: &Path) -> io::Result<()> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LARGE as u64).read_to_end(&mut bytes)?;
    let bytes = match change {
        Change::Empty => Vec::new(),
        Change::Cut => {
            bytes.truncate(bytes.len() / 2);
            bytes
        }
        Change::Noise => {
            let mut noise = vec![0; NOISE];
            // Always the same, so that what failed can be looked at again.
            StdRng::seed_from_u64(0).fill_bytes(&mut noise);
            noise
        }
        Change::NotUtf8 => {
            let (before, after) = bytes.split_at(bytes.len() / 2);
            [before, b"\xc3\x28\xff\x00", after].concat()
        }
        Change::OneLine => bytes.into_iter().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect(),
        Change::Repeated => {
            let times = LARGE / bytes.len().max(1);
            bytes.repeat(times.min(LARGE))
        }
    };
    File::create(changed)?.write_all(&bytes)
}

/// The answers of a file, each of which is a connection that nobody took.
fn silent(answers: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let text = fs::read_to_string(answers)?;
    let mut document: Value =
        serde_json::from_str(&text).with_context(|| format!("{} holds no answers", answers.display()))?;
    for answer in document["answers"].as_array_mut().into_iter().flatten() {
        let method = answer["method"].as_str().unwrap_or("GET");
        *answer = json!({"method": method, "url": answer["url"], "error": "connection-timeout"});
    }
    let file = folder.join("silent.json");
    fs::write(&file, document.to_string())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_judged_by_whose_words_it_has() {
        let hardship = |may_hit| Hardship { name: String::new(), options: Vec::new(), may_hit };
        let told = |code: &str, message: &str, details: Value| {
            let error = json!({"code": code, "message": message, "details": details});
            json!({"completed": false, "error": error})
        };
        let failed = |code: &str, details: Value| told(code, "Why.", details);
        let thrown = |message: &str| told("GuestError", message, json!("ValueError"));
        let stopped = json!({"completed": false, "error": null});
        for (ran, may_hit, ended, passes) in [
            (json!({"completed": true, "error": null}), &[][..], "completed", true),
            (failed("GuestError", json!("MissingColumn")), &[], "MissingColumn: Why.", true),
            (failed("GuestError", json!("Panic")), &[], "GuestError: Why.", false),
            (failed("GuestError", json!("Exit")), &[], "GuestError: Why.", false),
            (failed("GuestError", json!("ValueError\n  File \"main.py\"")), &[], "GuestError: Why.", false),
            (
                thrown("ValueError: a\nTraceback (most recent call last):"),
                &[],
                "GuestError: ValueError: a",
                false,
            ),
            (thrown("Line 3 has a ValueError."), &[], "ValueError: Line 3 has a ValueError.", true),
            (failed("Trap", json!("wasm backtrace:\n 0")), &[], "Trap: Why.", false),
            (failed("FuelExhausted", json!(null)), &["FuelExhausted"], "FuelExhausted: Why.", true),
            (failed("FuelExhausted", json!(null)), &["MemoryLimit"], "FuelExhausted: Why.", false),
            (stopped, &[], "stopped", false),
        ] {
            let (told, fault) = hardship(may_hit).judged(&ran);
            assert_eq!((&told[..], fault.is_none()), (ended, passes), "{ran}");
        }
    }

    #[test]
    fn inputs_are_changed_as_said() {
        let folder = tempfile::tempdir().unwrap();
        let (file, changed) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "a,b\r\n1,2\n").unwrap();
        let change = |change| {
            write_changed(&file, change, &changed).unwrap();
            fs::read(&changed).unwrap()
        };
        assert_eq!(change(Change::Empty), b"");
        assert_eq!(change(Change::Cut), b"a,b\r");
        assert_eq!(change(Change::OneLine), b"a,b1,2");
        assert!(std::str::from_utf8(&change(Change::NotUtf8)).is_err());
        assert_eq!(change(Change::Noise).len(), NOISE);
        let large = change(Change::Repeated);
        assert!(large.len() > LARGE - 10 && large.starts_with(b"a,b\r\n1,2\na,b"), "{}", large.len());
    }
}
