//! A module for one profiled run: the code that all runs share, on an engine of its own that sees stacks to a depth that
//! others do not need. What else runs is not looked at closer, and nothing is compiled anew.

use super::cache::CheckedCode;
use super::engine::{self, CodeSettings, PoolSize};
use crate::guest::linker;
use crate::guest::program::Program;

/// The program of checked code, for one cell of at most `slot_bytes`.
pub(crate) fn program(
    code: &CheckedCode,
    slot_bytes: u64,
    settings: CodeSettings,
) -> Result<Program, String> {
    let pool = PoolSize { cells: 1, memory_bytes: slot_bytes as usize };
    let engine = engine::for_one_cell(pool, settings, true).map_err(|error| error.to_string())?;
    let linker = linker::linker(&engine).map_err(|error| format!("{error:#}"))?;
    let component = code.load(&engine).map_err(|error| format!("{error:#}"))?;
    Program::link(&linker, &component).map_err(|error| format!("{error:#}"))
}
