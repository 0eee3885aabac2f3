//! Script modules on their author's machine: an archive, or the folder that it is made of.

mod files;
mod packages;

use crate::cache::{COMPILED, own_cache};
use crate::engines::{self, BuiltInEngine};
use anyhow::{Context, bail};
use files::{Files, read};
use fuelcell_domain::script::SCRIPT_MANIFEST;
use fuelcell_domain::seams::ScriptSources;
use fuelcell_domain::{EngineName, JobRunner, Manifest};
use fuelcell_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use tokio::runtime::Builder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The engine of scripts that say by themselves what they are.
const JAVASCRIPT: &str = "javascript";

/// Their entries, the first that is there.
const ENTRIES: [&str; 2] = ["main.ts", "main.js"];

/// The bytes of a module: a file as it is, or the archive of a folder.
pub(crate) fn module_bytes(module: &Path) -> anyhow::Result<Vec<u8>> {
    match module.is_dir() {
        true => archive(module),
        false => fs::read(module).with_context(|| format!("cannot read {}", module.display())),
    }
}

/// Whether a folder is that of a script: its manifest names an engine, or there is an entry that says what it is.
pub(crate) fn is_script(folder: &Path) -> bool {
    let manifest = fs::read(folder.join(SCRIPT_MANIFEST)).ok();
    let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match manifest {
        Some(manifest) => manifest.engine.is_some(),
        None => ENTRIES.iter().any(|entry| folder.join(entry).is_file()),
    }
}

/// The archive of a folder, but for what tools leave there and what is hidden. The same files give the same bytes.
fn archive(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let mut files = read(folder, &|_| true)?;
    if let Some(manifest) = files.get(SCRIPT_MANIFEST) {
        if is_javascript(manifest) {
            packages::add(folder, &mut files)?;
        }
        return zipped(&files);
    }
    let Some(entry) = ENTRIES.iter().find(|entry| files.contains_key(**entry)) else {
        bail!(
            "there is no {SCRIPT_MANIFEST} in {}, so that it is no script; of JavaScript it can have {} instead, which says \
             by defineJob what it is",
            folder.display(),
            ENTRIES.join(" or ")
        );
    };
    packages::add(folder, &mut files)?;
    described(files, entry)
}

/// Whether a manifest names the engine. One that cannot be read is for a server to refuse.
fn is_javascript(manifest: &[u8]) -> bool {
    let manifest: Option<Manifest> = serde_json::from_slice(manifest).ok();
    manifest.and_then(|manifest| manifest.engine).is_some_and(|engine| engine.name == JAVASCRIPT)
}

/// The archive of files whose entry says what it is: it is asked for the manifest.
fn described(mut files: Files, entry: &str) -> anyhow::Result<Vec<u8>> {
    let wanted: EngineName = JAVASCRIPT.parse()?;
    let engine = engines::find(&wanted).with_context(|| {
        format!("this program was built without the engine {JAVASCRIPT}: `cargo xtask guests` builds it in")
    })?;
    let unasked = json!({"interface": "0.1", "engine": JAVASCRIPT, "entry": entry, "title": entry});
    files.insert(SCRIPT_MANIFEST.to_owned(), unasked.to_string().into_bytes());
    let sources = ScriptSources { archive: Arc::new(zipped(&files)?), engine: Arc::new(engine) };
    let said = asked(engine, sources)?;
    let manifest: Value = serde_json::from_str(&said).context("the script does not say what it is")?;
    if let Some(message) = manifest["failure"]["message"].as_str() {
        bail!("the script cannot say what it is: {message}");
    }
    files.insert(SCRIPT_MANIFEST.to_owned(), format!("{manifest:#}\n").into_bytes());
    zipped(&files)
}

/// What the script says of itself, in a cell. On a thread of its own, because who packs may wait for others here or not.
fn asked(engine: BuiltInEngine, sources: ScriptSources) -> anyhow::Result<String> {
    let ask = move || -> anyhow::Result<String> {
        let sandbox = Sandbox::new(SandboxConfig { max_cells: 1, ..own_cache(COMPILED)? })?;
        Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async {
            sandbox.prepare_engine(engine.digest, Arc::new(engine)).await?;
            let said = sandbox.describe_script(engine.digest, sources).await;
            said.context("the script cannot be asked what it is")
        })
    };
    thread::spawn(ask).join().unwrap_or_else(|_| bail!("the script cannot be asked what it is"))
}

fn zipped(files: &Files) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(path, SimpleFileOptions::default())?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn write(folder: &Path, path: &str) {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, path).unwrap();
    }

    #[test]
    fn a_folder_becomes_an_archive_of_its_sources() {
        let folder = TempDir::new().unwrap();
        assert!(module_bytes(folder.path()).unwrap_err().to_string().contains(SCRIPT_MANIFEST));
        for path in [SCRIPT_MANIFEST, "main.py", "lib/a.py", "lib/__pycache__/a.pyc", ".git/config"] {
            write(folder.path(), path);
        }
        let bytes = module_bytes(folder.path()).unwrap();
        assert_eq!(module_bytes(folder.path()).unwrap(), bytes, "the same files give the same bytes");
        let zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, [SCRIPT_MANIFEST, "lib/a.py", "main.py"]);
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        assert!(module_bytes(folder.path()).unwrap_err().to_string().contains("a link"));
    }
}
