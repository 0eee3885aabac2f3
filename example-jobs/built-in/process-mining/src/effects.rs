//! Which values of attributes go with longer cases, slower steps and more rework: each value against all other cases, by
//! rank, corrected for how many comparisons were made.

use serde_json::{Value, json};
use statrs::function::erf::erfc;

use crate::completion::Completed;
use crate::dimensions::{Dimension, Group, repeats};
use crate::figures::{Figures, Groups, SECOND, Spread};
use crate::log::{EventLog, Micros};
use crate::names::Id;

/// The chance that anything at all is told where attributes mean nothing.
pub const LEVEL: f64 = 0.01;
/// Cases that are needed on both sides of a comparison.
pub const FEWEST: usize = 20;
/// A median must be this many times that of the others …
const LEAST_RATIO: f64 = 1.2;
/// … and a share larger by so much.
const LEAST_DIFFERENCE: f64 = 0.05;
/// Activities whose time is compared: those before which most of it is spent.
const STEPS: usize = 20;
/// Effects that are listed, those that move most time first.
const LISTED: usize = 100;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// How long completed cases take.
    CycleTime,
    /// Time between the event before and an activity, of all its events in a case.
    TimeBefore(Id),
    /// Whether a case repeats an activity.
    Rework,
}

/// A value of an attribute that makes a difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
    /// What differs.
    pub measure: Measure,
    /// Cases with the value, and others.
    pub cases: [u64; 2],
    /// Medians (of rework: shares) of both, in microseconds.
    pub medians: [f64; 2],
    /// What its cases take longer than others, all together, in microseconds, by the smaller of the differences of means and
    /// of medians: a few extreme cases are no effect of the attribute. 0 for rework.
    pub moved: f64,
    /// Chance of such a difference or a larger one, if the attribute meant nothing, times the number of comparisons that
    /// were at least as unlikely (Holm 1979).
    pub p_value: f64,
}

/// All comparisons of a log.
#[derive(Debug, Default)]
pub struct Effects {
    /// Those that hold, what moves most time first.
    pub found: Vec<Effect>,
    /// How many were made.
    pub comparisons: usize,
}

/// A comparison: the place of its dimension and group, and its chance.
struct Compared {
    dimension: usize,
    group: usize,
    measure: Measure,
    p_value: f64,
}

/// Compares the cases with each value of `dimensions` with all others. Attributes of which a case has several values are
/// left out: a long case has more of them.
pub fn find(log: &EventLog, figures: &Figures, completed: &Completed, dimensions: &[Dimension]) -> Effects {
    if !dimensions.iter().any(|dimension| dimension.exclusive) {
        return Effects::default();
    }
    let steps = Steps::longest(log, figures);
    let mut measures = vec![Measure::CycleTime, Measure::Rework];
    measures.extend(steps.activities.iter().copied().map(Measure::TimeBefore));
    // Values are computed again for what is found: they would take more memory than the log.
    let mut compared = Vec::new();
    for &measure in &measures {
        let values = values(log, completed, &steps, measure);
        compare(values, log.cases(), dimensions, measure, &mut compared);
    }
    let adjusted = holm(&compared);
    let holds = |measure: Measure| {
        let comparisons = compared.iter().zip(&adjusted);
        comparisons.filter(move |(one, p_value)| one.measure == measure && **p_value <= LEVEL)
    };
    let mut found = Vec::new();
    for &measure in measures.iter().filter(|&&measure| holds(measure).next().is_some()) {
        let values = values(log, completed, &steps, measure);
        found.extend(holds(measure).filter_map(|(comparison, &p_value)| {
            let dimension = &dimensions[comparison.dimension];
            effect(measure, &values, dimension, &dimension.groups[comparison.group], p_value)
        }));
    }
    found.sort_by(|a: &Effect, b| b.moved.total_cmp(&a.moved));
    Effects { found, comparisons: compared.len() }
}

/// The activities before which most time is spent, and where they are in the log: a walk over the log for each of them would
/// take longer than all else here.
pub(crate) struct Steps {
    /// Those of most time first.
    pub(crate) activities: Vec<Id>,
    events: Groups<u32>,
}

