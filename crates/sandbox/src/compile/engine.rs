//! The one engine of a process: its configuration, and its name in receipts.

use crate::cell::sampler;
use crate::run::outcome::BACKTRACE_FRAMES;
use fuelcell_domain::FIXED;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::sync::Arc;
use wasmtime::{
    CacheStore, Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

/// The version of wasmtime in the workspace's manifest; it is part of the engine's fingerprint.
const WASMTIME_VERSION: &str = "48.0.8";

/// How every fingerprint begins.
pub(crate) const FINGERPRINT_PREFIX: &str = "wasmtime-";

/// The whole stack of a cell: what the guest does not get is left for host calls, which may reach down into a store.
const CELL_STACK: usize = 4 << 20;

/// Memory that a slot keeps between two cells; zeroing this much is cheaper than giving it back to the kernel.
const KEEP_RESIDENT: usize = 256 << 10;

/// The same for each table: the first 2,000 functions. A cell may have several tables, and what all slots keep adds up.
const TABLE_KEEP_RESIDENT: usize = 16 << 10;

/// Where a cell keeps exceptions: one heap, which lies in a memory's place and counts as one.
const HEAPS_OF_EXCEPTIONS: u32 = 1;

/// What the engine keeps of one instance; it grows with the functions of its module. An interpreter with scientific libraries
/// has 90,000.
const INSTANCE_BYTES: usize = 4 << 20;

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine cannot start: {0}")]
pub struct EngineError(pub String);

/// What the pool is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolSize {
    /// Cells at the same time.
    pub(crate) cells: u32,
    /// The most bytes of one linear memory.
    pub(crate) memory_bytes: usize,
}

/// What of an engine's configuration its code depends on, beside what is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeSettings {
    /// Whether code counts its fuel and gives way; without, nothing ends a guest that computes.
    metered: bool,
    /// Bytes that memories reserve; none = the engine's default.
    memory_reservation: Option<u64>,
}

const METERED: &str = "metered";
const UNMETERED: &str = "unmetered";

impl CodeSettings {
    /// Whether code counts its fuel and gives way.
    pub(crate) fn metered(self) -> bool {
        self.metered
    }

    /// For the command line of a child process.
    pub(crate) fn as_arguments(self) -> Vec<String> {
        let metering = if self.metered { METERED } else { UNMETERED };
        std::iter::once(metering.to_owned())
            .chain(self.memory_reservation.map(|bytes| bytes.to_string()))
            .collect()
    }

    /// What [`CodeSettings::as_arguments`] said.
    pub(crate) fn from_arguments(arguments: &[String]) -> Option<Self> {
        let [metering, reservation @ ..] = arguments else { return None };
        let metered = match metering.as_str() {
            METERED => true,
            UNMETERED => false,
            _ => return None,
        };
        let memory_reservation = match reservation {
            [] => None,
            [bytes] => Some(bytes.parse().ok()?),
            _ => return None,
        };
        Some(Self { metered, memory_reservation })
    }
}

/// An engine that runs one cell of code that was made for another engine. It keeps more of stacks where they are to be seen
/// for a profile.
pub(crate) fn for_one_cell(
    pool: PoolSize,
    settings: CodeSettings,
    profiled: bool,
) -> Result<Engine, EngineError> {
    let mut config = base_config(settings.metered);
    if profiled {
        config.wasm_backtrace_max_frames(NonZeroUsize::new(sampler::DEPTH));
    }
    match settings.memory_reservation {
        Some(bytes) => config.memory_reservation(bytes),
        None => config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling(pool))),
    };
    Engine::new(&config).map_err(|error| EngineError(format!("{error:#}")))
}

/// An engine that compiles for another one, and runs nothing: with functions that were compiled before, and those that it will
/// compile.
pub(crate) fn for_compiling_with(
    settings: CodeSettings,
    functions: Option<Arc<dyn CacheStore>>,
) -> Result<Engine, EngineError> {
    let mut config = base_config(settings.metered);
    if let Some(functions) = functions {
        let enabled = config.enable_incremental_compilation(functions);
        enabled.map_err(|error| EngineError(format!("{error:#}")))?;
    }
    if let Some(bytes) = settings.memory_reservation {
        config.memory_reservation(bytes);
    }
    Engine::new(&config).map_err(|error| EngineError(format!("{error:#}")))
}

/// Builds the engine of a sandbox. Prefers pooled slots, which make a fresh cell cheap. They reserve terabytes of address
/// space (not memory), which a limit such as `ulimit -v` can forbid; then cells are made on demand.
pub(crate) fn build(pool: PoolSize, metered: bool) -> Result<(Engine, CodeSettings), EngineError> {
    let mut config = base_config(metered);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling(pool)));
    let pooled =
        Engine::new(&config).map(|engine| (engine, CodeSettings { metered, memory_reservation: None }));
    pooled.or_else(|error| {
        tracing::warn!(
            error = format!("{error:#}"),
            "address space for pooled cells cannot be reserved; cells start slower (is virtual memory limited?)"
        );
        // A memory then reserves what it may grow to, and no more.
        let reservation = pool.memory_bytes as u64;
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand).memory_reservation(reservation);
        let engine = Engine::new(&config).map_err(|error| EngineError(format!("{error:#}")))?;
        Ok((engine, CodeSettings { metered, memory_reservation: Some(reservation) }))
    })
}

