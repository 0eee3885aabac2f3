//! What became of the rows: which were rejected and why, which were duplicates, what was odd.

use std::collections::{BTreeMap, HashMap};

use fuelcell_sdk::Finding;
use fuelcell_table_kit::Stop;

/// Rejected rows that are remembered, at most: 24 bytes each.
const MOST_REJECTED: usize = 4_000_000;

/// A rejected row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reject {
    /// Its line in the file.
    pub(crate) line: u64,
    /// The number of its [`Reason`].
    pub(crate) reason: u32,
}

/// Why rows are rejected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reason {
    /// The column, if it is one.
    pub(crate) column: String,
    /// The rule: a step such as `steps/2/cast`, or `reading`.
    pub(crate) rule: String,
    /// A sentence.
    pub(crate) text: String,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) rejects: Vec<Reject>,
    pub(crate) reasons: Vec<Reason>,
    known: HashMap<Reason, u32>,
    /// Rows by reason.
    pub(crate) counts: BTreeMap<u32, u64>,
    /// Rows that were taken for equal to one that stays.
    pub(crate) duplicates: u64,
    /// Rows that a filter left out.
    pub(crate) filtered: u64,
    /// Rows rejected that were made of several, so that no row of the file is meant.
    pub(crate) derived: u64,
    warnings: BTreeMap<(String, String), u64>,
    /// What each step did, for the report.
    pub(crate) notes: Vec<(String, String)>,
}

impl Ledger {
    pub(crate) fn reason(&mut self, column: &str, rule: &str, text: &str) -> u32 {
        let reason = Reason { column: column.into(), rule: rule.into(), text: text.into() };
        if let Some(&known) = self.known.get(&reason) {
            return known;
        }
        let number = u32::try_from(self.reasons.len()).unwrap_or(u32::MAX);
        self.reasons.push(reason.clone());
        self.known.insert(reason, number);
        number
    }

    pub(crate) fn reject(&mut self, line: u64, reason: u32) -> Result<(), Stop> {
        *self.counts.entry(reason).or_default() += 1;
        if line == 0 {
            self.derived += 1;
            return Ok(());
        }
        if self.rejects.len() >= MOST_REJECTED {
            return Err(Stop::failed(
                "TooManyRejected",
                format!(
                    "More than {MOST_REJECTED} rows are rejected, the last one because: {}. Change the step, or let it make such \
                     values null.",
                    self.reasons.get(reason as usize).map_or("", |reason| &reason.text)
                ),
            ));
        }
        self.rejects.push(Reject { line, reason });
        Ok(())
    }

    /// Takes over what another one was told.
    pub(crate) fn take_over(&mut self, other: Self) {
        let numbers: Vec<u32> = other
            .reasons
            .iter()
            .map(|reason| self.reason(&reason.column, &reason.rule, &reason.text))
            .collect();
        let number = |reason: u32| numbers.get(reason as usize).copied().unwrap_or(reason);
        let rejects =
            other.rejects.into_iter().map(|reject| Reject { reason: number(reject.reason), ..reject });
        self.rejects.extend(rejects);
        for (reason, count) in other.counts {
            *self.counts.entry(number(reason)).or_default() += count;
        }
        self.duplicates += other.duplicates;
        self.filtered += other.filtered;
        self.derived += other.derived;
        for (warning, count) in other.warnings {
            *self.warnings.entry(warning).or_default() += count;
        }
        self.notes.extend(other.notes);
    }

    /// Counts what is odd and no reason to reject.
    pub(crate) fn warn(&mut self, kind: &str, message: impl Into<String>, count: u64) {
        if count > 0 {
            *self.warnings.entry((kind.into(), message.into())).or_default() += count;
        }
    }

    pub(crate) fn note(&mut self, step: &str, text: impl Into<String>) {
        self.notes.push((step.into(), text.into()));
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.warnings.iter().map(|((kind, message), count)| Finding::new(kind, message, *count)).collect()
    }

    /// What was rejected, as errors of processing, the most frequent first.
    pub(crate) fn errors(&self) -> Vec<Finding> {
        let mut found: Vec<_> = self.counts.iter().collect();
        found.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), **reason));
        let finding = |(reason, count): (&u32, &u64)| {
            let reason = self.reasons.get(*reason as usize)?;
            let message = match reason.column.as_str() {
                "" => format!("{}: {}", reason.rule, reason.text),
                column => format!("{}, column \"{column}\": {}", reason.rule, reason.text),
            };
            Some(Finding::new("RejectedRow", message, *count))
        };
        found.into_iter().filter_map(finding).collect()
    }
}
