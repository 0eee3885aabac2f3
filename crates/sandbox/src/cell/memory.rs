//! The memory of a cell: all memories and tables of its store, and the bodies of its requests over HTTP, count together.

use fuelcell_domain::{FIXED, Meter};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// What one element of a table takes in the engine: a pointer.
const TABLE_ELEMENT_BYTES: u64 = 8;

/// The account of one cell: what its memories and tables hold, and what the host holds for it of requests over HTTP, are
/// one sum with one limit.
pub(crate) struct Memory {
    limit: u64,
    meter: Arc<Meter>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Bytes in use.
    held: u64,
    /// Bytes that something to come may use: they are nobody else's, and not in use yet.
    reserved: u64,
    refused: Option<Refused>,
}

/// Why a wish of the guest for more was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// All memories and tables together have a limit.
    Memory,
    /// Each table has one as well.
    Table,
}

impl Memory {
    pub(crate) fn new(limit: u64, meter: Arc<Meter>) -> Arc<Self> {
        Arc::new(Self { limit, meter, state: Mutex::default() })
    }

    /// The limit in bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Whether the guest's latest wish for more memory, or a larger table, was refused: what fails next, fails for want of it.
    pub(crate) fn refused(&self) -> Option<Refused> {
        self.state().refused
    }

    /// A holding of nothing yet.
    pub(crate) fn holding(self: &Arc<Self>) -> Holding {
        Holding { memory: self.clone(), bytes: 0 }
    }

    /// Sets what is free aside, at most `most` bytes.
    pub(crate) fn reserve_up_to(self: &Arc<Self>, most: u64) -> Room {
        let mut state = self.state();
        let bytes = most.min(self.limit.saturating_sub(state.held + state.reserved));
        state.reserved += bytes;
        Room { memory: self.clone(), bytes }
    }

    fn take(&self, state: &mut State, bytes: u64) -> bool {
        let fits = (state.held + state.reserved).saturating_add(bytes) <= self.limit;
        if fits {
            self.hold(state, state.held + bytes);
        }
        fits
    }

    fn give_back(&self, bytes: u64) {
        let mut state = self.state();
        let left = state.held.saturating_sub(bytes);
        self.hold(&mut state, left);
    }

    fn hold(&self, state: &mut State, bytes: u64) {
        state.held = bytes;
        self.meter.set_memory(bytes);
    }

    /// The sums are whole after every statement, so a panic elsewhere cannot have broken them.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// Bytes that the host holds for a cell; given back when dropped.
pub(crate) struct Holding {
    memory: Arc<Memory>,
    bytes: u64,
}

impl Holding {
    /// Takes more, if it fits. Whoever asks tells the guest when not, so that this is no want of memory of the guest's own.
    pub(crate) fn add(&mut self, bytes: u64) -> bool {
        let fits = self.memory.take(&mut self.memory.state(), bytes);
        if fits {
            self.bytes += bytes;
        }
        fits
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.memory.give_back(self.bytes);
    }
}

/// Bytes that are set aside; free again when dropped.
pub(crate) struct Room {
    memory: Arc<Memory>,
    bytes: u64,
}

impl Room {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What came needs `bytes`, if they fit.
    pub(crate) fn filled(self, bytes: u64) -> Option<Holding> {
        let mut holding = self.memory.holding();
        drop(self);
        holding.add(bytes).then_some(holding)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut state = self.memory.state();
        state.reserved = state.reserved.saturating_sub(self.bytes);
    }
}

/// Lets the memories and tables of a store grow within its cell's account.
pub(crate) struct MemoryLimiter {
    memory: Arc<Memory>,
    held: u64,
    last_grant: u64,
}

impl MemoryLimiter {
    pub(crate) fn new(memory: Arc<Memory>) -> Self {
        Self { memory, held: 0, last_grant: 0 }
    }

    /// Grants `more` bytes if they fit. A wish beyond the object's own `maximum` is the module's mistake, not our limit.
    fn grow(&mut self, more: u64, within_maximum: bool) -> bool {
        self.last_grant = 0;
        if !within_maximum {
            return false;
        }
        let mut state = self.memory.state();
        let fits = self.memory.take(&mut state, more);
        state.refused = (!fits).then_some(Refused::Memory);
        if fits {
            self.last_grant = more;
            self.held += more;
        }
        fits
    }

