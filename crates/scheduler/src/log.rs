//! The log lines of one attempt, on their way to the store.

use crate::text::clean;
use fuelcell_domain::usage::LOG_LINE_OVERHEAD;
use fuelcell_domain::{LogLevel, LogLine, LogUsage, Timestamp};
use std::collections::VecDeque;

/// Longest message in bytes.
const MAX_MESSAGE: usize = 8 * 1024;
/// Longest name of a stage in bytes.
pub(crate) const MAX_STAGE: usize = 128;
/// What the lines cost that the store takes at a time, but for the last of them. A page of a log reads the batches that it
/// touches whole: with large ones a long log would be read again for each page.
const BATCH: u64 = 64 * 1024;

/// The lines of an attempt. The first half of the quota goes to the store as it comes. Behind it the end counts most: the
/// last lines are kept until the attempt ends, and beside them the last warnings and errors, so that no flood of others
/// washes the reason of a failure away.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    attempt: u32,
    quota: u64,
    /// Bytes of the beginning.
    begun: u64,
    /// Lines so far.
    lines: u64,
    dropped: u64,
    last: Tail,
    last_grave: Tail,
    pending: VecDeque<LogLine>,
}

/// The latest lines of a kind, with their numbers.
#[derive(Debug, Default)]
struct Tail {
    bytes: u64,
    lines: VecDeque<(u64, LogLine)>,
}

impl Tail {
    /// Takes a line; says how many older ones went for it.
    fn push(&mut self, number: u64, line: LogLine, quota: u64) -> u64 {
        self.bytes += cost(&line);
        self.lines.push_back((number, line));
        let mut gone = 0;
        while self.bytes > quota
            && let Some((_, oldest)) = self.lines.pop_front()
        {
            self.bytes -= cost(&oldest);
            gone += 1;
        }
        gone
    }
}

/// What a line takes of the quota.
fn cost(line: &LogLine) -> u64 {
    LOG_LINE_OVERHEAD + (line.stage.len() + line.message.len()) as u64
}

impl LogBuffer {
    /// An empty log that takes `quota` bytes.
    pub(crate) fn new(attempt: u32, quota: u64) -> Self {
        let (last, last_grave, pending) = Default::default();
        Self { attempt, quota, begun: 0, lines: 0, dropped: 0, last, last_grave, pending }
    }

    /// Takes a line. From the first one on that does not belong to the beginning, all belong to the end.
    pub(crate) fn push(&mut self, at: Timestamp, level: LogLevel, stage: &str, message: &str) {
        let line = self.line(at, level, clean(stage, MAX_STAGE), clean(message, MAX_MESSAGE));
        let is_beginning =
            self.last.lines.is_empty() && self.last_grave.lines.is_empty() && self.dropped == 0;
        self.lines += 1;
        if is_beginning && self.begun + cost(&line) <= self.quota / 2 {
            self.begun += cost(&line);
            self.pending.push_back(line);
            return;
        }
        let tail = if level >= LogLevel::Warn { &mut self.last_grave } else { &mut self.last };
        self.dropped += tail.push(self.lines, line, self.quota / 4);
    }

    /// Adds the end, behind a line that says how many are not there. Nothing comes after it.
    pub(crate) fn close(&mut self, at: Timestamp) {
        if self.dropped > 0 {
            let message = format!(
                "{} lines from here on were dropped: a log keeps its beginning, its last lines, and its last warnings and \
                 errors, {} bytes in all",
                self.dropped, self.quota
            );
            self.pending.push_back(self.line(at, LogLevel::Warn, String::new(), message));
        }
        let mut end: Vec<_> = self.last.lines.drain(..).chain(self.last_grave.lines.drain(..)).collect();
        end.sort_by_key(|(number, _)| *number);
        self.pending.extend(end.into_iter().map(|(_, line)| line));
    }

    /// What was kept and dropped so far.
    pub(crate) fn usage(&self) -> LogUsage {
        let bytes = self.begun + self.last.bytes + self.last_grave.bytes;
        LogUsage { bytes, dropped_lines: self.dropped }
    }

    /// The first lines that the store has not taken yet, as many as it takes at a time.
    pub(crate) fn batch(&self) -> Vec<LogLine> {
        let mut bytes = 0;
        let fits = |line: &&LogLine| {
            let has_room = bytes < BATCH;
            bytes += cost(line);
            has_room
        };
        self.pending.iter().take_while(fits).cloned().collect()
    }

    /// Forgets the first `count` pending lines: the store has them.
    pub(crate) fn taken(&mut self, count: usize) {
        self.pending.drain(..count.min(self.pending.len()));
    }

