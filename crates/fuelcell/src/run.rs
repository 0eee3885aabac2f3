//! `fuelcell run`: a module, without a server, in the same sandbox.

use crate::answers::Answers;
use crate::cache::{COMPILED, own_cache};
use crate::cli::{COMPILE, RUN_CELL, RunArguments};
use crate::ended::ended;
use crate::engines;
use crate::from_job::{Compared, FromJob};
use crate::local_host::LocalHost;
use crate::script::module_bytes;
use crate::told::{RunError, RunTold, line};
use anyhow::{Context, Error, bail, ensure};
use fuelcell_api::receipt_document;
use fuelcell_cli::Failure;
use fuelcell_domain::clock::{Clock, SystemClock};
use fuelcell_domain::job::work_of;
use fuelcell_domain::manifest::ManifestInput;
use fuelcell_domain::named_input::{self, MAX_NAMED_INPUTS, check_input_name};
use fuelcell_domain::seams::{Inspection, ScriptSources, StopSignal};
use fuelcell_domain::{
    AttemptId, Cancellation, Caps, Deterministic, Digest, ErrorCode, FIXED, Fuel, FuelProfile, Holder,
    JobHost, JobId, JobRunner, LimitRequest, Limits, Manifest, Meter, ModuleInspector, ProfiledRun, ReadAt,
    Receipt, RunEnd, RunSpec,
};
use fuelcell_rules::check_parameters;
use fuelcell_sandbox::{CellProgram, Compiler, Sandbox, SandboxConfig};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What a job has to end by itself; a server gives as much to one whose partial results somebody wants.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the module once. The exit code is 0 when it completed, 1 when it failed.
pub(crate) async fn run(arguments: RunArguments) -> anyhow::Result<ExitCode> {
    let json = arguments.says_json()?;
    let ran = execute(arguments, false).await?;
    let told = if json { line(&ran.told())? } else { ran.as_text() };
    io::stdout().write_all(told.as_bytes())?;
    Ok(ran.exit_code())
}

/// What became of a run.
pub(crate) struct Ran {
    end: RunEnd,
    receipt: Receipt,
    host: Arc<LocalHost>,
    undeclared: Vec<String>,
    /// What became of the job that it stands for.
    compared: Option<Compared>,
    /// Where its fuel went, if that was asked for and it began.
    pub(crate) profile: Option<FuelProfile>,
}

