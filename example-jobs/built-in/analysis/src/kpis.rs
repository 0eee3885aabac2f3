//! Figures with a definition: in all, by segment, by period, and from period to period.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF as _};

use fuelcell_report_kit::text::{duration, number};

use crate::cases::WORKING_DURATION;
use crate::error::{Stop, excerpt, there_are};
use crate::filters::{Filter, mask};
use crate::frame::{Frame, Micros, NO_CODE, NO_TIME, Values};
use crate::statistics::{
    Interval, mean, normal_quantile, quantile_of_sorted, rate_difference_interval, sorted, variance, wilson,
};
use crate::window::{Period, midnight, usual};

const CONFIDENCE: f64 = 0.95;
/// Figures of fewer rows are marked.
const FEW: usize = 30;

/// The definition of a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kpi {
    /// What it is called; made of the other members when left out.
    #[serde(default)]
    pub name: Option<String>,
    /// What is computed.
    pub measure: Measure,
    /// The column of numbers; not for `count` and `rate`. Of an event log `duration` is the time from the first event of a
    /// case to its last, in seconds.
    #[serde(default)]
    pub column: Option<String>,
    /// For `rate`: what must hold. For the others: only rows for which it holds are looked at.
    #[serde(default, rename = "where")]
    #[schemars(length(max = 20))]
    pub conditions: Vec<Filter>,
    /// For `percentile`: from 0 to 100.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub percentile: Option<f64>,
    /// For `slaBreach`: more than this is a breach.
    #[serde(default)]
    pub limit: Option<f64>,
}

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Measure {
    /// How many rows there are.
    Count,
    /// The share of the rows for which the conditions hold.
    Rate,
    /// The sum of a column.
    Sum,
    /// The mean of a column.
    Mean,
    /// The value in the middle of a column.
    Median,
    /// A percentile of a column.
    Percentile,
    /// The share of the rows whose value in a column is above a limit.
    SlaBreach,
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The figure; None when no row has a value.
    pub value: Option<f64>,
    /// Rows that it is of.
    pub rows: usize,
    /// Where it lies with 95 % confidence, if the rows are taken for a sample. None for counts and sums.
    pub interval: Option<Interval>,
    /// Whether it is of fewer than 30 rows.
    pub few: bool,
}

/// A figure of a segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// The attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
    /// The figure.
    #[serde(flatten)]
    pub figure: Figure,
}

/// A figure of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InPeriod {
    /// The period, such as `2024-03`.
    pub period: String,
    /// When it begins, in microseconds since 1970.
    #[serde(skip)]
    pub start: Micros,
    /// Whether the data cover only a part of it.
    pub partial: bool,
    /// The figure.
    #[serde(flatten)]
    pub figure: Figure,
    /// The figure − that of the period before.
    pub change: Option<f64>,
    /// Where the change lies with 95 % confidence; for rates and means.
    pub change_interval: Option<Interval>,
}

/// All figures of a definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Result {
    /// What it is called.
    pub name: String,
    /// What it means, in a sentence.
    pub definition: String,
    /// Whether it is a time in seconds.
    pub seconds: bool,
    /// Whether it is a share.
    pub share: bool,
    /// Of all rows.
    pub all: Figure,
    /// By segment.
    pub segments: Vec<Segment>,
    /// By period.
    pub periods: Vec<InPeriod>,
    /// Rows whose times are so far from all others that they are in no period: wrong years, mostly.
    pub rows_beyond_periods: usize,
}

/// What figures are given by.
#[derive(Debug, Clone, Copy)]
pub struct Breakdown<'a> {
    /// Attributes whose values are segments.
    pub segments: &'a [String],
    /// The time of each row.
    pub times: Option<&'a [Micros]>,
    /// The length of the periods.
    pub period: Period,
    /// The zone whose midnights begin periods.
    pub zone: Tz,
    /// The columns that hold seconds.
    pub seconds: &'a [&'a str],
    /// What a row is called.
    pub noun: &'a str,
}

/// What one row adds to a figure: a number, or a hit or miss as 1 and 0. NaN when it adds nothing.
struct Rows {
    values: Vec<f64>,
    measure: Measure,
    percentile: f64,
}

impl Kpi {
    /// A figure of a column.
    pub fn of(measure: Measure, column: &str) -> Self {
        let column = Some(column.to_string());
        Self { name: None, measure, column, conditions: Vec::new(), percentile: None, limit: None }
    }

