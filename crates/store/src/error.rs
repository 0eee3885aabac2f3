//! Why a verb did nothing.

use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{AttemptId, QuotaExceeded, SavedError};
use std::io;

/// Why a verb did nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The named thing is not there (or belongs to another project).
    #[error("{0} does not exist")]
    NotFound(&'static str),
    /// Something else is there already.
    #[error("{0}")]
    Conflict(String),
    /// Something refers to it; the text names what.
    #[error("it is used by {0}")]
    InUse(String),
    /// Nobody could administer the server any more.
    #[error(
        "it is the last operator token that holds; make another one first, so that somebody can still get in"
    )]
    LastOperator,
    /// The project's quota is in the way.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// The job cannot move that way.
    #[error(transparent)]
    Transition(TransitionError),
    /// A write named an attempt that does not hold the job any more.
    #[error("attempt {0} does not hold this job any more")]
    Stale(AttemptId),
    /// No space is left on the medium. Nothing was changed.
    #[error("no space left on the storage medium")]
    Full,
    /// The store is temporarily unavailable, as while a database fails over. Whether the work was done is not known;
    /// whoever asks again hears it, because [`Submissions::submit`](crate::Submissions::submit),
    /// [`Queue::claim`](crate::Queue::claim) and [`Queue::finish`](crate::Queue::finish) answer a second time as the
    /// first.
    #[error("the store is temporarily unavailable: {0}")]
    Unavailable(String),
    /// The medium failed or holds damaged data.
    #[error("storage failed: {0}")]
    Storage(String),
}

/// What a step of a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalStep {
    /// So many records are gone, and there may be more.
    Removed(u64),
    /// What is left waits for running jobs to end, or for the removals of a tenant's projects.
    Waiting,
    /// Nothing is left.
    Done,
}

impl StoreError {
    /// Of a tenant or project whose name another one has.
    pub fn name_taken(what: &str, name: &str, id: impl std::fmt::Display) -> Self {
        Self::Conflict(format!("the {what} {id} has the name \"{name}\" already"))
    }

    /// Of a tenant or project whose id one had that was taken away.
    pub fn id_taken_away(what: &str, id: impl std::fmt::Display) -> Self {
        Self::Conflict(format!("{what} {id} was deleted; its id is not used again"))
    }

    /// Of an upload to which somebody else has added.
    pub fn upload_moved(offset: u64) -> Self {
        Self::Conflict(format!("{offset} bytes of the upload have come"))
    }

    /// Whether it says something of the medium, and not only of what was asked for.
    pub fn is_of_the_medium(&self) -> bool {
        matches!(self, Self::Full | Self::Unavailable(_) | Self::Storage(_))
    }
}

impl From<TransitionError> for StoreError {
    fn from(error: TransitionError) -> Self {
        match error {
            TransitionError::Stale(attempt) => Self::Stale(attempt),
            other => Self::Transition(other),
        }
    }
}

impl From<SavedError> for StoreError {
    fn from(error: SavedError) -> Self {
        match error {
            SavedError::Absent(kind) => Self::NotFound(kind.one()),
            SavedError::Changed { .. } => Self::Conflict(error.to_string()),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        // Readers and writers of stored bytes say with it what a verb would say.
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
                _ => Self::Storage(error.to_string()),
            },
        }
    }
}
