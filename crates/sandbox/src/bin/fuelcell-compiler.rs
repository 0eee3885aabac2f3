//! The compiler alone, for this crate's own tests; `fuelcell` has it inside.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    fuelcell_sandbox::compile_worker(&arguments)
}
