//! The sessions that are open, in memory, and where they outlast the process. Who may begin one, and when it ends, is
//! decided elsewhere.

use fuelcell_domain::{Digest, Role, Scope, Timestamp, TokenId};
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::task::spawn_blocking;

/// Sessions of one token; of more the one leaves that was idle for longest.
pub(crate) const MAX_OF_TOKEN: usize = 100;

/// Sessions of all tokens; beyond them the token with the most loses the one that was idle for longest.
pub(crate) const MAX_SESSIONS: usize = 10_000;

/// Where sessions outlast the process.
pub trait SessionBook: Send + Sync {
    /// What was written last; `None` at first.
    fn read(&self) -> io::Result<Option<String>>;
    /// Takes the place of what was written before, durably.
    fn write(&self, text: &str) -> io::Result<()>;
}

/// One session.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The hash under which the session's secret is known.
    pub(crate) id: Digest,
    /// The hash under which its token is kept, or under which its person is known.
    pub(crate) token: Digest,
    pub(crate) began: Timestamp,
    pub(crate) seen: Timestamp,
    /// Who signed in without a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<SignedIn>,
}

/// Somebody whom an identity provider vouched for, with what they were given then.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    /// What stands for a token's id.
    pub(crate) id: TokenId,
    pub(crate) subject: String,
    pub(crate) role: Role,
    pub(crate) scope: Scope,
    /// Until when that is believed.
    pub(crate) ends: Timestamp,
    /// The rules by which it was given: with others the session holds no more.
    pub(crate) rules: Digest,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<Digest, Session>>,
    pub(crate) book: OnceLock<Box<dyn SessionBook>>,
    /// How often there was something new to write.
    changes: AtomicU64,
    /// How many of the changes are written. Who writes holds it, so that the latest is what stays.
    written: Arc<tokio::sync::Mutex<u64>>,
}

impl Sessions {
    pub(crate) fn open(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.open.lock()
    }

    /// Writes what has changed. One write serves all who wait for it, so that many changes take neither many writes nor
    /// many threads.
    pub(crate) async fn keep(self: &Arc<Self>) -> io::Result<()> {
        let own = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        let mut written = Arc::clone(&self.written).lock_owned().await;
        if *written >= own {
            return Ok(());
        }
        let sessions = Arc::clone(self);
        // The lock goes with the write, which goes on when nobody waits for it any more.
        let writing = spawn_blocking(move || {
            let changes = sessions.changes.load(Ordering::SeqCst);
            sessions.write()?;
            *written = changes;
            Ok(())
        });
        writing.await.map_err(io::Error::other)?
    }

    fn write(&self) -> io::Result<()> {
        let Some(book) = self.book.get() else { return Ok(()) };
        let sessions: Vec<Session> = self.open().values().cloned().collect();
        book.write(&serde_json::to_string(&sessions)?)
    }
}

/// Drops those that were idle for longest until one more has room.
pub(crate) fn make_room(open: &mut HashMap<Digest, Session>, token: Digest) {
    let mut of_token = HashMap::<Digest, usize>::new();
    for session in open.values() {
        *of_token.entry(session.token).or_default() += 1;
    }
    let crowded = match of_token.get(&token) {
        Some(&own) if own >= MAX_OF_TOKEN => Some(token),
        // Whoever opens many makes the room, so that nobody else is signed out.
        _ if open.len() >= MAX_SESSIONS => {
            of_token.into_iter().max_by_key(|(token, count)| (*count, *token)).map(|(token, _)| token)
        }
        _ => None,
    };
    let of_crowded = open.values().filter(|session| Some(session.token) == crowded);
    if let Some((_, id)) = of_crowded.map(|session| (session.seen, session.id)).min() {
        open.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    fn session(token: u8, number: u64) -> Session {
        let id = Digest::of(&number.to_be_bytes());
        let (began, seen) = (Timestamp(0), Timestamp(number as i64));
        Session { id, token: Digest([token; 32]), began, seen, person: None }
    }

    #[test]
    fn whoever_has_opened_most_makes_room() {
        let first = session(1, 0);
        let mut open = HashMap::from([(first.id, first.clone())]);
        let other = |number: u64| session(2 + (number % 2 * number % 99) as u8, number);
        for one in (1..MAX_SESSIONS as u64 - 1).map(other) {
            open.insert(one.id, one);
        }
        make_room(&mut open, Digest([200; 32]));
        assert_eq!(open.len(), MAX_SESSIONS - 1, "there is room for one more");
        let last = other(MAX_SESSIONS as u64);
        open.insert(last.id, last);
        make_room(&mut open, Digest([200; 32]));
        assert_eq!(open.len(), MAX_SESSIONS - 1);
        assert!(open.contains_key(&first.id), "the idlest, but the only one of its token");
    }

    /// Says when it begins to write, and ends when it may.
    struct Slow {
        begun: SyncSender<String>,
        go: Mutex<Receiver<()>>,
    }

    impl SessionBook for Slow {
        fn read(&self) -> io::Result<Option<String>> {
            Ok(None)
        }

        fn write(&self, text: &str) -> io::Result<()> {
            self.begun.send(text.to_owned()).map_err(io::Error::other)?;
            self.go.lock().recv().map_err(io::Error::other)
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_write_serves_all_who_wait_for_it() {
        let ((begun, writes), (may, go)) = (sync_channel(100), sync_channel(100));
        let sessions = Arc::new(Sessions::default());
        assert!(sessions.book.set(Box::new(Slow { begun, go: Mutex::new(go) })).is_ok());
        let change = |number| {
            let sessions = Arc::clone(&sessions);
            let one = session(1, number);
            sessions.open().insert(one.id, one);
            tokio::spawn(async move { sessions.keep().await })
        };
        let first = change(0);
        let writes = spawn_blocking(move || (writes.recv().unwrap(), writes)).await.unwrap().1;
        // Its caller goes away; the write goes on.
        first.abort();
        let others: Vec<_> = (1..=50).map(change).collect();
        while sessions.changes.load(Ordering::SeqCst) < 51 {
            tokio::task::yield_now().await;
        }
        may.send(()).unwrap();
        may.send(()).unwrap();
        for other in others {
            other.await.unwrap().unwrap();
        }
        let second: Vec<Session> = serde_json::from_str(&writes.try_recv().unwrap()).unwrap();
        assert_eq!(second.len(), 51);
        assert!(writes.try_recv().is_err(), "two writes for 51 changes");
    }
}
