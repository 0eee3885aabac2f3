//! A script that `fuelcell run` runs, and what it came to.

use crate::built;
use serde_json::Value;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// What a script came to.
pub struct Ran {
    /// What was told of it as JSON.
    pub told: Value,
    /// What was written to standard error.
    pub log: String,
    /// The folder with `script` and `out`.
    pub folder: TempDir,
}

impl Ran {
    /// Of a script in the folder's `script` that was run with `--json`.
    pub fn new(folder: TempDir, output: &Output) -> Self {
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {log}"));
        Self { told, log, folder }
    }

    /// An artifact of a script that completed.
    pub fn text(&self, artifact: &str) -> String {
        assert_eq!(self.told["completed"], true, "{:#}\n{}", self.told["error"], self.log);
        fs::read_to_string(self.folder.path().join("out").join(artifact)).expect("there is the artifact")
    }

    /// Its failure: code, message and details.
    pub fn error(&self) -> String {
        let error = &self.told["error"];
        let text = |name: &str| error[name].as_str().expect("a failure has code and message");
        format!("{}: {} ({})", text("code"), text("message"), error["details"])
    }
}

/// A folder with a script in its folder `script`.
pub fn scripts(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    for (name, text) in files {
        write(&folder.path().join("script").join(name), text);
    }
    folder
}

/// The archive of files.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(*path, SimpleFileOptions::default()).expect("the path is good");
        zip.write_all(bytes).expect("there is memory");
    }
    zip.finish().expect("there is memory").into_inner()
}

/// Runs the script of a folder, with a cache that has its engine.
pub fn start(cache: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let mut run = Command::new(built::fuelcell());
    run.arg("run").arg(folder.join("script")).args(arguments).arg("--out").arg(folder.join("out"));
    run.env("XDG_CACHE_HOME", cache).output().expect("the binary can be started")
}

/// Writes a file and the folders above it.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders can be made");
    fs::write(path, text).expect("the file can be written");
}
