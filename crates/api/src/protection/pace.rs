//! Which part of the limits on changes is in force. A limit in numbers cannot know how fast the machine is: with as many
//! changes under way as may be, each may take long. So while that many are, and changes take longer than they should, fewer
//! are let in; what they took is measured all the time. Where no one is refused nothing is made smaller.

use parking_lot::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long changes may take on average while others are refused.
const TARGET: Duration = Duration::from_millis(100);
/// How long it is measured before the part is set anew.
const WINDOW: Duration = Duration::from_millis(100);
/// The most that one change counts, which may have waited for something else.
const MOST: Duration = Duration::from_secs(1);
/// The smallest part.
const LEAST: f64 = 1.0 / 8.0;
/// Limits that are not made smaller: so few changes do not wait for each other.
const FEW: u64 = 64;
/// By how much the part may change at once.
const STEPS: [f64; 2] = [0.5, 1.25];

pub(crate) struct Pace(Mutex<Measured>);

struct Measured {
    part: f64,
    since: Instant,
    ended: u32,
    took: Duration,
    refused: bool,
}

impl Measured {
    /// What was measured for long enough decides.
    fn settle(&mut self, now: Instant) {
        if now.saturating_duration_since(self.since) < WINDOW || self.ended == 0 {
            return;
        }
        let [least, most] = STEPS;
        let wanted = TARGET.as_secs_f64() * f64::from(self.ended) / self.took.as_secs_f64().max(1e-9);
        let least = if self.refused { least } else { 1.0 };
        let part = (self.part * wanted.clamp(least, most)).clamp(LEAST, 1.0);
        *self = Self { part, since: now, ended: 0, took: Duration::ZERO, refused: false };
    }
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Mutex::new(Measured { part: 1.0, since: now, ended: 0, took: Duration::ZERO, refused: false }))
    }

    /// What is in force of a limit.
    pub(crate) fn of(&self, limit: u64) -> u64 {
        let part = (limit as f64 * self.measured().part) as u64;
        part.max(limit.min(FEW))
    }

    /// A change was refused because as many are under way as may be.
    pub(crate) fn refused(&self) {
        self.measured().refused = true;
    }

    /// A change has ended.
    pub(crate) fn ended(&self, took: Duration, now: Instant) {
        let mut measured = self.measured();
        measured.ended += 1;
        measured.took += took.min(MOST);
        measured.settle(now);
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes that take so long each, in windows one after the other.
    struct Clock(Pace, Instant);

    impl Clock {
        fn pass(&mut self, windows: u32, took: Duration, refused: bool) -> u64 {
            let Self(pace, now) = self;
            for _ in 0..windows {
                *now += WINDOW;
                if refused {
                    pace.refused();
                }
                pace.ended(took, *now);
            }
            pace.of(1024)
        }
    }

    #[test]
    fn limits_follow_what_changes_take_while_some_are_refused() {
        let now = Instant::now();
        let mut clock = Clock(Pace::new(now), now);
        assert_eq!(clock.pass(5, TARGET * 3, false), 1024, "nobody was refused");
        assert_eq!(clock.pass(1, TARGET * 4 / 3, true), 768);
        assert_eq!(clock.pass(1, TARGET * 10, true), 384, "half at most at once");
        assert_eq!(clock.pass(3, TARGET, true), 384, "as long as they should");
        assert_eq!(clock.pass(50, TARGET * 10, true), 128, "not less than an eighth");
        assert_eq!([2, 64, 100].map(|limit| clock.0.of(limit)), [2, 64, 64], "few are few already");
        assert_eq!(clock.pass(1, TARGET / 10, true), 160);
        assert_eq!(clock.pass(20, TARGET * 3, false), 160, "late, but nobody was refused");
        assert_eq!(clock.pass(20, TARGET / 2, false), 1024);
    }
}
