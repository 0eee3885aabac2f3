//! `fuelcell module push|list|…`: modules of a project.

use super::gone::{DryRun, would_go};
use crate::complete;
use crate::connection::{Connection, ConnectionFlags};
use crate::documents::{Files, document};
use crate::failure::{Exit, Failure, Outcome};
use crate::files::{self, check_free};
use crate::operations::{
    ACTIVATE_VERSION, DELETE_VERSION, GET_MODULE, GET_VERSION, LIST_ACTIVATIONS, LIST_MODULES, PUT_VERSION,
    RESET_ACTIVATION, VERSION_CONTENT,
};
use crate::output::{self, Column, Form, done, note};
use crate::pages::{self, HowMany, gather};
use crate::values::{versioned, with_version};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

const MODULES: &[Column] = &[
    ("MODULE", "name", Form::Text),
    ("CURRENT", "current", Form::Text),
    ("VERSIONS", "versions", Form::Number),
    ("TITLE", "title", Form::Text),
];

const VERSIONS: &[Column] = &[
    ("VERSION", "version", Form::Text),
    ("ACTIVE FOR", "activeFor", Form::Text),
    ("SERVES", "jobType", Form::Text),
    ("SIZE", "size", Form::Bytes),
    ("UPLOADED", "dateCreated", Form::Time),
    ("BY", "uploadedBy", Form::Text),
    ("TITLE", "title", Form::Text),
];

const VERSION: &[Column] = &[
    ("module", "name", Form::Text),
    ("version", "version", Form::Text),
    ("title", "manifest/title", Form::Text),
    ("serves", "manifest/jobType", Form::Text),
    ("size", "size", Form::Bytes),
    ("digest", "digest", Form::Text),
    ("engine", "engine/name", Form::Text),
    ("compiling takes, CPU s", "compile/cpuSeconds", Form::Text),
    ("machine code", "compile/machineCodeBytes", Form::Bytes),
    ("imports", "imports", Form::Text),
    ("uploaded", "dateCreated", Form::Time),
    ("uploaded by", "uploadedBy", Form::Text),
    ("warnings", "warnings", Form::Text),
];

const ACTIVATIONS: &[Column] = &[
    ("WHEN", "dateActivated", Form::Time),
    ("TYPE", "jobType", Form::Text),
    ("MODULE", "module/name", Form::Text),
    ("VERSION", "module/version", Form::Text),
    ("BY", "activatedBy", Form::Text),
];

/// A command of its own with the flags of a server.
#[derive(Args)]
pub struct Online<A: Args> {
    #[command(flatten)]
    pub(super) what: A,
    #[command(flatten)]
    pub(super) connection: ConnectionFlags,
}

/// What `fuelcell module` does with a server.
#[derive(Subcommand)]
pub enum ModuleCommand {
    /// Upload a packed module, or the folder of a script, as a version.
    ///
    /// The bytes of a version never change.
    #[command(
        after_help = "Examples:\n  $ fuelcell module push word-count.wasm word-count@1.0.0\n  $ fuelcell module push word-count.wasm word-count@1.0.1 --activate Analysis"
    )]
    Push(Online<Push>),
    /// List modules.
    #[command(after_help = "Examples:\n  $ fuelcell module list")]
    List(Online<HowMany>),
    /// Show the versions of a module, or one of them.
    #[command(
        after_help = "Examples:\n  $ fuelcell module show $MODULE\n  $ fuelcell module show $MODULE@1 --output json"
    )]
    Show(Online<Named>),
    /// Have a version serve a job type from now on.
    #[command(after_help = "Examples:\n  $ fuelcell module activate $MODULE@1 --type Analysis")]
    Activate(Online<Activate>),
    /// Go back to what served a job type before.
    ///
    /// That is the earlier activation, or the module that comes with the server.
    #[command(after_help = "Examples:\n  $ fuelcell module rollback Analysis")]
    Rollback(Online<JobType>),
    /// List activations, newest first: the first of each job type holds.
    #[command(after_help = "Examples:\n  $ fuelcell module activations")]
    Activations(Online<HowMany>),
    /// Download the bytes of a version.
    #[command(after_help = "Examples:\n  $ fuelcell module get $MODULE@1 --out module.wasm")]
    Get(Online<Get>),
    /// Delete a version that no unfinished job, pipeline or activation uses.
    ///
    /// With the last version goes what the module is granted.
    #[command(
        after_help = "Examples:\n  $ fuelcell module delete $SPARE_MODULE@1 --dry-run\n  $ fuelcell module delete $SPARE_MODULE@1"
    )]
    Delete(Online<OneVersion>),
}

/// A version to upload.
#[derive(Args)]
pub struct Push {
    /// The packed module, or the folder of a script.
    file: PathBuf,
    /// What it is called.
    #[arg(value_name = "NAME@VERSION")]
    version: String,
    /// Have it serve this job type from now on.
    #[arg(long, value_name = "TYPE")]
    activate: Option<String>,
}

