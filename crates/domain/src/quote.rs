//! What a run will probably take, from what runs of the same module took: pure functions of measured figures. Nothing here
//! is a promise, and without runs there is no figure.
//!
//! A figure is told in three parts: what is expected, and the 10th and the 90th percentile. Where the size of the inputs
//! explains what runs took, their figures are brought to the size that is asked for; how far they scatter is taken from the
//! runs that are nearest in size. Few runs say little of percentiles: the fewer there are, the wider the range.

/// The most runs that a quote rests on.
pub const MAX_RUNS: usize = 50;

/// Fewer runs, or fewer sizes, say nothing of how figures follow from sizes.
const FEWEST_TO_SCALE: usize = 4;
const FEWEST_SIZES: usize = 3;
/// A size explains what runs took when figures scatter around its line by less than this part of how they scatter alone.
const EXPLAINS: f64 = 0.8;

/// So many runs, and no fewer than half of all, say how far figures scatter at a size: short runs scatter more than long ones.
const NEAREST: usize = 16;

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Bytes of all its inputs.
    pub input_bytes: u64,
    /// Units of fuel, where they are exact.
    pub fuel: Option<u64>,
    /// Wall-clock microseconds.
    pub micros: u64,
    /// The most memory that it held, in bytes.
    pub memory_bytes: u64,
}

/// What is expected of a figure, and between what it probably is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// As many runs take more as take less.
    pub expected: u64,
    /// The 10th percentile.
    pub low: u64,
    /// The 90th percentile.
    pub high: u64,
    /// Whether it follows from the size of the inputs.
    pub scaled: bool,
}

/// What a run will probably take, as the latest runs of its module say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// How many runs it rests on.
    pub runs: usize,
    /// The smallest and the largest inputs that they had, in bytes.
    pub sizes: (u64, u64),
    /// Units of fuel.
    pub fuel: Option<Forecast>,
    /// Wall-clock microseconds.
    pub micros: Option<Forecast>,
    /// The most memory that it will hold, in bytes.
    pub memory_bytes: Option<Forecast>,
}

/// A quote for a run on inputs of so many bytes; `None` without runs.
pub fn quote(runs: &[Run], input_bytes: u64) -> Option<Quote> {
    let sizes =
        (runs.iter().map(|run| run.input_bytes).min()?, runs.iter().map(|run| run.input_bytes).max()?);
    let of = |figure: fn(&Run) -> Option<u64>| {
        let points: Vec<_> = runs.iter().filter_map(|run| Some((run.input_bytes, figure(run)?))).collect();
        forecast(&points, input_bytes)
    };
    Some(Quote {
        runs: runs.len(),
        sizes,
        fuel: of(|run| run.fuel),
        micros: of(|run| Some(run.micros)),
        memory_bytes: of(|run| Some(run.memory_bytes)),
    })
}

/// From (size, figure) of each run.
fn forecast(points: &[(u64, u64)], size: u64) -> Option<Forecast> {
    let points: Vec<_> =
        points.iter().map(|(size, figure)| (*size as f64, (*figure).max(1) as f64)).collect();
    let middle = median(points.iter().map(|(_, figure)| *figure).collect())?;
    let mut curve = Curve::Level(middle);
    for candidate in scaling(&points) {
        if scatter(&candidate, &points) < EXPLAINS * scatter(&curve, &points) {
            curve = candidate;
        }
    }
    let near = nearest(&points, size as f64);
    let mut ratios: Vec<_> = near.iter().map(|(size, figure)| figure / curve.at(*size)).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let (low, high) = outer_tenths(&ratios)?;
    let slack = slack(&points, size as f64);
    let expected = curve.at(size as f64);
    Some(Forecast {
        expected: whole(expected),
        low: whole(expected * low.min(1.0) / slack),
        high: whole(expected * high.max(1.0) * slack),
        scaled: !matches!(curve, Curve::Level(_)),
    })
}

/// How a figure follows from the size of the inputs.
enum Curve {
    /// Not at all.
    Level(f64),
    /// A part that is always there, and so much for each byte.
    Line { base: f64, slope: f64 },
    /// A power of the size: doubling it always multiplies the figure by the same.
    Power { factor: f64, exponent: f64 },
}

impl Curve {
    fn at(&self, size: f64) -> f64 {
        let figure = match self {
            Self::Level(figure) => *figure,
            Self::Line { base, slope } => base + slope * size,
            Self::Power { factor, exponent } => factor * size.max(1.0).powf(*exponent),
        };
        figure.max(1.0)
    }
}

/// The curves that the points may lie on; none where there are too few.
fn scaling(points: &[(f64, f64)]) -> Vec<Curve> {
    let mut sizes: Vec<_> = points.iter().map(|(size, _)| *size).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.dedup();
    if points.len() < FEWEST_TO_SCALE || sizes.len() < FEWEST_SIZES {
        return Vec::new();
    }
    let line = robust_line(points).map(|(base, slope)| Curve::Line { base, slope });
    let logarithms: Vec<_> = points.iter().map(|(size, figure)| (size.max(1.0).ln(), figure.ln())).collect();
    let power =
        robust_line(&logarithms).map(|(base, exponent)| Curve::Power { factor: base.exp(), exponent });
    line.into_iter().chain(power).collect()
}

/// Where a line begins, and its slope: the median of all slopes between two points (Theil and Sen), which a run that was
/// held up by something else does not move.
fn robust_line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let pairs =
        points.iter().enumerate().flat_map(|(at, one)| points[at + 1..].iter().map(move |two| (one, two)));
    let slopes =
        pairs.filter(|(one, two)| one.0 != two.0).map(|(one, two)| (two.1 - one.1) / (two.0 - one.0));
    let slope = median(slopes.collect())?;
    let base = median(points.iter().map(|(x, y)| y - slope * x).collect())?;
    Some((base, slope))
}

