//! Which log to write.

use chrono::{Days, NaiveDate, NaiveDateTime};

/// Which log to write.
#[derive(Debug, Clone)]
pub(crate) struct LogOptions {
    /// About how many events. Orders come at random, so the log has a few per cent more or fewer.
    pub(crate) events: u64,
    /// Another seed gives another log of the same kind.
    pub(crate) seed: u64,
    /// First day with orders.
    pub(crate) start: NaiveDate,
    /// Last day with events.
    pub(crate) end: NaiveDate,
}

impl LogOptions {
    /// The log of the demo: October 2023 to March 2024.
    pub(crate) fn demo() -> Self {
        let day =
            |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar");
        Self { events: 30_000, seed: 2024, start: day(2023, 10, 1), end: day(2024, 3, 31) }
    }

    /// The days from the first to the last.
    pub(super) fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.start.iter_days().take_while(|day| *day <= self.end)
    }

    /// The day from which the slow warehouse is slow.
    pub(super) fn second_half(&self) -> NaiveDateTime {
        let half = (self.end - self.start) / 2;
        (self.start + half).into()
    }

    /// Midnight after the last day: nothing later is in the log.
    pub(super) fn end_of_period(&self) -> NaiveDateTime {
        (self.end + Days::new(1)).into()
    }
}
