//! How long open cases still take, and whether they end badly: learned from cases that ended before a moment, and measured on
//! cases that began after it.

use serde::{Deserialize, Serialize};

use crate::boost::{Bins, Cut, Loss, Model, chance, learn};
use crate::cases::{CASE, CaseTable, DURATION, END, LAST_ACTIVITY, START};
use crate::causes::Known;
use crate::frame::{Categories, Micros, NO_TIME, Values};
use crate::statistics::{Dice, quantile_of_sorted, sorted};

/// A model with what is known about its errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predictor {
    /// What it is; other files are refused.
    pub format: String,
    /// What a case is known by.
    pub features: Vec<Feature>,
    /// Seconds that a case lasts longer than this are late.
    pub late_above: f64,
    /// The activities that cases end with; others are open.
    pub ends: Vec<String>,
    /// Remaining seconds as their logarithm (`ln(1 + seconds)`).
    pub remaining: Model,
    /// The log of the odds that the case is late in the end.
    pub late: Model,
    /// By what factor the remaining time is off in nine of ten cases of the calibration, downwards and upwards.
    pub factors: (f64, f64),
    /// Its errors on cases that it had not seen.
    pub evaluation: Evaluation,
}

/// What a case is known by at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The column, or what is derived from the events so far.
    pub name: String,
    /// How it is cut.
    pub cut: Cut,
}

/// Errors on cases that began after all cases of the training had ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Cases that were learned from, and how many moments of them.
    pub training: (usize, usize),
    /// Cases that were held out, and how many moments of them.
    pub held_out: (usize, usize),
    /// The moment between them, in microseconds since 1970.
    pub split: Micros,
    /// The mean absolute error of the remaining time in seconds.
    pub mean_absolute_error: f64,
    /// That of always saying the mean after the same last activity.
    pub baseline_error: f64,
    /// The share of the held-out moments whose remaining time lay inside of the interval, which is to be 0.9.
    pub coverage: f64,
    /// The share of the held-out moments at which it was said rightly whether the case ends late.
    pub accuracy: f64,
    /// That of always saying the more frequent end.
    pub baseline_accuracy: f64,
    /// The mean squared error of the probability of being late (G. W. Brier, 1950).
    pub brier: f64,
    /// That of always saying the share in the training.
    pub baseline_brier: f64,
    /// Probabilities that were said, by tenths: what was said, what came, and of how many moments.
    pub calibration: Vec<(f64, f64, usize)>,
}

/// What is said of an open case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The case.
    pub case: String,
    /// Its last activity.
    pub last_activity: String,
    /// Seconds since it began.
    pub elapsed: f64,
    /// Seconds that it still takes, as expected.
    pub remaining: f64,
    /// Nine of ten times not less.
    pub low: f64,
    /// Nine of ten times not more.
    pub high: f64,
    /// The probability that it is late in the end.
    pub late: f64,
}

/// Cases that a model needs to learn from, and to be measured on.
const LEAST_CASES: usize = 100;
/// Moments that are learned from, at most.
const MOST_MOMENTS: usize = 60_000;
/// Names of a feature that are told apart.
const MOST_NAMES: usize = 40;
/// The share of the cases that began before the moment of the split.
const TRAINED: f64 = 0.7;
/// Attributes that are looked at.
const MOST_ATTRIBUTES: usize = 20;
const FORMAT: &str = "fuelcell-analysis-model/1";
const DERIVED: [&str; 4] = ["last activity", "events so far", "seconds so far", "hour of the week"];
const SECOND: f64 = 1e6;

/// A moment of a case: after so many of its events.
#[derive(Debug, Clone, Copy)]
struct Moment {
    row: usize,
    events: usize,
}

