//! The modules that a script can import: its own files, packages below `vendor/`, and the SDK.

use crate::types::{self, Wrong};
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Exception, Module, Result};
use serde_json::Value;
use std::fs;
use std::sync::LazyLock;

/// Where the cell has the archive's files, and where it has them when they are to be checked, and nothing is to run.
pub(crate) const ROOT: &str = "/script";
pub(crate) const CHECKED: &str = "/check";
/// The one that is there.
static FOLDER: LazyLock<&str> = LazyLock::new(|| if is_checked() { CHECKED } else { ROOT });
/// Packages that travel in the archive.
pub(crate) const VENDOR: &str = "vendor";
/// What names of the SDK's and the engine's own files begin with.
pub(crate) const OWN: &str = "fuelcell:";
/// How the engine's own files import one of the script.
const SCRIPT: &str = "fuelcell-script:";
/// What is tried behind a name that is no file.
const ENDINGS: [&str; 8] = ["", ".ts", ".js", ".mts", ".mjs", ".json", "/index.ts", "/index.js"];
/// Conditions of a package's `exports` that hold here.
const CONDITIONS: [&str; 4] = ["fuelcell", "import", "module", "default"];

/// The SDK and the engine's side of it.
const FILES: &[(&str, &str)] = &[
    ("engine.js", include_str!("engine.js")),
    ("globals.js", include_str!("globals.js")),
    ("artifact.js", include_str!("../../../js/src/artifact.js")),
    ("context.js", include_str!("../../../js/src/context.js")),
    ("count.js", include_str!("../../../js/src/count.js")),
    ("end.js", include_str!("../../../js/src/end.js")),
    ("fetch.js", include_str!("../../../js/src/fetch.js")),
    ("index.js", include_str!("../../../js/src/index.js")),
    ("input.js", include_str!("../../../js/src/input.js")),
    ("inspect.js", include_str!("../../../js/src/inspect.js")),
    ("job.js", include_str!("../../../js/src/job.js")),
    ("json.js", include_str!("../../../js/src/json.js")),
    ("rows.js", include_str!("../../../js/src/rows.js")),
    ("schema.js", include_str!("../../../js/src/schema.js")),
];

const NO_NODE: &str = "a cell has no modules of Node; what a job may ask for is in its context";

/// Modules of Node. A package of the same name goes before.
const NODE: [&str; 24] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "crypto",
    "dns",
    "events",
    "fs",
    "http",
    "https",
    "module",
    "net",
    "os",
    "path",
    "process",
    "stream",
    "timers",
    "tls",
    "url",
    "util",
    "vm",
    "worker_threads",
    "zlib",
];

/// Finds and reads modules. A module's name is its path in the archive, so that stacks name the author's files.
#[derive(Clone, Copy)]
pub(crate) struct Modules;

impl Resolver for Modules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        resolved(base, name).map_err(|reason| {
            let text = format!("{base} imports {name:?}: {reason}");
            Exception::throw_reference(ctx, &text)
        })
    }
}

impl Loader for Modules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        Module::declare(ctx.clone(), name, source(ctx, name)?)
    }
}

/// Whether the sources are to be checked, and nothing is to run. No script can make this folder.
pub(crate) fn is_checked() -> bool {
    fs::metadata(CHECKED).is_ok()
}

/// The path in the cell of a file of the script.
pub(crate) fn place(path: &str) -> String {
    format!("{}/{path}", *FOLDER)
}

/// A module's source as JavaScript.
pub(crate) fn source(ctx: &Ctx<'_>, name: &str) -> Result<String> {
    if let Some(own) = name.strip_prefix(OWN) {
        let file = FILES.iter().find(|(known, _)| *known == own);
        return file.map(|(_, text)| (*text).to_owned()).ok_or(Error::Unknown);
    }
    let text = fs::read_to_string(place(name))
        .map_err(|error| Exception::throw_reference(ctx, &format!("{name} cannot be read: {error}")))?;
    match name.rsplit('.').next() {
        Some("json") => Ok(format!("export default JSON.parse({});", Value::String(text))),
        Some("ts" | "mts") => types::stripped(&text).map_err(|wrong| not_typescript(ctx, name, wrong)),
        _ => Ok(text),
    }
}

/// An error of JavaScript with the place in the source.
fn not_typescript(ctx: &Ctx<'_>, name: &str, wrong: Wrong) -> Error {
    let error = Exception::throw_syntax(ctx, &wrong.message);
    let thrown = ctx.catch();
    let place = format!("    at {name}:{}:{}\n", wrong.line, wrong.column);
    match thrown.as_object().map(|object| object.set("stack", place)) {
        Some(Ok(())) => ctx.throw(thrown),
        _ => error,
    }
}

