//! The disk of a cell: bytes of all artifacts, files and of the checkpoint together, exact to the byte, and the number of
//! names in its file system.

use fuelcell_domain::{FIXED, HostError, Meter};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a guest has been refused so far, and therefore what a failure after it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The disk limit.
    Disk,
    /// The number of files, or the depth of directories.
    Entries,
    /// The number of artifacts, or of open handles.
    Host,
}

#[derive(Default)]
struct State {
    used: u64,
    checkpoint: u64,
    artifacts: u32,
    entries: u32,
    refusal: Option<Refusal>,
}

/// Counts what a job keeps. Writers share it.
#[derive(Clone)]
pub(crate) struct Disk {
    limit: u64,
    meter: Arc<Meter>,
    state: Arc<Mutex<State>>,
}

impl Disk {
    pub(crate) fn new(limit: u64, meter: Arc<Meter>) -> Self {
        Self { limit, meter, state: Arc::default() }
    }

    /// The limit in bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// What the guest was refused, the disk limit first.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.state().refusal
    }

    /// Artifacts made so far.
    pub(crate) fn artifacts(&self) -> u32 {
        self.state().artifacts
    }

    /// Counts one more file, directory or link.
    pub(crate) fn take_entry(&self) -> Result<(), HostError> {
        let mut state = self.state();
        if state.entries >= FIXED.files {
            state.refusal.get_or_insert(Refusal::Entries);
            return Err(HostError::Limit(format!("a job has at most {} files", FIXED.files)));
        }
        state.entries += 1;
        self.note(&state);
        Ok(())
    }

    /// One file, directory or link is gone.
    pub(crate) fn give_back_entry(&self) {
        let mut state = self.state();
        state.entries = state.entries.saturating_sub(1);
    }

    /// Notes that a directory would have been too deep.
    pub(crate) fn refuse_entry(&self) {
        self.state().refusal.get_or_insert(Refusal::Entries);
    }

    /// Counts one more artifact.
    pub(crate) fn add_artifact(&self) -> Result<(), HostError> {
        let mut state = self.state();
        if state.artifacts >= FIXED.artifacts {
            state.refusal.get_or_insert(Refusal::Host);
            return Err(HostError::Limit(format!("a job makes at most {} artifacts", FIXED.artifacts)));
        }
        state.artifacts += 1;
        Ok(())
    }

    /// Notes that the guest holds as many handles as it may.
    pub(crate) fn refuse_handle(&self) -> HostError {
        self.state().refusal.get_or_insert(Refusal::Host);
        HostError::Limit("too many readers and writers are open; drop some".into())
    }

    /// Takes `bytes` if they fit.
    pub(crate) fn take(&self, bytes: u64) -> Result<(), HostError> {
        let mut state = self.state();
        state.used = self.fit(&mut state, 0, bytes)?;
        self.note(&state);
        Ok(())
    }

    /// Gives `bytes` back.
    pub(crate) fn give_back(&self, bytes: u64) {
        let mut state = self.state();
        state.used = state.used.saturating_sub(bytes);
    }

    /// Takes room for a checkpoint of `bytes` in place of the one before.
    pub(crate) fn replace_checkpoint(&self, bytes: u64) -> Result<(), HostError> {
        let mut state = self.state();
        let before = state.checkpoint;
        state.used = self.fit(&mut state, before, bytes)?;
        state.checkpoint = bytes;
        self.note(&state);
        Ok(())
    }

    /// What would be used with `gone` bytes less and `bytes` more, unless that is too much.
    fn fit(&self, state: &mut State, gone: u64, bytes: u64) -> Result<u64, HostError> {
        let wanted = (state.used - gone).saturating_add(bytes);
        if wanted > self.limit {
            state.refusal = Some(Refusal::Disk);
            return Err(HostError::Limit(format!(
                "artifacts, files and checkpoint together hold at most {} bytes; {} are used, {bytes} more do not fit",
                self.limit,
                state.used - gone
            )));
        }
        Ok(wanted)
    }

    fn note(&self, state: &State) {
        self.meter.set_disk(state.used, u64::from(state.entries));
    }

    /// A count is whole after every statement, so a panic elsewhere cannot have broken it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(limit: u64) -> Disk {
        Disk::new(limit, Arc::default())
    }

    #[test]
    fn the_limit_is_exact() {
        for (bytes, fits) in [(99, true), (100, true), (101, false)] {
            let disk = of(100);
            assert_eq!(disk.take(bytes).is_ok(), fits, "{bytes}");
            assert_eq!(disk.refusal().is_some(), !fits, "{bytes}");
        }
    }

    #[test]
    fn a_checkpoint_takes_the_place_of_the_one_before() {
        let disk = of(100);
        disk.take(40).unwrap();
        disk.replace_checkpoint(60).unwrap();
        disk.replace_checkpoint(60).unwrap();
        assert!(disk.replace_checkpoint(61).is_err());
        disk.replace_checkpoint(10).unwrap();
        disk.take(50).unwrap();
        assert!(disk.take(1).is_err());
        assert_eq!(disk.refusal(), Some(Refusal::Disk));
    }

    #[test]
    fn room_that_was_given_back_can_be_taken_again() {
        let disk = of(10);
        disk.take(10).unwrap();
        disk.give_back(10);
        disk.take(10).unwrap();
        assert!(disk.take(u64::MAX).is_err());
    }

    #[test]
    fn entries_are_counted_exactly() {
        let disk = of(0);
        assert!((0..FIXED.files).all(|_| disk.take_entry().is_ok()));
        assert!(disk.take_entry().is_err());
        disk.give_back_entry();
        assert!(disk.take_entry().is_ok());
        assert_eq!(disk.refusal(), Some(Refusal::Entries));
    }

    #[test]
    fn the_most_that_there_was_is_noted() {
        let disk = of(100);
        disk.take(40).unwrap();
        disk.replace_checkpoint(50).unwrap();
        assert!(disk.take(11).is_err());
        disk.give_back(40);
        disk.take_entry().unwrap();
        disk.give_back_entry();
        disk.take_entry().unwrap();
        let usage = disk.meter.usage();
        assert_eq!((usage.peak_disk_bytes, usage.peak_files), (90, 1));
    }

    #[test]
    fn artifacts_are_counted() {
        let disk = of(0);
        assert!((0..FIXED.artifacts).all(|_| disk.add_artifact().is_ok()));
        assert!(disk.add_artifact().is_err());
        assert_eq!(disk.refusal(), Some(Refusal::Host));
    }
}