    /// Computes the figure. `place` names the parameter.
    ///
    /// # Errors
    /// `InvalidParameter` when the definition does not fit the table.
    pub fn compute(
        &self,
        frame: &Frame,
        by: &Breakdown<'_>,
        place: &str,
    ) -> std::result::Result<Result, Stop> {
        let rows = self.rows(frame, place)?;
        let all: Vec<usize> = (0..frame.rows()).collect();
        let column = self.column.as_deref().unwrap_or_default();
        let share = matches!(self.measure, Measure::Rate | Measure::SlaBreach);
        let seconds = !share && self.measure != Measure::Count && by.seconds.contains(&column);
        let (periods, rows_beyond_periods) =
            by.times.map_or_else(Default::default, |times| periods(times, by, &rows));
        Ok(Result {
            name: self.name.clone().unwrap_or_else(|| self.short(by)),
            definition: self.definition(by),
            seconds,
            share,
            all: rows.figure(&all),
            segments: segments(frame, by.segments, &rows),
            periods,
            rows_beyond_periods,
        })
    }

    /// The limit as people read it.
    fn limit_text(&self, by: &Breakdown<'_>) -> String {
        let limit = self.limit.unwrap_or_default();
        let is_seconds = self.column.as_deref().is_some_and(|column| by.seconds.contains(&column));
        match self.column.as_deref() {
            // Days of work have no 24 hours.
            Some(WORKING_DURATION) => format!("{} h of working time", number(limit / 3600.0)),
            _ if is_seconds => duration(limit),
            _ => number(limit),
        }
    }

    fn short(&self, by: &Breakdown<'_>) -> String {
        let column = self.column.as_deref().unwrap_or_default();
        match self.measure {
            Measure::Count => format!("{}s", by.noun),
            Measure::Rate => self.conditions.iter().map(Filter::describe).collect::<Vec<_>>().join(" and "),
            Measure::Sum => format!("sum of {column}"),
            Measure::Mean => format!("mean {column}"),
            Measure::Median => format!("median {column}"),
            Measure::Percentile => {
                format!("{}th percentile of {column}", self.percentile.unwrap_or_default())
            }
            Measure::SlaBreach => format!("{column} above {}", self.limit_text(by)),
        }
    }

    fn definition(&self, by: &Breakdown<'_>) -> String {
        let noun = by.noun;
        let column = self.column.as_deref().unwrap_or_default();
        let what = match self.measure {
            Measure::Count => format!("The number of {noun}s"),
            Measure::Rate => {
                let conditions: Vec<String> = self.conditions.iter().map(Filter::describe).collect();
                return format!("The share of the {noun}s of which {}.", conditions.join(" and "));
            }
            Measure::Sum => format!("The sum of {column}"),
            Measure::Mean => format!("The arithmetic mean of {column}"),
            Measure::Median => format!("The median of {column}"),
            Measure::Percentile => {
                format!(
                    "The value that {} % of the {noun}s do not exceed in {column}",
                    self.percentile.unwrap_or_default()
                )
            }
            Measure::SlaBreach => {
                format!("The share of the {noun}s in which {column} is above {}", self.limit_text(by))
            }
        };
        let conditions: Vec<String> = self.conditions.iter().map(Filter::describe).collect();
        let only = if conditions.is_empty() {
            String::new()
        } else {
            format!(" of which {}", conditions.join(" and "))
        };
        let missing = if self.measure == Measure::Count {
            String::new()
        } else {
            format!("; {noun}s without a value are left out")
        };
        format!("{what}{only}{missing}.")
    }

