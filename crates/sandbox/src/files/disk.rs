//! The disk of a cell: bytes of all artifacts, files and of the checkpoint together, exact to the byte, and the number of
//! names in its file system.

use fuelcell_domain::{FIXED, HostError, Meter, OutputNames};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

/// What a guest has been refused so far, and therefore what a failure after it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The disk limit.
    Disk,
    /// The number of files, or the depth of directories.
    Entries,
    /// The number of artifacts, or of open handles.
    Host,
    /// The name of the file that it wanted to make last, and why.
    Name(String),
}

#[derive(Default)]
struct State {
    used: u64,
    checkpoint: u64,
    /// Artifacts made through the job interface.
    artifacts: u32,
    /// Their names, but for those that were thrown away.
    made: OutputNames,
    /// Files that will be published.
    outputs: u32,
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
        self.state().refusal.clone()
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
    pub(crate) fn add_artifact(&self, name: &str) -> Result<(), HostError> {
        let mut state = self.state();
        if state.artifacts + state.outputs >= FIXED.artifacts {
            state.refusal.get_or_insert(Refusal::Host);
            return Err(HostError::Limit(too_many_artifacts()));
        }
        state.artifacts += 1;
        // Whether two have one name, the job's host sees.
        let _ = state.made.insert(name);
        Ok(())
    }

    /// An artifact was thrown away: its name is free again.
    pub(crate) fn drop_artifact(&self, name: &str) {
        self.state().made.remove(name);
    }

    /// Whether files of these names can be published when `freed` others are gone. The error says why not.
    pub(crate) fn admit_outputs(&self, names: &[String], freed: u32) -> Result<(), String> {
        let mut state = self.state();
        let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
        let left = (state.artifacts + state.outputs).saturating_sub(freed);
        if count > 0 && left.saturating_add(count) > FIXED.artifacts {
            state.refusal.get_or_insert(Refusal::Host);
            return Err(too_many_artifacts());
        }
        let clash = names.iter().find_map(|name| {
            let reason = state.made.clash(name)?;
            Some(format!("\"{name}\" cannot be the name of an output: {reason}"))
        });
        clash.map_or(Ok(()), Err)
    }

    /// So many more files will be published.
    pub(crate) fn add_outputs(&self, count: u32) {
        self.state().outputs += count;
    }

    /// So many fewer files will be published.
    pub(crate) fn remove_outputs(&self, count: u32) {
        let mut state = self.state();
        state.outputs = state.outputs.saturating_sub(count);
    }

    /// Files that will be published.
    pub(crate) fn outputs(&self) -> u32 {
        self.state().outputs
    }

    /// Notes that a file could not be made for its name.
    pub(crate) fn refuse_name(&self, reason: String) {
        let mut state = self.state();
        if matches!(state.refusal, None | Some(Refusal::Name(_))) {
            state.refusal = Some(Refusal::Name(reason));
        }
    }

    /// A file was made: what happens from here on is not about an earlier name.
    pub(crate) fn accept_name(&self) {
        let mut state = self.state();
        if matches!(state.refusal, Some(Refusal::Name(_))) {
            state.refusal = None;
        }
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
        self.state.lock()
    }
}

fn too_many_artifacts() -> String {
    format!("a job makes at most {} artifacts, files in /out included", FIXED.artifacts)
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
        disk.add_outputs(1);
        assert!((1..FIXED.artifacts).all(|_| disk.add_artifact("x").is_ok()));
        assert!(disk.add_artifact("x").is_err());
        assert!(disk.admit_outputs(&["y".into()], 0).is_err());
        assert!(disk.admit_outputs(&["y".into()], 1).is_ok() && disk.admit_outputs(&[], 0).is_ok());
        assert_eq!(disk.refusal(), Some(Refusal::Host));
    }
}
