//! What an operator may watch of compilers.

use super::functions::Counts;
use prometheus::{
    HistogramVec, IntCounterVec, IntGauge, register_histogram_vec, register_int_counter_vec,
    register_int_gauge,
};
use std::sync::LazyLock;
use std::time::Duration;

static COMPILED: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "fuelcell_module_compile_duration_seconds",
        "Time that a compiler took for a module.",
        &["result"],
        vec![0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0]
    )
    .expect("the name is used once")
});

static FOUND: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_compiled_code_lookups_total",
        "Looks for compiled code, by where it was found.",
        &["source"]
    )
    .expect("the name is used once")
});

static FUNCTIONS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_engine_functions_total",
        "Functions of engines that were compiled, by where their code came from.",
        &["source"]
    )
    .expect("the name is used once")
});

static WAITING: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!(
        "fuelcell_modules_compiling",
        "Requests for modules that are being compiled or wait for a compiler."
    )
    .expect("the name is used once")
});

/// Shows all series from the start: what appears with its first event has no rise.
pub(super) fn announce() {
    for source in ["memory", "disk", "none"] {
        FOUND.with_label_values(&[source]);
    }
    functions(Counts::default());
    for result in ["ok", "failed"] {
        COMPILED.with_label_values(&[result]);
    }
    WAITING.get();
}

/// Where compiled code was found.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Memory,
    Disk,
    Nowhere,
}

/// Somebody looked for compiled code.
pub(super) fn found(source: Source) {
    let source = match source {
        Source::Memory => "memory",
        Source::Disk => "disk",
        Source::Nowhere => "none",
    };
    FOUND.with_label_values(&[source]).inc();
}

/// A compiler ended.
pub(super) fn compiled(well: bool, took: Duration) {
    COMPILED.with_label_values(&[if well { "ok" } else { "failed" }]).observe(took.as_secs_f64());
}

/// An engine was compiled, by a compiler that found and made so many of its functions.
pub(super) fn functions(counts: Counts) {
    FUNCTIONS.with_label_values(&["disk"]).inc_by(counts.found);
    FUNCTIONS.with_label_values(&["compiler"]).inc_by(counts.made);
}

/// Somebody waits for a compiler until this is dropped.
pub(super) fn wait() -> Waits {
    WAITING.inc();
    Waits
}

/// Counts until it is dropped.
pub(super) struct Waits;

impl Drop for Waits {
    fn drop(&mut self) {
        WAITING.dec();
    }
}