    fn rows(&self, frame: &Frame, place: &str) -> std::result::Result<Rows, Stop> {
        let mut meant = vec![true; frame.rows()];
        for (index, filter) in self.conditions.iter().enumerate() {
            let mask = mask(filter, frame, &format!("{place}.where[{index}]"))?;
            meant.iter_mut().zip(mask).for_each(|(meant, held)| *meant &= held);
        }
        let percentile = match (self.measure, self.percentile) {
            (Measure::Percentile, Some(percentile)) if (0.0..=100.0).contains(&percentile) => {
                percentile / 100.0
            }
            (Measure::Percentile, _) => return Err(needs(place, "percentile", "a number from 0 to 100")),
            _ => 0.5,
        };
        let one_where = |held: &bool| if *held { 1.0 } else { f64::NAN };
        let values = match self.measure {
            Measure::Count => meant.iter().map(one_where).collect(),
            Measure::Rate if self.conditions.is_empty() => {
                return Err(needs(place, "where", "at least one condition"));
            }
            Measure::Rate => meant.iter().map(|&held| f64::from(u8::from(held))).collect(),
            Measure::SlaBreach => {
                let limit = self.limit.ok_or_else(|| needs(place, "limit", "a number"))?;
                let breach =
                    |value: f64| if value.is_nan() { value } else { f64::from(u8::from(value > limit)) };
                self.numbers(frame, &meant, place)?.into_iter().map(breach).collect()
            }
            _ => self.numbers(frame, &meant, place)?,
        };
        Ok(Rows { values, measure: self.measure, percentile })
    }

    fn numbers(&self, frame: &Frame, meant: &[bool], place: &str) -> std::result::Result<Vec<f64>, Stop> {
        let name = self
            .column
            .as_deref()
            .ok_or_else(|| needs(place, "column", "the name of a column of numbers"))?;
        let Some(Values::Numbers(numbers)) = frame.column(name) else {
            let numbers = frame.columns().iter().filter(|column| matches!(column.values, Values::Numbers(_)));
            return Err(Stop::parameter(format!(
                "{place}.column is \"{}\", which is no column of numbers. {}",
                excerpt(name),
                there_are(numbers.map(|column| column.name.as_str()))
            )));
        };
        Ok(numbers.iter().zip(meant).map(|(&number, &meant)| if meant { number } else { f64::NAN }).collect())
    }
}

fn needs(place: &str, member: &str, what: &str) -> Stop {
    Stop::parameter(format!("{place}.{member} is missing; this measure needs {what}."))
}

impl Rows {
    fn of(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&row| self.values[row]).filter(|value| !value.is_nan()).collect()
    }

    fn figure(&self, rows: &[usize]) -> Figure {
        let values = self.of(rows);
        let count = values.len();
        let (value, interval) = match self.measure {
            Measure::Count => (Some(count as f64), None),
            Measure::Sum => ((count > 0).then(|| values.iter().sum()), None),
            Measure::Rate | Measure::SlaBreach => {
                (mean(&values), wilson(hits(&values), count as u64, CONFIDENCE))
            }
            Measure::Mean => (mean(&values), interval_of_mean(&values)),
            Measure::Median | Measure::Percentile => {
                let ordered = sorted(&values);
                (
                    quantile_of_sorted(&ordered, self.percentile),
                    interval_of_quantile(&ordered, self.percentile),
                )
            }
        };
        Figure { value, rows: count, interval, few: count < FEW }
    }

    /// The interval of the difference of two groups; for rates and means.
    fn change(&self, before: &[usize], now: &[usize]) -> Option<Interval> {
        let (before, now) = (self.of(before), self.of(now));
        match self.measure {
            Measure::Rate | Measure::SlaBreach => {
                let counts = |values: &[f64]| (hits(values), values.len() as u64);
                rate_difference_interval(counts(&now), counts(&before), CONFIDENCE)
                    .map(|(_, interval)| interval)
            }
            Measure::Mean => {
                let error = |values: &[f64]| Some(variance(values)? / values.len() as f64);
                let reach = z() * (error(&before)? + error(&now)?).sqrt();
                let difference = mean(&now)? - mean(&before)?;
                Some(Interval { low: difference - reach, high: difference + reach })
            }
            _ => None,
        }
    }
}

fn hits(values: &[f64]) -> u64 {
    values.iter().filter(|&&value| value > 0.0).count() as u64
}

fn z() -> f64 {
    normal_quantile(f64::midpoint(1.0, CONFIDENCE))
}

/// By Student's t: W. S. Gosset, "The Probable Error of a Mean" (1908).
fn interval_of_mean(values: &[f64]) -> Option<Interval> {
    use statrs::distribution::{ContinuousCDF as _, StudentsT};
    let (centre, spread) = (mean(values)?, variance(values)?);
    let freedom = (values.len() - 1) as f64;
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
    let reach = t * (spread / values.len() as f64).sqrt();
    Some(Interval { low: centre - reach, high: centre + reach })
}

