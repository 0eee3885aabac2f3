//! Slots and memory of this node. Who is let in holds a [`Slot`]; who is not waits in a line, and the head of the line is
//! let in as soon as there is a slot and memory for it. Nothing passes the head.
//!
//! Only attempts that were claimed ahead ever wait here, and only for as long as a few short jobs take.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// See the module.
pub(crate) struct Slots {
    slots: usize,
    memory_bytes: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    reserved_bytes: u64,
    line: VecDeque<Waiting>,
}

struct Waiting {
    memory_bytes: u64,
    called: oneshot::Sender<Slot>,
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Slots.
    pub(crate) running: usize,
    /// Bytes of memory.
    pub(crate) reserved_bytes: u64,
    /// Jobs that wait in the line.
    pub(crate) waiting: usize,
}

/// A slot and its memory, given back when dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    memory_bytes: u64,
}

/// In, or in the line.
pub(crate) enum Entry {
    /// In.
    In(Slot),
    /// In the line; dropping the receiver leaves it.
    Waiting(oneshot::Receiver<Slot>),
}

impl Slots {
    /// An empty node.
    pub(crate) fn new(slots: usize, memory_bytes: u64) -> Arc<Self> {
        Arc::new(Self { slots, memory_bytes, state: Mutex::default() })
    }

    /// Lets a job in, or puts it into the line.
    pub(crate) fn enter(self: &Arc<Self>, memory_bytes: u64) -> Entry {
        let mut state = self.state.lock();
        if state.line.is_empty() && self.fits(&state, memory_bytes) {
            return Entry::In(self.admit(&mut state, memory_bytes));
        }
        let (called, waiting) = oneshot::channel();
        state.line.push_back(Waiting { memory_bytes, called });
        Entry::Waiting(waiting)
    }

    /// What is taken now.
    pub(crate) fn taken(&self) -> Taken {
        let state = self.state.lock();
        let waiting = state.line.iter().filter(|waiting| !waiting.called.is_closed()).count();
        Taken { running: state.running, reserved_bytes: state.reserved_bytes, waiting }
    }

    /// A job larger than all memory runs alone.
    fn fits(&self, state: &State, memory_bytes: u64) -> bool {
        let memory = state.reserved_bytes.saturating_add(memory_bytes) <= self.memory_bytes;
        state.running < self.slots && (memory || state.running == 0)
    }

    fn admit(self: &Arc<Self>, state: &mut State, memory_bytes: u64) -> Slot {
        state.running += 1;
        state.reserved_bytes = state.reserved_bytes.saturating_add(memory_bytes);
        Slot { slots: self.clone(), memory_bytes }
    }

    fn leave(self: &Arc<Self>, memory_bytes: u64) {
        let mut called = Vec::new();
        {
            let mut state = self.state.lock();
            state.running -= 1;
            state.reserved_bytes = state.reserved_bytes.saturating_sub(memory_bytes);
            while let Some(next) = state.line.pop_front() {
                if next.called.is_closed() {
                    continue;
                }
                if !self.fits(&state, next.memory_bytes) {
                    state.line.push_front(next);
                    break;
                }
                let slot = self.admit(&mut state, next.memory_bytes);
                called.push((next.called, slot));
            }
        }
        for (caller, slot) in called {
            // Who went away in this moment leaves its slot to the next: the slot is dropped.
            let _ = caller.send(slot);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.leave(self.memory_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(entry: Entry) -> Slot {
        match entry {
            Entry::In(slot) => slot,
            Entry::Waiting(_) => panic!("there is room"),
        }
    }

    fn waiting(entry: Entry) -> oneshot::Receiver<Slot> {
        match entry {
            Entry::In(_) => panic!("there is no room"),
            Entry::Waiting(receiver) => receiver,
        }
    }

    #[test]
    fn the_line_moves_in_order_and_leavers_hold_nobody_up() {
        let slots = Slots::new(1, 100);
        let first = entered(slots.enter(10));
        let mut second = waiting(slots.enter(10));
        let gone = waiting(slots.enter(10));
        let mut fourth = waiting(slots.enter(10));
        assert_eq!(slots.taken(), Taken { running: 1, reserved_bytes: 10, waiting: 3 });
        drop(gone);
        assert_eq!(slots.taken().waiting, 2);
        drop(first);
        let second = second.try_recv().unwrap();
        assert!(fourth.try_recv().is_err());
        drop(second);
        drop(fourth.try_recv().unwrap());
        assert_eq!(slots.taken(), Taken { running: 0, reserved_bytes: 0, waiting: 0 });
    }

    #[test]
    fn memory_adds_up_nothing_passes_the_head_and_the_largest_runs_alone() {
        let slots = Slots::new(4, 100);
        let first = entered(slots.enter(60));
        let mut large = waiting(slots.enter(1_000));
        let mut small = waiting(slots.enter(1));
        assert!(small.try_recv().is_err());
        drop(first);
        let large = large.try_recv().unwrap();
        assert!(small.try_recv().is_err());
        drop(large);
        assert!(small.try_recv().is_ok());
    }

    #[test]
    fn a_place_sent_to_somebody_who_left_goes_on() {
        let slots = Slots::new(1, 100);
        let first = entered(slots.enter(1));
        let called = waiting(slots.enter(1));
        let mut next = waiting(slots.enter(1));
        drop(first);
        drop(called);
        assert!(next.try_recv().is_ok());
    }
}
