//! Connections that ask again before they may. Who is refused is told when to ask again (`Retry-After`). One that does not
//! wait for it, and is refused again, gets that answer a moment later: asking without a pause takes from everybody else what
//! refusals cost. Nothing but refusals is held back, and whoever keeps to what it was told never notices.

use axum::http::HeaderMap;
use axum::http::header::RETRY_AFTER;
use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How long a refusal is held back.
const HOLD: Duration = Duration::from_millis(200);

/// Until when a connection was told to wait.
#[derive(Default)]
pub(crate) struct Haste(Mutex<Option<Instant>>);

impl Haste {
    /// Looks at an answer, and says how long it is held back.
    pub(crate) fn look(&self, answer: &HeaderMap, now: Instant) -> Option<Duration> {
        let seconds = answer.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        let until = now.checked_add(Duration::from_secs(seconds))?;
        let told = self.0.lock().replace(until);
        told.filter(|told| now < *told).map(|_| HOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_refused_again_too_early_waits_for_it() {
        let (haste, now) = (Haste::default(), Instant::now());
        let after = |milliseconds| now + Duration::from_millis(milliseconds);
        let refused: HeaderMap = [(RETRY_AFTER, 1.into())].into_iter().collect();
        assert_eq!(haste.look(&refused, now), None, "it was told nothing before");
        assert_eq!(haste.look(&HeaderMap::new(), after(10)), None, "it is answered");
        assert_eq!(haste.look(&refused, after(900)), Some(HOLD));
        assert_eq!(haste.look(&refused, after(1_800)), Some(HOLD), "it was told again");
        assert_eq!(haste.look(&refused, after(2_800)), None, "it waited");
        assert!(HOLD < Duration::from_secs(1), "not longer than it would have waited");
    }
}
