//! How commands end: codes that scripts can go by, and words for people.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::process::ExitCode;

/// What helps where a disk is full.
pub const MAKE_ROOM: &str = "the disk is full: make room there, or name a folder on another one";

/// Whether an error says that a disk, or somebody's share of it, is full.
pub fn is_full(error: &(dyn Error + 'static)) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    matches!(kind, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}

/// What another program says is wrong: its first error, without what it says before and after; none = it says nothing.
pub fn first_error(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().next()?;
    let line = lines.find(|line| line.starts_with("error:")).unwrap_or(first);
    Some(line.trim_start_matches("error: ").trim_end_matches('.').to_owned())
}

/// The known name that is meant by one that is not known: at most a third of its letters differ, whatever their capitals.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let apart =
        known.into_iter().map(|name| (strsim::damerau_levenshtein(&name.to_lowercase(), &lower), name));
    let (distance, name) = apart.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= lower.chars().count()).then_some(name)
}

/// What the exit code says. `docs/command-line.md` has the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A job that was waited for did not complete, or something went wrong on this machine.
    Failed = 1,
    /// What was asked cannot be done as it was asked.
    Usage = 2,
    /// The role of whoever asks does not allow it.
    NotAllowed = 3,
    /// The server does not know whoever asks.
    NotSignedIn = 4,
    /// Something else stands against it: a conflict, a quota, a limit.
    Conflict = 5,
    /// The server cannot be reached, or cannot answer now.
    Unreachable = 6,
    /// It took longer than it was to be waited for.
    Deadline = 7,
    /// Some of it was done, and some was not.
    Partly = 8,
    /// A signal ended it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ends without having done what it was to do.
#[derive(Debug)]
pub struct Failure {
    pub(crate) exit: Exit,
    message: String,
    /// Single faults, each a line.
    faults: Vec<String>,
    remedy: Option<String>,
}

/// What comes of a command.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), faults: Vec::new(), remedy: None }
    }

    /// What cannot be done as it was asked.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Something on this machine that is in the way.
    pub(crate) fn here(what: impl Display, error: impl Display) -> Self {
        Self::new(Exit::Failed, format!("{what}: {error}"))
    }

    /// What could not be written here.
    pub(crate) fn unwritten(what: impl Display, error: io::Error) -> Self {
        let failure = Self::here(what, &error);
        match is_full(&error) {
            true => failure.with_remedy(MAKE_ROOM),
            false => failure,
        }
    }

    pub(crate) fn with_faults(mut self, faults: Vec<String>) -> Self {
        self.faults = faults;
        self
    }

    /// What is wrong, and what helps.
    pub(crate) fn parts(&self) -> (&str, Option<&str>) {
        (&self.message, self.remedy.as_deref())
    }

    /// With what helps.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl Error for Failure {}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        failure.exit.into()
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))?;
        self.remedy.iter().try_for_each(|remedy| write!(f, "\n  {remedy}"))
    }
}
