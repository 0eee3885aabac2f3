//! A figure over time: seasons, outliers, changes of level, and a forecast that is measured before it is believed.

use augurs::ets::AutoETS;
use augurs::ets::trend::AutoETSTrendModel;
use augurs::mstl::MSTLModel;
use augurs::{Fit as _, Predict as _};
use serde::Serialize;

use crate::kpis::InPeriod;
use crate::statistics::{
    Interval, Ranked, kruskal_wallis, mean, most_likely_change, quantile_of_sorted, sorted,
};
use crate::window::Period;

/// What was found about a figure over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// What the figure is called.
    pub figure: String,
    /// The length of the periods.
    pub period: Period,
    /// Whole periods that were looked at.
    pub periods: usize,
    /// How the figure goes with the place in the season. None where the periods are too few for that.
    pub season: Option<Season>,
    /// Periods that are far from their neighbours.
    pub outliers: Vec<Outlier>,
    /// Where the level changes, in the order of time.
    pub changes: Vec<Change>,
    /// What comes next. None with too few periods, or with gaps.
    pub forecast: Option<Forecast>,
}

/// A pattern that comes again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Season {
    /// How many periods it has.
    pub length: usize,
    /// The mean at each place in the season, from that of the first period on.
    pub means: Vec<f64>,
    /// Whether the places differ at all (Kruskal and Wallis).
    pub p_value: f64,
}

/// A period that is far from its neighbours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlier {
    /// The period.
    pub period: String,
    /// Its figure.
    pub value: f64,
    /// The median of its neighbours, at its place in the season.
    pub expected: f64,
    /// How many (robust) standard deviations it is away.
    pub deviations: f64,
}

/// A change of level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The first period of the new level.
    pub period: String,
    /// The mean from the change before up to this one.
    pub before: f64,
    /// The mean from this one up to the next.
    pub after: f64,
    /// Of Pettitt's test.
    pub p_value: f64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The method with the least error.
    pub method: Method,
    /// Whether its error is less than that of the better naive method. If not, nothing is known but the last figures.
    pub better_than_naive: bool,
    /// The errors of all methods on periods that they had not seen.
    pub errors: Vec<MethodError>,
    /// How many forecasts of how many periods the errors are the mean of.
    pub tried: (usize, usize),
    /// The share of those periods that lay inside of the interval of the method.
    pub coverage: Option<f64>,
    /// The next periods.
    pub points: Vec<Point>,
}

/// How a forecast is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The last figure goes on.
    Naive,
    /// The figure of a season before comes again.
    SeasonalNaive,
    /// Exponential smoothing with or without a (damped) trend: R. J. Hyndman, A. B. Koehler, R. D. Snyder and S. Grose,
    /// "A State Space Framework for Automatic Forecasting" (2002).
    Ets,
    /// The season apart by STL, the rest by exponential smoothing: K. Bandara, R. J. Hyndman and C. Bergmeir, "MSTL" (2021).
    MstlEts,
}

/// The error of a method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MethodError {
    /// The method.
    pub method: Method,
    /// The mean absolute error.
    pub mean_absolute_error: f64,
    /// That error as a share of the naive one.
    pub of_naive: Option<f64>,
}

/// A period to come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// How many periods after the last one.
    pub ahead: usize,
    /// What is expected.
    pub value: f64,
    /// Where it lies with 95 % confidence, by the method's own account. None for naive methods.
    pub interval: Option<Interval>,
}

const CONFIDENCE: f64 = 0.95;
/// Deviations at which a period is an outlier.
const FAR: f64 = 4.0;
/// The level of the test of each change.
const CLEAR: f64 = 0.01;
/// Periods on either side of a change.
const LEAST_LEVEL: usize = 5;
/// Whole periods that a forecast needs.
const LEAST_FOR_FORECAST: usize = 16;
/// Origins that forecasts are tried from.
const ORIGINS: usize = 5;

