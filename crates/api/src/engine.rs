//! Engines, as answers name them.

use fuelcell_domain::EngineRef;
use serde::Serialize;
use utoipa::ToSchema;

/// A module that runs scripts, the same for all tenants.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct EngineDto {
    name: String,
    version: String,
    /// SHA-256 of its bytes
    digest: String,
}

impl From<&EngineRef> for EngineDto {
    fn from(engine: &EngineRef) -> Self {
        Self { name: engine.name.clone(), version: engine.version.clone(), digest: engine.digest.to_string() }
    }
}
