//! How a run ended, for people.

use fuelcell_domain::{Completion, RunEnd};

/// How a run ended, in a sentence; of a failure more lines may follow.
pub(crate) fn ended(end: &RunEnd) -> String {
    match end {
        RunEnd::Completed(Completion::Done) => "completed".to_owned(),
        RunEnd::Completed(Completion::NoItems) => "completed: there was nothing to process".to_owned(),
        RunEnd::Completed(Completion::Skipped(reason)) => format!("skipped: {reason}"),
        RunEnd::Failed(error) => match &error.details {
            // A word of the guest's, or a backtrace.
            Some(word) if !word.contains('\n') => format!("failed: {error} ({word})"),
            Some(details) => format!("failed: {error}\n{details}"),
            None => format!("failed: {error}"),
        },
        RunEnd::Stopped => "stopped".to_owned(),
    }
}
