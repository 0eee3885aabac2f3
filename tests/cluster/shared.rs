//! The cluster that all tests of a run share. Test processes come and go: whoever needs it and finds none starts it, and it
//! stops by itself when nobody has needed it for half a minute. It need not survive a crash, so it does not wait for its disk.

use crate::server::{OWNER, address, command, initialise, program, start};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use uuid::Uuid;

/// A database of a test's own. Dropped, it is gone.
pub struct Database {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub address: String,
}

impl Database {
    /// The socket of its server.
    pub fn socket(&self) -> PathBuf {
        joined().join(".s.PGSQL.5432")
    }
}

/// A fresh copy of a template, which is made by whoever needs it first. `layout` names what lies in it: tests with
/// another layout have another template.
pub fn database(layout: &str, make: impl FnOnce(&str)) -> Database {
    let folder = joined();
    let template = format!("layout_{:016x}", hash(layout));
    let exists = || !ask(&format!("SELECT 1 FROM pg_database WHERE datname = '{template}'")).is_empty();
    if !exists() {
        let _alone = lock(folder, "lock");
        if !exists() {
            let name = format!("new_{}", Uuid::now_v7().simple());
            ask(&format!("CREATE DATABASE {name}"));
            make(&address(folder, &name));
            ask(&format!("ALTER DATABASE {name} RENAME TO {template}"));
        }
    }
    let name = format!("test_{}", Uuid::now_v7().simple());
    ask(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
    Database { address: address(folder, &name), name }
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut psql = program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--host"]).arg(joined());
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // The whole cluster goes soon.
        let _ = psql.args(["--username", OWNER, "--dbname", "postgres", "--command", &drop]).output();
    }
}

fn ask(statement: &str) -> String {
    command(joined(), "postgres", statement)
}

fn hash(text: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn lock(folder: &Path, name: &str) -> File {
    let file = File::create(folder.join(name)).expect("a file to lock");
    file.lock().expect("a lock");
    file
}

/// The folder of the cluster, which runs from now on until this process has ended.
fn joined() -> &'static Path {
    static JOINED: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (folder, _) = JOINED.get_or_init(|| {
        // A checkout has a cluster of its own. Paths of sockets are short.
        let name = format!("fuelcell-postgres-{:08x}", hash(env!("CARGO_MANIFEST_DIR")) as u32);
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let _alone = lock(&folder, "lock");
        if !answers(&folder) {
            let _ = fs::remove_dir_all(folder.join("data"));
            initialise(&folder);
            start(&folder, &["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB"]);
            stop_when_idle(&folder);
        }
        let users = File::create(folder.join("users")).expect("a file to lock");
        users.lock_shared().expect("a lock");
        (folder, users)
    });
    folder
}

fn answers(folder: &Path) -> bool {
    let mut ready = program("pg_isready");
    ready.arg("--host").arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    ready.status().is_ok_and(|status| status.success())
}

/// Leaves a process behind that stops the server when no test has needed it for half a minute.
fn stop_when_idle(folder: &Path) {
    let mut stop = program("pg_ctl");
    stop.arg("-D").arg(folder.join("data")).args(["-m", "immediate", "stop"]);
    let words: Vec<_> = [stop.get_program()].into_iter().chain(stop.get_args()).collect();
    let stop = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let script = format!(
        "idle=0; while sleep 5; do if flock -n users true; then idle=$((idle + 1)); else idle=0; fi; \
         if [ $idle -ge 6 ]; then flock lock flock -n users sh -c '{stop} && rm -rf data' && exit; fi; done"
    );
    let mut watching = Command::new("setsid");
    watching.args(["--fork", "sh", "-c", &script]).current_dir(folder);
    watching.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(watching.status().is_ok_and(|status| status.success()), "setsid works");
}
