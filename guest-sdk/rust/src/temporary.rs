//! Where a job keeps what it needs while it runs.

use std::path::PathBuf;

/// The folder for temporary files: what does not fit into memory goes there. In a cell it is `/tmp`, empty at the beginning of
/// each attempt, counted against the job's disk limit, and gone at the end. `std::env::temp_dir` does not know it: for
/// WebAssembly the standard library panics there.
pub fn temp_dir() -> PathBuf {
    match cfg!(target_family = "wasm") {
        true => PathBuf::from("/tmp"),
        false => std::env::temp_dir(),
    }
}
