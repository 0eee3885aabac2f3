//! Script modules on their author's machine: an archive, or the folder that it is made of.

use anyhow::{Context, bail, ensure};
use fuelcell_domain::limits::SCRIPT;
use fuelcell_domain::script::SCRIPT_MANIFEST;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Folders that tools leave beside sources.
const LEFT_BY_TOOLS: [&str; 2] = ["__pycache__", "node_modules"];

/// The bytes of a module: a file as it is, or the archive of a folder.
pub(crate) fn module_bytes(module: &Path) -> anyhow::Result<Vec<u8>> {
    match module.is_dir() {
        true => archive(module),
        false => fs::read(module).with_context(|| format!("cannot read {}", module.display())),
    }
}

/// The archive of a folder, but for what tools leave there and what is hidden. The same files give the same bytes.
fn archive(folder: &Path) -> anyhow::Result<Vec<u8>> {
    ensure!(
        folder.join(SCRIPT_MANIFEST).is_file(),
        "there is no {SCRIPT_MANIFEST} in {}, so that it is no script",
        folder.display()
    );
    let mut files = Vec::new();
    gather(folder, "", &mut files)?;
    files.sort();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut total = 0;
    for (path, file) in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        total += bytes.len() as u64;
        ensure!(
            total <= SCRIPT.unpacked_bytes,
            "the files of {} have more than {} bytes",
            folder.display(),
            SCRIPT.unpacked_bytes
        );
        zip.start_file(path, SimpleFileOptions::default())?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn gather(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> anyhow::Result<()> {
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
            gather(&path, &format!("{inner}/"), files)?;
        } else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn write(folder: &Path, path: &str) {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, path).unwrap();
    }

    #[test]
    fn a_folder_becomes_an_archive_of_its_sources() {
        let folder = TempDir::new().unwrap();
        assert!(module_bytes(folder.path()).unwrap_err().to_string().contains(SCRIPT_MANIFEST));
        for path in [SCRIPT_MANIFEST, "main.py", "lib/a.py", "lib/__pycache__/a.pyc", ".git/config"] {
            write(folder.path(), path);
        }
        let bytes = module_bytes(folder.path()).unwrap();
        assert_eq!(module_bytes(folder.path()).unwrap(), bytes, "the same files give the same bytes");
        let zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, [SCRIPT_MANIFEST, "lib/a.py", "main.py"]);
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        assert!(module_bytes(folder.path()).unwrap_err().to_string().contains("a link"));
    }
}
