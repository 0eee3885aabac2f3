//! What compiling a module takes, and what its machine code takes of a server's memory.

use fuelcell_domain::ModuleVersion;
use fuelcell_domain::estimate::{COMPILE_BASIS, compile_seconds};
use fuelcell_service::Service;
use serde::Serialize;
use utoipa::ToSchema;

/// What a compiler makes of a module.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompileAnswer {
    /// Bytes of its functions, from which a compiler's work follows.
    code_bytes: u64,
    /// Seconds of a processor that compiling it probably takes, once on each server, from and to.
    cpu_seconds: [f64; 2],
    /// What that was measured with.
    basis: &'static str,
    /// Bytes of its compiled file, mapped once for all its runs and part of no job's memory; `null` = it is not compiled here.
    machine_code_bytes: Option<u64>,
}

impl CompileAnswer {
    /// None for a script, and for a version from before the bytes of its functions were kept.
    pub(crate) fn of(service: &Service, module: &ModuleVersion) -> Option<Self> {
        let code_bytes = module.code_bytes?;
        Some(Self {
            code_bytes,
            cpu_seconds: compile_seconds(code_bytes),
            basis: COMPILE_BASIS,
            machine_code_bytes: service.machine_code_bytes(module.digest),
        })
    }
}