/// Runs the module once, and says nothing but progress.
#[expect(clippy::too_many_lines, reason = "a run from its options to its outputs, in order")]
pub(crate) async fn execute(arguments: RunArguments, profiled: bool) -> anyhow::Result<Ran> {
    let from = match &arguments.from_job {
        Some(id) => Some(tokio::task::block_in_place(|| FromJob::fetch(&arguments, id))?),
        None => None,
    };
    let bytes = match (&arguments.module, from.as_ref().and_then(|from| from.module.clone())) {
        (Some(module), _) => module_bytes(module)?,
        (None, Some(bytes)) => bytes,
        (None, None) => bail!("name a module, or a job with --from-job"),
    };
    // A cache keeps the code of one engine.
    let cache = if arguments.unmetered { "unmetered" } else { COMPILED };
    let sandbox = Sandbox::new(SandboxConfig {
        max_cells: 1,
        compiler: Compiler::this_program(COMPILE),
        cells: Some(CellProgram::this_program(RUN_CELL)),
        metered: !arguments.unmetered,
        ..own_cache(cache)?
    })?;
    let Inspection { manifest, imports, .. } = sandbox.inspect(&bytes)?;
    let digest = Digest::of(&bytes);
    let engine = engine(&arguments, &manifest)?;
    // What cannot be used is told before anything is compiled.
    let parameters = parameters(&arguments, &manifest, from.as_ref())
        .map_err(|error| Failure::usage(format!("{error:#}")))?;
    let inputs = inputs(&arguments, &manifest, from.as_ref())?;
    let answers =
        arguments.http.as_deref().map(|file| Answers::read(file, &manifest, &imports)).transpose()?;
    check_folder("--out", &arguments.out, arguments.force)?;
    let bar = progress_bar();
    bar.set_message("Compiling");
    let engine_digest = engine.as_ref().map(|engine| Digest::of(engine));
    let script = match (engine, engine_digest) {
        (Some(engine), Some(digest)) => {
            let engine: Arc<dyn ReadAt> = Arc::new(engine);
            sandbox.prepare_engine(digest, engine.clone()).await?;
            Some(ScriptSources { archive: Arc::new(bytes), engine })
        }
        _ => {
            sandbox.prepare(digest, Arc::new(bytes)).await?;
            None
        }
    };
    let host = LocalHost::new(parameters, inputs, arguments.out.clone(), bar.clone())?;
    let cancellation = arguments.told_to_stop.map_or(Cancellation::None, Cancellation::from);
    let host = host.with_script(script).with_answers(answers).with_cancellation(cancellation);
    let host = Arc::new(host);
    let inputs = host.input_digests()?;
    let seed = match (arguments.seed, &from) {
        (None, Some(from)) => from.seed()?,
        (seed, _) => seed,
    };
    let deterministic = match seed {
        Some(seed) => Some(Deterministic::with_seed(seed)),
        None => (arguments.deterministic || manifest.deterministic).then(|| {
            let named = inputs.iter().map(|(name, digest)| (name.as_str(), *digest));
            Deterministic::of_work(work_of(digest, engine_digest), host.parameters(), named)
        }),
    };
    let spec = RunSpec {
        module: engine_digest.unwrap_or(digest),
        limits: limits(&arguments, &manifest, from.as_ref()),
        deterministic_seed: deterministic.map(|run| run.seed),
        isolation: arguments.isolation.into(),
        expected: None,
        profiled,
        meter: Arc::new(Meter::default()),
    };
    let started_at = SystemClock.now();
    let (end, usage) = sandbox.run(spec.clone(), host.clone(), stop_signal(cancellation)).await;
    bar.finish_and_clear();
    let (outputs, log) = host.accounts();
    let receipt = Receipt {
        attempt: AttemptId { job: JobId::random(), number: 1, holder: Holder::NONE },
        node: "local".into(),
        module: digest,
        script_engine: engine_digest,
        parameters: Digest::of(host.parameters().as_bytes()),
        inputs,
        outputs,
        limits: spec.limits,
        fixed: FIXED,
        deterministic,
        engine: sandbox.fingerprint().to_owned(),
        isolation: spec.isolation.into(),
        fences: spec.meter.fences.get().cloned().unwrap_or_default(),
        started_at,
        ended_at: SystemClock.now(),
        usage,
        log,
        contacts: host.contacts(),
    };
    let undeclared = undeclared(&manifest, &host);
    let compared = from.map(|from| from.compared(&end, &receipt));
    Ok(Ran { compared, end, receipt, host, undeclared, profile: spec.meter.profile.get().cloned() })
}

/// Ends what was told to stop and did not within its grace.
fn stop_signal(cancellation: Cancellation) -> StopSignal {
    match cancellation {
        Cancellation::None => Box::pin(std::future::pending()),
        Cancellation::User | Cancellation::Deadline => Box::pin(tokio::time::sleep(GRACE)),
    }
}

/// The engine of a script: the file that was named, or the one of this binary. None for a module that runs by itself.
fn engine(arguments: &RunArguments, manifest: &Manifest) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(wanted) = &manifest.engine else {
        ensure!(arguments.engine.is_none(), "--engine is for scripts, and this module runs by itself");
        return Ok(None);
    };
    match &arguments.engine {
        Some(file) => fs::read(file).with_context(|| format!("cannot read {}", file.display())).map(Some),
        None => engines::find(wanted).map(|engine| Some(engine.bytes.to_vec())).with_context(|| {
            let there: Vec<_> =
                engines::built_in().map(|engine| format!("{}@{}", engine.name, engine.version)).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            format!(
                "the script asks for the engine {wanted}, and the engines of this program are: {there}; name the file of \
                 another one with --engine. Those for Python and JavaScript come with a program that `cargo xtask guests` \
                 built"
            )
        }),
    }
}

fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {wide_msg}");
    ProgressBar::new(100).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Nobody's files are replaced without being asked.
pub(crate) fn check_folder(flag: &str, folder: &Path, force: bool) -> anyhow::Result<()> {
    let shown = folder.display();
    ensure!(!folder.exists() || folder.is_dir(), "{flag} names a folder, and {shown} is none");
    let empty = !folder.exists() || fs::read_dir(folder)?.next().is_none();
    ensure!(
        empty || force,
        "there are files in {shown}, which could be replaced: name another folder with {flag}, or say --force"
    );
    Ok(())
}

/// The text of the parameters, which the module takes.
fn parameters(
    arguments: &RunArguments,
    manifest: &Manifest,
    from: Option<&FromJob>,
) -> anyhow::Result<String> {
    let parameters = given(arguments, manifest, from)?;
    check_parameters(manifest, parameters.clone())?;
    let is_changed = arguments.parameters_file.is_some() || !arguments.parameters.is_empty();
    Ok(match from.filter(|_| !is_changed) {
        // As the server gave it to the job, to the byte.
        Some(from) => from.parameters_text().to_owned(),
        None => Value::Object(parameters).to_string(),
    })
}

fn given(
    arguments: &RunArguments,
    manifest: &Manifest,
    from: Option<&FromJob>,
) -> anyhow::Result<Map<String, Value>> {
    let mut parameters = match &arguments.parameters_file {
        None => from.map_or(Ok(Map::new()), FromJob::parameters)?,
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} does not hold a JSON object", path.display()))?
        }
    };
    let mut named = HashSet::new();
    for pair in &arguments.parameters {
        let Some((name, value)) = pair.split_once('=') else { bail!("--param {pair:?} is not NAME=VALUE") };
        ensure!(!name.is_empty(), "--param {pair:?} has no name");
        ensure!(named.insert(name), "--param {name} is there twice");
        parameters.insert(name.to_owned(), typed(manifest, name, value));
    }
    Ok(parameters)
}

/// What is written on the command line, as the schema wants it: a version such as 1.10 is no number where it says text.
fn typed(manifest: &Manifest, name: &str, text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    match value.is_string() || !types(manifest, name).is_some_and(|types| only_text(&types, &value)) {
        true => value,
        false => Value::String(text.to_owned()),
    }
}

