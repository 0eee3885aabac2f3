//! `fuelcell module …`: work on module files.

use crate::run::{COMPILED, own_cache};
use anyhow::{Context, anyhow};
use fuelcell_domain::seams::Inspection;
use fuelcell_domain::{Capabilities, Digest, ModuleInspector};
use fuelcell_rules::Schema;
use fuelcell_sandbox::{Sandbox, SandboxConfig};
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes a manifest into the module: the one given, or what the module says of itself.
pub(crate) async fn pack(module: &Path, manifest: Option<&Path>, out: Option<&Path>) -> anyhow::Result<()> {
    let bytes = read(module)?;
    let sandbox = sandbox()?;
    let manifest = match manifest {
        Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => sandbox.describe(&bytes).await.context("the module cannot describe itself")?,
    };
    let packed = fuelcell_sandbox::pack(&bytes, &manifest)?;
    check(&sandbox, &packed).context("a server would refuse the packed module")?;
    let out = out.unwrap_or(module);
    fs::write(out, packed).with_context(|| format!("cannot write {}", out.display()))
}

/// Prints what a server would see.
pub(crate) async fn inspect(module: &Path) -> anyhow::Result<()> {
    let bytes = read(module)?;
    let inspection = check(&sandbox()?, &bytes)?;
    let document = json!({
        "digest": Digest::of(&bytes).to_string(),
        "size": bytes.len(),
        "hasManifest": inspection.has_manifest,
        "manifest": &inspection.manifest,
        "imports": inspection.imports,
        "capabilities": Capabilities::wanted(&inspection.imports, inspection.manifest.http.as_ref()),
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

fn read(module: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(module).with_context(|| format!("cannot read {}", module.display()))
}

fn sandbox() -> anyhow::Result<Sandbox> {
    Ok(Sandbox::new(SandboxConfig { max_cells: 1, ..own_cache(COMPILED)? })?)
}
