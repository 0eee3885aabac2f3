//! Reads the sources of a script that is to be checked: each is parsed and compiled as a module, and nothing runs.
//!
//! The script's own sources are read all; of packages, which bring much that is for other engines, and of JSON what imports
//! lead to.

use crate::failure::plain;
use crate::modules::{self, CHECKED, OWN, VENDOR};
use fuelcell_sdk::wasm::bindings::fuelcell::job::cancel;
use fuelcell_sdk::wasm::bindings::fuelcell::job::types::{Cancellation, Completion, Failure};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{CaughtError, Context, Ctx, Error, Module, Result, Runtime};
use serde::Serialize;
use serde::de::IgnoredAny;
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::mem;
use std::path::Path;
use std::rc::Rc;

/// Where the report lies.
const REPORT: &str = "/out/syntax.json";
/// Faults that are told, and characters of what is said of one.
const MAX_FAULTS: usize = 20;
const MAX_MESSAGE: usize = 200;
/// How sources end, and how those that hold types alone.
const SOURCES: [&str; 5] = [".js", ".mjs", ".cjs", ".ts", ".mts"];
const DECLARATIONS: [&str; 2] = [".d.ts", ".d.mts"];
/// The module that every import gets.
const NOTHING: &str = "fuelcell:nothing";

/// What a host reads.
#[derive(Default, Serialize)]
struct Report {
    faults: Vec<Fault>,
    /// Sources that were not read.
    left: usize,
}

#[derive(Serialize)]
struct Fault {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

/// Notes which files a source imports, and imports none.
#[derive(Clone, Default)]
struct Imports(Rc<RefCell<Vec<String>>>);

impl Resolver for Imports {
    fn resolve<'js>(
        &mut self,
        _: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        // What cannot be imported is told when it is imported.
        if let Ok(found) = modules::resolved(base, name) {
            self.0.borrow_mut().push(found);
        }
        Ok(NOTHING.into())
    }
}

struct Nothing;

impl Loader for Nothing {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, "")
    }
}

/// Reads the sources, and leaves what was found.
pub(crate) fn run() -> std::result::Result<Completion, Failure> {
    let failed = |error: &dyn ToString| plain("EngineError", error.to_string());
    let mut waiting = VecDeque::new();
    gather(Path::new(CHECKED), "", &mut waiting).map_err(|error| failed(&error))?;
    let imports = Imports::default();
    let runtime = Runtime::new().map_err(|error| failed(&error))?;
    runtime.set_loader(imports.clone(), Nothing);
    let context = Context::full(&runtime).map_err(|error| failed(&error))?;
    let report = context.with(|ctx| read(&ctx, waiting, &imports));
    // The cell ends now: what is left needs no tidying up.
    mem::forget((context, runtime));
    let report = serde_json::to_vec(&report).map_err(|error| failed(&error))?;
    fs::write(REPORT, report).map_err(|error| failed(&error))?;
    Ok(Completion::Done)
}

fn read(ctx: &Ctx<'_>, mut waiting: VecDeque<String>, imports: &Imports) -> Report {
    let mut report = Report::default();
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    while let Some(name) = waiting.pop_front() {
        if !matches!(cancel::poll(), Cancellation::None) {
            report.left = waiting.len() + 1;
            break;
        }
        let fault = fault(ctx, &name);
        if report.faults.len() < MAX_FAULTS {
            report.faults.extend(fault);
        }
        for import in imports.0.take() {
            if !import.starts_with(OWN) && known.insert(import.clone()) {
                waiting.push_back(import);
            }
        }
    }
    report
}

/// The script's own sources, in order.
fn gather(folder: &Path, prefix: &str, found: &mut VecDeque<String>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
        match entry.file_type()?.is_dir() {
            true if path == VENDOR => {}
            true => gather(&entry.path(), &format!("{path}/"), found)?,
            false if ends(&SOURCES) && !ends(&DECLARATIONS) => found.push_back(path),
            false => {}
        }
    }
    Ok(())
}

/// What is wrong with a source.
fn fault(ctx: &Ctx<'_>, name: &str) -> Option<Fault> {
    if name.ends_with(".json") {
        return json_fault(name);
    }
    let source = modules::source(ctx, name);
    let compiled = source.and_then(|source| Module::declare(ctx.clone(), name, source));
    compiled.err().map(|error| told(ctx, name, error))
}

fn told(ctx: &Ctx<'_>, name: &str, error: Error) -> Fault {
    let (message, place) = match CaughtError::from_error(ctx, error) {
        CaughtError::Exception(exception) => {
            let place = exception.stack().and_then(|stack| place(&stack, name));
            (exception.message().unwrap_or_default(), place)
        }
        other => (other.to_string(), None),
    };
    let message = message.chars().take(MAX_MESSAGE).collect();
    let (line, column) = place.unzip();
    Fault { file: name.to_owned(), line, column, message }
}

/// Line and column of the first place of a stack that is in the file.
fn place(stack: &str, name: &str) -> Option<(usize, usize)> {
    let (_, rest) = stack.split_once(&format!("at {name}:"))?;
    let mut numbers = rest.split(|character: char| !character.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn json_fault(name: &str) -> Option<Fault> {
    let fault = |line, column, message| Fault { file: name.to_owned(), line, column, message };
    let text = match fs::read_to_string(modules::place(name)) {
        Ok(text) => text,
        Err(error) => return Some(fault(None, None, error.to_string())),
    };
    let error = serde_json::from_str::<IgnoredAny>(&text).err()?;
    let message = error.to_string();
    let (message, _) = message.rsplit_once(" at line ").unwrap_or((&message, ""));
    Some(fault(Some(error.line()), Some(error.column()), message.to_owned()))
}