/// How far the points lie from the curve, by their ratios.
fn scatter(curve: &Curve, points: &[(f64, f64)]) -> f64 {
    points.iter().map(|(size, figure)| (figure / curve.at(*size)).ln().abs()).sum()
}

/// The points whose sizes differ from `size` by the smallest factors.
fn nearest(points: &[(f64, f64)], size: f64) -> Vec<(f64, f64)> {
    let distance = |(other, _): &(f64, f64)| (other.max(1.0) / size.max(1.0)).ln().abs();
    let mut near = points.to_vec();
    near.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
    near.truncate(NEAREST.max(points.len().div_ceil(2)));
    near
}

/// The 10th and the 90th percentile of what the sample is taken from: the rank is moved outwards by its own standard
/// deviation, because those of a sample are too narrow as often as too wide.
fn outer_tenths(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len() as f64;
    let rank = ((count + 1.0) * 0.1 - (count * 0.1 * 0.9).sqrt()).floor().max(1.0) as usize - 1;
    Some((*sorted.get(rank)?, *sorted.get(sorted.len().checked_sub(rank + 1)?)?))
}

/// What the range is widened by: for few runs, and for a size beyond all that there were.
fn slack(points: &[(f64, f64)], size: f64) -> f64 {
    let sizes = || points.iter().map(|(size, _)| size.max(1.0));
    let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(1.0, f64::max));
    let beyond = (size.max(1.0) / most).max(least / size.max(1.0)).max(1.0);
    (1.0 + 1.0 / points.len() as f64) * beyond.sqrt()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

/// Beyond what a number holds it is the largest.
fn whole(figure: f64) -> u64 {
    figure.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(input_bytes: u64, figure: u64) -> Run {
        Run { input_bytes, fuel: Some(figure), micros: figure, memory_bytes: 7 }
    }

    fn fuel(runs: &[Run], size: u64) -> Forecast {
        quote(runs, size).unwrap().fuel.unwrap()
    }

    #[test]
    fn without_runs_there_is_no_figure() {
        assert_eq!(quote(&[], 100), None);
        let unknown = Run { fuel: None, ..run(10, 5) };
        let quote = quote(&[unknown], 10).unwrap();
        assert_eq!((quote.runs, quote.sizes, quote.fuel), (1, (10, 10), None));
        assert_eq!(quote.memory_bytes.unwrap().expected, 7);
    }

    #[test]
    fn one_run_says_little() {
        let forecast = fuel(&[run(10, 1_000)], 10);
        assert_eq!(forecast, Forecast { expected: 1_000, low: 500, high: 2_000, scaled: false });
    }

    #[test]
    fn what_follows_from_the_size_is_scaled_to_it() {
        let line: Vec<_> = (1..=20).map(|n| run(n * 1_000, 50_000 + n * 1_000 * 30)).collect();
        let at = fuel(&line, 15_500);
        assert!(at.scaled && at.expected.abs_diff(515_000) < 100, "{at:?}");
        assert!(at.high * 10 < at.low * 12, "{at:?}");
        let square: Vec<_> = (1..=20).map(|n| run(n * 100, n * n * 10_000)).collect();
        let at = fuel(&square, 1_050);
        assert!(at.scaled && (1_000_000..1_200_000).contains(&at.expected), "{at:?}");
    }

    #[test]
    fn what_does_not_follow_from_the_size_is_not_scaled() {
        let runs: Vec<_> = (1..=20).map(|n| run(n * 1_000, 900 + n * 7 % 11 * 20)).collect();
        let at = fuel(&runs, 3_000);
        assert!(!at.scaled && (900..1_120).contains(&at.expected), "{at:?}");
    }

    #[test]
    fn one_run_that_was_held_up_changes_little() {
        let mut runs: Vec<_> = (1..=20).map(|n| run(n * 1_000, n * 1_000)).collect();
        runs[7].fuel = Some(10_000_000);
        let at = fuel(&runs, 10_000);
        assert!(at.expected.abs_diff(10_000) < 10, "{at:?}");
    }

    #[test]
    fn how_far_short_runs_scatter_says_nothing_of_long_ones() {
        let runs: Vec<_> = (0..40)
            .map(|n| {
                let size = 1_000 << (n / 4);
                let noise = if n < 20 { n % 4 * 30 } else { n % 4 };
                run(size, size * (100 + noise))
            })
            .collect();
        let width = |size| {
            let forecast = fuel(&runs, size);
            forecast.high as f64 / forecast.low as f64
        };
        assert!(width(2_000) > 1.4 * width(400_000), "{} {}", width(2_000), width(400_000));
    }

    #[test]
    fn beyond_all_sizes_the_range_is_wider() {
        let runs: Vec<_> = (1..=20).map(|n| run(n * 1_000, n * 1_000)).collect();
        let width = |size| {
            let forecast = fuel(&runs, size);
            forecast.high as f64 / forecast.low as f64
        };
        assert!(width(40_000) > 1.9 * width(20_000));
        assert!(width(250) > 1.9 * width(1_000));
    }

    #[test]
    fn figures_at_the_edges_of_numbers_do_no_harm() {
        let runs = [run(0, 0), run(u64::MAX, u64::MAX), run(1, u64::MAX), run(u64::MAX, 0), run(2, 1)];
        for size in [0, 1, u64::MAX] {
            let forecast = fuel(&runs, size);
            assert!(forecast.low <= forecast.expected && forecast.expected <= forecast.high, "{forecast:?}");
        }
    }
}
