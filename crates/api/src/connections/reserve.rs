//! Connections beyond the caps: a few, for health checks and operators. Nobody knows who is there before a request is read;
//! so the one that has waited the longest for its request makes room for the newest.

use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

pub(crate) struct Reserve {
    size: usize,
    seats: Mutex<VecDeque<Arc<State>>>,
}

struct State {
    /// Whether its request is there.
    busy: AtomicBool,
    leave: CancellationToken,
}

impl Reserve {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, seats: Mutex::default() }
    }

    /// A seat, unless all are taken by requests that are being answered.
    pub(crate) fn sit(self: &Arc<Self>, leave: CancellationToken) -> Option<Seat> {
        let mut seats = self.lock();
        if seats.len() >= self.size {
            let waiting = seats.iter().position(|seat| !seat.busy.load(Ordering::Relaxed))?;
            if let Some(oldest) = seats.remove(waiting) {
                oldest.leave.cancel();
            }
        }
        let state = Arc::new(State { busy: AtomicBool::new(false), leave });
        seats.push_back(Arc::clone(&state));
        Some(Seat { reserve: Arc::clone(self), state })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<State>>> {
        self.seats.lock()
    }
}

/// A seat that is given back when it is dropped.
pub(crate) struct Seat {
    reserve: Arc<Reserve>,
    state: Arc<State>,
}

impl Seat {
    /// Its request is there: it keeps its seat until the answer is sent.
    pub(crate) fn keep(&self) {
        self.state.busy.store(true, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.reserve.lock().retain(|seat| !Arc::ptr_eq(seat, &self.state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_longest_makes_room() {
        let reserve = Arc::new(Reserve::new(2));
        let sit = || {
            let leave = CancellationToken::new();
            reserve.sit(leave.clone()).map(|seat| (seat, leave))
        };
        let (busy, stays) = sit().unwrap();
        busy.keep();
        let (_waiting, leaves) = sit().unwrap();
        let (newest, last) = sit().unwrap();
        assert!(leaves.is_cancelled() && !stays.is_cancelled() && !last.is_cancelled());
        newest.keep();
        assert!(sit().is_none(), "both are being answered");
        drop(busy);
        assert!(sit().is_some());
    }
}
