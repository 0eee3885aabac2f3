//! The sessions that are open, in memory, and where they outlast the process. Who may begin one, and when it ends, is
//! decided elsewhere.

use fuelcell_domain::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sessions of one token; of more the one leaves that was idle for longest.
pub(crate) const MAX_OF_TOKEN: usize = 100;

/// Sessions of all tokens; of more the one leaves that was idle for longest.
pub(crate) const MAX_SESSIONS: usize = 10_000;

/// Where sessions outlast the process.
pub trait SessionBook: Send + Sync {
    /// What was written last; `None` at first.
    fn read(&self) -> io::Result<Option<String>>;
    /// Takes the place of what was written before, durably.
    fn write(&self, text: &str) -> io::Result<()>;
}

/// One session.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The hash under which the session's secret is known.
    pub(crate) id: Digest,
    /// The hash under which its token is kept.
    pub(crate) token: Digest,
    pub(crate) began: Timestamp,
    pub(crate) seen: Timestamp,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<Digest, Session>>,
    /// One writes at a time, so that the latest is what stays.
    pub(crate) book: Mutex<Option<Box<dyn SessionBook>>>,
}

impl Sessions {
    pub(crate) fn open(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(book) = book.as_ref() else { return Ok(()) };
        let sessions: Vec<Session> = self.open().values().copied().collect();
        book.write(&serde_json::to_string(&sessions)?)
    }
}

/// Drops those that were idle for longest until one more has room.
pub(crate) fn make_room(open: &mut HashMap<Digest, Session>, token: Digest) {
    let of_token = open.values().filter(|session| session.token == token);
    let own: Vec<_> = of_token.map(|session| (session.seen, session.id)).collect();
    if own.len() >= MAX_OF_TOKEN {
        own.iter().min().map(|(_, id)| open.remove(id));
    }
    if open.len() >= MAX_SESSIONS {
        let oldest = open.values().map(|session| (session.seen, session.id)).min();
        oldest.map(|(_, id)| open.remove(&id));
    }
}
