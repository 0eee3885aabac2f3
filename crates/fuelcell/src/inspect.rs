//! `fuelcell module inspect`, and `fuelcell diff` of modules: what a server would see in a module, and what it would answer to
//! an upload.

use crate::cache::{COMPILED, own_cache};
use crate::engines;
use crate::script::{is_script, module_bytes};
use crate::syntax;
use fuelcell_cli::output::{self, Column, Form, Format};
use fuelcell_cli::{Difference, Effect};
use fuelcell_domain::estimate::{COMPILE_BASIS, compile_seconds};
use fuelcell_domain::seams::Inspection;
use fuelcell_domain::{Capabilities, Digest, Manifest, ModuleInspector, Syntax};
use fuelcell_rules::{Schema, compatibility};
use fuelcell_sandbox::{Sandbox, SandboxConfig, script_files, section_sizes};
use fuelcell_service::syntax::source_warning;
use fuelcell_service::{ServiceError, unusable_schema};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How compiled modules, components too, and the archives of scripts begin.
const BEGINNINGS: [[u8; 4]; 2] = [*b"\0asm", *b"PK\x03\x04"];

const SHOWN: &[Column] = &[
    ("title", "title", Form::Text),
    ("serves", "jobType", Form::Text),
    ("interface", "interface", Form::Text),
    ("engine", "engine", Form::Text),
    ("syntax", "syntax", Form::Text),
    ("warnings", "warnings", Form::Text),
    ("parameters", "parameters", Form::Text),
    ("inputs", "inputs", Form::Text),
    ("outputs", "outputs", Form::Text),
    ("wants", "wants", Form::Text),
    ("compiling takes, CPU s", "cpuSeconds", Form::Text),
    ("digest", "digest", Form::Text),
    ("size", "size", Form::Bytes),
];
const SECTIONS: &[Column] = &[("SECTION", "name", Form::Text), ("SIZE", "bytes", Form::Bytes)];
const IMPORTS: &[Column] = &[("IMPORT", "name", Form::Text)];
const FILES: &[Column] = &[("FILE", "path", Form::Text), ("SIZE", "size", Form::Bytes)];

/// What a server would see in a module.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Inspected {
    /// One that is compiled.
    Compiled(Compiled),
    /// One that an engine runs.
    Script(Script),
}

/// A module that is compiled.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compiled {
    /// SHA-256.
    digest: String,
    /// In bytes.
    size: u64,
    /// Bytes by what they are, the most first.
    sections: Vec<Section>,
    /// Whether the manifest is the module's own.
    has_manifest: bool,
    #[schemars(with = "serde_json::Map<String, Value>")]
    manifest: Manifest,
    /// All that it can ever ask the host for.
    imports: Vec<String>,
    compile: CompileCost,
    /// What it wants to reach beyond its cell.
    #[schemars(with = "serde_json::Map<String, Value>")]
    capabilities: Capabilities,
}

/// Bytes of one kind.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Section {
    /// `code`, `data`, `names`, `debug information`, `custom NAME`, `types`, `imports`, `exports`, `functions`, `linking`,
    /// `others`, or `heads`: what sections begin with.
    name: String,
    bytes: u64,
}

/// What compiling will probably take, once on each server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CompileCost {
    /// Bytes of all functions.
    code_bytes: u64,
    /// Seconds of a processor, from and to.
    cpu_seconds: [f64; 2],
    /// What that follows from.
    basis: &'static str,
}

/// A script.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Script {
    /// SHA-256 of the archive.
    digest: String,
    /// Bytes of the archive.
    size: u64,
    #[schemars(with = "serde_json::Map<String, Value>")]
    manifest: Manifest,
    /// The engine of this program that the manifest names; `null` = it has none of this name.
    engine: Option<Engine>,
    /// Whether this engine read all its sources: `checked` or `unchecked`.
    syntax: &'static str,
    /// Why it did not.
    syntax_reason: Option<String>,
    /// What its author may not have meant.
    warnings: Vec<String>,
    files: Vec<ScriptFile>,
    /// What it wants to reach beyond its cell.
    #[schemars(with = "serde_json::Map<String, Value>")]
    capabilities: Capabilities,
}

/// An engine of this program.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Engine {
    name: String,
    version: String,
    digest: String,
    size: u64,
}

/// A file of an archive.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ScriptFile {
    path: String,
    /// In bytes, unpacked.
    size: u64,
}

/// Prints what a server would see.
pub(crate) fn run(module: &Path, format: Format) -> anyhow::Result<()> {
    let looked = Looked::at(&sandbox()?, module)?;
    let inspected = looked.inspected()?;
    let document = serde_json::to_value(&inspected)?;
    match format {
        Format::Table | Format::Csv => output::one(format, SHOWN, &shown(&document, &inspected))?,
        format => output::one(format, SHOWN, &document)?,
    }
    if format == Format::Table {
        match &inspected {
            Inspected::Compiled(module) => {
                parts(SECTIONS, &document["sections"])?;
                let imports = module.imports.iter().map(|name| json!({"name": name}));
                parts(IMPORTS, &imports.collect())?;
            }
            Inspected::Script(_) => parts(FILES, &document["files"])?,
        }
    }
    Ok(())
}

