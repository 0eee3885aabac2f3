//! What a column holds: its values counted, measured and described, in one pass and in bounded memory.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use arrow_array::{Array as _, ArrayRef};
use arrow_schema::Schema;
use fuelcell_table_kit::{Kind, Values, time_text};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::chunk::{Chunk, kind_at};

/// Values that all columns together may keep for quantiles: 8 bytes each.
const KEPT_NUMBERS: usize = 6_000_000;
/// Hashes that all columns together may keep to count different values.
const KEPT_HASHES: usize = 3_000_000;
/// Values of a column whose frequencies are counted.
const COUNTED_VALUES: usize = 20_000;
/// Bytes that the counted values of all columns together may take.
const COUNTED_BYTES: usize = 32 << 20;
/// What a counted value takes beside its text, about.
const COUNTED_OVERHEAD: usize = 48;
/// What the text of a number or a time takes, about.
const SHORT_TEXT: usize = 16;
/// Patterns of a column that are counted.
const PATTERNS: usize = 500;
/// Columns of numbers between which correlations are computed: the first ones.
const CORRELATED: usize = 15;
/// Frequent values and patterns that are told.
const TOLD: usize = 10;

/// All columns.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<ColumnProfile>,
    pairs: Vec<Pair>,
}

/// One column, so far.
#[derive(Debug)]
pub(crate) struct ColumnProfile {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) missing: u64,
    distinct: Distinct,
    /// Texts with their frequencies.
    texts: FxHashMap<Box<str>, u64>,
    /// Other values by their keys, as text and with their frequencies.
    keys: FxHashMap<i128, (Box<str>, u64)>,
    /// Bytes that are left for counted values.
    room: usize,
    /// Values that were not counted because there were too many different ones, or too large ones.
    uncounted: u64,
    patterns: FxHashMap<Box<str>, u64>,
    numbers: Sample,
    sums: Sums,
    shortest: usize,
    longest: usize,
    present: u64,
}

/// Different values: exact until too many, then by adaptive sampling (M. Wegman; P. Flajolet, "On adaptive sampling",
/// Computing 43, 1990): hashes with `level` zeros at their end are kept, and each stands for `2^level` values.
#[derive(Debug)]
struct Distinct {
    kept: FxHashSet<u64>,
    level: u32,
    most: usize,
}

impl Distinct {
    #[inline]
    fn see(&mut self, value: impl Hash) {
        // Two values count as one when their hashes are equal. The faster hasher has 32 bits in a cell, where that is not rare.
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        if hash.trailing_zeros() < self.level {
            return;
        }
        self.kept.insert(hash);
        while self.kept.len() > self.most {
            self.level += 1;
            let level = self.level;
            self.kept.retain(|hash| hash.trailing_zeros() >= level);
        }
    }
}

/// Numbers for quantiles: all, or a sample in which each has the same chance (algorithm R, J. Vitter, ACM TOMS 11, 1985).
#[derive(Debug)]
struct Sample {
    values: Vec<f64>,
    seen: u64,
    most: usize,
    state: u64,
}

impl Sample {
    fn add(&mut self, value: f64) {
        self.seen += 1;
        if self.values.len() < self.most {
            self.values.push(value);
            return;
        }
        // xorshift64: the same file gives the same sample.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let place = self.state % self.seen;
        if let Some(old) = usize::try_from(place).ok().and_then(|place| self.values.get_mut(place)) {
            *old = value;
        }
    }
}

/// Mean and spread (B. Welford, Technometrics 4, 1962), and the bounds.
#[derive(Debug, Default)]
struct Sums {
    count: u64,
    mean: f64,
    squares: f64,
    min: f64,
    max: f64,
}

impl Sums {
    fn add(&mut self, value: f64) {
        (self.min, self.max) = match self.count {
            0 => (value, value),
            _ => (self.min.min(value), self.max.max(value)),
        };
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
    }
}

/// Two columns of numbers.
#[derive(Debug)]
struct Pair {
    columns: (usize, usize),
    count: f64,
    means: (f64, f64),
    squares: (f64, f64),
    product: f64,
}

impl Pair {
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let (dx, dy) = (x - self.means.0, y - self.means.1);
        self.means.0 += dx / self.count;
        self.means.1 += dy / self.count;
        self.squares.0 += dx * (x - self.means.0);
        self.squares.1 += dy * (y - self.means.1);
        self.product += dx * (y - self.means.1);
    }
}