/// The types that the schema allows for a parameter, where it says so directly or by one reference.
fn types(manifest: &Manifest, name: &str) -> Option<Vec<String>> {
    let schema = &manifest.parameters;
    let property = schema["properties"].get(name)?;
    let target = property["$ref"].as_str().and_then(|target| schema.pointer(target.strip_prefix('#')?));
    match &target.unwrap_or(property)["type"] {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(several) => Some(several.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

/// Whether the value can only be meant as text: text is allowed, and what it looks like is not.
fn only_text(types: &[String], value: &Value) -> bool {
    let looks_like: &[&str] = match value {
        Value::Null => &["null"],
        Value::Bool(_) => &["boolean"],
        Value::Number(_) => &["number", "integer"],
        Value::String(_) => &["string"],
        Value::Array(_) => &["array"],
        Value::Object(_) => &["object"],
    };
    let allowed = |name: &str| types.iter().any(|kind| kind == name);
    allowed("string") && !looks_like.iter().any(|name| allowed(name))
}

/// `NAME=FILE`, where NAME is an input of the manifest, or `INPUT/NAME` of one that is `many`; otherwise the whole text is
/// the file of the first input.
fn inputs(
    arguments: &RunArguments,
    manifest: &Manifest,
    from: Option<&FromJob>,
) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut inputs: Vec<(String, PathBuf)> = Vec::new();
    for text in &arguments.inputs {
        let named =
            text.split_once('=').filter(|(name, _)| manifest.inputs.iter().any(|input| input.takes(name)));
        let (name, file) = match named {
            Some((name, file)) => (name.to_owned(), file.into()),
            None => (first_input(manifest, text)?, text.into()),
        };
        ensure!(inputs.iter().all(|(other, _)| *other != name), "--in {name} is there twice");
        inputs.push((name, file));
    }
    if let Some(from) = from {
        inputs.extend(from.inputs(&inputs)?);
    }
    for (name, _) in &inputs {
        named_input::parts(name).map_or(Ok(()), |(_, name)| check_input_name(name)).map_err(Error::msg)?;
    }
    let named = inputs.iter().filter(|(name, _)| named_input::parts(name).is_some()).count();
    ensure!(named <= MAX_NAMED_INPUTS, "a job is given at most {MAX_NAMED_INPUTS} datasets by name");
    for input in manifest.inputs.iter().filter(|input| input.required) {
        let given = inputs.iter().any(|(name, _)| input.takes(name));
        ensure!(given, "this module needs the input {0}: give it with --in {0}=FILE", usage(input));
    }
    Ok(inputs)
}

/// The name of the first input, for a file that is given without one.
fn first_input(manifest: &Manifest, file: &str) -> anyhow::Result<String> {
    ensure!(!manifest.inputs.is_empty(), "this module reads no inputs");
    let names: Vec<String> = manifest.inputs.iter().map(usage).collect();
    let names = names.join(", ");
    let first = manifest.inputs.iter().find(|input| !input.many);
    match first.filter(|_| Path::new(file).exists()) {
        Some(first) => Ok(first.name.clone()),
        None if first.is_none() => bail!("an input of this module is NAME=FILE, with NAME one of: {names}"),
        None => bail!("there is no file {file}; an input is FILE or NAME=FILE, with NAME one of: {names}"),
    }
}

/// How an input is named on the command line.
fn usage(input: &ManifestInput) -> String {
    if input.many { named_input::named_input(&input.name, "NAME") } else { input.name.clone() }
}

fn limits(arguments: &RunArguments, manifest: &Manifest, from: Option<&FromJob>) -> Limits {
    let asked = LimitRequest {
        fuel: arguments.fuel,
        memory_bytes: arguments.memory_bytes,
        disk_bytes: arguments.disk_bytes,
        timeout_seconds: arguments.timeout_seconds,
    };
    let of_job = from.map(FromJob::limits).unwrap_or_default();
    Limits::resolve(asked.or(of_job).or(manifest.limits.into()), Caps::default())
}

/// Names of the outputs that the manifest does not declare, where it declares any.
fn undeclared(manifest: &Manifest, host: &LocalHost) -> Vec<String> {
    let said = host.said();
    said.named.iter().filter(|name| manifest.declares(name) == Some(false)).cloned().collect()
}

impl Ran {
    /// 0 when it completed, 1 when it failed.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.end {
            RunEnd::Completed(_) => ExitCode::SUCCESS,
            RunEnd::Failed(_) | RunEnd::Stopped => ExitCode::FAILURE,
        }
    }

    /// It with its profile, for whoever makes files of that.
    pub(crate) fn profiled<'a>(&'a self, name: &'a str, profile: &'a FuelProfile) -> ProfiledRun<'a> {
        let is_script = self.receipt.script_engine.is_some();
        ProfiledRun { name, is_script, end: &self.end, usage: self.receipt.usage, profile }
    }

    /// For people.
    pub(crate) fn as_text(&self) -> String {
        let text = as_text(&self.end, &self.receipt, &self.host, &self.undeclared);
        text + &self.compared.as_ref().map(Compared::as_text).unwrap_or_default()
    }

    /// For programs.
    pub(crate) fn told(&self) -> RunTold {
        let usage = self.receipt.usage;
        let said = self.host.said();
        let error = match &self.end {
            RunEnd::Failed(error) => Some(RunError {
                code: error.code.to_string(),
                message: error.message.clone(),
                details: error.details.clone(),
            }),
            RunEnd::Completed(_) | RunEnd::Stopped => None,
        };
        RunTold {
            completed: matches!(self.end, RunEnd::Completed(_)),
            error,
            artifacts: said.artifacts.clone(),
            undeclared_outputs: self.undeclared.clone(),
            records_processed: said.report.records_processed,
            usage: usage.into(),
            receipt: receipt_document(self.receipt.clone()),
            job: self.compared.as_ref().map(Compared::told),
            profile: None,
        }
    }
}

