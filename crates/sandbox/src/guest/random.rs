//! Randomness for guests: the engine's, counted. Fuel does not know what a random byte costs the host.

use crate::cell::Cell;
use fuelcell_domain::FIXED;
use std::sync::atomic::Ordering;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};

/// Random bytes that one call may ask for.
pub(crate) const MAX_RANDOM_PER_CALL: u64 = 1 << 20;

/// Bytes of a random number.
const NUMBER: u64 = 8;

/// The guest has had as many random bytes as it may have.
#[derive(Debug, thiserror::Error)]
#[error("the module asked for more than {} random bytes", FIXED.random_bytes)]
pub(crate) struct RandomSpent;

/// The three interfaces, in place of those that do not count.
pub(crate) fn add_to_linker(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    random::add_to_linker::<Cell, HasSelf<Cell>>(linker, |cell| cell)?;
    linker.allow_shadowing(false);
    insecure::add_to_linker::<Cell, HasSelf<Cell>>(linker, |cell| cell)?;
    insecure_seed::add_to_linker::<Cell, WasiRandom>(linker, Cell::random)
}

impl Cell {
    /// Counts `bytes`, unless they are too many: those of one call are the engine's to refuse.
    fn count_random(&self, bytes: u64) -> wasmtime::Result<()> {
        let used = self.meter.random_bytes.load(Ordering::Relaxed).saturating_add(bytes);
        if bytes <= MAX_RANDOM_PER_CALL {
            if used > FIXED.random_bytes {
                return Err(wasmtime::Error::new(RandomSpent));
            }
            // A cell has one thread.
            self.meter.random_bytes.store(used, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl random::Host for Cell {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.count_random(length)?;
        self.random().get_random_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.count_random(NUMBER)?;
        self.random().get_random_u64()
    }
}

impl insecure::Host for Cell {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.count_random(length)?;
        self.random().get_insecure_random_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.count_random(NUMBER)?;
        self.random().get_insecure_random_u64()
    }
}
