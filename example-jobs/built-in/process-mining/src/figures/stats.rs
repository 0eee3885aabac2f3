//! Sums, medians and quantiles of durations.

use crate::log::Micros;

/// Microseconds in a second.
pub const SECOND: f64 = 1e6;

/// How a set of durations is spread. Everything in microseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// How many values there are; never 0.
    pub count: u64,
    /// Their sum; wide enough for any number of the longest durations.
    pub sum: i128,
    /// The smallest.
    pub min: Micros,
    /// The largest.
    pub max: Micros,
    /// The one in the middle, or half way between the two in the middle.
    pub median: f64,
}

impl Spread {
    /// The spread of the values, which are reordered on the way. None without values.
    pub fn of(values: &mut [Micros]) -> Option<Self> {
        let (min, max) = (*values.iter().min()?, *values.iter().max()?);
        let sum = values.iter().map(|&value| i128::from(value)).sum();
        let (middle, odd) = (values.len() / 2, values.len() % 2 == 1);
        let (below, &mut upper, _) = values.select_nth_unstable(middle);
        let lower = if odd { upper } else { below.iter().copied().max().unwrap_or(upper) };
        let median = lower as f64 + (upper - lower) as f64 / 2.0;
        Some(Self { count: values.len() as u64, sum, min, max, median })
    }

    /// The arithmetic mean.
    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }
}

/// Values that belong to groups, those of a group together.
pub struct Groups<T> {
    values: Vec<T>,
    ends: Vec<usize>,
}

/// Takes the values of groups, all of them twice: first to count them, then to put each to those of its group.
pub struct Taker<T> {
    values: Vec<T>,
    /// Per group, how many values were counted, or where its next value goes.
    next: Vec<usize>,
    counting: bool,
}

impl<T> Taker<T> {
    /// Takes a value.
    #[inline(always)]
    pub fn take(&mut self, group: usize, value: T) {
        let place = &mut self.next[group];
        if !self.counting {
            self.values[*place] = value;
        }
        *place += 1;
    }

    /// Takes a value that is made only when it is needed.
    #[inline(always)]
    pub fn take_with(&mut self, group: usize, value: impl FnOnce() -> T) {
        let place = &mut self.next[group];
        if !self.counting {
            self.values[*place] = value();
        }
        *place += 1;
    }
}

impl<T: Copy + Default> Groups<T> {
    /// Collects the values that `visit` hands over. It is called twice and must hand over the same. That needs the room of
    /// the values, not a vector per group.
    pub fn collect(groups: usize, visit: impl Fn(&mut Taker<T>)) -> Self {
        let mut taker = Taker { values: Vec::new(), next: vec![0; groups], counting: true };
        visit(&mut taker);
        let mut ends = Vec::with_capacity(groups + 1);
        ends.push(0);
        for next in &mut taker.next {
            let start = ends[ends.len() - 1];
            ends.push(start + *next);
            *next = start;
        }
        taker.values = vec![T::default(); ends[groups]];
        taker.counting = false;
        visit(&mut taker);
        Self { values: taker.values, ends }
    }

    /// The values of a group, as they were taken.
    pub fn get(&self, group: usize) -> &[T] {
        &self.values[self.ends[group]..self.ends[group + 1]]
    }

    /// What `measure` makes of the values of every group, which it may reorder.
    pub fn map<R>(mut self, mut measure: impl FnMut(&mut [T]) -> R) -> Vec<R> {
        self.ends.windows(2).map(|pair| measure(&mut self.values[pair[0]..pair[1]])).collect()
    }
}

/// The spread of the values of every group; see [`Groups::collect`].
pub fn spread_by_group(groups: usize, visit: impl Fn(&mut Taker<Micros>)) -> Vec<Option<Spread>> {
    Groups::collect(groups, visit).map(Spread::of)
}

/// The quantile `share` (0 to 1) of ascending values, by linear interpolation between closest ranks (type 7 of Hyndman
/// and Fan, the default of NumPy and R). 0 without values.
pub fn quantile(ascending: &[Micros], share: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return 0.0 };
    let rank = share * last as f64;
    let below = rank.floor() as usize;
    let (low, high) = (ascending[below], ascending[(below + 1).min(last)]);
    low as f64 + (high - low) as f64 * (rank - below as f64)
}

/// The population standard deviation (divisor n). 0 without values.
pub(super) fn deviation(values: &[Micros]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| i128::from(value)).sum::<i128>() as f64 / count;
    (values.iter().map(|&value| (value as f64 - mean).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_sets() {
        assert_eq!(Spread::of(&mut [5, 1, 3]).unwrap().median, 3.0);
        let even = Spread::of(&mut [8, 1, 3, 4]).unwrap();
        assert_eq!((even.median, even.mean(), even.min, even.max, even.sum), (3.5, 4.0, 1, 8, 16));
        assert_eq!(Spread::of(&mut []), None);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[0, 10, 20, 30], 0.25), 7.5);
        assert_eq!(quantile(&[0, 10, 20, 30], 1.0), 30.0);
        assert_eq!(quantile(&[7], 0.9), 7.0);
        assert_eq!(deviation(&[2, 4, 4, 4, 5, 5, 7, 9]), 2.0);
    }

    #[test]
    fn groups_keep_their_own_values() {
        let pairs = [(1, 5), (0, 2), (1, 7), (1, 6)];
        let spreads =
            spread_by_group(3, |all| pairs.iter().for_each(|&(group, value)| all.take(group, value)));
        assert_eq!(spreads[0].unwrap().median, 2.0);
        assert_eq!(spreads[1].unwrap().median, 6.0);
        assert_eq!(spreads[2], None);
    }
}
