//! The WASI that guests get, but for files, which have a module of their own: toolchains put its imports into every
//! program, so they must link. No environment, an empty standard input, and a network on which
//! nothing is allowed.

use super::random::MAX_RANDOM_PER_CALL;
use crate::cell::Cell;
use crate::clocks::{CoarseMonotonicClock, CoarseWallClock, CountingMonotonicClock, FixedWallClock};
use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// Builds the context for a cell. Without a seed, clocks are real but coarse, and randomness is the system's.
fn context(cell: &Cell) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(cell.stdout.clone())
        .stderr(cell.stderr.clone())
        .args(&cell.arguments())
        .max_random_size(MAX_RANDOM_PER_CALL)
        // No socket is ever made: creating one is `access-denied`, and no name has an address.
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        // The cell's thread may be held up, and its CPU time is what the job is charged.
        .allow_blocking_current_thread(true);
    if let Some(profile) = &cell.profile {
        builder.envs(&profile.environment);
    }
    match cell.deterministic_seed {
        None => builder.wall_clock(CoarseWallClock).monotonic_clock(CoarseMonotonicClock::start()),
        Some(seed) => builder
            .wall_clock(FixedWallClock)
            .monotonic_clock(CountingMonotonicClock::default())
            .secure_random(ChaCha12Rng::seed_from_u64(seed))
            // Another stream than the secure one, so that neither tells of the other.
            .insecure_random(ChaCha12Rng::seed_from_u64(!seed))
            .insecure_random_seed(u128::from(seed)),
    };
    builder.build()
}

impl WasiView for Cell {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Made when first asked for: pure guests never do, and they are to start fast.
        let ctx = self.wasi.take().unwrap_or_else(|| context(self));
        let ctx = self.wasi.insert(ctx);
        WasiCtxView { ctx, table: &mut self.table }
    }
}