impl Predictor {
    /// Learns from the closed cases. None when too few of them ended before, or began after, the moment of the split.
    pub fn learn(table: &CaseTable, late_above: Option<f64>) -> Option<Self> {
        let ends = ends(table);
        let (starts, finishes, durations) =
            (times(table, START)?, times(table, END)?, numbers(table, DURATION)?);
        let last = last_activities(table)?;
        let is_closed = |row: &usize| last.name(*row).is_some_and(|name| ends.iter().any(|end| end == name));
        let closed: Vec<usize> = (0..table.frame.rows()).filter(is_closed).collect();
        // Rows are in the order of their starts.
        let split = *starts.get((starts.len() as f64 * TRAINED) as usize)?;
        let of = |rows: &[usize]| sorted(&rows.iter().map(|&row| durations[row]).collect::<Vec<_>>());
        // Of cases that began shortly before the split only short ones have ended: they are not learned from.
        let usual = quantile_of_sorted(&of(&closed), 0.95)?;
        let began_early =
            |row: &&usize| finishes[**row] <= split && starts[**row] as f64 + usual * SECOND <= split as f64;
        let mut training: Vec<usize> = closed.iter().filter(began_early).copied().collect();
        let held_out: Vec<usize> = closed.iter().filter(|&&row| starts[row] > split).copied().collect();
        if training.len() < LEAST_CASES || held_out.len() < LEAST_CASES {
            return None;
        }
        let late_above = late_above.or_else(|| quantile_of_sorted(&of(&training), 0.75))?;
        let calibration = training.split_off(training.len() * 4 / 5);
        let sets = [&training, &calibration, &held_out].map(|rows| moments(table, rows));
        let features = features(table, &sets[0])?;
        let bins = bins(table, &features, &sets[0])?;
        let cuts: Vec<Cut> = features.iter().map(|feature| feature.cut.clone()).collect();
        let remaining =
            |set: &[Moment]| set.iter().map(|moment| rest(table, finishes, *moment)).collect::<Vec<f64>>();
        let is_late = |set: &[Moment]| -> Vec<f64> {
            set.iter().map(|moment| f64::from(u8::from(durations[moment.row] > late_above))).collect()
        };
        let logs: Vec<f64> = remaining(&sets[0]).iter().map(|seconds| seconds.ln_1p()).collect();
        let mut predictor = Self {
            format: FORMAT.to_string(),
            remaining: learn(&bins, &cuts, &logs, Loss::Squares),
            late: learn(&bins, &cuts, &is_late(&sets[0]), Loss::LogOdds),
            features,
            late_above,
            ends,
            factors: (1.0, 1.0),
            evaluation: Evaluation {
                training: (training.len() + calibration.len(), sets[0].len() + sets[1].len()),
                held_out: (held_out.len(), sets[2].len()),
                split,
                mean_absolute_error: 0.0,
                baseline_error: 0.0,
                coverage: 0.0,
                accuracy: 0.0,
                baseline_accuracy: 0.0,
                brier: 0.0,
                baseline_brier: 0.0,
                calibration: Vec::new(),
            },
        };
        predictor.factors = predictor.off(table, &sets[1], &remaining(&sets[1]))?;
        let known = (remaining(&sets[0]), is_late(&sets[0]));
        let came = (remaining(&sets[2]), is_late(&sets[2]));
        predictor.measure(table, [&sets[0], &sets[2]], &known, &came)?;
        Some(predictor)
    }

