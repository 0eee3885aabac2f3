//! A cluster of a test's own.

use crate::server::{OWNER, Stop, command, initialise, program, start, stop};
use tempfile::TempDir;

/// A cluster of a test's own. Dropped, it is gone.
pub struct Cluster {
    folder: TempDir,
}

impl Cluster {
    /// A running one that keeps what it acknowledges.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("fuelcell-postgres-").expect("a temporary folder");
        initialise(folder.path());
        let cluster = Self { folder };
        cluster.resume();
        cluster
    }

    /// Makes a database, and says its address as a URL.
    pub fn database(&self, name: &str) -> String {
        command(self.folder.path(), "postgres", &format!("CREATE DATABASE {name}"));
        let host = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{OWNER}@{host}/{name}")
    }

    /// Does a statement as its owner, and returns what it prints.
    pub fn ask(&self, database: &str, statement: &str) -> String {
        command(self.folder.path(), database, statement)
    }

    /// Stops it.
    pub fn stop(&self, how: Stop) {
        stop(self.folder.path(), how);
    }

    /// Starts it after a stop.
    pub fn resume(&self) {
        start(self.folder.path(), &["-c", "fsync=on"]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stopping = program("pg_ctl");
        let data = self.folder.path().join("data");
        // It may be stopped already.
        let _ = stopping.args(["-D"]).arg(data).args(["-m", "immediate", "-w", "stop"]).output();
    }
}
