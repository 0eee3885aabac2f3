//! Backups that a running server makes of what it keeps, as its operator sees them.

use crate::Timestamp;

/// How a server's backups stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupState {
    /// Since when one is being made.
    pub running_since: Option<Timestamp>,
    /// The latest that ended since the server started.
    pub last: Option<BackupEnd>,
    /// When the latest good one ended, also before the server started.
    pub last_good: Option<Timestamp>,
    /// Those since the server started that came to nothing.
    pub failures: u64,
    /// Seconds from one that is made by itself to the next; 0 = they are only made when somebody asks.
    pub every_seconds: u64,
}

/// How a backup ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupEnd {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What is in it, or why there is none; in words.
    pub outcome: Result<String, String>,
}

/// Makes backups of all that the server keeps, one at a time, while it goes on.
pub trait Backups: Send + Sync {
    /// How they stand.
    fn state(&self) -> BackupState;

    /// Begins one; false when one is being made already.
    fn begin(&self) -> bool;
}
