//! Engines: modules that run scripts. They come with the server, or from its operator, and are the same for all tenants.

use crate::{Service, ServiceError, Upload};
use fuelcell_domain::limits::ENGINE_BYTES;
use fuelcell_domain::version::Precedence;
use fuelcell_domain::{Digest, EngineName, EngineRef, ModuleVersion};
use std::cmp::Reverse;

/// An engine of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Its name, its version and its digest.
    pub engine: EngineRef,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it comes with the server.
    pub built_in: bool,
}

impl Service {
    /// Takes in an engine. One of the same name and version takes the place of the one before.
    ///
    /// # Errors
    /// When the bytes are no module that can be an engine, or cannot be stored.
    pub async fn install_engine(
        &mut self,
        (name, version): (String, String),
        built_in: bool,
        upload: Upload,
    ) -> Result<Digest, ServiceError> {
        let blob = self.receive(upload, ENGINE_BYTES as u64).await?;
        // It is validated when it is compiled.
        self.look_at(blob.digest, |inspector, bytes| inspector.read(bytes)).await?;
        let engine = EngineRef { name, version, digest: blob.digest };
        tracing::info!(%engine, engine.digest = %blob.digest, built_in, "an engine is there");
        self.engines.retain(|known| known.engine.to_string() != engine.to_string());
        self.engines.push(Engine { engine, size: blob.size, built_in });
        self.engines.sort_by_cached_key(|known| {
            (known.engine.name.clone(), Reverse(Precedence::of(&known.engine.version)))
        });
        Ok(blob.digest)
    }

    /// All engines by name, the newest first.
    pub fn engines(&self) -> &[Engine] {
        &self.engines
    }

    /// The engine that a script asks for: of this version, or the newest.
    pub(crate) fn find_engine(&self, wanted: &EngineName) -> Result<EngineRef, ServiceError> {
        let fits = |known: &&Engine| {
            known.engine.name == wanted.name
                && wanted.version.as_ref().is_none_or(|version| *version == known.engine.version)
        };
        let found = self.engines.iter().find(fits).map(|known| known.engine.clone());
        found.ok_or_else(|| {
            let there: Vec<String> = self.engines.iter().map(|known| known.engine.to_string()).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            ServiceError::unprocessable(
                "EngineUnknown",
                format!(
                    "the script asks for the engine {wanted}, and the engines of this server are: {there}"
                ),
            )
        })
    }

    /// The engine that runs a module as things stand; none for one that runs by itself, or whose engine is gone.
    pub fn engine_now(&self, module: &ModuleVersion) -> Option<EngineRef> {
        self.engine_of(module).ok().flatten()
    }

    /// The engine that is to run a module; none for one that runs by itself.
    pub(crate) fn engine_of(&self, module: &ModuleVersion) -> Result<Option<EngineRef>, ServiceError> {
        module.manifest.engine.as_ref().map(|wanted| self.find_engine(wanted)).transpose()
    }
}
