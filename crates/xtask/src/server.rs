//! A `fuelcell serve` of our own: started, waited for, and stopped again whatever happens.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::Write,
    net::{SocketAddr, TcpListener},
    os::unix::{fs::DirBuilderExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    client::Client,
    progress::{Progress, note},
};

/// The first start compiles the built-in modules.
const READY_WITHIN: Duration = Duration::from_secs(180);
/// Running jobs may end first; the server itself waits 20 s for them.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(50);

/// A running server. Dropping it stops it.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    data: PathBuf,
}

/// Hears Ctrl-C and SIGTERM, so that a server of ours is not left behind. From then on such a signal does not end this
/// process by itself: whatever takes long must ask.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Begins to listen. Once per process.
    pub(crate) fn listen() -> Result<Self> {
        let heard = Arc::new(AtomicBool::new(false));
        let told = heard.clone();
        ctrlc::set_handler(move || told.store(true, Ordering::Relaxed))
            .context("cannot listen for Ctrl-C")?;
        Ok(Self(heard))
    }

    fn is_heard(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Goes on, or not.
    ///
    /// # Errors
    /// When somebody wants us to stop.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(!self.is_heard(), "interrupted");
        Ok(())
    }

    /// Waits.
    ///
    /// # Errors
    /// When somebody wants us to stop.
    pub(crate) fn wait(&self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.check()?;
            thread::sleep(left.min(STEP));
        }
        self.check()
    }

    /// Waits until somebody wants us to stop.
    pub(crate) fn wait_forever(&self) {
        while !self.is_heard() {
            thread::sleep(STEP);
        }
    }
}

impl Server {
    /// Starts `binary serve` on a data directory and waits until it answers. Its log goes to `server.log` there.
    pub(crate) fn start(
        binary: &Path,
        data: &Path,
        address: SocketAddr,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        Self::start_set(binary, data, address, &[], interrupt)
    }

    /// The same with settings from its environment: `("FUELCELL_TRACES__SAMPLE", "1")`.
    pub(crate) fn start_set(
        binary: &Path,
        data: &Path,
        address: SocketAddr,
        settings: &[(&str, &str)],
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let log = open_log(data)?;
        let child = Command::new(binary)
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", &address.to_string()])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C in a terminal reaches a whole group: we want to hear it first and stop the server in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Self { child, address, data: data.to_owned() };
        server.wait_until_ready(interrupt)?;
        Ok(server)
    }

    /// Where it is reached from this machine.
    pub(crate) fn base_url(&self) -> String {
        base_url(self.address)
    }

    /// CPU time that the process has used, to a hundredth of a second.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program, in parentheses, may hold anything; user and system time are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').context("Linux says nothing of the server")?;
        let ticks =
            fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Memory of the process that lies in the machine's.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kilobytes.context("Linux says nothing of the server's memory")?.trim().parse::<u64>()? * 1024)
    }

    /// The log file.
    pub(crate) fn log(&self) -> PathBuf {
        log_path(&self.data)
    }

    /// A client with the token that the first start wrote.
    pub(crate) fn operator(&self) -> Result<Client> {
        let path = self.data.join("operator-token");
        let token =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Client::new(self.base_url(), token.trim()))
    }

    fn wait_until_ready(&mut self, interrupt: &Interrupt) -> Result<()> {
        let _progress = Progress::spinner("Starting the server");
        let client = Client::new(self.base_url(), "");
        let started = Instant::now();
        while !client.is_healthy() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once ({status}):\n{}", self.end_of_log());
            }
            ensure!(
                started.elapsed() < READY_WITHIN,
                "the server does not answer after {} s:\n{}",
                READY_WITHIN.as_secs(),
                self.end_of_log()
            );
            interrupt.wait(STEP)?;
        }
        Ok(())
    }

    fn end_of_log(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// SIGTERM, so that it drains; SIGKILL when it does not end.
    fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let asked = Instant::now();
        while asked.elapsed() < STOPPED_WITHIN {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(STEP);
        }
        note("The server did not stop in time; killing it.");
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            note(&format!("the server could not be stopped: {error:#}"));
        }
    }
}

/// `wanted` when it is free. Port 0 means any; without a wish it is `default` or, when that is taken, any other port.
///
/// # Errors
/// When the wanted address is taken or not ours.
pub(crate) fn free_address(wanted: Option<SocketAddr>, default: SocketAddr) -> Result<SocketAddr> {
    if let Some(address) = wanted {
        return bindable(address).with_context(|| format!("cannot listen on {address}"));
    }
    bindable(default).or_else(|_| {
        let other = bindable(SocketAddr::new(default.ip(), 0)).context("no free port")?;
        note(&format!("{default} is taken; using {other} instead."));
        Ok(other)
    })
}

/// The address with its real port, when one can listen on it.
fn bindable(address: SocketAddr) -> std::io::Result<SocketAddr> {
    TcpListener::bind(address)?.local_addr()
}

fn base_url(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://127.0.0.1:{}", address.port());
    }
    format!("http://{address}")
}

fn log_path(data: &Path) -> PathBuf {
    data.join("server.log")
}

/// The directory holds secrets: it is for its owner only.
fn open_log(data: &Path) -> Result<File> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.with_context(|| format!("cannot make {}", data.display()))?;
    let path = log_path(data);
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    writeln!(log, "--- started by cargo xtask")?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_default_falls_over_to_another_port() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let default = taken.local_addr().unwrap();
        let chosen = free_address(None, default).unwrap();
        assert_ne!(chosen.port(), default.port());
        assert_ne!(chosen.port(), 0);
    }

    #[test]
    fn a_taken_wish_is_an_error() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let wanted = taken.local_addr().unwrap();
        let error = free_address(Some(wanted), wanted).unwrap_err();
        assert!(error.to_string().contains(&wanted.to_string()), "{error}");
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_on_this_machine() {
        assert_eq!(base_url("0.0.0.0:7300".parse().unwrap()), "http://127.0.0.1:7300");
        assert_eq!(base_url("[::1]:7300".parse().unwrap()), "http://[::1]:7300");
    }
}