/// Looks at the whole periods of a figure.
pub fn look(figure: &str, period: Period, periods: &[InPeriod]) -> Trend {
    let whole: Vec<&InPeriod> = periods.iter().filter(|period| !period.partial).collect();
    let labelled: Vec<(&str, f64)> =
        whole.iter().filter_map(|p| Some((p.period.as_str(), p.figure.value?))).collect();
    let values: Vec<f64> = labelled.iter().map(|(_, value)| *value).collect();
    let gaps = whole.len() - values.len();
    let length = season_length(period, values.len()).filter(|_| gaps == 0);
    let season = length.and_then(|length| season(&values, length));
    let level = without_season(&values, season.as_ref().filter(|season| season.p_value <= CLEAR));
    let changes = changes(&labelled, &level);
    let flat = without_changes(&level, &changes);
    let ends_now = gaps == 0 && values.len() >= LEAST_FOR_FORECAST;
    Trend {
        figure: figure.to_string(),
        period,
        periods: whole.len(),
        outliers: outliers(&labelled, &flat),
        changes: changes.into_iter().map(|(_, change)| change).collect(),
        forecast: ends_now.then(|| forecast(&values, length, horizon(period))).flatten(),
        season,
    }
}

/// A season must be seen three times.
fn season_length(period: Period, periods: usize) -> Option<usize> {
    let length = match period {
        Period::Day => 7,
        Period::Week => 52,
        Period::Month => 12,
        Period::Quarter => 4,
        Period::Year => return None,
    };
    (periods >= 3 * length).then_some(length)
}

fn horizon(period: Period) -> usize {
    match period {
        Period::Day => 14,
        Period::Week => 4,
        Period::Month => 3,
        Period::Quarter | Period::Year => 2,
    }
}

fn season(values: &[f64], length: usize) -> Option<Season> {
    let ranked = Ranked::of(values);
    let mut groups = vec![(0, 0.0); length];
    let mut sums = vec![0.0; length];
    for (index, (value, rank)) in values.iter().zip(ranked.ranks()).enumerate() {
        let group = &mut groups[index % length];
        *group = (group.0 + 1, group.1 + rank);
        sums[index % length] += value;
    }
    let (_, p_value) = kruskal_wallis(&ranked, &groups)?;
    let means = sums.iter().zip(&groups).map(|(sum, (count, _))| sum / *count as f64).collect();
    Some(Season { length, means, p_value })
}

/// The figures less what their place in the season adds.
fn without_season(values: &[f64], season: Option<&Season>) -> Vec<f64> {
    let Some(season) = season else { return values.to_vec() };
    let centre = mean(&season.means).unwrap_or(0.0);
    values.iter().enumerate().map(|(i, value)| value - season.means[i % season.length] + centre).collect()
}

/// The figures less the level of the time that they lie in: the step from one to the next is no outlier.
fn without_changes(level: &[f64], changes: &[(usize, Change)]) -> Vec<f64> {
    let step_at = |index: usize| changes.iter().rev().find(|(at, _)| *at <= index);
    let first = changes.first().map_or(0.0, |(_, change)| change.before);
    let flat =
        |(index, value): (usize, &f64)| value - step_at(index).map_or(first, |(_, change)| change.after);
    level.iter().enumerate().map(flat).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    quantile_of_sorted(&sorted(values), 0.5)
}

/// Figures that are more than four robust deviations from the median of the eight around them: the identifier of
/// F. R. Hampel, by L. Davies and U. Gather, "The Identification of Multiple Outliers" (1993). The deviation is that of all
/// figures from the median around them.
fn outliers(labelled: &[(&str, f64)], level: &[f64]) -> Vec<Outlier> {
    const AROUND: usize = 4;
    const LEAST: usize = 12;
    /// What makes the median of absolute deviations a standard deviation for a normal distribution.
    const NORMAL: f64 = 1.482_602_218_505_602;
    if level.len() < LEAST {
        return Vec::new();
    }
    let neighbours = |index: usize| {
        let (from, to) = (index.saturating_sub(AROUND), (index + AROUND + 1).min(level.len()));
        let others: Vec<f64> = (from..to).filter(|&other| other != index).map(|other| level[other]).collect();
        median(&others).unwrap_or(level[index])
    };
    let away: Vec<f64> = (0..level.len()).map(|index| level[index] - neighbours(index)).collect();
    let absolute: Vec<f64> = away.iter().map(|away| away.abs()).collect();
    let scale = NORMAL * median(&absolute).unwrap_or(0.0);
    let far = |(index, away): (usize, &f64)| {
        let deviations = away / scale;
        let (period, value) = labelled[index];
        (scale > 0.0 && deviations.abs() > FAR).then(|| Outlier {
            period: period.to_string(),
            value,
            expected: value - away,
            deviations,
        })
    };
    away.iter().enumerate().filter_map(far).collect()
}

