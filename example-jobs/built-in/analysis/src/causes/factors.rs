//! What may go with a target: attributes with a handful of values each.

use crate::frame::{Categories, Column, Frame, NO_CODE, NO_TIME, Values};
use crate::statistics::{quantile_of_sorted, sorted};

/// When an attribute of a case is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// From the start: it can be a cause.
    AtStart,
    /// Only by what happened on the way: it may be a cause, a symptom or a part of the target.
    OnTheWay,
}

/// An attribute, every row of which has one of few values.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The attribute.
    pub name: String,
    /// When it is known.
    pub known: Known,
    /// The values that rows may be grouped by, as people read them.
    pub labels: Vec<String>,
    /// For each row the place of its value. Rare values share the number after the last label.
    pub codes: Vec<u32>,
    /// Whether the values have an order.
    pub ordered: bool,
}

/// Values that are not missing but empty of meaning for a reader are named like this.
const MISSING: &str = "(missing)";
/// Numbers are cut into this many parts of about equal size.
const PARTS: usize = 4;
/// Values of one attribute that are looked at; the most frequent ones.
const MOST_VALUES: usize = 200;

impl Factor {
    /// Turns a column into a factor. None when it says nothing: a single value, or a different one in nearly every row.
    pub fn of(column: &Column, known: Known, least_rows: usize) -> Option<Self> {
        let (labels, codes, ordered) = match &column.values {
            Values::Numbers(numbers) => {
                let (labels, codes) = parts(numbers);
                (labels, codes, true)
            }
            Values::Categories(Categories { codes, names }) => (names.clone(), codes.clone(), false),
            Values::Times(times) => {
                let (labels, codes) = weekdays(times);
                (labels, codes, false)
            }
        };
        let name = match column.values {
            Values::Times(_) => format!("weekday of {}", column.name),
            _ => column.name.clone(),
        };
        let factor = Self { name, known, labels, codes, ordered }.with_missing().frequent(least_rows);
        (factor.labels.len() + usize::from(factor.has_rare()) > 1).then_some(factor)
    }

    /// Whether every row has one of two values, so that one of them says what the other says.
    pub(super) fn says_all_in_two(&self) -> bool {
        self.labels.len() == 2 && !self.has_rare()
    }

    fn has_rare(&self) -> bool {
        self.codes.iter().any(|&code| code as usize >= self.labels.len())
    }

    /// A missing value is a value too: that something was not filled in may be the cause.
    fn with_missing(mut self) -> Self {
        let missing = self.labels.len() as u32;
        if self.codes.contains(&NO_CODE) {
            self.labels.push(MISSING.to_string());
            self.codes.iter_mut().filter(|code| **code == NO_CODE).for_each(|code| *code = missing);
        }
        self
    }

    /// Keeps the values of at least so many rows, the most frequent first up to [`MOST_VALUES`].
    fn frequent(self, least_rows: usize) -> Self {
        let mut counts = vec![0_usize; self.labels.len()];
        self.codes.iter().for_each(|&code| counts[code as usize] += 1);
        let mut kept: Vec<usize> =
            (0..counts.len()).filter(|&code| counts[code] >= least_rows.max(1)).collect();
        if kept.len() > MOST_VALUES {
            kept.sort_by_key(|&code| std::cmp::Reverse(counts[code]));
            kept.truncate(MOST_VALUES);
            kept.sort_unstable();
        }
        let rare = kept.len() as u32;
        let mut places = vec![rare; counts.len()];
        (0..).zip(&kept).for_each(|(place, &code)| places[code] = place);
        Self {
            labels: kept.iter().map(|&code| self.labels[code].clone()).collect(),
            codes: self.codes.iter().map(|&code| places[code as usize]).collect(),
            ..self
        }
    }
}

