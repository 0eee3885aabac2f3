//! `fuelcell module …`: work on module files.

use crate::cache::{COMPILED, own_cache};
use crate::script::module_bytes;
use crate::syntax;
use anyhow::{Context, anyhow, ensure};
use fuelcell_domain::ModuleInspector;
use fuelcell_domain::seams::Inspection;
use fuelcell_rules::Schema;
use fuelcell_sandbox::{Sandbox, SandboxConfig};
use std::fs;
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

/// What a server looks at before it compiles.
fn check(sandbox: &Sandbox, bytes: &[u8]) -> anyhow::Result<Inspection> {
    let inspection = sandbox.inspect(bytes)?;
    let schema = &inspection.manifest.parameters;
    if !schema.is_null() {
        Schema::compile(schema)
            .map_err(|reason| anyhow!("the manifest's parameter schema is not usable: {reason}"))?;
    }
    syntax::check(sandbox, &inspection.manifest, bytes)??;
    Ok(inspection)
}

fn sandbox() -> anyhow::Result<Sandbox> {
    Ok(Sandbox::new(SandboxConfig { max_cells: 1, ..own_cache(COMPILED)? })?)
}
