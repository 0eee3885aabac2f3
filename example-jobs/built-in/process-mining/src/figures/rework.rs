//! Work done again.

use crate::log::EventLog;

/// Repetitions inside cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rework {
    /// Cases in which the activity occurs more than once, per activity.
    pub cases: Vec<u64>,
    /// Occurrences beyond the first of their case, per activity.
    pub repetitions: Vec<u64>,
    /// Cases in which any activity occurs more than once.
    pub any: u64,
}

impl Rework {
    /// Counts.
    pub fn of(log: &EventLog) -> Self {
        let names = log.names.activities.len();
        let mut rework = Self { cases: vec![0; names], repetitions: vec![0; names], any: 0 };
        let mut seen = vec![0_u64; names];
        for range in log.ranges() {
            let trace = &log.activities[range];
            let mut again = false;
            for &activity in trace {
                let count = &mut seen[activity as usize];
                *count += 1;
                rework.cases[activity as usize] += u64::from(*count == 2);
                rework.repetitions[activity as usize] += u64::from(*count > 1);
                again |= *count > 1;
            }
            rework.any += u64::from(again);
            trace.iter().for_each(|&activity| seen[activity as usize] = 0);
        }
        rework
    }
}