    fn line(&self, at: Timestamp, level: LogLevel, stage: String, message: String) -> LogLine {
        LogLine { at, attempt: self.attempt, level, stage, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::FIXED;

    fn messages(log: &LogBuffer) -> Vec<String> {
        log.pending.iter().map(|line| line.message.clone()).collect()
    }

    /// What a line of three letters takes.
    const LINE: u64 = LOG_LINE_OVERHEAD + 3;

    #[test]
    fn the_beginning_and_the_end_are_kept_and_a_line_says_what_was_dropped() {
        let mut log = LogBuffer::new(1, 8 * LINE);
        for number in 100..200 {
            log.push(Timestamp(1), LogLevel::Info, "", &number.to_string());
        }
        assert_eq!(messages(&log), ["100", "101", "102", "103"]);
        log.close(Timestamp(2));
        let kept = messages(&log);
        assert_eq!((kept.len(), &kept[5..]), (7, &["198".to_owned(), "199".to_owned()][..]));
        assert!(kept[4].starts_with("94 lines from here on were dropped"), "{}", kept[4]);
        assert_eq!(log.usage(), LogUsage { bytes: 6 * LINE, dropped_lines: 94 });
    }

    #[test]
    fn warnings_and_errors_outlive_a_flood() {
        let mut log = LogBuffer::new(1, 8 * LINE);
        let mut say = |level, message: &str| log.push(Timestamp(1), level, "", message);
        (0..10).for_each(|_| say(LogLevel::Info, "yes"));
        say(LogLevel::Error, "why");
        (0..10).for_each(|_| say(LogLevel::Debug, "yes"));
        log.close(Timestamp(2));
        let kept = messages(&log);
        assert_eq!(
            (kept.len(), &kept[5..]),
            (8, &["why".to_owned(), "yes".to_owned(), "yes".to_owned()][..])
        );
    }

    #[test]
    fn the_quota_is_exact() {
        for (less, kept) in [(0, true), (1, true), (2, false)] {
            let mut log = LogBuffer::new(1, 2 * (LOG_LINE_OVERHEAD + 1));
            log.push(Timestamp(1), LogLevel::Info, "", &"x".repeat(less));
            let bytes = if kept { LOG_LINE_OVERHEAD + less as u64 } else { 0 };
            assert_eq!(log.usage(), LogUsage { bytes, dropped_lines: u64::from(!kept) });
        }
    }

    #[test]
    fn a_log_is_as_large_as_is_stated_and_a_quarter_of_it_is_for_warnings_and_errors() {
        const COST: u64 = 1024;
        let text = "x".repeat((COST - LOG_LINE_OVERHEAD) as usize);
        let usage = |lines: u64, grave: u64| {
            let mut log = LogBuffer::new(1, FIXED.log_bytes);
            (0..lines).for_each(|_| log.push(Timestamp(1), LogLevel::Info, "", &text));
            (0..grave).for_each(|_| log.push(Timestamp(1), LogLevel::Warn, "", &text));
            log.usage()
        };
        let quarter = FIXED.log_bytes / COST / 4;
        for (lines, grave, dropped_lines) in
            [(3 * quarter, quarter, 0), (3 * quarter + 1, quarter, 1), (3 * quarter, quarter + 1, 1)]
        {
            assert_eq!(usage(lines, grave), LogUsage { bytes: FIXED.log_bytes, dropped_lines });
        }
    }

    #[test]
    fn empty_lines_use_up_the_quota() {
        let mut log = LogBuffer::new(1, 20 * LOG_LINE_OVERHEAD);
        for _ in 0..1000 {
            log.push(Timestamp(1), LogLevel::Info, "", "");
        }
        log.close(Timestamp(2));
        assert_eq!(log.pending.len(), 10 + 1 + 5);
    }

    #[test]
    fn lines_stay_until_the_store_took_them() {
        let mut log = LogBuffer::new(3, 100_000);
        log.push(Timestamp(1), LogLevel::Info, "read", "a\nb");
        log.push(Timestamp(1), LogLevel::Info, "read", &"x".repeat(20_000));
        assert_eq!(log.batch().len(), 2);
        log.taken(1);
        let left = log.batch();
        assert_eq!((left.len(), left[0].attempt), (1, 3));
        assert!(left[0].message.len() < MAX_MESSAGE + 4 && left[0].message.ends_with('…'));
    }

    #[test]
    fn a_long_log_goes_to_the_store_in_batches() {
        const LINES: usize = 5_000;
        let mut log = LogBuffer::new(1, 2 * LINES as u64 * LINE);
        (0..LINES).for_each(|_| log.push(Timestamp(1), LogLevel::Info, "", "yes"));
        let mut taken = Vec::new();
        while !log.batch().is_empty() {
            taken.push(log.batch().len());
            log.taken(log.batch().len());
        }
        let full = BATCH.div_ceil(LINE) as usize;
        assert_eq!(taken.iter().sum::<usize>(), LINES);
        assert!(taken.len() > 1 && taken.iter().rev().skip(1).all(|lines| *lines == full), "{taken:?}");
    }

    #[test]
    fn a_log_within_its_quota_says_nothing_of_dropped_lines() {
        let mut log = LogBuffer::new(1, 10_000);
        log.push(Timestamp(1), LogLevel::Info, "", "only");
        log.close(Timestamp(2));
        assert_eq!(messages(&log), ["only"]);
    }
}
