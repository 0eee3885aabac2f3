//! A real server process.

use crate::client::Client;
use crate::{Mount, built, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a server may take to answer after its start.
const START: Duration = Duration::from_secs(120);

/// A server on a data directory of its own. Dropped, it is killed and everything it kept is removed.
pub struct Server {
    /// What the data directory is on, when it is a file system of its own. It goes before the folder does.
    mount: Option<Mount>,
    folder: TempDir,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
    process: Option<Child>,
    base: String,
    starts: u32,
    relative: bool,
    certificates: Option<PathBuf>,
}

impl Server {
    /// A fresh server.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A fresh server with further arguments for `fuelcell serve`.
    pub fn start_with(arguments: &[&str]) -> Self {
        let mut server = Self::new();
        server.arguments = arguments.iter().map(ToString::to_string).collect();
        server.run(Command::new(built::fuelcell()));
        server
    }

    /// A fresh server with settings from its environment: `("SERVICE__MAX_DATASET_BYTES", "1000")`. One that has a
    /// certificate is not waited for until it answers: who asks it must trust it.
    pub fn start_set(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::new();
        server.restart_set(settings);
        server
    }

    /// The same, with variables of others than this server in its environment.
    pub fn start_in(environment: &[(&str, String)], settings: &[(&str, &str)]) -> Self {
        let mut server = Self::new();
        server.settings =
            settings.iter().map(|(name, value)| (format!("FUELCELL_{name}"), (*value).into())).collect();
        server.settings.extend(environment.iter().map(|(name, value)| ((*name).to_owned(), value.into())));
        server.restart();
        server
    }

    /// The same, trusting the certificates of this file and no others.
    pub fn start_trusting(settings: &[(&str, &str)], certificates: &Path) -> Self {
        let mut server = Self::new();
        server.certificates = Some(certificates.to_owned());
        server.restart_set(settings);
        server
    }

    /// The same, on a data directory into which `fill` has put something.
    pub fn start_prepared(settings: &[(&str, &str)], fill: impl FnOnce(&Path)) -> Self {
        let mut server = Self::new();
        fs::create_dir(server.data()).expect("the data directory can be made");
        fill(&server.data());
        server.restart_set(settings);
        server
    }

    /// Starts the server again on the same data, with such settings.
    pub fn restart_set(&mut self, settings: &[(&str, &str)]) {
        self.settings =
            settings.iter().map(|(name, value)| (format!("FUELCELL_{name}"), (*value).into())).collect();
        self.restart();
    }

    /// A fresh server whose paths are all relative, started in the folder above its data.
    pub fn start_relative(arguments: &[&str]) -> Self {
        let mut server = Self::new();
        server.relative = true;
        server.arguments = arguments.iter().map(ToString::to_string).collect();
        server.run(Command::new(built::fuelcell()));
        server
    }

    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let (arguments, settings) = (Vec::new(), Vec::new());
        Self {
            mount: None,
            folder,
            arguments,
            settings,
            process: None,
            base: String::new(),
            starts: 0,
            relative: false,
            certificates: None,
        }
    }

    /// A server whose data directory is a file system of its own, which may hold data already.
    pub fn start_on(mount: impl FnOnce(&Path) -> Mount) -> Self {
        let mut server = Self::new();
        server.mount = Some(mount(&server.data()));
        server.run(Command::new(built::fuelcell()));
        server
    }

    /// A fresh server under another program, such as a tracer that takes a command.
    pub fn start_under(program: &Path, arguments: &[String]) -> Self {
        Self::new().under(program, arguments)
    }

    /// The same, with the data directory on a file system of its own.
    pub fn start_on_under(mount: impl FnOnce(&Path) -> Mount, program: &Path, arguments: &[String]) -> Self {
        let mut server = Self::new();
        server.mount = Some(mount(&server.data()));
        server.under(program, arguments)
    }

    /// A server under another program, on a data directory into which `fill` has put something.
    pub fn start_prepared_under(program: &Path, arguments: &[String], fill: impl FnOnce(&Path)) -> Self {
        let server = Self::new();
        fs::create_dir(server.data()).expect("the data directory can be made");
        fill(&server.data());
        server.under(program, arguments)
    }

    fn under(self, program: &Path, arguments: &[String]) -> Self {
        let mut server = self;
        let mut command = Command::new(program);
        command.args(arguments).arg(built::fuelcell());
        server.run(command);
        server
    }

    fn run(&mut self, mut command: Command) {
        self.starts += 1;
        let log = File::create(self.log_path()).expect("the log file can be made");
        let data = self.shown(&self.data());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(&self.arguments);
        command.current_dir(if self.relative { self.folder.path() } else { Path::new(".") });
        // Settings of the tests, and of whoever runs them, are not the server's.
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"FUELCELL_"))
        {
            command.env_remove(name);
        }
        // Compiling takes longer than everything else that most tests do.
        command.env("FUELCELL_COMPILED", self.shown(&built::target().join("tests-compiled")));
        command.env("FUELCELL_COMPILED_SECRET", self.shown(&built::target().join("tests-compiled-secret")));
        if let Some(certificates) = &self.certificates {
            command.env("SSL_CERT_FILE", certificates);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.process = Some(process.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")));
        self.base = eventually("the server says where it listens", START, || self.address());
        if self.base.starts_with("https://") {
            return;
        }
        eventually("the server answers", START, || {
            let answer = self.client(None).try_send("GET", "/healthz", &[], &[]).ok()?;
            (answer.status == 200).then_some(())
        });
    }

    /// A path as the server is given it: from its own folder on, where it is to have relative ones.
    fn shown(&self, path: &Path) -> PathBuf {
        if !self.relative {
            return path.to_owned();
        }
        if let Ok(inside) = path.strip_prefix(self.folder.path()) {
            return inside.to_owned();
        }
        let up = self.folder.path().components().skip(1).map(|_| "..").collect::<PathBuf>();
        up.join(path.strip_prefix("/").expect("the tests' paths are absolute"))
    }

    fn has_certificate(&self) -> bool {
        self.settings.iter().any(|(name, _)| name.ends_with("API__TLS__CERTIFICATE"))
    }

    fn address(&mut self) -> Option<String> {
        let log = self.log();
        let ended = self
            .process
            .as_mut()
            .is_some_and(|process| process.try_wait().is_ok_and(|status| status.is_some()));
        assert!(!ended, "the server ended at its start:\n{log}");
        // Where it is reached is not where it listens, when a proxy stands before it.
        let told = log.lines().find_map(|line| Some(line.split_once("listening at ")?.1))?;
        // As text, or as JSON.
        let address = told.split_once(" address=").or_else(|| told.split_once("\"address\":\""))?.1;
        let address: SocketAddr = address.split([' ', '"']).next()?.parse().ok()?;
        let scheme = if self.has_certificate() { "https" } else { "http" };
        Some(format!("{scheme}://{address}"))
    }

    /// Starts the server again on the same data.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "stop the server before it is started again");
        self.run(Command::new(built::fuelcell()));
    }

    /// Ends the process at once, as a power cut would end it (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("our own child can be killed");
            process.wait().expect("a killed child can be waited for");
        }
    }

    /// Tells the process to stop (SIGTERM) and waits for its end. Returns whether it ended well.
    pub fn terminate(&mut self) -> bool {
        let mut process = self.process.take().expect("the server runs");
        kill_process(Pid::from_child(&process), Signal::TERM).expect("our own child can be told to stop");
        process.wait().expect("our own child can be waited for").success()
    }

    /// The most memory that the process has held so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let process = self.process.as_ref().expect("the server runs");
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("Linux tells");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("the peak is a number");
        kilobytes * 1024
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Where the server answers.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A place for a test's own files, removed with the server.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join(format!("server-{}.log", self.starts))
    }

    /// What the server logged since its latest start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A client with this token.
    pub fn client(&self, token: Option<&str>) -> Client {
        Client::new(&self.base, token)
    }

    /// A client with the operator's token.
    pub fn operator(&self) -> Client {
        let token =
            fs::read_to_string(self.data().join("operator-token")).expect("the first start writes it");
        self.client(Some(token.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            // The log is what tells why a test failed; the test's own output shows it.
            #[allow(clippy::print_stderr)]
            {
                eprintln!("--- the server's log ---\n{}", self.log());
            }
        }
    }
}
