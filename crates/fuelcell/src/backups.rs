//! Backups that the server makes of itself: `fuelcell backup`, as a process of its own, whenever it is asked for or due.
//!
//! It is the same command that an operator types. It asks the server for its records as they are at one moment, and takes
//! its memory with it when it ends.

use crate::operate;
use anyhow::Context;
use fuelcell_domain::Clock;
use fuelcell_domain::backup::{BackupEnd, BackupState, Backups};
use fuelcell_domain::clock::SystemClock;
use fuelcell_domain::text::clipped;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// Characters of what a backup says that are kept.
const MAX_MESSAGE: usize = 1000;
/// Bytes of it that are looked at.
const MAX_READ: u64 = 1 << 20;
/// When one came to nothing, the next is tried after this time at the latest.
const AGAIN: Duration = Duration::from_secs(600);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Backups that the server makes of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackupSettings {
    /// Folder for backups that the server makes, outside of the data directory; each brings the one before up to date.
    /// Absent = it makes none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
    /// Seconds from one backup to the next; 0 = only when an operator asks for one.
    pub(crate) every_seconds: u64,
}

/// The backups of one server.
pub(crate) struct OwnBackups {
    data: PathBuf,
    folder: PathBuf,
    every: Option<Duration>,
    state: Mutex<BackupState>,
    asked: Notify,
}

impl OwnBackups {
    /// The backups of a data directory, if a folder for them is set.
    ///
    /// # Errors
    /// When the folder lies in the data directory.
    pub(crate) fn of(data: &Path, settings: &BackupSettings) -> anyhow::Result<Option<Arc<Self>>> {
        let Some(folder) = &settings.folder else { return Ok(None) };
        let (data, folder) = (data.to_owned(), folder.clone());
        operate::check_place(&data, &folder).context("backup.folder cannot be used")?;
        let every_seconds = settings.every_seconds;
        let state =
            BackupState { last_good: operate::made_at(&folder), every_seconds, ..BackupState::default() };
        Ok(Some(Arc::new(Self {
            data,
            folder,
            every: (every_seconds > 0).then(|| Duration::from_secs(every_seconds)),
            state: Mutex::new(state),
            asked: Notify::new(),
        })))
    }

    /// Makes them; never ends. The first that is due by itself is due so long after the latest good one.
    pub(crate) async fn keep(&self) {
        let mut due = self.every.map(|every| {
            let age = self.state().last_good.map_or(every, |at| SystemClock.now().since(at));
            Instant::now() + every.saturating_sub(age)
        });
        loop {
            let is_due = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.asked.notified() => {}
                // Who asked in the same moment is heard next.
                () = is_due => if !self.mark_begun() { continue },
            }
            let is_good = self.make().await;
            // What kept one from being made may pass.
            due = self.every.map(|every| Instant::now() + if is_good { every } else { every.min(AGAIN) });
        }
    }

    /// Whether it is a good one.
    async fn make(&self) -> bool {
        let started_at = self.state().running_since.unwrap_or_else(|| SystemClock.now());
        let outcome = self.run().await;
        let ended_at = SystemClock.now();
        match &outcome {
            Ok(said) => tracing::info!(folder = %self.folder.display(), said, "a backup was made"),
            Err(why) => {
                tracing::error!(folder = %self.folder.display(), why, "a backup came to nothing");
            }
        }
        let is_good = outcome.is_ok();
        let mut state = self.lock();
        match is_good {
            true => state.last_good = Some(ended_at),
            false => state.failures += 1,
        }
        state.running_since = None;
        state.last = Some(BackupEnd { started_at, ended_at, outcome });
        is_good
    }

    /// What the command says at its end.
    async fn run(&self) -> Result<String, String> {
        let ended = self.command().await;
        let (status, said) =
            ended.map_err(|error| format!("`fuelcell backup` cannot be started: {error}"))?;
        match (status.success(), &*said) {
            (true, said) => Ok(clipped(said.lines().last().unwrap_or_default(), MAX_MESSAGE)),
            (false, "") => Err(format!("`fuelcell backup` ended without a word: {status}")),
            // What ended it stands last.
            (false, said) => Err(last_characters(said).to_owned()),
        }
    }

    async fn command(&self) -> io::Result<(ExitStatus, String)> {
        // A file takes any number of lines without anybody who reads them.
        let mut said = tempfile::tempfile()?;
        // The program that runs, also when its file was replaced meanwhile.
        let mut command = Command::new("/proc/self/exe");
        // They are the server's settings, and only a part of them.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FUELCELL_") {
                command.env_remove(name);
            }
        }
        command.arg("backup").arg(&self.folder).arg("--data").arg(&self.data);
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said.try_clone()?);
        let mut process = Process(command.spawn()?);
        let status = loop {
            match process.0.try_wait()? {
                Some(status) => break status,
                None => sleep(LOOK).await,
            }
        };
        said.rewind()?;
        let mut text = Vec::new();
        said.take(MAX_READ).read_to_end(&mut text)?;
        Ok((status, String::from_utf8_lossy(&text).trim().to_owned()))
    }

    /// Marks that one begins; false when one is being made.
    fn mark_begun(&self) -> bool {
        let mut state = self.lock();
        let is_free = state.running_since.is_none();
        state.running_since.get_or_insert_with(|| SystemClock.now());
        is_free
    }

    /// What is guarded is whole between any two statements.
    fn lock(&self) -> parking_lot::MutexGuard<'_, BackupState> {
        self.state.lock()
    }
}

fn last_characters(text: &str) -> &str {
    text.char_indices().nth_back(MAX_MESSAGE - 1).map_or(text, |(start, _)| &text[start..])
}

/// A process that ends with whoever waits for it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It fails for one that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Backups for OwnBackups {
    fn state(&self) -> BackupState {
        self.lock().clone()
    }

    fn begin(&self) -> bool {
        let begins = self.mark_begun();
        if begins {
            self.asked.notify_one();
        }
        begins
    }
}
