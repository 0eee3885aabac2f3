//! The guest interface as Rust: the one place where the WIT becomes code.

wasmtime::component::bindgen!({
    path: "../../guest-sdk/wit",
    world: "job",
    imports: { default: trappable },
    exports: { default: async },
    with: {
        "fuelcell:job/inputs.reader": crate::guest::handles::Reader,
        "fuelcell:job/artifacts.writer": crate::guest::handles::Writer,
    },
});