/// Looks for one change, then for one on either side of it, and so on (A. J. Scott and M. Knott, 1974).
fn changes(labelled: &[(&str, f64)], level: &[f64]) -> Vec<(usize, Change)> {
    let mut found: Vec<(usize, f64)> = Vec::new();
    let mut open = vec![(0, level.len())];
    while let Some((from, to)) = open.pop() {
        let Some(change) = most_likely_change(&level[from..to]) else { continue };
        let at = from + change.at;
        if change.p_value <= CLEAR && at - from >= LEAST_LEVEL && to - at >= LEAST_LEVEL {
            found.push((at, change.p_value));
            open.extend([(from, at), (at, to)]);
        }
    }
    found.sort_by_key(|&(at, _)| at);
    let bounds: Vec<usize> =
        std::iter::once(0).chain(found.iter().map(|&(at, _)| at)).chain([level.len()]).collect();
    let level_of = |place: usize| mean(&level[bounds[place]..bounds[place + 1]]).unwrap_or(f64::NAN);
    let change = |(place, &(at, p_value)): (usize, &(usize, f64))| {
        let period = labelled[at].0.to_string();
        (at, Change { period, before: level_of(place), after: level_of(place + 1), p_value })
    };
    found.iter().enumerate().map(change).collect()
}

fn forecast(values: &[f64], season: Option<usize>, horizon: usize) -> Option<Forecast> {
    let mut methods = vec![Method::Naive, Method::Ets];
    if season.is_some() {
        methods.extend([Method::SeasonalNaive, Method::MstlEts]);
    }
    let mut errors: Vec<MethodError> = Vec::new();
    let mut inside: Vec<(Method, f64)> = Vec::new();
    for method in methods {
        let Some((error, coverage)) = tried(method, values, season, horizon) else { continue };
        let naive = errors.first().map(|first| first.mean_absolute_error);
        let of_naive = naive.filter(|&naive| naive > 0.0).map(|naive| error / naive);
        errors.push(MethodError { method, mean_absolute_error: error, of_naive });
        inside.extend(coverage.map(|coverage| (method, coverage)));
    }
    errors.sort_by(|a, b| a.mean_absolute_error.total_cmp(&b.mean_absolute_error));
    let best = errors.first()?.method;
    let points = ahead(best, values, season, horizon)?;
    Some(Forecast {
        method: best,
        better_than_naive: !matches!(best, Method::Naive | Method::SeasonalNaive),
        errors,
        tried: (ORIGINS, horizon),
        coverage: inside.iter().find(|(method, _)| *method == best).map(|(_, coverage)| *coverage),
        points,
    })
}

/// The mean absolute error of forecasts from the last origins that leave a whole horizon, and the share of what came inside
/// of the intervals.
fn tried(
    method: Method,
    values: &[f64],
    season: Option<usize>,
    horizon: usize,
) -> Option<(f64, Option<f64>)> {
    let (mut error, mut count, mut inside, mut with_interval) = (0.0, 0.0, 0.0, 0.0);
    for back in 0..ORIGINS {
        let origin = values.len().checked_sub(horizon + back)?;
        let points = ahead(method, &values[..origin], season, horizon)?;
        for (point, came) in points.iter().zip(&values[origin..]) {
            error += (point.value - came).abs();
            count += 1.0;
            if let Some(interval) = point.interval {
                with_interval += 1.0;
                inside += f64::from(u8::from(interval.low <= *came && *came <= interval.high));
            }
        }
    }
    Some((error / count, (with_interval > 0.0).then(|| inside / with_interval)))
}

/// The next periods by a method. None when it cannot be used on these figures.
fn ahead(method: Method, values: &[f64], season: Option<usize>, horizon: usize) -> Option<Vec<Point>> {
    let plain = |value: &dyn Fn(usize) -> Option<f64>| {
        (0..horizon)
            .map(|index| Some(Point { ahead: index + 1, value: value(index)?, interval: None }))
            .collect()
    };
    // Additive errors only: the intervals of the others are drawn at random.
    let ets = || AutoETS::new(1, "AZN").ok();
    match method {
        Method::Naive => plain(&|_| values.last().copied()),
        Method::SeasonalNaive => {
            let last = values.get(values.len().checked_sub(season?)?..)?;
            plain(&|index| last.get(index % last.len()).copied())
        }
        Method::Ets => points(&ets()?.fit(values).ok()?.predict(horizon, CONFIDENCE).ok()?),
        Method::MstlEts => {
            let model = MSTLModel::new(vec![season?], AutoETSTrendModel::from(ets()?));
            points(&model.fit(values).ok()?.predict(horizon, CONFIDENCE).ok()?)
        }
    }
}