impl Steps {
    pub(crate) fn longest(log: &EventLog, figures: &Figures) -> Self {
        let spreads = &figures.since_previous;
        let sum = |activity: Id| spreads[activity as usize].map_or(0, |spread| spread.sum);
        let mut activities: Vec<Id> =
            (0..spreads.len() as Id).filter(|&activity| sum(activity) > 0).collect();
        activities.sort_by_key(|&activity| (std::cmp::Reverse(sum(activity)), activity));
        activities.truncate(STEPS);
        let mut places = vec![None; spreads.len()];
        (0..).zip(&activities).for_each(|(place, &activity)| places[activity as usize] = Some(place));
        let events = Groups::collect(activities.len(), |all| {
            for (event, &activity) in (0..).zip(&log.activities) {
                if let Some(place) = places[activity as usize] {
                    all.take(place, event);
                }
            }
        });
        Self { activities, events }
    }

    /// Time between the event before and an activity, of all its events in a case that are not its first, by case.
    pub(crate) fn times_before(&self, log: &EventLog, activity: Id) -> Vec<(u32, Micros)> {
        let Some(place) = self.activities.iter().position(|&other| other == activity) else {
            return Vec::new();
        };
        let mut found: Vec<(u32, Micros)> = Vec::new();
        let mut ranges = (0..).zip(log.ranges());
        let (mut case, mut range) = (0, 0..0);
        for event in self.events.get(place).iter().map(|&event| event as usize) {
            while range.end <= event {
                (case, range) = ranges.next().unwrap_or((u32::MAX, event..event + 1));
            }
            if event == range.start {
                continue;
            }
            let time = log.times[event] - log.times[event - 1];
            match found.last_mut().filter(|(last, _)| *last == case) {
                Some((_, sum)) => *sum += time,
                None => found.push((case, time)),
            }
        }
        found
    }
}

/// How long each completed case takes, by case.
pub(crate) fn cycle_times(log: &EventLog, completed: &Completed) -> Vec<(u32, Micros)> {
    let cases = (0..log.cases()).filter(|&case| completed.is_completed(case));
    cases.map(|case| (case as u32, log.lead_time(case))).collect()
}

/// The measure of every case that has it, by case.
fn values(log: &EventLog, completed: &Completed, steps: &Steps, measure: Measure) -> Vec<(u32, Micros)> {
    match measure {
        Measure::CycleTime => cycle_times(log, completed),
        Measure::Rework => {
            (0..).zip(repeats(log)).map(|(case, repeats)| (case, Micros::from(repeats))).collect()
        }
        Measure::TimeBefore(activity) => steps.times_before(log, activity),
    }
}

/// Compares every group with all others by the test of Mann and Whitney (1947), with the normal distribution and corrected
/// for ties.
fn compare(
    values: Vec<(u32, Micros)>,
    cases: usize,
    dimensions: &[Dimension],
    measure: Measure,
    compared: &mut Vec<Compared>,
) {
    let measured = values.len();
    let (ranks, ties) = ranks(values, cases);
    let all = measured as f64;
    let spread = all + 1.0 - ties / (all * (all - 1.0));
    for (dimension, groups) in dimensions.iter().enumerate().filter(|(_, found)| found.exclusive) {
        for (group, found) in groups.groups.iter().enumerate() {
            let ranks = found.cases.iter().map(|&case| ranks[case as usize]);
            let (count, sum) =
                ranks.fold((0, 0.0), |(count, sum), rank| (count + usize::from(rank > 0.0), sum + rank));
            if count < FEWEST || measured - count < FEWEST {
                continue;
            }
            let (inside, outside) = (count as f64, all - count as f64);
            let variance = inside * outside / 12.0 * spread;
            let distance = sum - inside * (all + 1.0) / 2.0;
            let z = if variance > 0.0 { (distance.abs() - 0.5).max(0.0) / variance.sqrt() } else { 0.0 };
            compared.push(Compared {
                dimension,
                group,
                measure,
                p_value: erfc(z / std::f64::consts::SQRT_2),
            });
        }
    }
}

