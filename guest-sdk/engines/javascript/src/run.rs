//! Runs a script, or asks it what it is.

use crate::failure::{plain, untold};
use crate::host;
use crate::modules::{Modules, OWN, ROOT};
use fuelcell_sdk::wasm::bindings::fuelcell::job::types::{Completion, Failure};
use rquickjs::{Context, Ctx, Error, Function, Module, Object, Persistent, Promise, Runtime, Value};
use serde::Deserialize;
use std::cell::RefCell;
use std::fs;
use std::mem;
use std::rc::Rc;

/// The file that is run when the manifest names none.
const ENTRIES: [&str; 2] = ["main.ts", "main.js"];
/// What the engine says of itself.
const MANIFEST: &str = r#"{"interface": "0.1", "title": "JavaScript", "description": "Runs scripts in JavaScript.", "inputs": [], "outputs": []}"#;

/// What JavaScript answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    end: Option<String>,
    #[serde(default)]
    reason: String,
    failure: Option<ToldFailure>,
    manifest: Option<String>,
}

#[derive(Deserialize)]
struct ToldFailure {
    code: String,
    message: String,
    transient: bool,
}

impl From<ToldFailure> for Failure {
    fn from(ToldFailure { code, message, transient }: ToldFailure) -> Self {
        Self { code, message, transient }
    }
}

/// Runs the entry's job.
pub(crate) fn run() -> Result<Completion, Failure> {
    let told = asked("run")?;
    match (told.failure, told.end.as_deref()) {
        (Some(failure), _) => Err(failure.into()),
        (None, Some("noItems")) => Ok(Completion::NoItems),
        (None, Some("skipped")) => Ok(Completion::Skipped(told.reason)),
        (None, _) => Ok(Completion::Done),
    }
}

/// The manifest of the entry's job; without a script that of the engine. What is wrong with the script is told as
/// `{"failure": …}`, because a description has no other way to fail.
pub(crate) fn describe() -> String {
    if fs::metadata(ROOT).is_err() {
        return MANIFEST.into();
    }
    let failure = match asked("describe") {
        Ok(Told { manifest: Some(manifest), .. }) => return manifest,
        Ok(told) => {
            told.failure.map_or_else(|| plain("InvalidScript", "the script says nothing"), Into::into)
        }
        Err(failure) => failure,
    };
    serde_json::json!({"failure": {"code": failure.code, "message": failure.message}}).to_string()
}

/// The path of the entry.
fn entry() -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Manifest {
        entry: Option<String>,
    }
    let named = match fs::read_to_string(format!("{ROOT}/fuelcell.json")) {
        Ok(text) => {
            let manifest: Manifest = serde_json::from_str(&text)
                .map_err(|error| plain("InvalidScript", format!("fuelcell.json is no manifest: {error}")))?;
            manifest.entry
        }
        Err(_) => None,
    };
    let is_file = |path: &str| fs::metadata(format!("{ROOT}/{path}")).is_ok_and(|found| found.is_file());
    match named {
        Some(entry) if is_file(&entry) => Ok(entry),
        Some(entry) => {
            Err(plain("InvalidScript", format!("the archive has no file {entry}, which is its entry")))
        }
        None => ENTRIES.iter().find(|path| is_file(path)).map(|path| (*path).to_owned()).ok_or_else(|| {
            plain("InvalidScript", format!("the archive has no entry: {}", ENTRIES.join(", ")))
        }),
    }
}

/// Promises that were rejected and that nobody has asked since.
type Rejected = Rc<RefCell<Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>>>;

/// Calls a function of the engine's own JavaScript with the entry.
fn asked(what: &str) -> Result<Told, Failure> {
    let entry = entry()?;
    let runtime = Runtime::new().map_err(|error| plain("EngineError", error.to_string()))?;
    runtime.set_loader(Modules, Modules);
    let rejected: Rejected = Rc::default();
    let kept = rejected.clone();
    runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, is_handled| {
        let promise = Persistent::save(&ctx, promise);
        match is_handled {
            true => kept.borrow_mut().retain(|(other, _)| *other != promise),
            false => kept.borrow_mut().push((promise, Persistent::save(&ctx, reason))),
        }
    })));
    let context = Context::full(&runtime).map_err(|error| plain("EngineError", error.to_string()))?;
    let told =
        context.with(|ctx| answered(&ctx, what, &entry, &rejected).map_err(|error| untold(&ctx, error)));
    // The cell ends now: what is left needs no tidying up.
    mem::forget((context, runtime, rejected));
    serde_json::from_str(&told?).map_err(|error| plain("EngineError", error.to_string()))
}

fn answered(ctx: &Ctx<'_>, what: &str, entry: &str, rejected: &Rejected) -> Result<String, Error> {
    let engine: Object = settled(ctx, &Module::import(ctx, format!("{OWN}engine.js"))?, None)?;
    let start: Function = engine.get("start")?;
    let functions: Object = start.call((host::object(ctx)?,))?;
    let turn: Function = functions.get("turn")?;
    let call: Function = functions.get(what)?;
    let promise: Promise = call.call((entry,))?;
    let told: String = match settled(ctx, &promise, Some(&turn)) {
        Err(Error::WouldBlock) => functions.get::<_, Function>("stuck")?.call(())?,
        told => told?,
    };
    while ctx.execute_pending_job() {}
    let unasked = rejected.borrow_mut().pop();
    match unasked {
        Some((_, reason)) => functions.get::<_, Function>("unasked")?.call((told, reason.restore(ctx)?)),
        None => Ok(told),
    }
}

/// What comes of a promise. When nothing is left to do, time passes until the next timer.
fn settled<'js, T: rquickjs::FromJs<'js>>(
    ctx: &Ctx<'js>,
    promise: &Promise<'js>,
    turn: Option<&Function<'js>>,
) -> Result<T, Error> {
    loop {
        if let Some(result) = promise.result() {
            return result;
        }
        if !ctx.execute_pending_job() && !turn.map_or(Ok(false), |turn| turn.call::<_, bool>(()))? {
            return Err(Error::WouldBlock);
        }
    }
}
