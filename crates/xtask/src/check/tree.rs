//! The files of a folder and of those below it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Rust and Cargo files below a folder.
pub(super) fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let is_code = path.extension().is_some_and(|extension| extension == "rs" || extension == "toml");
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_code {
            files.push(path);
        }
    }
    Ok(())
}
