//! File systems of a test's own: a full disk and a power cut cannot be shown on one that others use. Mounting needs root;
//! the tests that do it are marked as ignored, so that a run without them says that they were not run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system; dropped, it is taken away with what it held.
pub struct Mount(PathBuf);

impl Mount {
    /// A file system of this many bytes in memory.
    pub fn memory(at: &Path, bytes: u64) -> Self {
        Self::make(at, &["-t", "tmpfs", "-o", &format!("size={bytes},mode=0700"), "none"])
    }

    /// The file system in an image. Its journal is written when somebody asks for it and otherwise hardly ever, so that
    /// only barriers bring anything to the image.
    pub fn image(at: &Path, image: &Path) -> Self {
        Self::make(at, &["-t", "ext4", "-o", "loop,commit=300", &image.display().to_string()])
    }

    fn make(at: &Path, arguments: &[&str]) -> Self {
        fs::create_dir_all(at).expect("the place of the mount can be made");
        run(Command::new("mount").args(arguments).arg(at));
        Self(at.to_owned())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process that was killed a moment ago may still hold files.
        let told = Command::new("umount").arg("--lazy").arg(&self.0).output();
        if let Err(error) = told {
            panic!("cannot take {} away: {error}", self.0.display());
        }
    }
}

/// An image with an empty file system.
pub fn new_image(path: &Path, bytes: u64) {
    File::create(path).and_then(|file| file.set_len(bytes)).expect("the image can be made");
    run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(path));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} (mounting needs root): {told}");
}
