//! The profile of an attempt whose job asks for one: files of the host's, beside what the guest made.

use crate::dispatch::Scheduler;
use crate::live::{Live, StopReason};
use fuelcell_domain::profile::MAX_FILE_BYTES;
use fuelcell_domain::{Job, LogLevel, ProfiledRun, RunEnd, Usage};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The stage of a line in the log that says why there is no profile.
const PROFILE: &str = "profile";
/// Why a guest has none.
const NOTHING_SEEN: &str = "the guest did not begin, or its process ended before it told what was seen";

impl Scheduler {
    /// Puts the profile among what the attempt brings. Where there is none, a line in the log says why.
    pub(crate) async fn keep_profile(&self, job: &Job, live: &Arc<Live>, end: &RunEnd, usage: Usage) {
        let is_unwanted = matches!(live.stop_reason(), Some(StopReason::GiveBack | StopReason::Lost));
        if !job.profile || is_unwanted {
            return;
        }
        let kept = match live.meter.profile.get() {
            Some(_) => self.keep_files(job, live.clone(), end.clone(), usage).await,
            None => Err(NOTHING_SEEN.to_owned()),
        };
        if let Err(reason) = kept {
            let line = format!("there is no profile: {reason}");
            live.log.lock().push(self.clock.now(), LogLevel::Warn, PROFILE, &line);
        }
    }

    /// Off the threads that serve others, and one at a time: it takes memory that no job has reserved.
    async fn keep_files(&self, job: &Job, live: Arc<Live>, end: RunEnd, usage: Usage) -> Result<(), String> {
        let _turn = self.profile_turn.lock().await;
        let profiles = self.profiles.clone();
        let (name, is_script) = (job.name.clone(), job.module.engine.is_some());
        let work = move || {
            let Some(profile) = live.meter.profile.get() else { return Ok(()) };
            let run = ProfiledRun { name: &name, is_script, end: &end, usage, profile };
            for file in profiles.files(&run) {
                if file.bytes.len() > MAX_FILE_BYTES {
                    let (name, bytes) = (file.name, file.bytes.len());
                    return Err(format!("{name} would have {bytes} bytes, and has at most {MAX_FILE_BYTES}"));
                }
                live.staging.keep(file).map_err(|error| error.to_string())?;
            }
            Ok(())
        };
        let done = spawn_blocking(work).await.unwrap_or_else(|panic| Err(panic.to_string()));
        done.inspect_err(|error| tracing::warn!(%error, "A profile could not be kept"))
    }
}
