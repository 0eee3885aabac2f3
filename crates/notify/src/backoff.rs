//! When what failed is tried again.

use std::time::Duration;

/// The longest that a recipient may have itself waited for.
const MOST_WISHED: Duration = Duration::from_secs(8 * 3600);

/// The pause after so many failures, the last of which told how long to wait at least. `chance` is from 0 to 1.
pub(crate) fn pause(retries: &[u64], failures: u32, wish: Option<Duration>, chance: f64) -> Duration {
    let place = (failures.max(1) as usize - 1).min(retries.len().saturating_sub(1));
    let seconds = retries.get(place).copied().unwrap_or(0) as f64;
    let ours = Duration::from_secs_f64(seconds * (0.8 + 0.4 * chance));
    ours.max(wish.unwrap_or_default().min(MOST_WISHED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_chance_and_wishes_are_heard() {
        let seconds = |failures, wish: u64, chance| {
            pause(&[5, 60], failures, Some(Duration::from_secs(wish)), chance).as_secs()
        };
        assert_eq!((seconds(1, 0, 0.0), seconds(1, 0, 1.0)), (4, 6));
        assert_eq!((seconds(2, 0, 0.5), seconds(9, 0, 0.5)), (60, 60));
        assert_eq!((seconds(1, 100, 0.5), seconds(1, 1_000_000, 0.5)), (100, MOST_WISHED.as_secs()));
        assert_eq!(pause(&[], 3, None, 0.5), Duration::ZERO);
    }
}
