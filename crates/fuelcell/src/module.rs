//! `fuelcell module …`: work on module files.

use crate::cache::{COMPILED, own_cache};
use crate::engines;
use crate::script::module_bytes;
use anyhow::{Context, anyhow, ensure};
use fuelcell_domain::seams::Inspection;
use fuelcell_domain::{Capabilities, Digest, ModuleInspector};
use fuelcell_rules::Schema;
use fuelcell_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes a manifest into the module: the one given, or what the module says of itself.
pub(crate) async fn pack(module: &Path, manifest: Option<&Path>, out: Option<&Path>) -> anyhow::Result<()> {
    let bytes = module_bytes(module)?;
    let sandbox = sandbox()?;
    if module.is_dir() {
        ensure!(manifest.is_none(), "the manifest of a script is its fuelcell.json");
        check(&sandbox, &bytes).context("a server would refuse the script")?;
        let beside = module.canonicalize()?.with_added_extension("zip");
        return write(out.unwrap_or(&beside), &bytes);
    }
    let manifest = match manifest {
        Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => sandbox.describe(&bytes).await.context("the module cannot describe itself")?,
    };
    let packed = fuelcell_sandbox::pack(&bytes, &manifest)?;
    check(&sandbox, &packed).context("a server would refuse the packed module")?;
    write(out.unwrap_or(module), &packed)
}

/// The archive of a script's folder, which a server would take.
pub(crate) fn packed_folder(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = module_bytes(folder)?;
    check(&sandbox()?, &bytes).context("a server would refuse the script")?;
    Ok(bytes)
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// Prints what a server would see.
pub(crate) async fn inspect(module: &Path) -> anyhow::Result<()> {
    let bytes = module_bytes(module)?;
    let inspection = check(&sandbox()?, &bytes)?;
    if inspection.manifest.engine.is_some() {
        return inspect_script(&bytes, &inspection);
    }
    let document = json!({
        "digest": Digest::of(&bytes).to_string(),
        "size": bytes.len(),
        "hasManifest": inspection.has_manifest,
        "manifest": &inspection.manifest,
        "imports": inspection.imports,
        "compile": compile_cost(&bytes)?,
        "capabilities": Capabilities::wanted(&inspection.imports, inspection.manifest.http.as_ref()),
    });
    writeln!(std::io::stdout(), "{document:#}")?;
    Ok(())
}

/// Seconds of a processor that compiling takes for each megabyte of functions, from and to.
const COMPILE_SECONDS: [f64; 2] = [1.9, 2.5];

/// What they were measured with.
const COMPILE_BASIS: &str = "1.9 to 2.5 s of a processor for each megabyte of functions, as ProcessMining (2.2 MB), Analysis \
    (7.5 MB) and CPython (6.6 MB) took on one machine";

/// What compiling the module will probably take on a server, once.
fn compile_cost(bytes: &[u8]) -> anyhow::Result<Value> {
    let code = fuelcell_sandbox::code_bytes(bytes)?;
    let seconds = COMPILE_SECONDS.map(|seconds| (seconds * code as f64 / 1e5).round() / 10.0);
    Ok(json!({"codeBytes": code, "cpuSeconds": seconds, "basis": COMPILE_BASIS}))
}

fn inspect_script(bytes: &[u8], inspection: &Inspection) -> anyhow::Result<()> {
    let manifest = &inspection.manifest;
    let files = fuelcell_sandbox::script_files(bytes)?;
    let files: Vec<_> = files.iter().map(|(path, size)| json!({"path": path, "size": size})).collect();
    let engine = manifest.engine.as_ref().and_then(|wanted| {
        let engine = engines::find(wanted)?;
        let (name, version) = (engine.name, engine.version);
        Some(json!({"name": name, "version": version, "digest": engine.digest.to_string(), "size": engine.bytes.len()}))
    });
    let document = json!({
        "digest": Digest::of(bytes).to_string(),
        "size": bytes.len(),
        "manifest": manifest,
        // That of this program; `null` = it has none of this name.
        "engine": engine,
        "files": files,
        "capabilities": Capabilities::asked_by_script(manifest.http.as_ref()),
    });
    writeln!(std::io::stdout(), "{document:#}")?;
    Ok(())
}

/// What a server looks at before it compiles.
fn check(sandbox: &Sandbox, bytes: &[u8]) -> anyhow::Result<Inspection> {
    let inspection = sandbox.inspect(bytes)?;
    let schema = &inspection.manifest.parameters;
    if !schema.is_null() {
        Schema::compile(schema)
            .map_err(|reason| anyhow!("the manifest's parameter schema is not usable: {reason}"))?;
    }
    Ok(inspection)
}

fn sandbox() -> anyhow::Result<Sandbox> {
    Ok(Sandbox::new(SandboxConfig { max_cells: 1, ..own_cache(COMPILED)? })?)
}
