//! The clocks that guests see: coarse ones, or ones that tell the same story in every run.

use fuelcell_domain::clock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// What real clocks are rounded to: finer ones let guests measure their neighbours through shared caches.
const GRAIN: Duration = Duration::from_millis(1);

/// The wall clock of deterministic runs, since 1970.
pub(crate) const FIXED_TIME: Duration = Duration::from_micros(clock::FIXED_TIME.0.unsigned_abs());

fn coarse(time: Duration) -> Duration {
    let grain = GRAIN.as_nanos();
    let nanos = time.as_nanos() / grain * grain;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The machine's time, in milliseconds.
pub(crate) struct CoarseWallClock;

impl HostWallClock for CoarseWallClock {
    fn resolution(&self) -> Duration {
        GRAIN
    }

    fn now(&self) -> Duration {
        // A machine whose clock stands before 1970 shows 1970.
        coarse(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }
}

/// Time since the cell began, in milliseconds, from one on: some runtimes, such as Go's, take a clock at 0 for a broken one.
pub(crate) struct CoarseMonotonicClock(Instant);

impl CoarseMonotonicClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl HostMonotonicClock for CoarseMonotonicClock {
    fn resolution(&self) -> u64 {
        nanos(GRAIN)
    }

    fn now(&self) -> u64 {
        nanos(coarse(self.0.elapsed() + GRAIN))
    }
}

/// Always the same moment.
pub(crate) struct FixedWallClock;

impl HostWallClock for FixedWallClock {
    fn resolution(&self) -> Duration {
        GRAIN
    }

    fn now(&self) -> Duration {
        FIXED_TIME
    }
}

/// Each reading is one grain later than the one before, so that a guest that waits for time to pass sees it pass.
#[derive(Default)]
pub(crate) struct CountingMonotonicClock(AtomicU64);

impl HostMonotonicClock for CountingMonotonicClock {
    fn resolution(&self) -> u64 {
        nanos(GRAIN)
    }

    fn now(&self) -> u64 {
        self.0.fetch_add(nanos(GRAIN), Ordering::Relaxed) + nanos(GRAIN)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_clocks_are_coarse_and_run() {
        let now = CoarseWallClock.now();
        assert!(now > FIXED_TIME && now.subsec_nanos().is_multiple_of(1_000_000));
        let clock = CoarseMonotonicClock(Instant::now() - Duration::from_micros(2_500));
        assert!(clock.now() >= 3_000_000 && clock.now().is_multiple_of(1_000_000));
        assert_ne!(CoarseMonotonicClock::start().now(), 0);
    }

    #[test]
    fn deterministic_clocks_tell_the_same_story() {
        assert_eq!(FixedWallClock.now(), FixedWallClock.now());
        let readings = |clock: CountingMonotonicClock| [clock.now(), clock.now(), clock.now()];
        assert_eq!(readings(CountingMonotonicClock::default()), [1_000_000, 2_000_000, 3_000_000]);
    }
}
