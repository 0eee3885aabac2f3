//! The memory of a cell: all memories and tables of its store count together.

use fuelcell_domain::Meter;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// What one element of a table takes in the engine: a pointer.
const TABLE_ELEMENT_BYTES: u64 = 8;

/// Sums what a store's memories and tables hold, and refuses what passes the limit.
pub(crate) struct MemoryLimiter {
    limit: u64,
    held: u64,
    last_grant: u64,
    refused: bool,
    meter: Arc<Meter>,
}

impl MemoryLimiter {
    pub(crate) fn new(limit: u64, meter: Arc<Meter>) -> Self {
        Self { limit, held: 0, last_grant: 0, refused: false, meter }
    }

    /// The limit in bytes.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Whether the latest wish for more memory was refused: what fails next, fails for want of memory.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    /// Grants `more` bytes if they fit. A wish beyond the object's own `maximum` is the module's mistake, not our limit.
    fn grow(&mut self, more: u64, within_maximum: bool) -> bool {
        self.last_grant = 0;
        if !within_maximum {
            return false;
        }
        self.refused = self.held.saturating_add(more) > self.limit;
        if self.refused {
            return false;
        }
        self.last_grant = more;
        self.hold(self.held + more);
        true
    }

    /// Takes the latest grant back: the engine could not use it.
    fn roll_back(&mut self) {
        let granted = std::mem::take(&mut self.last_grant);
        self.hold(self.held - granted);
    }

    fn hold(&mut self, bytes: u64) {
        self.held = bytes;
        self.meter.set_memory(bytes);
    }
}

impl Drop for MemoryLimiter {
    fn drop(&mut self) {
        self.hold(0);
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
        Ok(self.grow(more, maximum.is_none_or(|maximum| desired <= maximum)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.roll_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        crate::engine::INSTANCES_PER_CELL as usize
    }

    fn memories(&self) -> usize {
        crate::engine::MEMORIES_PER_CELL as usize
    }

    fn tables(&self) -> usize {
        crate::engine::TABLES_PER_CELL as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    const PAGE: usize = 65_536;

    fn limiter(limit: usize) -> (MemoryLimiter, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        (MemoryLimiter::new(limit as u64, meter.clone()), meter)
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
        assert!(limiter.refused());
        assert!(limiter.table_growing(PAGE / 8 - 1, PAGE / 8, None).unwrap());
        assert!(!limiter.refused());
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
        assert!(!limiter.refused());
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
}