impl Profile {
    pub(crate) fn new(schema: &Schema) -> Self {
        let columns = schema.fields().len().max(1);
        let numbers: Vec<usize> =
            (0..schema.fields().len()).filter(|&index| kind_at(schema, index).is_number()).collect();
        let first = &numbers[..numbers.len().min(CORRELATED)];
        let pair = |x: usize, y: usize| Pair {
            columns: (x, y),
            count: 0.0,
            means: (0.0, 0.0),
            squares: (0.0, 0.0),
            product: 0.0,
        };
        let pairs =
            first.iter().enumerate().flat_map(|(at, &x)| first[at + 1..].iter().map(move |&y| pair(x, y)));
        Self {
            rows: 0,
            pairs: pairs.collect(),
            columns: (0..schema.fields().len())
                .map(|index| ColumnProfile {
                    name: schema.field(index).name().clone(),
                    kind: kind_at(schema, index),
                    missing: 0,
                    distinct: Distinct { kept: FxHashSet::default(), level: 0, most: KEPT_HASHES / columns },
                    texts: FxHashMap::default(),
                    keys: FxHashMap::default(),
                    room: COUNTED_BYTES / columns,
                    uncounted: 0,
                    patterns: FxHashMap::default(),
                    numbers: Sample {
                        values: Vec::new(),
                        seen: 0,
                        most: KEPT_NUMBERS / columns,
                        state: 0x9e37_79b9_7f4a_7c15,
                    },
                    sums: Sums::default(),
                    shortest: usize::MAX,
                    longest: 0,
                    present: 0,
                })
                .collect(),
        }
    }

    pub(crate) fn see(&mut self, chunk: &Chunk) {
        self.rows += chunk.rows.num_rows() as u64;
        let columns = self.columns.iter_mut().zip(chunk.rows.columns());
        let numbers: Vec<Vec<f64>> = columns
            .map(|(column, array)| {
                let numbers = numbers_of(array);
                column.see(array, &numbers);
                numbers
            })
            .collect();
        for pair in &mut self.pairs {
            let rows = numbers[pair.columns.0].iter().zip(&numbers[pair.columns.1]);
            rows.filter(|(x, y)| !x.is_nan() && !y.is_nan()).for_each(|(x, y)| pair.add(*x, *y));
        }
    }

    /// Pearson's r of pairs of columns, the strongest first.
    pub(crate) fn correlations(&self) -> Vec<Correlation> {
        let name = |index: usize| self.columns[index].name.clone();
        let mut found: Vec<Correlation> = self
            .pairs
            .iter()
            .filter(|pair| pair.count > 2.0 && pair.squares.0 > 0.0 && pair.squares.1 > 0.0)
            .map(|pair| Correlation {
                columns: [name(pair.columns.0), name(pair.columns.1)],
                r: pair.product / (pair.squares.0.sqrt() * pair.squares.1.sqrt()),
                rows: pair.count as u64,
            })
            .collect();
        found.sort_by(|a, b| b.r.abs().total_cmp(&a.r.abs()));
        found
    }

    pub(crate) fn documents(&self) -> Vec<ColumnDocument> {
        self.columns.iter().map(|column| column.document(self.rows)).collect()
    }

    /// Cells that have no value.
    pub(crate) fn missing(&self) -> u64 {
        self.columns.iter().map(|column| column.missing).sum()
    }
}

impl ColumnProfile {
    /// `numbers` are those of the rows, NaN where a row has none.
    fn see(&mut self, array: &ArrayRef, numbers: &[f64]) {
        self.missing += array.null_count() as u64;
        self.present += (array.len() - array.null_count()) as u64;
        let mut scratch = String::new();
        match Values::of(array) {
            Some(Values::Text(texts)) => {
                texts.iter().flatten().for_each(|text| self.see_text(text, &mut scratch));
            }
            Some(values) => {
                let is_number = !matches!(values, Values::Boolean(_));
                for row in 0..array.len() {
                    let number = numbers.get(row).copied().filter(|_| is_number);
                    self.see_value(values, row, number, &mut scratch);
                }
            }
            None => {}
        }
    }

    fn see_text(&mut self, text: &str, scratch: &mut String) {
        let length = if text.is_ascii() { text.len() } else { text.chars().count() };
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
        pattern(text, scratch);
        if let Some(count) = self.patterns.get_mut(scratch.as_str()) {
            *count += 1;
        } else if self.patterns.len() < PATTERNS {
            self.patterns.insert(scratch.as_str().into(), 1);
        }
        if let Some(count) = self.texts.get_mut(text) {
            // It is one of the different values already.
            *count += 1;
            return;
        }
        self.distinct.see(text);
        if self.texts.len() < COUNTED_VALUES && self.takes(text.len()) {
            self.texts.insert(text.into(), 1);
        } else {
            self.uncounted += 1;
        }
    }

