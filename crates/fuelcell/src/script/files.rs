//! The files of a folder that a script is made of.

use anyhow::{Context, bail, ensure};
use fuelcell_domain::limits::SCRIPT;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that tools leave beside sources.
const LEFT_BY_TOOLS: [&str; 2] = ["__pycache__", "node_modules"];

/// Files by their paths in a folder.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// The files of a folder whose paths are wanted.
pub(super) fn read(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Files> {
    let mut paths = Vec::new();
    gather(folder, "", wanted, &mut paths)?;
    let mut files = Files::new();
    let mut total = 0;
    for (path, file) in paths {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        total += bytes.len() as u64;
        ensure!(
            total <= SCRIPT.unpacked_bytes,
            "the files of {} have more than {} bytes",
            folder.display(),
            SCRIPT.unpacked_bytes
        );
        files.insert(path, bytes);
    }
    Ok(files)
}

/// Checks files that come of several folders as those of one are checked.
pub(super) fn check_size(files: &Files) -> anyhow::Result<()> {
    let bytes: u64 = files.values().map(|bytes| bytes.len() as u64).sum();
    ensure!(
        files.len() <= SCRIPT.files,
        "the files are {}, and a script has at most {}",
        files.len(),
        SCRIPT.files
    );
    ensure!(
        bytes <= SCRIPT.unpacked_bytes,
        "the files have {bytes} bytes, and those of a script at most {}",
        SCRIPT.unpacked_bytes
    );
    Ok(())
}

fn gather(
    folder: &Path,
    prefix: &str,
    wanted: &dyn Fn(&str) -> bool,
    files: &mut Vec<(String, PathBuf)>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let Some(name) = name.to_str() else { bail!("the name of {} is not UTF-8", path.display()) };
        if name.starts_with('.') || LEFT_BY_TOOLS.contains(&name) {
            continue;
        }
        let kind = entry.file_type()?;
        let inner = format!("{prefix}{name}");
        if kind.is_dir() {
            gather(&path, &format!("{inner}/"), wanted, files)?;
        } else if wanted(&inner) {
            ensure!(
                kind.is_file(),
                "{} is a link or a device; a script has files and folders",
                path.display()
            );
            files.push((inner, path));
        }
        ensure!(
            files.len() <= SCRIPT.files,
            "there are more than {} files in {}",
            SCRIPT.files,
            folder.display()
        );
    }
    Ok(())
}
