//! The process of one cell alone, for this crate's own tests; `fuelcell` has it inside.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuelcell_sandbox::cell_worker()
}
