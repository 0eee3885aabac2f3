//! Engines: those that come with the binary, and those that an operator adds to a data directory.
//!
//! `cargo xtask guests` puts the files of the former into `target/builtin-engines`, and a binary that was built without one
//! does without it. The latter are files `NAME@VERSION.wasm` in the directory, which a server reads when it starts.

use crate::data_dir::DataDir;
use crate::local_host::FileReader;
use crate::told::{EngineTold, EnginesTold};
use anyhow::{Context, ensure};
use fuelcell_domain::limits::ENGINE_BYTES;
use fuelcell_domain::version::Precedence;
use fuelcell_domain::{Digest, EngineName, EngineRef, ReadAt};
use fuelcell_sandbox::{CodeKey, Sandbox, SandboxConfig};
use fuelcell_service::Engine;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{NamedTempFile, TempDir};

/// How the file of an engine ends.
const ENDING: &str = ".wasm";

/// What they are called, and from which file each is made.
const TABLE: &[(&str, &str, &str)] = &[("javascript", "2025", "javascript"), ("python", "3.14", "python")];

/// The files that were there when the binary was built: their names without `.wasm`, their bytes, and the digests of these,
/// which take a moment to compute.
const FILES: &[(&str, &[u8], [u8; 32])] = include!(concat!(env!("OUT_DIR"), "/engines.rs"));

/// An engine of this binary.
#[derive(Clone, Copy)]
pub(crate) struct BuiltInEngine {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) bytes: &'static [u8],
    pub(crate) digest: Digest,
}

impl ReadAt for BuiltInEngine {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).map_or(self.bytes.len(), |start| start.min(self.bytes.len()));
        let count = buffer.len().min(self.bytes.len() - start);
        buffer[..count].copy_from_slice(&self.bytes[start..start + count]);
        Ok(count)
    }
}

/// All engines of a server on this directory.
pub(crate) fn of_server(data: &DataDir) -> anyhow::Result<Vec<Engine>> {
    let own = built_in().map(|engine| {
        let (name, version, digest) = (engine.name.into(), engine.version.into(), engine.digest);
        Engine::new(EngineRef { name, version, digest }, Arc::new(engine))
    });
    let mut engines: Vec<_> = own.collect();
    for AddedEngine { name, version, file } in added(&data.engines())? {
        let bytes = FileReader::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let digest = bytes.digest()?;
        engines.push(Engine::new(EngineRef { name, version, digest }, Arc::new(bytes)));
    }
    Ok(engines)
}

/// A file that came with the binary's engines; none = the binary was built without it.
pub(crate) fn file(stem: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, ..)| *known == stem).map(|(_, bytes, _)| *bytes)
}

/// All of them.
pub(crate) fn built_in() -> impl Iterator<Item = BuiltInEngine> {
    TABLE.iter().filter_map(|&(name, version, file)| {
        let (_, bytes, digest) = FILES.iter().find(|(stem, ..)| *stem == file)?;
        Some(BuiltInEngine { name, version, bytes, digest: Digest(*digest) })
    })
}

/// The one that a script asks for.
pub(crate) fn find(wanted: &EngineName) -> Option<BuiltInEngine> {
    let named = built_in().filter(|engine| {
        engine.name == wanted.name && wanted.version.as_ref().is_none_or(|version| version == engine.version)
    });
    named.max_by_key(|engine| Precedence::of(engine.version))
}

/// An engine that an operator added.
pub(crate) struct AddedEngine {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) file: PathBuf,
}

/// Those in a directory, which need not be there. What is called otherwise is none.
pub(crate) fn added(directory: &Path) -> anyhow::Result<Vec<AddedEngine>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", directory.display()))?,
    };
    let mut engines = Vec::new();
    for entry in entries {
        let file = entry?.path();
        let called = file.file_name().and_then(|name| name.to_str()?.strip_suffix(ENDING)?.parse().ok());
        if let Some(EngineName { name, version: Some(version) }) = called {
            engines.push(AddedEngine { name, version, file });
        }
    }
    engines.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(engines)
}

/// Adds an engine to a data directory, for servers that start from now on.
pub(crate) fn add(data: &Path, file: &Path, name: &str, version: &str) -> anyhow::Result<()> {
    let engine = EngineName::exact(name, version)?;
    let directory = DataDir::existing(data)?.engines();
    let taken = built_in().any(|known| (known.name, known.version) == (name, version));
    ensure!(!taken, "{engine} comes with this program; take another name or version");
    let size = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    ensure!(
        size <= ENGINE_BYTES as u64,
        "an engine has at most {ENGINE_BYTES} bytes, and this one has {size}"
    );
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    check(&bytes).with_context(|| format!("{} is no engine", file.display()))?;
    let path = directory.join(format!("{engine}{ENDING}"));
    match fs::read(&path) {
        Ok(there) => ensure!(there == bytes, "{engine} is there with other bytes; take another version"),
        Err(_) => write(&directory, &path, &bytes)?,
    }
    let digest = Digest::of(&bytes);
    writeln!(
        io::stdout(),
        "{engine} {digest} is in {}; a server takes it in when it starts, and compiles it beside its work",
        data.display()
    )?;
    Ok(())
}

/// Removes an engine that was added. Jobs that wait for it keep its bytes.
pub(crate) fn remove(data: &Path, engine: &str) -> anyhow::Result<()> {
    let path = DataDir::existing(data)?.engines().join(format!("{engine}{ENDING}"));
    let wanted: EngineName = engine.parse()?;
    ensure!(wanted.version.is_some(), "name the version too, as in {engine}@1.0");
    fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
}

/// Prints the engines that a server on this data directory would have.
pub(crate) fn list(data: &Path) -> anyhow::Result<()> {
    let own = built_in().map(|engine| {
        let (name, version) = (engine.name.to_owned(), engine.version.to_owned());
        let (digest, size) = (engine.digest.to_string(), engine.bytes.len() as u64);
        EngineTold { name, version, digest, size, built_in: true }
    });
    let mut engines: Vec<_> = own.collect();
    for AddedEngine { name, version, file } in added(&DataDir::existing(data)?.engines())? {
        let bytes = FileReader::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let (size, digest) = (bytes.size(), bytes.digest()?.to_string());
        engines.push(EngineTold { name, version, digest, size, built_in: false });
    }
    writeln!(io::stdout(), "{:#}", serde_json::to_value(EnginesTold { engines })?)?;
    Ok(())
}

fn check(bytes: &[u8]) -> anyhow::Result<()> {
    // Nothing is compiled.
    let directory = TempDir::new()?;
    let key = CodeKey::derived_from(&rand::random());
    let sandbox = Sandbox::new(SandboxConfig { max_cells: 1, ..SandboxConfig::new(directory.path(), key) })?;
    Ok(sandbox.check_engine(bytes)?)
}

/// Durably, and whole or not at all.
fn write(directory: &Path, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(File::open(directory)?.sync_all()?)
}