    /// Reads a model of an earlier run.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let model: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if model.format != FORMAT {
            return Err(format!("its format is \"{}\" and not \"{FORMAT}\"", model.format));
        }
        let count = model.features.len();
        match model.remaining.fits(count) && model.late.fits(count) {
            true => Ok(model),
            false => Err("a tree asks for a feature that it does not have".to_string()),
        }
    }

    /// What is said of all open cases, as of their last event; those that take longest come first.
    pub fn open_cases(&self, table: &CaseTable) -> Option<Vec<Prediction>> {
        let (starts, finishes) = (times(table, START)?, times(table, END)?);
        let last = last_activities(table)?;
        let Values::Categories(cases) = table.frame.column(CASE)? else { return None };
        let is_open =
            |row: &usize| !last.name(*row).is_some_and(|name| self.ends.iter().any(|end| end == name));
        let open: Vec<Moment> = (0..table.frame.rows())
            .filter(is_open)
            .map(|row| Moment { row, events: table.history.of(row).len() })
            .collect();
        let bins = bins(table, &self.features, &open)?;
        let mut predictions: Vec<Prediction> = open
            .iter()
            .enumerate()
            .map(|(place, moment)| {
                let remaining = self.seconds(&bins, place);
                Prediction {
                    case: cases.name(moment.row).unwrap_or_default().to_string(),
                    last_activity: last.name(moment.row).unwrap_or_default().to_string(),
                    elapsed: (finishes[moment.row] - starts[moment.row]) as f64 / SECOND,
                    remaining,
                    low: remaining * self.factors.0,
                    high: remaining * self.factors.1,
                    late: chance(self.late.score(|feature| bins[feature][place])),
                }
            })
            .collect();
        predictions.sort_by(|a, b| b.late.total_cmp(&a.late));
        Some(predictions)
    }

    fn seconds(&self, bins: &Bins, place: usize) -> f64 {
        self.remaining.score(|feature| bins[feature][place]).exp_m1().max(0.0)
    }

    /// By what factors what came is off from what was said, in nine of ten moments.
    fn off(&self, table: &CaseTable, set: &[Moment], came: &[f64]) -> Option<(f64, f64)> {
        let bins = bins(table, &self.features, set)?;
        let factor = |(place, came): (usize, &f64)| (1.0 + came) / (1.0 + self.seconds(&bins, place));
        let factors = sorted(&came.iter().enumerate().map(factor).collect::<Vec<_>>());
        Some((quantile_of_sorted(&factors, 0.05)?, quantile_of_sorted(&factors, 0.95)?))
    }

    fn measure(
        &mut self,
        table: &CaseTable,
        [training, held_out]: [&[Moment]; 2],
        known: &(Vec<f64>, Vec<f64>),
        came: &(Vec<f64>, Vec<f64>),
    ) -> Option<()> {
        let bins = bins(table, &self.features, held_out)?;
        let count = held_out.len() as f64;
        let usual = mean_by_activity(table, training, &known.0);
        let share = known.1.iter().sum::<f64>() / known.1.len() as f64;
        let mut evaluation = Evaluation { calibration: Vec::new(), ..self.evaluation.clone() };
        let mut tenths = [(0.0, 0.0, 0_usize); 10];
        let mut late_cases = 0.0;
        for (place, (&seconds, &late)) in came.0.iter().zip(&came.1).enumerate() {
            let said = self.seconds(&bins, place);
            let baseline = usual(table.history.of(held_out[place].row)[held_out[place].events - 1].0);
            let inside = (said * self.factors.0..=said * self.factors.1).contains(&seconds);
            let chance = chance(self.late.score(|feature| bins[feature][place]));
            evaluation.mean_absolute_error += (said - seconds).abs() / count;
            evaluation.baseline_error += (baseline - seconds).abs() / count;
            evaluation.coverage += f64::from(u8::from(inside)) / count;
            evaluation.accuracy += f64::from(u8::from((chance > 0.5) == (late > 0.5))) / count;
            evaluation.brier += (chance - late).powi(2) / count;
            evaluation.baseline_brier += (share - late).powi(2) / count;
            late_cases += late;
            let tenth = &mut tenths[((chance * 10.0) as usize).min(9)];
            *tenth = (tenth.0 + chance, tenth.1 + late, tenth.2 + 1);
        }
        // What was more frequent in the training is said of all.
        evaluation.baseline_accuracy =
            if share > 0.5 { late_cases / count } else { 1.0 - late_cases / count };
        let filled = tenths.into_iter().filter(|(_, _, moments)| *moments > 0);
        evaluation.calibration =
            filled.map(|(said, came, n)| (said / n as f64, came / n as f64, n)).collect();
        self.evaluation = evaluation;
        Some(())
    }
}

/// The activities that end cases: nine of ten cases with one end with it, and it ends at least one of a hundred.
fn ends(table: &CaseTable) -> Vec<String> {
    let names = &table.history.names;
    let (mut cases_with, mut ended) = (vec![0_usize; names.len()], vec![0_usize; names.len()]);
    for row in 0..table.frame.rows() {
        let events = table.history.of(row);
        let mut activities: Vec<u32> = events.iter().map(|event| event.0).collect();
        activities.sort_unstable();
        activities.dedup();
        activities.iter().for_each(|&activity| cases_with[activity as usize] += 1);
        if let Some(last) = events.last() {
            ended[last.0 as usize] += 1;
        }
    }
    let all = table.frame.rows();
    let is_end = |&activity: &usize| {
        ended[activity] * 10 >= cases_with[activity] * 9 && ended[activity] * 100 >= all.max(1)
    };
    (0..names.len()).filter(is_end).map(|activity| names[activity].clone()).collect()
}

/// All moments of cases but the last; evenly thinned out when there are very many.
fn moments(table: &CaseTable, rows: &[usize]) -> Vec<Moment> {
    let all = rows
        .iter()
        .flat_map(|&row| (1..table.history.of(row).len()).map(move |events| Moment { row, events }));
    let all: Vec<Moment> = all.collect();
    let step = all.len().div_ceil(MOST_MOMENTS).max(1);
    if step == 1 {
        return all;
    }
    let mut dice = Dice::new(all.len() as u64);
    all.chunks(step).map(|some| some[dice.below(some.len())]).collect()
}

