//! The log lines of one attempt, on their way to the store.

use crate::text::clean;
use fuelcell_domain::usage::LOG_LINE_OVERHEAD;
use fuelcell_domain::{LogLevel, LogLine, LogUsage, Timestamp};

/// Longest message in bytes.
const MAX_MESSAGE: usize = 8 * 1024;
/// Longest name of a stage in bytes.
pub(crate) const MAX_STAGE: usize = 128;

/// Lines that the store has not taken yet, and what is left of the quota.
#[derive(Debug)]
pub(crate) struct LogBuffer {
    attempt: u32,
    quota: u64,
    left: u64,
    dropped: u64,
    told: bool,
    pending: Vec<LogLine>,
}

impl LogBuffer {
    /// An empty log that takes `quota` bytes.
    pub(crate) fn new(attempt: u32, quota: u64) -> Self {
        Self { attempt, quota, left: quota, dropped: 0, told: false, pending: Vec::new() }
    }

    /// Takes a line, or counts it as dropped. Once a line was dropped, none is taken: a log without gaps is easier to trust.
    pub(crate) fn push(&mut self, at: Timestamp, level: LogLevel, stage: &str, message: &str) {
        if self.dropped > 0 {
            self.dropped += 1;
            return;
        }
        let line = self.line(at, level, clean(stage, MAX_STAGE), clean(message, MAX_MESSAGE));
        let cost = LOG_LINE_OVERHEAD + (line.stage.len() + line.message.len()) as u64;
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                self.pending.push(line);
            }
            None => self.dropped += 1,
        }
    }

    /// Adds the line that says how much was dropped, if anything was.
    pub(crate) fn close(&mut self, at: Timestamp) {
        if self.dropped > 0 && !self.told {
            let message = format!(
                "{} further lines were dropped: the log's quota is {} bytes",
                self.dropped, self.quota
            );
            let line = self.line(at, LogLevel::Warn, String::new(), message);
            self.pending.push(line);
            self.told = true;
        }
    }

    /// What was kept and dropped so far.
    pub(crate) fn usage(&self) -> LogUsage {
        LogUsage { bytes: self.quota - self.left, dropped_lines: self.dropped }
    }

    /// The lines that the store has not taken yet.
    pub(crate) fn pending(&self) -> Vec<LogLine> {
        self.pending.clone()
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

    fn messages(log: &LogBuffer) -> Vec<String> {
        log.pending().into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn the_quota_holds_and_the_last_line_says_what_was_dropped() {
        let mut log = LogBuffer::new(1, 2 * (LOG_LINE_OVERHEAD + 3));
        for message in ["one", "two", "three", ""] {
            log.push(Timestamp(1), LogLevel::Info, "", message);
        }
        log.close(Timestamp(2));
        log.close(Timestamp(3));
        assert_eq!(
            messages(&log),
            ["one", "two", "2 further lines were dropped: the log's quota is 134 bytes"]
        );
        assert_eq!(log.usage(), LogUsage { bytes: 134, dropped_lines: 2 });
    }

    #[test]
    fn the_quota_is_exact() {
        for (less, kept) in [(0, true), (1, true), (2, false)] {
            let mut log = LogBuffer::new(1, LOG_LINE_OVERHEAD + 1);
            log.push(Timestamp(1), LogLevel::Info, "", &"x".repeat(less));
            let bytes = if kept { LOG_LINE_OVERHEAD + less as u64 } else { 0 };
            assert_eq!(log.usage(), LogUsage { bytes, dropped_lines: u64::from(!kept) });
        }
    }

    #[test]
    fn empty_lines_use_up_the_quota() {
        let mut log = LogBuffer::new(1, 10 * LOG_LINE_OVERHEAD);
        for _ in 0..1000 {
            log.push(Timestamp(1), LogLevel::Info, "", "");
        }
        assert_eq!(log.pending().len(), 10);
    }

    #[test]
    fn lines_stay_until_the_store_took_them() {
        let mut log = LogBuffer::new(3, 10_000);
        log.push(Timestamp(1), LogLevel::Info, "read", "a\nb");
        log.push(Timestamp(1), LogLevel::Info, "read", &"x".repeat(20_000));
        assert_eq!(log.pending().len(), 2);
        log.taken(1);
        let left = log.pending();
        assert_eq!((left.len(), left[0].attempt), (1, 3));
        assert!(left[0].message.len() < MAX_MESSAGE + 4 && left[0].message.ends_with('…'));
    }

    #[test]
    fn a_log_within_its_quota_says_nothing_of_dropped_lines() {
        let mut log = LogBuffer::new(1, 10_000);
        log.push(Timestamp(1), LogLevel::Info, "", "only");
        log.close(Timestamp(2));
        assert_eq!(messages(&log), ["only"]);
    }
}