/// The rank of the value of each of so many cases, equal ones sharing the mean of theirs, 0 where a case has none; and the sum
/// of t³ − t over all runs of t equal values.
fn ranks(mut values: Vec<(u32, Micros)>, cases: usize) -> (Vec<f64>, f64) {
    values.sort_unstable_by_key(|&(_, value)| value);
    let (mut ranks, mut ties, mut start) = (vec![0.0; cases], 0.0, 0);
    for run in values.chunk_by(|a, b| a.1 == b.1) {
        let length = run.len() as f64;
        run.iter().for_each(|&(case, _)| ranks[case as usize] = start as f64 + (length + 1.0) / 2.0);
        ties += length * (length * length - 1.0);
        start += run.len();
    }
    (ranks, ties)
}

/// Chances corrected for the number of comparisons: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure"
/// (1979).
fn holm(compared: &[Compared]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..compared.len()).collect();
    order.sort_by(|&a, &b| compared[a].p_value.total_cmp(&compared[b].p_value));
    let (mut adjusted, mut most) = (vec![1.0; compared.len()], 0.0_f64);
    for (before, &place) in order.iter().enumerate() {
        most = most.max(compared[place].p_value * (compared.len() - before) as f64);
        adjusted[place] = most.min(1.0);
    }
    adjusted
}

/// What a group's cases have more of than others, if that is worth a word.
fn effect(
    measure: Measure,
    values: &[(u32, Micros)],
    dimension: &Dimension,
    group: &Group,
    p_value: f64,
) -> Option<Effect> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    let mut members = group.cases.iter().peekable();
    for &(case, value) in values {
        while members.next_if(|&&member| member < case).is_some() {}
        let side = if members.next_if_eq(&&case).is_some() { &mut inside } else { &mut outside };
        side.push(value);
    }
    let (inside, outside) = (Spread::of(&mut inside)?, Spread::of(&mut outside)?);
    let difference = inside.mean() - outside.mean();
    let (medians, moved, large) = match measure {
        Measure::Rework => ([inside.mean(), outside.mean()], 0.0, difference >= LEAST_DIFFERENCE),
        _ => (
            [inside.median, outside.median],
            difference.min(inside.median - outside.median) * inside.count as f64,
            difference > 0.0 && inside.median > 0.0 && inside.median >= LEAST_RATIO * outside.median,
        ),
    };
    large.then(|| Effect {
        attribute: dimension.attribute.clone(),
        value: group.value.clone(),
        measure,
        cases: [inside.count, outside.count],
        medians,
        moved,
        p_value,
    })
}

impl Effects {
    /// `effects` of `process-mining.json`.
    pub fn document(&self, log: &EventLog) -> Value {
        let effect = |effect: &Effect| {
            let mut document = json!({
                "attribute": effect.attribute,
                "value": effect.value,
                "cases": effect.cases[0],
                "other_cases": effect.cases[1],
                "p_value_corrected": effect.p_value,
            });
            let times = |document: &mut Value, measure: &str| {
                document["measure"] = json!(measure);
                document["median_seconds"] = json!(effect.medians[0] / SECOND);
                document["other_median_seconds"] = json!(effect.medians[1] / SECOND);
                document["longer_in_all_seconds"] = json!(effect.moved / SECOND);
            };
            match effect.measure {
                Measure::CycleTime => times(&mut document, "cycle time"),
                Measure::TimeBefore(activity) => {
                    times(&mut document, "time before activity");
                    document["activity"] = json!(log.activity_name(activity));
                }
                Measure::Rework => {
                    document["measure"] = json!("rework");
                    document["share"] = json!(effect.medians[0]);
                    document["other_share"] = json!(effect.medians[1]);
                }
            }
            document
        };
        json!({
            "comparisons": self.comparisons,
            "level": LEVEL,
            "found": self.found.iter().take(LISTED).map(effect).collect::<Value>(),
        })
    }
}