    /// Takes the latest grant back: the engine could not use it.
    fn roll_back(&mut self) {
        let granted = std::mem::take(&mut self.last_grant);
        self.held -= granted;
        self.memory.give_back(granted);
    }
}

impl Drop for MemoryLimiter {
    fn drop(&mut self) {
        self.memory.give_back(self.held);
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        Ok(self.grow(more, maximum.is_none_or(|maximum| desired <= maximum)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.roll_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = (desired.saturating_sub(current) as u64).saturating_mul(TABLE_ELEMENT_BYTES);
        // Where tables come from a pool, the engine says of a table without a maximum of its own that it has the pool's.
        let most = FIXED.table_elements as usize;
        if desired > most && maximum.is_none_or(|maximum| maximum >= most) {
            self.last_grant = 0;
            self.memory.state().refused = Some(Refused::Table);
            return Ok(false);
        }
        Ok(self.grow(more, maximum.is_none_or(|maximum| desired <= maximum)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.roll_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        FIXED.instances as usize
    }

    fn memories(&self) -> usize {
        FIXED.memories as usize
    }

    fn tables(&self) -> usize {
        FIXED.tables as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    const PAGE: usize = 65_536;

    fn limiter(limit: usize) -> (MemoryLimiter, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        (MemoryLimiter::new(Memory::new(limit as u64, meter.clone())), meter)
    }

    fn failed() -> wasmtime::Error {
        wasmtime::Error::msg("no")
    }

    #[test]
    fn memories_and_tables_count_together_up_to_the_limit_exactly() {
        let (mut limiter, meter) = limiter(2 * PAGE);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(limiter.table_growing(0, PAGE / 8 - 1, None).unwrap());
        assert!(!limiter.table_growing(PAGE / 8 - 1, PAGE / 8 + 1, None).unwrap());
        assert_eq!(limiter.memory.refused(), Some(Refused::Memory));
        assert!(limiter.table_growing(PAGE / 8 - 1, PAGE / 8, None).unwrap());
        assert_eq!(limiter.memory.refused(), None);
        assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), 2 * PAGE as u64);
    }

    #[test]
    fn a_growth_that_the_engine_could_not_do_is_taken_back_once() {
        let (mut limiter, meter) = limiter(4 * PAGE);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(limiter.memory_growing(PAGE, 4 * PAGE, None).unwrap());
        limiter.memory_grow_failed(failed()).unwrap();
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), PAGE as u64);
    }

    #[test]
    fn a_refused_growth_leaves_nothing_to_take_back() {
        let (mut limiter, meter) = limiter(PAGE);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert!(!limiter.memory_growing(PAGE, 2 * PAGE, None).unwrap());
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), PAGE as u64);
    }

    #[test]
    fn the_maximum_of_an_object_is_honoured_and_is_not_our_limit() {
        let (mut limiter, _) = limiter(10 * PAGE);
        assert!(!limiter.memory_growing(PAGE, 3 * PAGE, Some(2 * PAGE)).unwrap());
        assert_eq!(limiter.memory.refused(), None);
    }

    #[test]
    fn figures_too_large_for_the_machine_are_refused() {
        let (mut limiter, _) = limiter(PAGE);
        assert!(!limiter.memory_growing(0, usize::MAX, None).unwrap());
        assert!(!limiter.table_growing(0, usize::MAX, None).unwrap());
    }

    #[test]
    fn memory_is_given_back_with_the_cell() {
        let (mut limiter, meter) = limiter(PAGE);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        drop(limiter);
        assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_the_host_holds_counts_with_what_the_guest_holds() {
        for (more, fits) in [(99, true), (100, true), (101, false)] {
            let (mut limiter, meter) = limiter(PAGE + 100);
            assert!(limiter.memory_growing(0, PAGE, None).unwrap());
            let mut holding = limiter.memory.holding();
            assert_eq!(holding.add(more), fits, "{more}");
            assert_eq!(limiter.memory.refused(), None, "the guest's own memory did not want");
            let held = PAGE as u64 + if fits { more } else { 0 };
            assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), held);
            drop(holding);
            assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), PAGE as u64);
        }
    }

    #[test]
    fn what_is_set_aside_is_nobody_elses_and_not_in_use() {
        let (mut limiter, meter) = limiter(2 * PAGE);
        let room = limiter.memory.reserve_up_to(PAGE as u64 + 1);
        assert_eq!((room.bytes(), meter.memory_bytes.load(Ordering::Relaxed)), (PAGE as u64 + 1, 0));
        assert!(!limiter.memory_growing(0, PAGE, None).unwrap());
        assert_eq!(limiter.memory.reserve_up_to(u64::MAX).bytes(), PAGE as u64 - 1);
        let holding = room.filled(PAGE as u64).unwrap();
        assert_eq!(meter.memory_bytes.load(Ordering::Relaxed), PAGE as u64);
        assert!(limiter.memory_growing(0, PAGE, None).unwrap());
        assert_eq!(limiter.memory.reserve_up_to(1).bytes(), 0);
        drop(holding);
        assert!(limiter.memory.reserve_up_to(1).filled(PAGE as u64 + 1).is_none());
        assert!(limiter.memory.reserve_up_to(1).filled(PAGE as u64).is_some());
    }
}