/// The name of the module that is imported by a name, or why it cannot be.
pub(crate) fn resolved(base: &str, name: &str) -> std::result::Result<String, String> {
    // The engine's own first import has no base.
    if base.is_empty() {
        return Ok(name.to_owned());
    }
    if base.starts_with(OWN) {
        if let Some(entry) = name.strip_prefix(SCRIPT) {
            return Ok(entry.to_owned());
        }
        return Ok(format!("{OWN}{}", name.trim_start_matches("./")));
    }
    match name {
        "fuelcell" => Ok(format!("{OWN}index.js")),
        _ if name.starts_with("./") || name.starts_with("../") => {
            let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = joined(folder, name).ok_or("it leads out of the script")?;
            importable(file(&path).ok_or_else(|| format!("there is no file {path} in the script"))?)
        }
        _ if name.starts_with("node:") => Err(NO_NODE.into()),
        _ if name.starts_with('/') || name.contains(':') => {
            Err("a script imports its own files, as in \"./helper.js\", packages of its folder vendor, and \"fuelcell\"".into())
        }
        _ => package(name),
    }
}

/// The path of `name` as seen from a folder, without what does not belong into one.
fn joined(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The file that is meant by a path: it, one with an ending, or for `.js` the one of TypeScript that it is made of.
fn file(path: &str) -> Option<String> {
    let written = [(".js", ".ts"), (".mjs", ".mts")];
    let typed = written.iter().find_map(|(from, to)| Some(format!("{}{to}", path.strip_suffix(from)?)));
    let tried = ENDINGS.iter().map(|ending| format!("{path}{ending}")).chain(typed);
    tried.into_iter().find(|path| fs::metadata(place(path)).is_ok_and(|found| found.is_file()))
}

/// A package below `vendor/`, by its package.json.
fn package(name: &str) -> std::result::Result<String, String> {
    let scoped = if name.starts_with('@') { 2 } else { 1 };
    let cut = name.match_indices('/').nth(scoped - 1).map_or(name.len(), |(at, _)| at);
    let (package, inner) = name.split_at(cut);
    let folder = format!("{VENDOR}/{package}");
    let absent = |target: &str| match fs::metadata(place(&folder)) {
        Ok(_) => {
            let target = if target.is_empty() { "index.js" } else { target };
            format!("the package {package} in {VENDOR}/ has no {target} that is a JavaScript module")
        }
        Err(_) if NODE.contains(&package) => NO_NODE.into(),
        Err(_) => format!(
            "there is no package {package} in {VENDOR}/: one that is JavaScript without parts of Node travels there if package.json \
             names it as a dependency, or as npm unpacks it"
        ),
    };
    let described = match fs::read_to_string(place(&format!("{folder}/package.json"))) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| format!("{folder}/package.json: {error}"))?,
        Err(_) => Value::Null,
    };
    let target = exported(&described, inner).unwrap_or_else(|| inner.trim_start_matches('/').to_owned());
    let path = joined(&folder, &target).ok_or_else(|| absent(&target))?;
    importable(file(&path).ok_or_else(|| absent(&target))?)
}

/// A file, unless it is one of a package that is written for Node's `require`.
fn importable(file: String) -> std::result::Result<String, String> {
    let packaged = file.strip_prefix(VENDOR).is_some_and(|rest| rest.starts_with('/'));
    let is_javascript = [".js", ".mjs", ".cjs"].iter().any(|ending| file.ends_with(ending));
    let is_commonjs = || fs::read_to_string(place(&file)).is_ok_and(|text| types::is_commonjs(&text));
    match packaged && is_javascript && is_commonjs() {
        true => Err(format!("{file} is CommonJS, and the engine imports JavaScript modules")),
        false => Ok(file),
    }
}

/// What package.json says of the package (`inner` is empty) or of a part of it (`/part`).
fn exported(described: &Value, inner: &str) -> Option<String> {
    let exports = &described["exports"];
    let target = match exports {
        Value::Object(members) if members.keys().any(|name| name.starts_with('.')) => {
            members.get(&format!(".{inner}"))?
        }
        // Whatever names no parts means the package itself: a part is its path.
        _ if !inner.is_empty() => return None,
        Value::Null => {
            ["module", "main"].iter().map(|word| &described[*word]).find(|found| found.is_string())?
        }
        whole => whole,
    };
    conditional(target)
}

fn conditional(target: &Value) -> Option<String> {
    match target {
        Value::String(path) => Some(path.clone()),
        Value::Object(members) => CONDITIONS.iter().find_map(|word| conditional(members.get(*word)?)),
        Value::Array(several) => several.iter().find_map(conditional),
        _ => None,
    }
}
