//! Since when a group differs.

use super::target::{Group, Target};
use crate::frame::{Micros, NO_TIME};
use crate::statistics::{most_likely_change, two_sided};

/// A moment from which on a group differs more, or less, than before.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Since {
    /// The first row of the group after the change, in microseconds since 1970.
    pub time: Micros,
    /// Mean of the group − mean of the rest, before.
    pub difference_before: f64,
    /// The same from then on.
    pub difference_after: f64,
    /// The larger one of two: of a change within the group, and of a change against the rest.
    pub p_value: f64,
}

/// A change is said when it is this unlikely without one. It is looked for only in what was found already.
const CLEAR: f64 = 0.001;
/// Rows of the group on both sides of a change.
const LEAST_ROWS: usize = 10;

/// Looks for one moment at which the group changed and the rest did not change alike.
pub(super) fn since(target: &Target, times: &[Micros], inside: impl Fn(usize) -> bool) -> Option<Since> {
    let timed = (0..times.len()).filter(|&row| times[row] != NO_TIME);
    let mut rows: Vec<usize> = timed.clone().filter(|&row| inside(row)).collect();
    rows.sort_by_key(|&row| times[row]);
    let values: Vec<f64> = rows.iter().map(|&row| target.values[row]).collect();
    let change = most_likely_change(&values)?;
    if change.p_value > CLEAR || change.at < LEAST_ROWS || rows.len() - change.at < LEAST_ROWS {
        return None;
    }
    let time = times[rows[change.at]];
    let mut groups = [Group::default(); 4];
    for row in timed {
        let place = usize::from(times[row] >= time) + if inside(row) { 0 } else { 2 };
        groups[place].add(&target.row(row));
    }
    let [before, after, rest_before, rest_after] = groups;
    let mean = |group: &Group| target.mean_of(group);
    let difference_before = mean(&before) - mean(&rest_before);
    let difference_after = mean(&after) - mean(&rest_after);
    let error = groups.iter().map(Group::variance_of_mean).sum::<f64>().sqrt();
    let against_rest =
        if error > 0.0 { two_sided((difference_after - difference_before) / error) } else { 1.0 };
    let p_value = change.p_value.max(against_rest);
    (p_value <= CLEAR && rest_before.count > 0 && rest_after.count > 0).then_some(Since {
        time,
        difference_before,
        difference_after,
        p_value,
    })
}
