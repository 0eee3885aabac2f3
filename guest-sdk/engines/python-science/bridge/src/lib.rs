//! Stands between the interpreter of the science engine, which can send and receive bytes, and the interface of jobs. What the
//! bytes are says [`frame`]; the Python on the other side is `app/fuelcell_engine/cell.py`.

pub mod frame;

#[cfg(target_family = "wasm")]
mod answer;
#[cfg(target_family = "wasm")]
mod http;

#[cfg(target_family = "wasm")]
#[allow(unsafe_code, missing_docs, unused_qualifications, unreachable_pub, clippy::all)]
mod bindings;

#[cfg(target_family = "wasm")]
#[allow(unsafe_code, unreachable_pub, reason = "what `wit-bindgen` makes to export functions")]
mod exported {
    use crate::answer::Bridge;
    crate::bindings::export_bridge!(Bridge with_types_in crate::bindings);
}
