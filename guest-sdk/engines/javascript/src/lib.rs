//! The engine `javascript`: QuickJS as a component of the job world. It runs the script that a cell has below `/script`.
//!
//! The crate knows the guest interface, QuickJS, and the SDK for JavaScript (`guest-sdk/js`), whose files are part of it. It
//! knows nothing of servers or of any single job. Natively it is empty.

#![cfg(target_family = "wasm")]

mod bytes;
mod check;
mod failure;
mod host;
mod http;
mod input;
mod modules;
mod output;
mod run;
mod types;

use fuelcell_sdk::wasm::bindings;
use fuelcell_sdk::wasm::bindings::fuelcell::job::types::{Completion, Failure};

/// What a cell calls.
struct Engine;

impl bindings::Guest for Engine {
    fn run() -> Result<Completion, Failure> {
        if modules::is_checked() { check::run() } else { run::run() }
    }

    fn describe() -> String {
        run::describe()
    }
}

#[allow(unsafe_code)]
const _: () = {
    bindings::export_job!(Engine with_types_in fuelcell_sdk::wasm::bindings);
};
