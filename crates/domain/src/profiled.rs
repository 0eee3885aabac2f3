//! A profiled run, and who makes files of what was seen of it.

use crate::{ArtifactKind, FuelProfile, RunEnd, Usage};

/// A run that has ended.
#[derive(Clone, Copy, Debug)]
pub struct ProfiledRun<'a> {
    /// What ran, for people.
    pub name: &'a str,
    /// Whether an engine ran it, whose functions the profile names.
    pub is_script: bool,
    /// How it ended.
    pub end: &'a RunEnd,
    /// What it used.
    pub usage: Usage,
    /// What was seen of it.
    pub profile: &'a FuelProfile,
}

/// A file of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFile {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub kind: ArtifactKind,
    /// A title for people.
    pub title: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Makes files of profiles. The binary implements it; the scheduler keeps them with the job.
pub trait ProfileFiles: Send + Sync {
    /// The files, those first that people look at first.
    fn files(&self, run: &ProfiledRun<'_>) -> Vec<ProfileFile>;
}