/// A list for people, below what was told before.
fn parts(columns: &[Column], list: &Value) -> anyhow::Result<()> {
    output::say("\n")?;
    Ok(output::list(Format::Table, columns, list.as_array().map_or(&[], Vec::as_slice))?)
}

/// The same in few words.
fn shown(document: &Value, inspected: &Inspected) -> Value {
    let (manifest, wants) = match inspected {
        Inspected::Compiled(module) => (&module.manifest, &module.capabilities),
        Inspected::Script(script) => (&script.manifest, &script.capabilities),
    };
    let parameters =
        manifest.parameters["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
    let wants = Capabilities { hmac: manifest.hmac.clone(), ..wants.clone() };
    json!({
        "title": manifest.title, "jobType": manifest.job_type, "interface": manifest.interface,
        "engine": document["engine"]["name"].as_str().map(|name| {
            format!("{name} {}", document["engine"]["version"].as_str().unwrap_or_default())
        }),
        "syntax": document["syntax"].as_str().map(|state| match document["syntaxReason"].as_str() {
            Some(reason) => format!("{state}: {reason}"),
            None => state.to_owned(),
        }),
        "warnings": document["warnings"],
        "parameters": parameters.collect::<Vec<_>>(),
        "inputs": manifest.inputs.iter().map(|input| &input.name).collect::<Vec<_>>(),
        "outputs": manifest.outputs.iter().map(|output| &output.name).collect::<Vec<_>>(),
        "wants": (!wants.is_empty()).then(|| wants.to_string()),
        "cpuSeconds": document["compile"]["cpuSeconds"],
        "digest": document["digest"], "size": document["size"],
    })
}

/// A module, as a server looks at it before it compiles.
struct Looked {
    bytes: Vec<u8>,
    /// What its parts are: `sections` or `files`.
    kind: &'static str,
    /// Those, by name, with their bytes; none of what cannot be read.
    parts: Vec<(String, u64)>,
    inspection: Result<Inspection, ServiceError>,
    /// What came of reading its sources; none = it is no script, or none that would be taken.
    syntax: Option<Syntax>,
}

impl Looked {
    fn at(sandbox: &Sandbox, module: &Path) -> anyhow::Result<Self> {
        let bytes = module_bytes(module)?;
        let (kind, parts) = match bytes.starts_with(&BEGINNINGS[1]) {
            true => ("files", script_files(&bytes)),
            false => ("sections", section_sizes(&bytes)),
        };
        let inspection = sandbox.inspect(&bytes).map_err(ServiceError::from).and_then(|inspection| {
            let schema = &inspection.manifest.parameters;
            if !schema.is_null() {
                Schema::compile(schema).map_err(|reason| unusable_schema(&reason))?;
            }
            Ok(inspection)
        });
        let (inspection, syntax) = match inspection {
            Ok(inspection) => match syntax::check(sandbox, &inspection.manifest, &bytes)? {
                Ok(syntax) => (Ok(inspection), syntax),
                Err(refused) => (Err(refused), None),
            },
            refused => (refused, None),
        };
        Ok(Self { bytes, kind, parts: parts.unwrap_or_default(), inspection, syntax })
    }

    fn inspected(self) -> anyhow::Result<Inspected> {
        let Inspection { manifest, has_manifest, imports, code_bytes } = self.inspection?;
        let (digest, size) = (Digest::of(&self.bytes).to_string(), self.bytes.len() as u64);
        if let Some(wanted) = &manifest.engine {
            let engine = engines::find(wanted).map(|engine| Engine {
                name: engine.name.to_string(),
                version: engine.version.to_string(),
                digest: engine.digest.to_string(),
                size: engine.bytes.len() as u64,
            });
            let files = self.parts.into_iter().map(|(path, size)| ScriptFile { path, size }).collect();
            let capabilities = Capabilities::asked_by_script(manifest.http.as_ref());
            let Syntax { unchecked, faults } = self.syntax.unwrap_or_default();
            return Ok(Inspected::Script(Script {
                digest,
                size,
                manifest,
                engine,
                syntax: if unchecked.is_some() { "unchecked" } else { "checked" },
                syntax_reason: unchecked,
                warnings: faults.iter().map(source_warning).collect(),
                files,
                capabilities,
            }));
        }
        let code_bytes = code_bytes.unwrap_or_default();
        Ok(Inspected::Compiled(Compiled {
            digest,
            size,
            sections: self.parts.into_iter().map(|(name, bytes)| Section { name, bytes }).collect(),
            has_manifest,
            capabilities: Capabilities::wanted(&imports, manifest.http.as_ref()),
            manifest,
            imports,
            compile: CompileCost {
                code_bytes,
                cpu_seconds: compile_seconds(code_bytes),
                basis: COMPILE_BASIS,
            },
        }))
    }

    /// What it wants to reach, and what it computes with.
    fn wishes(inspection: &Inspection) -> Capabilities {
        let Inspection { manifest, imports, .. } = inspection;
        let wanted = match manifest.engine {
            Some(_) => Capabilities::asked_by_script(manifest.http.as_ref()),
            None => Capabilities::wanted(imports, manifest.http.as_ref()),
        };
        Capabilities { hmac: manifest.hmac.clone(), ..wanted }
    }

    /// What a server answers to its upload, as far as that hangs on the module alone.
    fn answer(&self) -> String {
        match &self.inspection {
            Ok(inspection) => {
                let wanted = Capabilities { hmac: Vec::new(), ..Self::wishes(inspection) };
                match wanted.is_empty() {
                    true => "accepted".to_owned(),
                    false => format!("accepted; it waits for a grant of {wanted}"),
                }
            }
            Err(refused) => format!("refused: {}: {refused}", refused.code()),
        }
    }
}

/// What is not the same of two modules, and what a server answers to an upload; none when neither is a module.
pub(crate) fn differences(first: &Path, second: &Path) -> anyhow::Result<Option<Vec<Difference>>> {
    let [one, other] = [is_module(first)?, is_module(second)?];
    if !one && !other {
        return Ok(None);
    }
    anyhow::ensure!(
        one && other,
        "{} is a module, and {} is none: a module is compared with a module",
        if one { first } else { second }.display(),
        if one { second } else { first }.display()
    );
    let sandbox = sandbox()?;
    let [first, second] = [Looked::at(&sandbox, first)?, Looked::at(&sandbox, second)?];
    let mut rows = of_bytes(&first, &second);
    if let (Ok(first), Ok(second)) = (&first.inspection, &second.inspection) {
        rows.extend(of_contents(first, second));
    }
    // With a first that is none, nothing can be said of what changes.
    let effect = [&first, &second].iter().any(|looked| looked.inspection.is_err()).then_some(Effect::Refused);
    let (first, second) = (json!(first.answer()), json!(second.answer()));
    rows.push(Difference { what: "upload".to_owned(), first, second, effect });
    Ok(Some(rows))
}

/// A file that begins like one, or the folder of a script.
fn is_module(place: &Path) -> anyhow::Result<bool> {
    if place.is_dir() {
        return Ok(is_script(place));
    }
    let mut beginning = [0; 4];
    // A name that is no file is that of a job.
    let Ok(mut file) = File::open(place) else { return Ok(false) };
    Ok(file.read_exact(&mut beginning).is_ok() && BEGINNINGS.contains(&beginning))
}

fn of_bytes(first: &Looked, second: &Looked) -> Vec<Difference> {
    let mut rows = Vec::new();
    let mut tell = |what: String, first: Value, second: Value| {
        if first != second {
            rows.push(Difference { what, first, second, effect: None });
        }
    };
    let digest = |looked: &Looked| json!(Digest::of(&looked.bytes).to_string());
    tell("digest".to_owned(), digest(first), digest(second));
    tell("size".to_owned(), json!(first.bytes.len()), json!(second.bytes.len()));
    let parts = |looked: &Looked| -> BTreeMap<String, u64> {
        looked.parts.iter().map(|(name, size)| (format!("{}/{name}", looked.kind), *size)).collect()
    };
    let [first, second] = [first, second].map(parts);
    let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    for name in names {
        tell(name.clone(), json!(first.get(name)), json!(second.get(name)));
    }
    rows
}

fn of_contents(first: &Inspection, second: &Inspection) -> Vec<Difference> {
    let mut rows = Vec::new();
    let went = first.imports.iter().filter(|import| !second.imports.contains(import));
    let came = second.imports.iter().filter(|import| !first.imports.contains(import));
    let row = |what: &str, first, second| Difference { what: what.to_owned(), first, second, effect: None };
    rows.extend(went.map(|import| row("imports", json!(import), Value::Null)));
    rows.extend(came.map(|import| row("imports", Value::Null, json!(import))));
    if first.has_manifest != second.has_manifest {
        rows.push(row("hasManifest", json!(first.has_manifest), json!(second.has_manifest)));
    }
    let wishes = compatibility::capability_changes(&Looked::wishes(first), &Looked::wishes(second));
    rows.extend(wishes.into_iter().map(|change| as_difference("capabilities", change)));
    let changes = compatibility::changes(&first.manifest, &second.manifest);
    rows.extend(changes.into_iter().map(|change| as_difference("manifest", change)));
    rows
}

fn as_difference(top: &str, change: compatibility::Change) -> Difference {
    let effect = change.effect.map(|effect| match effect {
        compatibility::Effect::Breaking => Effect::Breaking,
        compatibility::Effect::Compatible => Effect::Compatible,
        compatibility::Effect::Grant => Effect::Grant,
    });
    Difference { what: format!("{top}/{}", change.what), first: change.first, second: change.second, effect }
}

fn sandbox() -> anyhow::Result<Sandbox> {
    Ok(Sandbox::new(SandboxConfig { max_cells: 1, ..own_cache(COMPILED)? })?)
}
