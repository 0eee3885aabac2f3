//! Modules that want out, want more, or want to stay: each a row with its name, what it tries and the end it must have.
//!
//! All run side by side and then one after another in one process, which must be as before afterwards.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../sandbox/guests.rs"]
mod guests;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../sandbox/programs.rs"]
mod programs;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../sandbox/support.rs"]
mod support;

mod calls;
mod cases;
mod code;
mod debug;
mod determinism;
mod files;
mod fuzz;
mod http;
mod job;
mod suite;
mod upload;

use fuelcell_domain::ErrorCode;

/// The ends that a row allows.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// Inspection refuses it.
    Refused,
    /// It runs and fails with one of these codes.
    Fails(&'static [ErrorCode]),
    /// What it tries is answered with an error, and it completes.
    Completes,
    /// It ends, one way or the other: what counts is that the host is as before.
    Ends,
}

/// One module that means harm.
struct Attack {
    name: String,
    tries: &'static str,
    module: Vec<u8>,
    expected: Expected,
}

fn attack(name: impl Into<String>, tries: &'static str, module: Vec<u8>, expected: Expected) -> Attack {
    Attack { name: name.into(), tries, module, expected }
}

/// Every row.
fn all() -> Vec<Attack> {
    let rows = [
        upload::rows(),
        code::rows(),
        calls::rows(),
        files::rows(),
        job::rows(),
        http::rows(),
        debug::rows(),
    ];
    rows.into_iter().flatten().collect()
}
