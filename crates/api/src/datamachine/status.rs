//! What jobs are called here.

use fuelcell_domain::job::JobEnd;
use fuelcell_domain::{Completion, Job, Standing};

/// Stands between a base status and its reason.
const BEFORE_REASON: &str = " - ";

/// All standings in the order of the words for them, which is the order of `orderby=status`.
pub(super) const BY_WORD: [Standing; 7] = [
    Standing::Skipped,
    Standing::Cancelled,
    Standing::Done,
    Standing::NoItems,
    Standing::Failed,
    Standing::Queued,
    Standing::Running,
];

/// The base status.
pub(super) fn base(standing: Standing) -> &'static str {
    match standing {
        Standing::Queued => "pending",
        Standing::Running => "processing",
        Standing::Done => "completed",
        Standing::NoItems => "completed_no_items",
        Standing::Skipped => "agent_skipped",
        Standing::Failed => "failed",
        Standing::Cancelled => "cancelled",
    }
}

/// The standing that a status names, compound or not.
pub(super) fn standing(status: &str) -> Option<Standing> {
    let word = status.split_once(BEFORE_REASON).map_or(status, |(word, _)| word);
    BY_WORD.into_iter().find(|standing| base(*standing) == word)
}

/// Why a job was skipped, when it said so.
pub(super) fn reason(job: &Job) -> Option<&str> {
    match &job.end {
        Some(JobEnd::Completed(Completion::Skipped(reason))) if !reason.is_empty() => Some(reason),
        _ => None,
    }
}

/// The whole status: the base, and the reason where there is one.
pub(super) fn status(job: &Job) -> String {
    let base = base(Standing::of(job));
    match reason(job) {
        Some(reason) => format!("{base}{BEFORE_REASON}{reason}"),
        None => base.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_has_its_word() {
        let words = Standing::ALL.map(|standing| (standing, base(standing)));
        let expected = [
            (Standing::Queued, "pending"),
            (Standing::Running, "processing"),
            (Standing::Done, "completed"),
            (Standing::NoItems, "completed_no_items"),
            (Standing::Skipped, "agent_skipped"),
            (Standing::Failed, "failed"),
            (Standing::Cancelled, "cancelled"),
        ];
        assert_eq!(words, expected);
        for (known, word) in words {
            assert_eq!(standing(word), Some(known));
            assert_eq!(standing(&format!("{word} - because - of that")), Some(known));
        }
        for unknown in ["", "Completed", "complete", "completed_", " - completed"] {
            assert_eq!(standing(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_words() {
        let words = BY_WORD.map(base);
        assert!(words.is_sorted(), "{words:?}");
        assert!(Standing::ALL.iter().all(|standing| BY_WORD.contains(standing)));
    }
}
