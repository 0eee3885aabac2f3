//! In what order the activities of a map are done: its flow runs downwards in that order.
//!
//! The mean place in a case does not tell it alone: an early step of short cases comes late in them, and would stand below
//! a later step that only long cases have.

use crate::figures::Figures;
use crate::log::EventLog;
use crate::names::Id;

/// Variants that are looked at for what comes first, most frequent first. Beyond these hardly a case changes it.
const VARIANTS: usize = 1000;

/// The place of each of these activities in the order that goes against the fewest cases, as far as exchanging single
/// activities finds it (Kemeny 1959).
pub(super) fn places(log: &EventLog, figures: &Figures, activities: &[Id]) -> Vec<usize> {
    let earlier = Earlier::of(log, figures, activities);
    let mean = mean_places(log, figures);
    let mut order: Vec<usize> = (0..activities.len()).collect();
    order.sort_by(|&a, &b| mean[activities[a] as usize].total_cmp(&mean[activities[b] as usize]));
    // Every exchange takes cases away that the order goes against. The bound is for strange logs.
    for _ in 0..activities.len() {
        let moved = (0..order.len()).filter(|&from| earlier.settle(&mut order, from)).count();
        if moved == 0 {
            break;
        }
    }
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, &activity)| places[activity] = place);
    places
}

/// How many cases do one of two activities before the other for the first time.
struct Earlier {
    side: usize,
    cases: Vec<u64>,
}

impl Earlier {
    fn of(log: &EventLog, figures: &Figures, activities: &[Id]) -> Self {
        let side = activities.len();
        let mut index = vec![None; log.names.activities.len()];
        (0..).zip(activities).for_each(|(place, &activity)| index[activity as usize] = Some(place));
        let mut earlier = Self { side, cases: vec![0; side * side] };
        let mut seen_in = vec![usize::MAX; side];
        let mut seen: Vec<usize> = Vec::with_capacity(side);
        for (number, variant) in figures.variants.list.iter().take(VARIANTS).enumerate() {
            seen.clear();
            for activity in log.trace(variant.case).iter().filter_map(|&activity| index[activity as usize]) {
                if std::mem::replace(&mut seen_in[activity], number) != number {
                    seen.iter().for_each(|&before| earlier.cases[before * side + activity] += variant.count);
                    seen.push(activity);
                }
            }
        }
        earlier
    }

    /// What an order wins when `before` stands ahead of `after` instead of behind it.
    fn gain(&self, before: usize, after: usize) -> i64 {
        let cases = |a: usize, b: usize| i64::try_from(self.cases[a * self.side + b]).unwrap_or(i64::MAX);
        cases(before, after).saturating_sub(cases(after, before))
    }

    /// Moves an activity to where the order goes against the fewest cases. False where it is there.
    fn settle(&self, order: &mut [usize], from: usize) -> bool {
        let activity = order[from];
        let (mut best, mut most) = (from, 0);
        let mut gain = 0_i64;
        for (to, &before) in order.iter().enumerate().take(from).rev() {
            gain = gain.saturating_add(self.gain(activity, before));
            if gain > most {
                (best, most) = (to, gain);
            }
        }
        gain = 0;
        for (to, &after) in order.iter().enumerate().skip(from + 1) {
            gain = gain.saturating_add(self.gain(after, activity));
            if gain > most {
                (best, most) = (to, gain);
            }
        }
        match best.cmp(&from) {
            std::cmp::Ordering::Less => order[best..=from].rotate_right(1),
            std::cmp::Ordering::Equal => return false,
            std::cmp::Ordering::Greater => order[from..=best].rotate_left(1),
        }
        true
    }
}

/// Mean place of the first occurrence of each activity in its cases, from 0 to 1.
fn mean_places(log: &EventLog, figures: &Figures) -> Vec<f64> {
    let names = log.names.activities.len();
    let (mut sums, mut cases) = (vec![0.0; names], vec![0_u64; names]);
    let mut seen_in = vec![usize::MAX; names];
    for (number, variant) in figures.variants.list.iter().enumerate() {
        let trace = log.trace(variant.case);
        let last = (trace.len() - 1).max(1) as f64;
        for (index, &activity) in trace.iter().enumerate() {
            let activity = activity as usize;
            if seen_in[activity] != number {
                seen_in[activity] = number;
                sums[activity] += index as f64 / last * variant.count as f64;
                cases[activity] += variant.count;
            }
        }
    }
    sums.iter().zip(cases).map(|(sum, cases)| sum / cases.max(1) as f64).collect()
}
