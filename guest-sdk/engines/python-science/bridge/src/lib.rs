//! Stands between the interpreter of the science engine, which can send and receive bytes, and the interface of jobs. What the
//! bytes are says [`frame`]; the Python on the other side is `app/fuelcell_engine/cell.py`.

pub mod frame;

#[cfg(target_family = "wasm")]
mod answer;
#[cfg(target_family = "wasm")]
mod http;

/// What `wit-bindgen` makes of the interfaces.
#[cfg(target_family = "wasm")]
#[allow(unsafe_code, missing_docs, unused_qualifications, unreachable_pub, clippy::all)]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "between",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_bridge",
    });
}

#[cfg(target_family = "wasm")]
#[allow(unsafe_code, unreachable_pub, reason = "what `wit-bindgen` makes to export functions")]
mod exported {
    use crate::answer::Bridge;
    crate::bindings::export_bridge!(Bridge with_types_in crate::bindings);
}