fn base_config(metered: bool) -> Config {
    let mut config = Config::new();
    config
        // Fuel stops exactly, and its slices give way to deadlines.
        .consume_fuel(metered)
        .max_wasm_stack(FIXED.stack_bytes as usize)
        .async_stack_size(CELL_STACK)
        // The same inputs give the same bits, on every processor.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // Not offered to jobs; a module that needs one is refused at upload. Threads and stack switching are not compiled in
        // at all.
        .concurrency_support(false)
        .wasm_memory64(false)
        .wasm_gc(false)
        .wasm_function_references(false)
        // Engines for scripts may have them; other modules are refused when they are looked at.
        .wasm_exceptions(true)
        // One core compiles, so that the others keep running jobs.
        .parallel_compilation(false)
        .cranelift_opt_level(OptLevel::Speed)
        // A trap names its functions, and lines of the source where the module came with them, whatever the environment of
        // the process says.
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES));
    config
}

fn pooling(pool: PoolSize) -> PoolingAllocationConfig {
    let mut config = PoolingAllocationConfig::new();
    config
        .total_component_instances(pool.cells)
        .total_stacks(pool.cells)
        .total_core_instances(pool.cells.saturating_mul(FIXED.instances))
        .total_memories(pool.cells.saturating_mul(FIXED.memories + HEAPS_OF_EXCEPTIONS))
        .total_gc_heaps(pool.cells.saturating_mul(HEAPS_OF_EXCEPTIONS))
        .total_tables(pool.cells.saturating_mul(FIXED.tables))
        .max_core_instances_per_component(FIXED.instances)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_memories_per_component(FIXED.memories)
        .max_tables_per_component(FIXED.tables)
        .max_memories_per_module(FIXED.memories)
        .max_tables_per_module(FIXED.tables)
        .max_memory_size(pool.memory_bytes)
        .table_elements(FIXED.table_elements as usize)
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(keep_resident(KEEP_RESIDENT))
        .table_keep_resident(keep_resident(TABLE_KEEP_RESIDENT));
    config
}

/// Without the kernel's list of touched pages a slot would be zeroed in full, which costs more than giving it back.
fn keep_resident(bytes: usize) -> usize {
    match PoolingAllocationConfig::is_pagemap_scan_available() {
        true => bytes,
        false => 0,
    }
}

/// What engine and configuration this is. Compiled code loads, and figures of fuel compare, only under the same one.
pub(crate) fn fingerprint(engine: &Engine) -> String {
    let mut hasher = StableHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let digest = hasher.0.finalize();
    format!("{FINGERPRINT_PREFIX}{WASMTIME_VERSION}-{}", hex::encode(&digest[..8]))
}

/// The standard library's hasher may change between versions of Rust; this one gives the same name everywhere.
struct StableHasher(Sha256);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        u64::from_le_bytes(std::array::from_fn(|index| digest[index]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: PoolSize = PoolSize { cells: 2, memory_bytes: 1 << 24 };

    #[test]
    fn the_fingerprint_names_the_version_that_is_built() {
        let lock = include_str!("../../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"\n")));
    }

    #[test]
    fn two_engines_of_the_same_configuration_have_one_fingerprint_also_for_profiles() {
        let ((one, settings), (other, _)) = (build(SMALL, true).unwrap(), build(SMALL, true).unwrap());
        assert_eq!(fingerprint(&one), fingerprint(&other));
        assert!(fingerprint(&one).starts_with("wasmtime-48."));
        assert_eq!(fingerprint(&for_one_cell(SMALL, settings, true).unwrap()), fingerprint(&one));
    }

    #[test]
    fn an_impossible_pool_falls_back_to_cells_on_demand() {
        let beyond_any_address_space = PoolSize { cells: 1 << 20, memory_bytes: 1 << 30 };
        let (engine, settings) = build(beyond_any_address_space, true).unwrap();
        assert!(engine.get_pooling_config().is_none());
        assert_eq!(fingerprint(&for_one_cell(SMALL, settings, true).unwrap()), fingerprint(&engine));
        assert_eq!(fingerprint(&for_compiling_with(settings, None).unwrap()), fingerprint(&engine));
    }

    #[test]
    fn an_engine_for_compiling_makes_code_for_a_pooled_one() {
        let (engine, settings) = build(SMALL, true).unwrap();
        let settings = CodeSettings::from_arguments(&settings.as_arguments()).unwrap();
        assert_eq!(fingerprint(&for_compiling_with(settings, None).unwrap()), fingerprint(&engine));
    }

    #[test]
    fn code_that_is_not_metered_is_of_another_engine() {
        let ((metered, _), (free, settings)) = (build(SMALL, true).unwrap(), build(SMALL, false).unwrap());
        assert_ne!(fingerprint(&metered), fingerprint(&free));
        let settings = CodeSettings::from_arguments(&settings.as_arguments()).unwrap();
        assert_eq!(fingerprint(&for_compiling_with(settings, None).unwrap()), fingerprint(&free));
    }
}
