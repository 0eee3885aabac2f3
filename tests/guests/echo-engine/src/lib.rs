//! An engine for tests: it reads the manifest and the entry file of its script in `/script`, and does what each line says.
//!
//! | line | what it does |
//! | --- | --- |
//! | `log TEXT` | logs the text |
//! | `artifact NAME TEXT` | makes an artifact of the text |
//! | `copy PATH NAME` | makes an artifact of a file of the script, or of one elsewhere |
//! | `list NAME` | makes an artifact of all its paths, a line each |
//! | `parameters NAME` | makes an artifact of the job's parameters |
//! | `http HOST PATH NAME` | sends a request, and makes an artifact of what came of it |
//! | `hmac SECRET NAME` | computes with a secret, and makes an artifact of what came of it |
//! | `change PATH NAME` | writes to a file of the script, and makes an artifact of what came of it |
//! | `fail CODE TEXT` | fails, with the place of the line |
//!
//! The crate knows the SDK and the `wasi:http` interface.

use fuelcell_sdk::{Artifact, Completion, Context, Failure, Kind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Where the host puts a script.
const ROOT: &str = "/script";

/// The file that is run when the manifest names none.
const ENTRY: &str = "main.txt";

/// Those of the script: its manifest says what they are.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Parameters {}

/// What the engine needs of the manifest.
#[derive(Deserialize)]
struct Manifest {
    entry: Option<String>,
}

/// Runs the script.
#[fuelcell_sdk::job(title = "Echo engine", description = "Does what each line of a script says. For tests.", hmac = ["*"])]
pub fn run(context: &mut Context, _: Parameters) -> Result<Completion, Failure> {
    let manifest = fs::read_to_string(format!("{ROOT}/fuelcell.json"))?;
    let manifest: Manifest =
        serde_json::from_str(&manifest).map_err(|error| Failure::new("BadManifest", error.to_string()))?;
    let entry = format!("{ROOT}/{}", manifest.entry.as_deref().unwrap_or(ENTRY));
    let lines = fs::read_to_string(&entry)?;
    for (number, line) in (1..).zip(lines.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        perform(context, line, &format!("{entry}:{number}"))?;
    }
    Ok(Completion::Done)
}

fn perform(context: &Context, line: &str, place: &str) -> Result<(), Failure> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (first, last) = rest.rsplit_once(' ').unwrap_or(("", rest));
    match word {
        "log" => context.info("script", rest),
        "artifact" => {
            let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
            write(context, name, text.as_bytes())?;
        }
        "copy" => write(context, last, &fs::read(Path::new(ROOT).join(first))?)?,
        "list" => write(context, last, paths(Path::new(ROOT))?.join("\n").as_bytes())?,
        "parameters" => write(context, last, context.parameters_json().as_bytes())?,
        "http" => {
            let (host, path) = first.split_once(' ').unwrap_or((first, "/"));
            write(context, last, send(host, path).as_bytes())?;
        }
        "hmac" => {
            let outcome = context.hmac_all(first, &["text"]);
            write(
                context,
                last,
                outcome.map_or_else(|error| format!("{error:?}"), |_| "done".into()).as_bytes(),
            )?;
        }
        "change" => {
            let opened = OpenOptions::new().append(true).open(Path::new(ROOT).join(first));
            let outcome = opened.and_then(|mut file| file.write_all(b"x"));
            write(context, last, format!("{outcome:?}").as_bytes())?;
        }
        "fail" => {
            let (code, text) = rest.split_once(' ').unwrap_or((rest, ""));
            return Err(Failure::new(code, format!("{place}: {text}")));
        }
        other => return Err(Failure::new("BadLine", format!("{place}: there is no {other:?}"))),
    }
    Ok(())
}

fn write(context: &Context, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut artifact = context.artifact(Artifact::new(name, Kind::Data).type_name("Echo"))?;
    artifact.write_all(bytes)?;
    Ok(artifact.finish()?)
}

/// The files below a folder, in order.
fn paths(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => paths.extend(self::paths(&path)?),
            false => paths.push(path.display().to_string()),
        }
    }
    paths.sort();
    Ok(paths)
}

/// The status of the answer, or why there is none.
#[cfg(target_family = "wasm")]
fn send(host: &str, path: &str) -> String {
    use wasip2::http::outgoing_handler::handle;
    use wasip2::http::types::{Fields, OutgoingRequest, Scheme};
    let request = OutgoingRequest::new(Fields::new());
    let set = request
        .set_scheme(Some(&Scheme::Http))
        .and_then(|()| request.set_authority(Some(host)))
        .and_then(|()| request.set_path_with_query(Some(path)));
    if set.is_err() {
        return "this is no request".into();
    }
    let pending = match handle(request, None) {
        Ok(pending) => pending,
        Err(error) => return format!("{error:?}"),
    };
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(answer))) => answer.status().to_string(),
        other => format!("{other:?}"),
    }
}

/// Natively there is no host that would send anything.
#[cfg(not(target_family = "wasm"))]
fn send(_: &str, _: &str) -> String {
    "requests are sent by a host only".into()
}
