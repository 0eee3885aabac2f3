//! Where programs of authors keep compiled code (`XDG_CACHE_HOME`): with the servers of the tests, so that each module is
//! compiled once.

use crate::{Server, built};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The folder.
pub fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(make)
}

fn make() -> PathBuf {
    let folder = built::target().join("tests-cache");
    fs::create_dir_all(folder.join("fuelcell")).expect("the target directory can be written");
    // Tests that begin together wait for the one that makes it.
    let lock = File::create(folder.join("lock")).expect("the target directory can be written");
    lock.lock().expect("files can be locked");
    if !built::target().join("tests-compiled-secret").exists() {
        drop(Server::start());
    }
    for (name, shared) in [("compiled", "tests-compiled"), ("secret", "tests-compiled-secret")] {
        let link = folder.join("fuelcell").join(name);
        if fs::symlink_metadata(&link).is_err() {
            symlink(built::target().join(shared), link).expect("the target directory can be written");
        }
    }
    folder
}