fn points(forecast: &augurs::Forecast) -> Option<Vec<Point>> {
    let intervals = forecast.intervals.as_ref();
    let point = |(index, &value): (usize, &f64)| {
        let ends = intervals.and_then(|both| Some((*both.lower.get(index)?, *both.upper.get(index)?)));
        let interval = ends.map(|(low, high)| Interval { low, high });
        value.is_finite().then_some(Point { ahead: index + 1, value, interval })
    };
    forecast.point.iter().enumerate().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpis::Figure;
    use crate::near::assert_near;
    use crate::statistics::Dice;

    fn periods(values: &[f64]) -> Vec<InPeriod> {
        let one = |(index, &value): (usize, &f64)| InPeriod {
            period: format!("p{index}"),
            start: 0,
            partial: false,
            figure: Figure { value: Some(value), rows: 50, interval: None, few: false },
            change: None,
            change_interval: None,
        };
        values.iter().enumerate().map(one).collect()
    }

    /// 140 days around 100 with a weekly pattern; from day 70 on 40 more, and one day without anything.
    fn planted() -> Vec<f64> {
        let mut dice = Dice::new(3);
        let mut values: Vec<f64> = (0..140)
            .map(|day| {
                let weekly = if day % 7 >= 5 { -30.0 } else { 10.0 };
                100.0 + weekly + if day >= 70 { 40.0 } else { 0.0 } + 10.0 * (dice.share() - 0.5)
            })
            .collect();
        values[30] = 5.0;
        values
    }

    #[test]
    fn season_outlier_and_change_are_found_where_they_are() {
        let trend = look("orders", Period::Day, &periods(&planted()));
        let season = trend.season.unwrap();
        assert!(season.length == 7 && season.p_value < 0.01 && season.means[0] - season.means[6] > 30.0);
        assert_eq!(trend.outliers.iter().map(|outlier| outlier.period.as_str()).collect::<Vec<_>>(), ["p30"]);
        assert_eq!(trend.changes.iter().map(|change| change.period.as_str()).collect::<Vec<_>>(), ["p70"]);
        assert!((trend.changes[0].after - trend.changes[0].before - 40.0).abs() < 5.0);
    }

    #[test]
    fn the_season_is_forecast_better_than_naively() {
        let forecast = look("orders", Period::Day, &periods(&planted())).forecast.unwrap();
        assert!(forecast.better_than_naive && forecast.method == Method::MstlEts, "{forecast:?}");
        assert_eq!(forecast.points.len(), 14);
        assert!(forecast.coverage.unwrap() > 0.8);
        assert_eq!(Some(forecast), look("orders", Period::Day, &periods(&planted())).forecast);
    }

    #[test]
    fn a_random_walk_is_not_forecast_better_than_it_is() {
        let mut dice = Dice::new(11);
        let mut value = 100.0;
        let walk: Vec<f64> = (0..60)
            .map(|_| {
                value += dice.share() - 0.5;
                value
            })
            .collect();
        let forecast = look("walk", Period::Month, &periods(&walk)).forecast.unwrap();
        let naive = forecast.errors.iter().find(|error| error.method == Method::Naive).unwrap();
        // By hand: from each of five origins, the last value against the three that came.
        let error = |back: usize| -> f64 {
            let origin = 60 - 3 - back;
            (0..3).map(|index| (walk[origin - 1] - walk[origin + index]).abs()).sum()
        };
        assert_near(naive.mean_absolute_error, (0..5).map(error).sum::<f64>() / 15.0);
        assert!(forecast.errors[0].mean_absolute_error <= naive.mean_absolute_error);
    }

    #[test]
    fn exponential_smoothing_is_that_of_the_library() {
        // The example of augurs-ets: a straight line goes on.
        let line: Vec<f64> = (0..10).map(f64::from).collect();
        let points = ahead(Method::Ets, &line, None, 5).unwrap();
        let values: Vec<f64> = points.iter().map(|point| (point.value * 1e6).round() / 1e6).collect();
        assert_eq!(values, [10.0, 11.0, 12.0, 13.0, 14.0]);
    }

    #[test]
    fn few_periods_and_level_ones_say_nothing() {
        let trend = look("orders", Period::Month, &periods(&[1.0, 2.0, 3.0]));
        assert_eq!((trend.season, trend.forecast), (None, None));
        let flat = look("orders", Period::Day, &periods(&[5.0; 40]));
        assert!(flat.outliers.is_empty() && flat.changes.is_empty());
    }
}
