//! What only its owner may read: the files and folders of a server and of its tools.

use anyhow::{Context, ensure};
use rustix::fs::Mode;
use rustix::process::umask;
use std::fs::{self, DirBuilder, Metadata, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// What the group and others may do.
const OF_OTHERS: u32 = 0o077;
/// On directories that many share, such as `/tmp`.
const STICKY: u32 = 0o1000;

/// From now on whatever this process makes is its owner's alone, whoever makes it: also libraries and children.
pub(crate) fn be_private() {
    umask(Mode::from_raw_mode(OF_OTHERS));
}

/// Makes a directory for the owner's eyes only, if it is not there.
pub(crate) fn make_private_directory(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make the directory {}", path.display()))
}

/// Takes from all but the owner what they may do with a directory of ours and with what lies in it. `known` are the names
/// of what may lie there, first that which makes it ours: a directory that holds anything else and not this is not taken
/// from those who use it.
///
/// Returns how many files and directories were open to others.
pub(crate) fn narrow_directory(path: &Path, known: &[&str]) -> anyhow::Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    if is_open(&metadata) {
        check_is_ours(path, &metadata, known)?;
    }
    let open = narrow(path, &metadata)?;
    // Below closed doors nobody reads anything; what is directly here is looked at all the same, and where a door stood
    // open, everything behind it.
    narrow_entries(path, open).map(|within| u64::from(open) + within)
}

/// The same for one file, if it is there.
pub(crate) fn narrow_file(path: &Path) -> anyhow::Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => narrow(path, &metadata),
        Err(_) => Ok(false),
    }
}

fn is_open(metadata: &Metadata) -> bool {
    metadata.mode() & OF_OTHERS != 0
}

fn check_is_ours(path: &Path, metadata: &Metadata, known: &[&str]) -> anyhow::Result<()> {
    let shown = path.display();
    ensure!(
        metadata.mode() & STICKY == 0,
        "{shown} is open to others and shared by many; take a directory of its own"
    );
    if known.first().is_some_and(|mark| path.join(mark).exists()) {
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {shown}"))? {
        let name = entry?.file_name();
        ensure!(
            known.iter().any(|known| name == *known),
            "{shown} is open to others and holds {name:?}, which is not of this program; take a directory of its own, or \
             close it with `chmod 700`"
        );
    }
    Ok(())
}

fn narrow(path: &Path, metadata: &Metadata) -> anyhow::Result<bool> {
    if !is_open(metadata) {
        return Ok(false);
    }
    let advice = || {
        format!(
            "others may read {}, and that cannot be changed; it must belong to the user of this process, on a file system \
             that knows permissions",
            path.display()
        )
    };
    let wanted = Permissions::from_mode(metadata.mode() & 0o7777 & !OF_OTHERS);
    fs::set_permissions(path, wanted).with_context(advice)?;
    ensure!(!is_open(&fs::metadata(path)?), "{}", advice());
    Ok(true)
}

fn narrow_entries(directory: &Path, all: bool) -> anyhow::Result<u64> {
    let mut count = 0;
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        // What a link points at is somebody's own decision.
        if kind.is_symlink() {
            continue;
        }
        let open = narrow(&entry.path(), &entry.metadata()?)?;
        count += u64::from(open);
        if kind.is_dir() && (open || all) {
            count += narrow_entries(&entry.path(), true)?;
        }
    }
    Ok(count)
}

/// Says what was narrowed: in the log, or to whoever called a command that keeps none.
pub(crate) fn tell_narrowed(path: &Path) {
    let told = format!("others could read {} or what is in it; now only its owner can", path.display());
    match tracing::dispatcher::has_been_set() {
        true => tracing::warn!("{told}"),
        // Nobody may be there to read it.
        false => drop(writeln!(std::io::stderr(), "fuelcell: {told}")),
    }
}

/// Writes a file for the owner's eyes only, durably, and whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let staged = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&staged)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn open(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_read_is_narrowed_with_everything_in_it() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, inner) = (folder.path(), folder.path().join("store"));
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("records"), "").unwrap();
        fs::write(path.join("secret"), "").unwrap();
        symlink(elsewhere.path(), path.join("blobs")).unwrap();
        let others = [
            (path.to_path_buf(), 0o755),
            (inner.clone(), 0o750),
            (inner.join("records"), 0o644),
            (path.join("secret"), 0o640),
            (elsewhere.path().to_path_buf(), 0o755),
        ];
        others.iter().for_each(|(path, mode)| open(path, *mode));
        let known = ["store", "secret", "blobs"];
        assert_eq!(narrow_directory(path, &known).unwrap(), 4);
        assert_eq!(others.map(|(path, _)| mode(&path)), [0o700, 0o700, 0o600, 0o600, 0o755]);
        assert_eq!(narrow_directory(path, &known).unwrap(), 0);
        // Behind the closed door one file was opened again.
        open(&path.join("secret"), 0o604);
        assert_eq!(narrow_directory(path, &known).unwrap(), 1);
    }

    #[test]
    fn a_folder_of_others_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "").unwrap();
        open(folder.path(), 0o755);
        let told = narrow_directory(folder.path(), &["store"]).unwrap_err().to_string();
        assert!(told.contains("\"thesis.tex\"") && told.contains("chmod 700"), "{told}");
        assert_eq!(mode(folder.path()), 0o755);
        fs::write(folder.path().join("store"), "").unwrap();
        assert_eq!(narrow_directory(folder.path(), &["store"]).unwrap(), 3);
        let shared = tempfile::tempdir().unwrap();
        open(shared.path(), 0o1777);
        let told = narrow_directory(shared.path(), &[]).unwrap_err().to_string();
        assert!(told.contains("shared by many"), "{told}");
    }
}