fn rest(table: &CaseTable, finishes: &[Micros], moment: Moment) -> f64 {
    (finishes[moment.row] - table.history.of(moment.row)[moment.events - 1].1) as f64 / SECOND
}

fn mean_by_activity(table: &CaseTable, set: &[Moment], seconds: &[f64]) -> impl Fn(u32) -> f64 {
    let mut sums = vec![(0.0, 0.0); table.history.names.len()];
    for (moment, seconds) in set.iter().zip(seconds) {
        let sum = &mut sums[table.history.of(moment.row)[moment.events - 1].0 as usize];
        *sum = (sum.0 + seconds, sum.1 + 1.0);
    }
    let all = seconds.iter().sum::<f64>() / seconds.len().max(1) as f64;
    move |activity| match sums.get(activity as usize) {
        Some((sum, count)) if *count > 0.0 => sum / count,
        _ => all,
    }
}

/// What is derived from the events so far.
fn derived(table: &CaseTable, moment: Moment) -> [f64; 4] {
    const HOUR: i64 = 3_600_000_000;
    let events = table.history.of(moment.row);
    let (activity, time) = events[moment.events - 1];
    // 1 January 1970 was a Thursday.
    let hour = (time.div_euclid(HOUR) + 72).rem_euclid(168);
    [f64::from(activity), moment.events as f64, (time - events[0].1) as f64 / SECOND, hour as f64]
}

fn features(table: &CaseTable, set: &[Moment]) -> Option<Vec<Feature>> {
    let mut features = vec![Feature {
        name: DERIVED[0].to_string(),
        cut: Cut::Names { names: table.history.names.clone() },
    }];
    for (place, name) in DERIVED.iter().enumerate().skip(1) {
        let values: Vec<f64> = set.iter().map(|&moment| derived(table, moment)[place]).collect();
        features.push(Feature { name: (*name).to_string(), cut: Cut::numbers(&values) });
    }
    let known = table.known.iter().filter(|(_, known)| **known == Known::AtStart);
    for (name, _) in known.take(MOST_ATTRIBUTES) {
        let cut = match table.frame.column(name)? {
            Values::Numbers(numbers) => Cut::numbers(
                &set.iter().map(|moment| numbers[moment.row]).filter(|n| !n.is_nan()).collect::<Vec<_>>(),
            ),
            Values::Categories(categories) => Cut::Names { names: most_frequent(categories, set) },
            Values::Times(_) => continue,
        };
        features.push(Feature { name: name.clone(), cut });
    }
    Some(features)
}

fn most_frequent(categories: &Categories, set: &[Moment]) -> Vec<String> {
    let mut counts = vec![0_usize; categories.names.len()];
    for moment in set {
        if let Some(count) = counts.get_mut(categories.codes[moment.row] as usize) {
            *count += 1;
        }
    }
    let mut places: Vec<usize> = (0..counts.len()).filter(|&place| counts[place] > 0).collect();
    places.sort_by_key(|&place| std::cmp::Reverse(counts[place]));
    places.truncate(MOST_NAMES);
    places.into_iter().map(|place| categories.names[place].clone()).collect()
}

/// The bins of moments. An attribute that the table has not counts as missing.
fn bins(table: &CaseTable, features: &[Feature], set: &[Moment]) -> Option<Bins> {
    let mut bins = Vec::with_capacity(features.len());
    for Feature { name, cut } in features {
        let derived_place = DERIVED.iter().position(|known| known == name);
        let bin = |moment: &Moment| match (derived_place, table.frame.column(name)) {
            (Some(0), _) => {
                let activity = derived(table, *moment)[0] as usize;
                cut.place_of(table.history.names.get(activity).map(String::as_str))
            }
            (Some(place), _) => cut.bin_of(derived(table, *moment)[place]),
            (None, Some(Values::Numbers(numbers))) => cut.bin_of(numbers[moment.row]),
            (None, Some(Values::Categories(categories))) => cut.place_of(categories.name(moment.row)),
            (None, _) => cut.place_of(None),
        };
        bins.push(set.iter().map(bin).collect());
    }
    Some(bins)
}