/// The interval of a quantile by the order of the values, whatever their distribution: W. R. Thompson, "On Confidence Ranges
/// for the Median" (1936); its confidence is at least the one asked for. None where so few values reach no such interval.
fn interval_of_quantile(ordered: &[f64], share: f64) -> Option<Interval> {
    let count = ordered.len() as u64;
    let below = Binomial::new(share, count).ok()?;
    let tail = (1.0 - CONFIDENCE) / 2.0;
    // The largest rank that the quantile is below with no more than the tail, and the smallest that it is above.
    let low = (1..=count).take_while(|&rank| below.cdf(rank - 1) <= tail);
    let low = if count > 1000 { near(&below, tail, count)? } else { low.last()? };
    let high = (low..=count).find(|&rank| rank as f64 > share * count as f64 && below.sf(rank - 1) <= tail);
    let (low, high) = (ordered.get(low as usize - 1)?, ordered.get(high? as usize - 1)?);
    Some(Interval { low: *low, high: *high })
}

/// The same largest rank for many values, without trying each.
fn near(below: &Binomial, tail: f64, count: u64) -> Option<u64> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if below.cdf(middle - 1) <= tail { low = middle } else { high = middle - 1 }
    }
    (low > 0).then_some(low)
}

fn segments(frame: &Frame, attributes: &[String], rows: &Rows) -> Vec<Segment> {
    let mut segments = Vec::new();
    for attribute in attributes {
        let Some(Values::Categories(categories)) = frame.column(attribute) else { continue };
        let mut groups = vec![Vec::new(); categories.names.len()];
        let present = categories.codes.iter().enumerate().filter(|(_, code)| **code != NO_CODE);
        present.for_each(|(row, &code)| groups[code as usize].push(row));
        let named = categories.names.iter().zip(&groups).filter(|(_, group)| !group.is_empty());
        segments.extend(named.map(|(value, group)| Segment {
            attribute: attribute.clone(),
            value: value.clone(),
            figure: rows.figure(group),
        }));
    }
    segments
}

/// The periods, and the rows whose times are too far from all others to be in one.
fn periods(times: &[Micros], by: &Breakdown<'_>, rows: &Rows) -> (Vec<InPeriod>, usize) {
    /// Days of the years that a calendar has would be millions.
    const MOST_PERIODS: usize = 5000;
    let Some((first, last)) = usual(times) else { return (Vec::new(), 0) };
    let mut beyond = 0;
    let mut groups: BTreeMap<NaiveDate, Vec<usize>> = BTreeMap::new();
    for (row, &time) in times.iter().enumerate().filter(|(_, time)| **time != NO_TIME) {
        match by.period.start(time, by.zone).filter(|_| (first..=last).contains(&time)) {
            Some(start) => groups.entry(start).or_default().push(row),
            None => beyond += 1,
        }
    }
    let mut found: Vec<InPeriod> = Vec::new();
    let mut before: Option<&Vec<usize>> = None;
    let none = Vec::new();
    let mut next = groups.keys().next().copied();
    let end = groups.keys().next_back().copied();
    while let (Some(start), Some(end)) = (next, end)
        && start <= end
        && found.len() < MOST_PERIODS
    {
        next = by.period.next(start);
        let group = groups.get(&start).unwrap_or(&none);
        let figure = rows.figure(group);
        let change = before.and_then(|_| Some(figure.value? - found.last()?.figure.value?));
        let (begins, ends) =
            (midnight(start, by.zone), next.map_or(Micros::MAX, |next| midnight(next, by.zone)));
        found.push(InPeriod {
            period: by.period.label(start),
            start: begins,
            partial: covers_part(begins, ends, first, last),
            figure,
            change,
            change_interval: before.and_then(|before| rows.change(before, group)),
        });
        before = Some(group);
    }
    // Periods behind the most that there may be.
    beyond += next.map_or(0, |next| groups.range(next..).map(|(_, group)| group.len()).sum());
    (found, beyond)
}