fn as_text(end: &RunEnd, receipt: &Receipt, host: &LocalHost, undeclared: &[String]) -> String {
    let usage = receipt.usage;
    let mut text = ended(end) + "\n";
    if let RunEnd::Failed(error) = end {
        text += advice(error.code);
    }
    let said = host.said();
    for artifact in &said.artifacts {
        text += &format!("  {}\n", artifact.display());
    }
    if !undeclared.is_empty() {
        text += &format!("the manifest does not declare: {}\n", undeclared.join(", "));
    }
    let fuel = match usage.fuel {
        Fuel::Unknown => "unknown".to_owned(),
        Fuel::Exact(units) => units.to_string(),
        Fuel::AtLeast(units) => format!("at least {units}"),
    };
    text + &format!(
        "fuel {fuel} · peak memory {} KiB · CPU {:.3} s · wall {:.3} s · read {} bytes · wrote {} bytes\n",
        usage.peak_memory_bytes / 1024,
        usage.cpu_micros as f64 / 1e6,
        usage.wall_micros as f64 / 1e6,
        usage.bytes_read,
        usage.bytes_written
    ) + &digests(receipt)
}

/// What helps against a limit of this command.
fn advice(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::MemoryLimit => "--memory sets the limit, as in --memory 1GiB\n",
        ErrorCode::DiskQuota => "--disk sets the limit, as in --disk 1GiB\n",
        ErrorCode::FuelExhausted => "--fuel sets the limit\n",
        ErrorCode::Timeout => "--timeout sets the limit, as in --timeout 10m\n",
        _ => "",
    }
}

/// What the run was made of and what it made, for comparing it with another.
fn digests(receipt: &Receipt) -> String {
    let mut text = format!("engine {}\n", receipt.engine);
    if let Some(Deterministic { seed, time }) = receipt.deterministic {
        text += &format!("deterministic: seed {seed:016x}, clock {time}\n");
    }
    if let Some(engine) = receipt.script_engine {
        text += &format!("script engine {engine}\n");
    }
    text += &format!("module {}\nparameters {}\n", receipt.module, receipt.parameters);
    let named =
        |what, (name, digest): &(String, Digest)| format!("{what} {} {digest}\n", name.escape_debug());
    text.extend(receipt.inputs.iter().map(|input| named("input", input)));
    text.extend(receipt.outputs.iter().map(|output| named("output", output)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_stays_text_where_the_schema_says_so() {
        let manifest = Manifest {
            parameters: json!({
                "properties": {
                    "version": {"type": "string"},
                    "note": {"type": ["string", "null"]},
                    "count": {"type": "integer"},
                    "either": {"type": ["string", "number"]},
                    "named": {"$ref": "#/$defs/word"},
                },
                "$defs": {"word": {"type": "string"}},
            }),
            ..Manifest::default()
        };
        for (name, text, value) in [
            ("version", "1.10", json!("1.10")),
            ("version", "true", json!("true")),
            ("note", "null", json!(null)),
            ("note", "7", json!("7")),
            ("count", "7", json!(7)),
            ("either", "1.5", json!(1.5)),
            ("named", "007", json!("007")),
            ("unknown", "1.10", json!(1.1)),
            ("unknown", "a b", json!("a b")),
        ] {
            assert_eq!(typed(&manifest, name, text), value, "{name}={text}");
        }
    }
}