    fn see_value(&mut self, values: Values<'_>, row: usize, number: Option<f64>, scratch: &mut String) {
        let Some(key) = values.key(row) else { return };
        if let Some(number) = number {
            self.numbers.add(number);
            self.sums.add(number);
        }
        if let Some((_, count)) = self.keys.get_mut(&key) {
            *count += 1;
            return;
        }
        self.distinct.see(key);
        if self.keys.len() < COUNTED_VALUES && self.takes(SHORT_TEXT) {
            let text = values.text(row, scratch).unwrap_or_default();
            self.keys.insert(key, (text.into(), 1));
        } else {
            self.uncounted += 1;
        }
    }

    /// Whether there is room for one more counted value, which it takes.
    fn takes(&mut self, bytes: usize) -> bool {
        let rest = self.room.checked_sub(bytes + COUNTED_OVERHEAD);
        self.room = rest.unwrap_or(self.room);
        rest.is_some()
    }

    fn document(&self, rows: u64) -> ColumnDocument {
        let mut values = self.numbers.values.clone();
        let [p05, p25, p50, p75, p95] = quantiles(&mut values, [0.05, 0.25, 0.5, 0.75, 0.95]);
        let exact = self.numbers.seen == values.len() as u64;
        let shown = |value: f64| self.shown(value);
        let spread = match (p25, p75) {
            (Some(low), Some(high)) => Some((low - 1.5 * (high - low), high + 1.5 * (high - low))),
            _ => None,
        };
        let is_measured = self.sums.count > 0;
        let is_number = self.kind.is_number();
        ColumnDocument {
            name: self.name.clone(),
            r#type: self.kind.to_string(),
            rows,
            missing: self.missing,
            distinct: Counted {
                count: (self.distinct.kept.len() as u64) << self.distinct.level,
                exact: self.distinct.level == 0,
            },
            min: is_measured.then(|| shown(self.sums.min)),
            max: is_measured.then(|| shown(self.sums.max)),
            mean: is_measured.then(|| shown(self.sums.mean)),
            standard_deviation: (is_number && self.sums.count > 1)
                .then(|| (self.sums.squares / (self.sums.count - 1) as f64).sqrt()),
            quantiles: is_measured.then(|| {
                let [p05, p25, p50, p75, p95] = [p05, p25, p50, p75, p95].map(|value| value.map(shown));
                Quantiles { p05, p25, p50, p75, p95, exact }
            }),
            outliers: spread.filter(|_| is_number).map(|(low, high)| Outliers {
                below: low,
                above: high,
                count: values.iter().filter(|value| **value < low || **value > high).count() as u64,
                exact,
            }),
            top_values: match self.kind {
                Kind::Text => top(self.texts.iter().map(|(text, count)| (text, *count))),
                _ => top(self.keys.values().map(|(text, count)| (text, *count))),
            },
            top_values_exact: self.uncounted == 0,
            patterns: top(self.patterns.iter().map(|(pattern, count)| (pattern, *count))),
            length: (self.longest > 0).then_some((self.shortest, self.longest)),
        }
    }

    /// A number, or the time that it stands for.
    fn shown(&self, value: f64) -> Measure {
        if !self.kind.is_time() {
            return Measure::Number(value);
        }
        let text = time_text((value * 1e6) as i64);
        let text = String::from_utf8_lossy(text.as_bytes()).into_owned();
        Measure::Time(if self.kind == Kind::Date { text.chars().take(10).collect() } else { text })
    }

    /// Values with how often they occur, as far as they are counted.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (&str, u64)> {
        let texts = self.texts.iter().map(|(text, count)| (text.as_ref(), *count));
        texts.chain(self.keys.values().map(|(text, count)| (text.as_ref(), *count)))
    }

    /// The numbers that were kept, for charts.
    pub(crate) fn numbers(&self) -> &[f64] {
        &self.numbers.values
    }
}

/// The numbers of a column's rows, NaN where there is none; of texts no numbers. Each is computed once, whoever needs it.
fn numbers_of(array: &ArrayRef) -> Vec<f64> {
    match Values::of(array) {
        Some(Values::Text(_)) | None => Vec::new(),
        Some(values) => (0..array.len()).map(|row| values.number(row).unwrap_or(f64::NAN)).collect(),
    }
}

/// Linear interpolation between the closest ranks (type 7 of R. Hyndman and Y. Fan, The American Statistician 50, 1996), for
/// shares in ascending order. Values are moved as far as that takes: sorting all of them takes several times as long.
fn quantiles<const COUNT: usize>(values: &mut [f64], shares: [f64; COUNT]) -> [Option<f64>; COUNT] {
    let Some(last) = values.len().checked_sub(1) else { return [None; COUNT] };
    let mut smaller = 0;
    shares.map(|share| {
        let place = share * last as f64;
        let (low, part) = (place.floor() as usize, place.fract());
        values[smaller..].select_nth_unstable_by(low - smaller, f64::total_cmp);
        smaller = low;
        let next = values[low + 1..].iter().copied().min_by(f64::total_cmp);
        let (at, next) = (values[low], next.unwrap_or(values[low]));
        Some(at + (next - at) * part)
    })
}