fn times<'a>(table: &'a CaseTable, column: &str) -> Option<&'a [Micros]> {
    match table.frame.column(column)? {
        Values::Times(times) if !times.contains(&NO_TIME) => Some(times),
        _ => None,
    }
}

fn numbers<'a>(table: &'a CaseTable, column: &str) -> Option<&'a [f64]> {
    match table.frame.column(column)? {
        Values::Numbers(numbers) => Some(numbers),
        _ => None,
    }
}

fn last_activities(table: &CaseTable) -> Option<&Categories> {
    match table.frame.column(LAST_ACTIVITY)? {
        Values::Categories(categories) => Some(categories),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::LogColumns;
    use crate::frame::Frame;

    const HOUR: i64 = 3_600_000_000;

    /// 1200 cases of 300 days: `start`, `check`, `end`. Of kind `slow` they take 60 hours after the check, otherwise 10, each
    /// with a tenth of noise. The last 20 are open: they have no end.
    fn table(noise_only: bool) -> CaseTable {
        let mut dice = Dice::new(12);
        let (mut case, mut activity, mut time, mut kind) = (vec![], vec![], vec![], vec![]);
        for number in 0..1200_i64 {
            let slow = dice.share() < 0.3;
            let mut at = number * 6 * HOUR;
            for name in ["start", "check", "end"] {
                if name == "end" && number >= 1180 {
                    continue;
                }
                let hours = match name {
                    "start" => 0.0,
                    "check" => 2.0,
                    _ if noise_only => 60.0 * dice.share(),
                    _ => (if slow { 60.0 } else { 10.0 }) * (0.95 + 0.1 * dice.share()),
                };
                at += (hours * HOUR as f64) as i64;
                case.push(number as f64);
                activity.push(Some(name));
                time.push(at);
                kind.push(Some(if slow { "slow" } else { "quick" }));
            }
        }
        let mut log = Frame::new(case.len());
        log.put("case", Values::Numbers(case));
        log.put("activity", Values::Categories(Categories::of(activity)));
        log.put("time", Values::Times(time));
        log.put("kind", Values::Categories(Categories::of(kind)));
        let (timestamp, resource) = ("time".to_string(), None);
        let columns =
            LogColumns { case: "case".into(), activity: "activity".into(), timestamp, start: None, resource };
        CaseTable::of(&log, &columns, |_| 12).unwrap()
    }

    #[test]
    fn what_can_be_known_is_learned_and_open_cases_are_judged() {
        let table = table(false);
        let predictor = Predictor::learn(&table, None).unwrap();
        assert_eq!(predictor.ends, ["end"]);
        let found = &predictor.evaluation;
        assert!(found.mean_absolute_error < 0.2 * found.baseline_error, "{found:?}");
        assert!(found.coverage > 0.8 && found.coverage <= 1.0, "{found:?}");
        assert!(found.accuracy > 0.9 && found.brier < found.baseline_brier, "{found:?}");
        assert!(found.training.0 + found.held_out.0 <= 1180);
        let open = predictor.open_cases(&table).unwrap();
        assert_eq!(open.len(), 20);
        assert!(open.iter().all(|open| open.low <= open.remaining && open.remaining <= open.high));
        let hours = |open: &Prediction| open.remaining / 3600.0;
        assert!(open.iter().all(|open| (hours(open) - 60.0).abs() < 6.0 || (hours(open) - 10.0).abs() < 2.0));
        let text = serde_json::to_vec(&predictor).unwrap();
        assert_eq!(Predictor::parse(&text).unwrap().open_cases(&table), Some(open));
    }

    #[test]
    fn noise_is_not_known_and_that_is_said() {
        let predictor = Predictor::learn(&table(true), None).unwrap();
        let found = &predictor.evaluation;
        assert!(found.mean_absolute_error > 0.9 * found.baseline_error, "{found:?}");
        assert!(found.accuracy < found.baseline_accuracy + 0.05, "{found:?}");
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        assert!(Predictor::parse(b"{}").is_err());
        let predictor = Predictor::learn(&table(false), None).unwrap();
        let other = Predictor { format: "other".into(), ..predictor.clone() };
        assert!(Predictor::parse(&serde_json::to_vec(&other).unwrap()).unwrap_err().contains("format"));
        let few = Predictor { features: Vec::new(), ..predictor };
        assert!(Predictor::parse(&serde_json::to_vec(&few).unwrap()).unwrap_err().contains("feature"));
    }
}
