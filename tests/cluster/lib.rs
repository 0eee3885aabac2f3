//! PostgreSQL for tests: real clusters, in temporary folders, on Unix sockets.
//!
//! There is one that all tests of a run share ([`database`]), each with a database of its own; and there are [`Cluster`]s of a
//! test's own, for those that stop and kill their server. The programs are those of Debian's package `postgresql`, or of the
//! search path. Whoever finds none fails.
//!
//! This crate knows how a cluster is made and stopped. It knows nothing of what lies in one.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod shared;

pub use shared::{Database, database};

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Whose cluster it is.
const OWNER: &str = "fuelcell";

/// How a cluster is stopped.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// With everything written, and connections broken.
    Fast,
    /// As by a crash: what was committed is found again by recovery.
    Immediate,
}

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

/// The address of a database on the cluster in a folder.
fn address(folder: &Path, database: &str) -> String {
    format!("host={} user={OWNER} dbname={database}", folder.display())
}

/// A program of PostgreSQL's, as the user that may run a server: it refuses to be root.
fn program(name: &str) -> Command {
    let path = programs().join(name);
    let user = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own));
    let mut command = match user.is_ok_and(|user| user == 0) {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(path);
            command
        }
        false => Command::new(path),
    };
    command.current_dir("/").stdin(Stdio::null()).env_remove("PGOPTIONS");
    command
}

/// The folder of the newest version's programs.
fn programs() -> PathBuf {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| Some((number(&entry.path())?, entry.path()))).max();
    let of_package = newest.map(|(_, path)| path.join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let found = of_package.into_iter().chain(env::split_paths(&path)).find(|bin| bin.join("initdb").exists());
    found.expect("PostgreSQL: `cargo xtask test` installs it; on Debian: apt-get install postgresql")
}

fn run(command: &mut Command) -> String {
    let done = command.output().expect("the program runs");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn command(folder: &Path, database: &str, statement: &str) -> String {
    let mut psql = program("psql");
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
    run(psql.arg("--host").arg(folder).args([
        "--username",
        OWNER,
        "--dbname",
        database,
        "--command",
        statement,
    ]))
}

/// Makes the files of a cluster in a folder, which becomes the server's user's.
fn initialise(folder: &Path) {
    let data = folder.join("data");
    fs::create_dir_all(&data).expect("a folder");
    if let Ok(own) = fs::metadata("/proc/self")
        && std::os::unix::fs::MetadataExt::uid(&own) == 0
    {
        run(Command::new("chown").arg("-R").arg("postgres:postgres").arg(folder));
    }
    let mut initdb = program("initdb");
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", OWNER, "-D"]);
    run(initdb.arg(&data));
}

/// Starts the server of a folder, and waits until it answers. What it prints goes into a file there.
fn start(folder: &Path, settings: &[&str]) {
    let log = folder.join("log");
    let settings = [&["-c", "listen_addresses=", "-c", "max_connections=300"], settings].concat();
    let mut pg_ctl = program("pg_ctl");
    pg_ctl.args(["-w", "-t", "60", "-D"]).arg(folder.join("data")).arg("-l").arg(&log);
    pg_ctl.arg("-o").arg(format!("-k {} {}", folder.display(), settings.join(" "))).arg("start");
    let done = pg_ctl.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl runs");
    assert!(done.success(), "PostgreSQL does not start: {}", fs::read_to_string(log).unwrap_or_default());
}

fn stop(folder: &Path, how: Stop) {
    let how = match how {
        Stop::Fast => "fast",
        Stop::Immediate => "immediate",
    };
    run(program("pg_ctl").arg("-D").arg(folder.join("data")).args(["-m", how, "-w", "stop"]));
}