/// All columns of a table as factors, but for those that are named.
pub fn factors(frame: &Frame, known: impl Fn(&str) -> Option<Known>, least_rows: usize) -> Vec<Factor> {
    let columns = frame.columns().iter();
    columns.filter_map(|column| Factor::of(column, known(&column.name)?, least_rows)).collect()
}

/// Cuts numbers at their quartiles. Few distinct whole numbers stay as they are.
fn parts(numbers: &[f64]) -> (Vec<String>, Vec<u32>) {
    const FEW: usize = 12;
    let present: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
    let ordered = sorted(&present);
    let mut distinct = ordered.clone();
    distinct.dedup();
    let single = distinct.len() <= FEW && distinct.iter().all(|number| number.fract() == 0.0);
    let bounds: Vec<f64> = if single {
        distinct
    } else {
        let mut cuts: Vec<f64> = (1..PARTS)
            .filter_map(|part| quantile_of_sorted(&ordered, part as f64 / PARTS as f64))
            .chain(ordered.last().copied())
            .collect();
        cuts.dedup();
        cuts
    };
    let code = |&number: &f64| {
        if number.is_nan() { NO_CODE } else { bounds.partition_point(|&bound| bound < number) as u32 }
    };
    let label = |part: usize| {
        let upper = shown(bounds[part]);
        match part.checked_sub(1) {
            _ if single => upper,
            None => format!("up to {upper}"),
            Some(before) if part + 1 == bounds.len() => format!("more than {}", shown(bounds[before])),
            Some(before) => format!("more than {} up to {upper}", shown(bounds[before])),
        }
    };
    ((0..bounds.len()).map(label).collect(), numbers.iter().map(code).collect())
}

/// Up to four significant digits for a bound.
fn shown(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let digits = (3 - number.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

fn weekdays(times: &[i64]) -> (Vec<String>, Vec<u32>) {
    const DAY: i64 = 86_400_000_000;
    let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    // 1 January 1970 was a Thursday.
    let code =
        |&time: &i64| if time == NO_TIME { NO_CODE } else { (time.div_euclid(DAY) + 3).rem_euclid(7) as u32 };
    (names.map(String::from).to_vec(), times.iter().map(code).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(values: Values, least_rows: usize) -> Option<Factor> {
        Factor::of(&Column { name: "a".into(), values }, Known::AtStart, least_rows)
    }

    #[test]
    fn numbers_are_cut_at_their_quartiles() {
        let numbers = (0..100).map(|number| f64::from(number) + 0.5).collect();
        let found = factor(Values::Numbers(numbers), 1).unwrap();
        assert_eq!(
            found.labels,
            ["up to 25.25", "more than 25.25 up to 50", "more than 50 up to 74.75", "more than 74.75"]
        );
        assert_eq!((found.codes[0], found.codes[25], found.codes[99]), (0, 1, 3));
        let few = factor(Values::Numbers(vec![2.0, 1.0, 2.0, f64::NAN]), 1).unwrap();
        assert_eq!((few.labels, few.codes), (vec!["1".into(), "2".into(), MISSING.into()], vec![1, 0, 1, 2]));
    }

    #[test]
    fn rare_values_and_identifiers_are_no_groups() {
        let texts = ["x", "x", "y", "z", "x"].map(Some);
        let found = factor(Values::Categories(Categories::of(texts)), 2).unwrap();
        assert_eq!((found.labels, found.codes), (vec!["x".to_string()], vec![0, 0, 1, 1, 0]));
        assert_eq!(factor(Values::Categories(Categories::of(["a", "b", "c"].map(Some))), 2), None);
        assert_eq!(factor(Values::Numbers(vec![1.0; 9]), 1), None);
    }

    #[test]
    fn times_are_weekdays() {
        let found = factor(Values::Times(vec![0, 86_400_000_000 * 4, -1]), 1).unwrap();
        let names: Vec<&str> = found.codes.iter().map(|&code| found.labels[code as usize].as_str()).collect();
        assert_eq!(names, ["Thursday", "Monday", "Wednesday"]);
    }
}