/// A module or a version.
#[derive(Args)]
pub struct Named {
    /// The module, or one version of it.
    #[arg(value_name = "NAME[@VERSION]", add = complete::modules())]
    module: String,
}

/// A version.
#[derive(Args)]
pub struct OneVersion {
    /// The version.
    #[arg(value_name = "NAME@VERSION", add = complete::modules())]
    version: String,
    #[command(flatten)]
    only: DryRun,
}

/// A version and a job type.
#[derive(Args)]
pub struct Activate {
    /// The version.
    #[arg(value_name = "NAME@VERSION", add = complete::modules())]
    version: String,
    /// The job type; absent = the one that it declares.
    #[arg(long = "type", value_name = "TYPE", add = complete::job_types())]
    job_type: Option<String>,
}

/// A job type.
#[derive(Args)]
pub struct JobType {
    /// The job type.
    #[arg(value_name = "TYPE", add = complete::job_types())]
    job_type: String,
}

/// A version to fetch.
#[derive(Args)]
pub struct Get {
    /// The version.
    #[arg(value_name = "NAME@VERSION", add = complete::modules())]
    version: String,
    /// The file to write; absent = NAME-VERSION.wasm.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

/// Makes the archive of a script's folder.
pub type Packer<'a> = &'a dyn Fn(&Path) -> Result<Vec<u8>, String>;

/// `fuelcell module …`
pub(crate) fn run(command: ModuleCommand, packer: Packer) -> Outcome {
    match command {
        ModuleCommand::Push(push) => run_push(&push.connection.open()?, &push.what, packer),
        ModuleCommand::List(list) => run_list(&list.connection.open()?, list.what),
        ModuleCommand::Show(show) => run_show(&show.connection.open()?, &show.what.module),
        ModuleCommand::Activate(activate) => {
            let (connection, activate) = (activate.connection.open()?, activate.what);
            let (name, version) = with_version(&activate.version)?;
            run_activate(&connection, (name, version), activate.job_type)
        }
        ModuleCommand::Rollback(rollback) => {
            run_rollback(&rollback.connection.open()?, &rollback.what.job_type)
        }
        ModuleCommand::Activations(list) => {
            let connection = list.connection.open()?;
            let call = connection.call(LIST_ACTIVATIONS, &[])?;
            pages::list(&connection.http, call, "activations", list.what, (connection.format, ACTIVATIONS))
        }
        ModuleCommand::Get(get) => run_get(&get.connection.open()?, &get.what),
        ModuleCommand::Delete(delete) => {
            let (connection, OneVersion { version, only }) = (delete.connection.open()?, delete.what);
            let (name, number) = with_version(&version)?;
            if only.dry_run {
                return would_go_of(&connection, name, number);
            }
            connection.send(DELETE_VERSION, &[("name", name), ("version", number)])?;
            done(connection.format, &format!("deleted {version}"), &json!({"name": name, "version": number}))
        }
    }
}

fn run_push(connection: &Connection, push: &Push, packer: Packer) -> Outcome {
    let (name, version) = with_version(&push.version)?;
    let mut packed = None;
    let file = match push.file.is_dir() {
        true => {
            let bytes = packer(&push.file).map_err(|error| Failure::new(Exit::Failed, error))?;
            let unwritable = |error| Failure::unwritten("cannot make a temporary file", error);
            let mut file = tempfile::NamedTempFile::new().map_err(unwritable)?;
            file.write_all(&bytes).map_err(unwritable)?;
            packed.insert(file).path()
        }
        false => &push.file,
    };
    let call = connection.call(PUT_VERSION, &[("name", name), ("version", version)])?;
    let told = files::upload(&connection.http, call, file)?;
    for warning in told["warnings"].as_array().into_iter().flatten() {
        note(&format!("warning: {}", warning.as_str().map_or_else(|| warning.to_string(), output::harmless)));
    }
    if let Some(reason) = told["syntaxReason"].as_str() {
        note(&format!(
            "its sources were not all read, so that its first run tells what is wrong: {}",
            output::harmless(reason)
        ));
    }
    if !told["waitingFor"].is_null() {
        note(&format!("it waits for a grant: fuelcell grant show {name}"));
    }
    if let Some(cost) = compile_cost(&told["compile"]) {
        note(&cost);
    }
    done(connection.format, &push.version, &told)?;
    match &push.activate {
        Some(job_type) => run_activate(connection, (name, version), Some(job_type.clone())),
        None => Ok(()),
    }
}

/// What compiling it takes; nothing for a script.
fn compile_cost(compile: &Value) -> Option<String> {
    let [low, high] = compile["cpuSeconds"].as_array()?.as_slice() else { return None };
    let (low, high) = (low.as_f64()?, high.as_f64()?);
    Some(format!("compiling it takes each server about {low:.1} to {high:.1} s of a processor, once"))
}

fn run_activate(connection: &Connection, (name, version): (&str, &str), job_type: Option<String>) -> Outcome {
    let fill = [("name", name), ("version", version)];
    let job_type = match job_type {
        Some(job_type) => Value::from(job_type),
        None => connection.send(GET_VERSION, &fill)?["manifest"]["jobType"].take(),
    };
    if job_type.is_null() {
        return Err(Failure::usage("the module serves no type of its own")
            .with_remedy("say which one is meant: --type TYPE"));
    }
    let told = connection
        .http
        .send(&connection.call(ACTIVATE_VERSION, &fill)?.json(json!({"jobType": job_type})))?;
    done(
        connection.format,
        &format!("{name}@{version} serves {}", told["jobType"].as_str().unwrap_or_default()),
        &told,
    )
}

fn run_list(connection: &Connection, how_many: HowMany) -> Outcome {
    // A module's versions are a number here, and its title that of the current one.
    let call = connection.call(LIST_MODULES, &[])?;
    match connection.format {
        output::Format::Table | output::Format::Csv => {
            let (entries, more) = gather(&connection.http, call, "modules", how_many.wanted())?;
            let entries: Vec<_> = entries.iter().map(summary).collect();
            output::list(connection.format, MODULES, &entries)?;
            how_many.tell(more);
            Ok(())
        }
        format => pages::list(&connection.http, call, "modules", how_many, (format, MODULES)),
    }
}

fn summary(module: &Value) -> Value {
    let versions = module["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let current = versions.iter().find(|version| version["version"] == module["current"]);
    json!({
        "name": module["name"], "current": module["current"], "versions": versions.len(),
        "title": current.map_or(&Value::Null, |current| &current["title"]),
    })
}

fn run_show(connection: &Connection, module: &str) -> Outcome {
    match versioned(module) {
        (name, Some(version)) => {
            let told = connection.send(GET_VERSION, &[("name", name), ("version", version)])?;
            output::one(connection.format, VERSION, &told)
        }
        (name, None) => {
            let call = connection.call(GET_MODULE, &[("name", name)])?;
            let (versions, _) = gather(&connection.http, call, "versions", usize::MAX)?;
            output::list(connection.format, VERSIONS, &versions)
        }
    }
}

/// With the last version goes what the module is granted.
fn would_go_of(connection: &Connection, name: &str, version: &str) -> Outcome {
    let call = connection.call(GET_MODULE, &[("name", name)])?;
    let (versions, _) = gather(&connection.http, call, "versions", usize::MAX)?;
    let with = match versions.iter().all(|other| other["version"] == version) {
        true => "with what the module is granted: it has no other version",
        false => "but what the module is granted stays for its other versions",
    };
    would_go(connection, (GET_VERSION, &[("name", name), ("version", version)]), VERSION, with)
}

/// The newest activation of the type holds; the one before it is brought back.
fn run_rollback(connection: &Connection, job_type: &str) -> Outcome {
    let call = connection.call(LIST_ACTIVATIONS, &[])?;
    let (all, _) = gather(&connection.http, call, "activations", usize::MAX)?;
    let same = |word: &Value| word.as_str().is_some_and(|word| word.eq_ignore_ascii_case(job_type));
    let mut history = all.iter().filter(|activation| same(&activation["jobType"]));
    let Some(holds) = history.next() else {
        return Err(Failure::usage(format!("nothing was ever activated for {job_type:?}"))
            .with_remedy("fuelcell job types shows what serves each type"));
    };
    if holds["module"].is_null() {
        return Err(Failure::new(
            Exit::Conflict,
            format!("{job_type} is served by the module that comes with the server"),
        )
        .with_remedy("fuelcell module activations shows what served it before"));
    }
    let earlier = history.find(|activation| activation["module"] != holds["module"]);
    let earlier = earlier.map_or(&Value::Null, |activation| &activation["module"]);
    match (earlier["name"].as_str(), earlier["version"].as_str()) {
        (Some(name), Some(version)) => run_activate(connection, (name, version), Some(job_type.to_owned())),
        _ => {
            let told = connection.send(RESET_ACTIVATION, &[("jobType", job_type)])?;
            done(
                connection.format,
                &format!("{job_type} is served by the module that comes with the server"),
                &told,
            )
        }
    }
}

fn run_get(connection: &Connection, get: &Get) -> Outcome {
    let (name, version) = with_version(&get.version)?;
    let fill = [("name", name), ("version", version)];
    let known = connection.send(GET_VERSION, &fill)?;
    let place = get.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}-{version}.wasm")));
    check_free(&place, get.force)?;
    let call = connection.call(VERSION_CONTENT, &fill)?;
    files::download(&connection.http, &call, &place, known["digest"].as_str())?;
    let told = document(&Files { files: vec![place.clone()] });
    done(connection.format, &place.display().to_string(), &told)
}
