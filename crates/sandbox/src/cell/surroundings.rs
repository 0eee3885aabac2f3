//! What a program finds around it when it begins: arguments, environment, directories.

use super::engine_files::engine_files;
use super::memory::Memory;
use super::script::script_files;
use crate::files::node::Device;
use crate::files::{self, ErrorCode, Preopen, Tree, Volume};
use fuelcell_domain::JobHost;
use fuelcell_domain::named_input::parts;
use fuelcell_domain::output_name::{MAX_FILE_NAME, composed};
use fuelcell_domain::script::SCRIPT_ROOT;
use fuelcell_domain::syntax::CHECK_ROOT;
use serde_json::{Map, Value};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where guests find their inputs, read-only.
const IN: &str = "/in";

/// Where guests leave their outputs.
pub(crate) const OUT: &str = "/out";

/// Where guests put what they need while they run: it counts as their other files do, and is gone with the cell.
const TMP: &str = "/tmp";

/// The parameters as a file below `/in`.
pub(crate) const PARAMETERS: &str = "parameters.json";

/// Where programs find the device by which they reach what is no file, and its name.
const DEV: &str = "/dev";
const DEVICE: &str = "fuelcell";

/// What programs see as their own name.
const PROGRAM: &str = "job";

/// A host directory whose content a program finds under a path, as a writable copy.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Where the program finds it.
    pub guest_path: String,
    /// What is copied.
    pub host_path: PathBuf,
}

/// What a program finds in place of a job's parameters and files: for test suites of WASI.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Arguments after the program's name.
    pub arguments: Vec<String>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Directories.
    pub directories: Vec<Directory>,
}

/// Arguments, the program's name first: one `--NAME=VALUE` for each parameter, texts as they are, others as JSON.
pub(crate) fn arguments(parameters: &str) -> Vec<String> {
    let parameters: Map<String, Value> = serde_json::from_str(parameters).unwrap_or_default();
    let argument = |(name, value): (String, Value)| match value {
        Value::Null => None,
        Value::String(text) => Some(format!("--{name}={text}")),
        other => Some(format!("--{name}={other}")),
    };
    std::iter::once(PROGRAM.to_owned()).chain(parameters.into_iter().filter_map(argument)).collect()
}

/// `/in` with the parameters and inputs of a job, empty `/out` and `/tmp`, and for a script `/script` and what its engine brings.
pub(crate) fn job_files(
    volume: &Arc<Volume>,
    host: &Arc<dyn JobHost>,
    memory: &Arc<Memory>,
) -> files::Result<Vec<Preopen>> {
    let inputs = Tree::new(volume);
    let parameters = Arc::new(host.parameters().as_bytes().to_vec());
    inputs.add_input(PARAMETERS, parameters)?;
    // Under its name in the manifest, which the module's author knows, and under the one that its owner gave it: the first
    // goes before the second of another.
    for input in host.inputs() {
        add_input(&inputs, host.as_ref(), &input.name, &input.name)?;
    }
    for input in host.inputs().iter().filter(|input| parts(&input.name).is_none()) {
        add_input(&inputs, host.as_ref(), &input.name, &file_name(&input.file_name))?;
    }
    let mut directories = vec![
        Preopen { path: IN.into(), tree: inputs.read_only() },
        Preopen { path: OUT.into(), tree: Tree::published(volume) },
        Preopen { path: TMP.into(), tree: Tree::new(volume) },
    ];
    if let Some(script) = host.script().map_err(|_| ErrorCode::Io)? {
        let tree = script_files(script.archive, volume, host, memory)?;
        // Where an engine looks says what it is to do: a script can make neither place.
        let root = if host.checks_script() { CHECK_ROOT } else { SCRIPT_ROOT };
        directories.push(Preopen { path: root.into(), tree });
        directories.extend(engine_files(script.engine, volume)?);
    }
    Ok(directories)
}

/// `/dev` with the device of a program, and nothing else.
pub(crate) fn device_files(volume: &Arc<Volume>, device: Arc<dyn Device>) -> Preopen {
    let tree = Tree::new(volume);
    tree.add_device(DEVICE, device);
    Preopen { path: DEV.into(), tree: tree.read_only() }
}

/// Puts an input at `path`, where nothing is yet; what stands before a slash is its folder.
fn add_input(inputs: &Tree, host: &dyn JobHost, name: &str, path: &str) -> files::Result<()> {
    let (folder, path) = match parts(path) {
        Some((folder, file)) => {
            let folder = file_name(folder);
            let path = format!("{folder}/{}", file_name(file));
            (Some(folder), path)
        }
        None => (None, file_name(path)),
    };
    if inputs.find(&path).is_some() {
        return Ok(());
    }
    if let Some(folder) = folder.filter(|folder| inputs.find(folder).is_none()) {
        inputs.create_directory(&folder)?;
    }
    inputs.add_input(&path, host.open_input(name).map_err(|_| ErrorCode::Io)?)
}

/// People name datasets as they like; in a directory a name has no slash and is not the directory itself.
fn file_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if matches!(c, '/' | '\0') { '_' } else { c }).collect();
    let name = crate::text::clipped(composed(&name).into_owned(), MAX_FILE_NAME);
    match name.as_str() {
        "" | "." | ".." => "_".into(),
        _ => name,
    }
}

/// Copies of the directories of a profile.
pub(crate) fn profile_files(volume: &Arc<Volume>, profile: &Profile) -> io::Result<Vec<Preopen>> {
    let copy = |directory: &Directory| {
        let tree = Tree::new(volume);
        copy_into(&tree, &directory.host_path, "")?;
        Ok(Preopen { path: directory.guest_path.clone(), tree })
    };
    profile.directories.iter().map(copy).collect()
}

fn copy_into(tree: &Tree, directory: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            tree.create_directory(&path).map_err(refused)?;
            copy_into(tree, &entry.path(), &format!("{path}/"))?;
        } else {
            tree.add_file(&path, &fs::read(entry.path())?).map_err(refused)?;
        }
    }
    Ok(())
}

fn refused(code: ErrorCode) -> io::Error {
    io::Error::other(format!("the cell's file system says {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_arguments() {
        let made = arguments(r#"{"name":"a b","limit":3,"deep":{"x":[1]},"none":null,"flag":true}"#);
        assert_eq!(made[0], "job");
        let mut rest = made[1..].to_vec();
        rest.sort();
        assert_eq!(rest, ["--deep={\"x\":[1]}", "--flag=true", "--limit=3", "--name=a b"]);
        assert_eq!(arguments("no JSON"), ["job"]);
    }

    #[test]
    fn names_of_datasets_become_names_of_files() {
        for (given, made) in
            [("a/../b", "a_.._b"), ("", "_"), ("..", "_"), ("x\0y", "x_y"), ("log.csv", "log.csv")]
        {
            assert_eq!(file_name(given), made);
        }
    }
}