/// The most frequent, the first of the alphabet among equally frequent ones.
fn top<'a>(counts: impl Iterator<Item = (&'a Box<str>, u64)>) -> Vec<(String, u64)> {
    let order = |a: &(&str, u64), b: &(&str, u64)| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0));
    let mut found: Vec<(&str, u64)> = counts.map(|(text, count)| (text.as_ref(), count)).collect();
    if found.len() > TOLD {
        found.select_nth_unstable_by(TOLD, order);
        found.truncate(TOLD);
    }
    found.sort_unstable_by(order);
    found.into_iter().map(|(text, count)| (text.chars().take(200).collect(), count)).collect()
}

/// Capitals become `A`, other letters `a`, digits `9`; runs of one are one.
fn pattern(text: &str, pattern: &mut String) {
    pattern.clear();
    let mut last = None;
    for char in text.chars().take(100) {
        let class = match char {
            'a'..='z' => 'a',
            '0'..='9' => '9',
            char if char.is_uppercase() => 'A',
            char if char.is_alphabetic() => 'a',
            char => char,
        };
        if last != Some(class) || !matches!(class, 'A' | 'a' | '9') {
            pattern.push(class);
            last = Some(class);
        }
    }
}

/// A column, as `profile.json` has it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ColumnDocument {
    pub(crate) name: String,
    pub(crate) r#type: String,
    pub(crate) rows: u64,
    pub(crate) missing: u64,
    pub(crate) distinct: Counted,
    pub(crate) min: Option<Measure>,
    pub(crate) max: Option<Measure>,
    pub(crate) mean: Option<Measure>,
    pub(crate) standard_deviation: Option<f64>,
    pub(crate) quantiles: Option<Quantiles>,
    pub(crate) outliers: Option<Outliers>,
    pub(crate) top_values: Vec<(String, u64)>,
    pub(crate) top_values_exact: bool,
    pub(crate) patterns: Vec<(String, u64)>,
    /// Letters of the shortest and of the longest text.
    pub(crate) length: Option<(usize, usize)>,
}

impl ColumnDocument {
    /// Its counts alone.
    pub(crate) fn without_values(self) -> Self {
        Self {
            min: None,
            max: None,
            mean: None,
            standard_deviation: None,
            quantiles: None,
            outliers: None,
            top_values: Vec::new(),
            patterns: Vec::new(),
            length: None,
            ..self
        }
    }
}

/// A number, or a time in ISO 8601.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Measure {
    Number(f64),
    Time(String),
}

/// A count, and whether it is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Counted {
    pub(crate) count: u64,
    pub(crate) exact: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p05: Option<Measure>,
    pub(crate) p25: Option<Measure>,
    pub(crate) p50: Option<Measure>,
    pub(crate) p75: Option<Measure>,
    pub(crate) p95: Option<Measure>,
    pub(crate) exact: bool,
}

/// Values beyond 1.5 interquartile ranges from the quartiles (J. Tukey).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outliers {
    pub(crate) below: f64,
    pub(crate) above: f64,
    pub(crate) count: u64,
    pub(crate) exact: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Correlation {
    pub(crate) columns: [String; 2],
    pub(crate) r: f64,
    pub(crate) rows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{field, schema_of};
    use arrow_array::StringArray;
    use std::sync::Arc;

    #[test]
    fn long_texts_are_counted_as_far_as_there_is_room() {
        let schema = schema_of(vec![field("note", Kind::Text)]);
        let mut profile = Profile::new(&schema);
        let note = |number: usize| format!("{number} {}", "x".repeat(1 << 20));
        for number in (0..100).chain([7]) {
            let rows: ArrayRef = Arc::new(StringArray::from(vec![note(number)]));
            profile.see(&Chunk::new(vec![1], &schema, vec![rows]).unwrap());
        }
        let column = &profile.columns[0];
        let kept: usize = column.counted().map(|(text, _)| text.len()).sum();
        assert!((COUNTED_BYTES / 2..=COUNTED_BYTES).contains(&kept), "{kept} bytes");
        assert!(column.counted().any(|(text, count)| count == 2 && text.starts_with("7 ")));
        let told = &profile.documents()[0];
        assert!(!told.top_values_exact);
        assert_eq!(told.distinct.count, 100, "counting different values needs no texts");
    }
}
