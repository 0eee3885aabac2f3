//! Sees to it that an input which does not end is known.

use crate::corpus;
use std::process;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// How long an input may take on a crowded machine before it counts as one that does not end.
const PATIENCE: Duration = Duration::from_secs(100);

/// How often is looked.
const LOOK: Duration = Duration::from_secs(1);

/// The input that is being tried, and since when.
pub(crate) struct Watch(Arc<Mutex<(Instant, Vec<u8>)>>);

impl Watch {
    /// Watches until it is dropped. An input that does not end is kept where `keeps` says so, and ends the process: no other
    /// way leads out of a loop.
    pub(crate) fn over(target: &'static str, keeps: bool) -> Self {
        let current = Arc::new(Mutex::new((Instant::now(), Vec::new())));
        let seen = Arc::downgrade(&current);
        thread::spawn(move || {
            while let Some(bytes) = still_running(&seen) {
                let Some(bytes) = bytes else { continue };
                let place = keeps.then(|| corpus::keep(target, &bytes));
                eprintln!("{target}: an input does not end; it is in {place:?}: {}", bytes.escape_ascii());
                process::abort();
            }
        });
        Self(current)
    }

    /// The next input.
    pub(crate) fn begin(&self, bytes: &[u8]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), bytes.to_vec());
    }
}

/// None once nothing is watched any more; otherwise the input that does not end, if there is one.
fn still_running(seen: &Weak<Mutex<(Instant, Vec<u8>)>>) -> Option<Option<Vec<u8>>> {
    thread::sleep(LOOK);
    let current = seen.upgrade()?;
    let current = current.lock().unwrap_or_else(PoisonError::into_inner);
    Some((current.0.elapsed() > PATIENCE).then(|| current.1.clone()))
}
