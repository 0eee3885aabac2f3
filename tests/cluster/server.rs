//! The programs of PostgreSQL, and a server in a folder: made, started, asked, stopped.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Whose cluster it is.
pub(crate) const OWNER: &str = "fuelcell";

/// How a cluster is stopped.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// With everything written, and connections broken.
    Fast,
    /// As by a crash: what was committed is found again by recovery.
    Immediate,
}

/// The address of a database on the cluster in a folder.
pub(crate) fn address(folder: &Path, database: &str) -> String {
    format!("host={} user={OWNER} dbname={database}", folder.display())
}

/// A program of PostgreSQL's, as the user that may run a server: it refuses to be root.
pub(crate) fn program(name: &str) -> Command {
    let path = programs().join(name);
    let user = fs::metadata("/proc/self").map(|own| own.uid());
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

pub(crate) fn command(folder: &Path, database: &str, statement: &str) -> String {
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
pub(crate) fn initialise(folder: &Path) {
    let data = folder.join("data");
    fs::create_dir_all(&data).expect("a folder");
    if let Ok(own) = fs::metadata("/proc/self")
        && own.uid() == 0
    {
        run(Command::new("chown").arg("-R").arg("postgres:postgres").arg(folder));
    }
    let mut initdb = program("initdb");
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username", OWNER, "-D"]);
    run(initdb.arg(&data));
}

/// Starts the server of a folder, and waits until it answers. What it prints goes into a file there.
pub(crate) fn start(folder: &Path, settings: &[&str]) {
    let log = folder.join("log");
    let settings = [&["-c", "listen_addresses=", "-c", "max_connections=300"], settings].concat();
    let mut pg_ctl = program("pg_ctl");
    pg_ctl.args(["-w", "-t", "60", "-D"]).arg(folder.join("data")).arg("-l").arg(&log);
    pg_ctl.arg("-o").arg(format!("-k {} {}", folder.display(), settings.join(" "))).arg("start");
    let done = pg_ctl.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("pg_ctl runs");
    assert!(done.success(), "PostgreSQL does not start: {}", fs::read_to_string(log).unwrap_or_default());
}

pub(crate) fn stop(folder: &Path, how: Stop) {
    let how = match how {
        Stop::Fast => "fast",
        Stop::Immediate => "immediate",
    };
    run(program("pg_ctl").arg("-D").arg(folder.join("data")).args(["-m", how, "-w", "stop"]));
}
