//! The guest interface as Rust: the one place where the WIT becomes code.

use crate::host::{Reader, Writer};

wasmtime::component::bindgen!({
    path: "../../guest-sdk/wit",
    world: "job",
    imports: { default: trappable },
    exports: { default: async },
    with: {
        "fuelcell:job/inputs.reader": Reader,
        "fuelcell:job/artifacts.writer": Writer,
    },
});
