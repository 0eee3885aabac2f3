//! What a server's engine would say of the sources of a script.

use crate::engines;
use anyhow::bail;
use fuelcell_domain::seams::ScriptSources;
use fuelcell_domain::{EngineRef, Manifest, ModuleInspector, Syntax};
use fuelcell_sandbox::Sandbox;
use fuelcell_service::ServiceError;
use fuelcell_service::syntax::without_faults;
use std::sync::Arc;
use std::thread;
use tokio::runtime::Builder;

/// Has the engine of this program read a script's sources, if it is compiled here: a refusal is that of a server. There is
/// nothing to read of what is no script.
pub(crate) fn check(
    sandbox: &Sandbox,
    manifest: &Manifest,
    bytes: &[u8],
) -> anyhow::Result<Result<Option<Syntax>, ServiceError>> {
    let Some(wanted) = &manifest.engine else { return Ok(Ok(None)) };
    let Some(engine) = engines::find(wanted) else {
        let reason = format!("this program has no engine {wanted}");
        return Ok(Ok(Some(Syntax::unchecked(reason))));
    };
    sandbox.know_engine(engine.digest);
    let sources = ScriptSources { archive: Arc::new(bytes.to_vec()), engine: Arc::new(engine) };
    let checking = || -> anyhow::Result<Syntax> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(runtime.block_on(sandbox.check_script(engine.digest, sources)))
    };
    // On a thread of its own, because who asks may wait for others here or not.
    let Ok(syntax) = thread::scope(|scope| scope.spawn(checking).join()) else {
        bail!("the sources cannot be read: the engine's host failed")
    };
    let (name, version) = (engine.name.to_owned(), engine.version.to_owned());
    let engine = EngineRef { name, version, digest: engine.digest };
    Ok(without_faults(&engine, syntax?).map(Some))
}