/// Whether the first or the last moment leaves more than a twentieth of the period out.
fn covers_part(begins: Micros, ends: Micros, first: Micros, last: Micros) -> bool {
    let spare = ends.saturating_sub(begins) / 20;
    first.saturating_sub(begins) > spare || ends.saturating_sub(last) > spare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Categories;
    use crate::near::assert_near;
    use crate::window::moment;
    use serde_json::json;

    fn frame() -> Frame {
        let mut frame = Frame::new(5);
        frame.put("cost", Values::Numbers(vec![10.0, 20.0, 30.0, f64::NAN, 60.0]));
        frame.put("region", Values::Categories(Categories::of(["N", "S", "N", "S", "N"].map(Some))));
        let days = ["2024-01-02", "2024-01-09", "2024-02-03", "2024-02-04", "2024-04-30"];
        frame.put("day", Values::Times(days.map(|day| moment(day).unwrap().0).to_vec()));
        frame
    }

    fn computed(kpi: serde_json::Value) -> std::result::Result<Result, Stop> {
        let kpi: Kpi = serde_json::from_value(kpi).unwrap();
        let frame = frame();
        let Some(Values::Times(times)) = frame.column("day") else { unreachable!() };
        let segments = ["region".to_string()];
        let by = Breakdown {
            segments: &segments,
            times: Some(times),
            period: Period::Month,
            zone: Tz::UTC,
            seconds: &[],
            noun: "row",
        };
        kpi.compute(&frame, &by, "kpis[0]")
    }

    #[test]
    fn each_measure_is_what_its_definition_says() {
        let value = |kpi| computed(kpi).unwrap().all.value.unwrap();
        assert_near(value(json!({"measure": "count"})), 5.0);
        assert_near(value(json!({"measure": "sum", "column": "cost"})), 120.0);
        assert_near(value(json!({"measure": "mean", "column": "cost"})), 30.0);
        assert_near(value(json!({"measure": "median", "column": "cost"})), 25.0);
        assert_near(value(json!({"measure": "percentile", "column": "cost", "percentile": 90})), 51.0);
        assert_near(value(json!({"measure": "slaBreach", "column": "cost", "limit": 20})), 0.5);
        let north = json!([{"attribute": "region", "values": ["N"]}]);
        assert_near(value(json!({"measure": "rate", "where": north})), 0.6);
        assert_near(value(json!({"measure": "sum", "column": "cost", "where": north})), 100.0);
    }

    #[test]
    fn segments_and_periods_add_up_and_gaps_are_periods_too() {
        let count = computed(json!({"measure": "count"})).unwrap();
        let sum = |figures: Vec<Figure>| figures.iter().map(|figure| figure.value.unwrap()).sum::<f64>();
        assert_near(sum(count.segments.iter().map(|segment| segment.figure).collect()), 5.0);
        assert_near(sum(count.periods.iter().map(|period| period.figure).collect()), 5.0);
        let periods: Vec<_> = count.periods.iter().map(|p| (p.period.as_str(), p.change)).collect();
        let expected =
            [("2024-01", None), ("2024-02", Some(0.0)), ("2024-03", Some(-2.0)), ("2024-04", Some(1.0))];
        assert_eq!(periods, expected);
        assert!(count.all.few && !count.periods[0].partial && !count.periods[3].partial);
    }

    #[test]
    fn intervals_are_those_of_scipy() {
        // scipy.stats.t.interval(0.95, 3, 30, scipy.stats.sem([10, 20, 30, 60]))
        let interval = interval_of_mean(&[10.0, 20.0, 30.0, 60.0]).unwrap();
        assert_near(interval.low, -4.374_348_818_583_08);
        assert_near(interval.high, 64.374_348_818_583_08);
        // scipy.stats.quantile_test(range(1, 101), p=0.5).confidence_interval(0.95)
        let numbers = |count: i32| (1..=count).map(f64::from).collect::<Vec<_>>();
        assert_eq!(interval_of_quantile(&numbers(100), 0.5), Some(Interval { low: 40.0, high: 61.0 }));
        assert_eq!(interval_of_quantile(&numbers(2000), 0.9), Some(Interval { low: 1773.0, high: 1827.0 }));
        assert_eq!(interval_of_quantile(&numbers(4), 0.5), None);
    }

    #[test]
    fn a_definition_that_does_not_fit_is_refused() {
        let refused = |kpi| computed(kpi).unwrap_err().message;
        assert!(
            refused(json!({"measure": "mean", "column": "region"})).contains("kpis[0].column is \"region\"")
        );
        assert!(
            refused(json!({"measure": "percentile", "column": "cost"}))
                .contains("kpis[0].percentile is missing")
        );
        assert!(refused(json!({"measure": "rate"})).contains("kpis[0].where is missing"));
        assert!(
            refused(json!({"measure": "slaBreach", "column": "cost"})).contains("kpis[0].limit is missing")
        );
    }
}
