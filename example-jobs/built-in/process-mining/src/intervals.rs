//! Intervals of 95 % for the difference between two groups.
//!
//! Of medians by the bootstrap. The median of a sample that is drawn again from n values is one of these; which one depends
//! on the middle rank among n uniform numbers, and that has a Beta distribution. So each repetition draws a rank instead of
//! n values: the same distribution, at a cost that does not depend on n. Of shares by Newcombe's method 10 (1998), which
//! holds for small numbers, too.

use crate::log::Micros;

/// Repetitions of the bootstrap.
pub const REPETITIONS: usize = 2000;
/// Values on each side without which nothing can be said of a median.
pub const LEAST: usize = 5;
/// The distance of 95 % of a normal distribution from its middle.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// An interval.
pub type Interval = [f64; 2];

/// The interval of the difference between the medians of two ascending lists. None for fewer than [`LEAST`] values on
/// either side.
pub fn of_medians(a: &[Micros], b: &[Micros]) -> Option<Interval> {
    if a.len() < LEAST || b.len() < LEAST {
        return None;
    }
    // The same values always get the same interval.
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut differences: Vec<f64> = (0..REPETITIONS).map(|_| random.median(a) - random.median(b)).collect();
    differences.sort_by(f64::total_cmp);
    let tail = REPETITIONS / 40;
    Some([differences[tail], differences[REPETITIONS - 1 - tail]])
}

/// The interval of the difference between two shares, each given as a part and the whole. None where a whole is 0.
pub fn of_shares(a: [usize; 2], b: [usize; 2]) -> Option<Interval> {
    let (a, b) = (Wilson::of(a)?, Wilson::of(b)?);
    let difference = a.share - b.share;
    let below = (a.share - a.low).hypot(b.high - b.share);
    let above = (a.high - a.share).hypot(b.share - b.low);
    Some([difference - below, difference + above])
}

/// A share with its interval by Wilson (1927).
struct Wilson {
    share: f64,
    low: f64,
    high: f64,
}

impl Wilson {
    fn of([part, whole]: [usize; 2]) -> Option<Self> {
        let count = (whole > 0).then_some(whole as f64)?;
        let share = part as f64 / count;
        let square = NORMAL_95 * NORMAL_95;
        let middle = 2.0 * count * share + square;
        let half = NORMAL_95 * (square + 4.0 * count * share * (1.0 - share)).sqrt();
        let scale = 2.0 * (count + square);
        Some(Self { share, low: (middle - half) / scale, high: (middle + half) / scale })
    }
}

/// Numbers by chance: SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Above 0 and below 1.
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Box and Muller (1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Marsaglia and Tsang (2000), for a shape of 1 or more.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = (9.0 * d).sqrt().recip();
        loop {
            let normal = self.normal();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.uniform().ln() < normal * normal / 2.0 + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// The number with a rank (from 1) among so many uniform ones.
    fn ranked(&mut self, rank: usize, count: usize) -> f64 {
        let (below, above) = (self.gamma(rank as f64), self.gamma((count + 1 - rank) as f64));
        below / (below + above)
    }

    /// The median of as many values as there are, each drawn from all of them.
    fn median(&mut self, ascending: &[Micros]) -> f64 {
        let count = ascending.len();
        let value = |at: f64| ascending[((at * count as f64) as usize).min(count - 1)] as f64;
        let rank = count.div_ceil(2);
        let lower = self.ranked(rank, count);
        if count % 2 == 1 {
            return value(lower);
        }
        // The next one above is the least of those that are left.
        let above = (count - rank) as f64;
        let upper = 1.0 - (1.0 - lower) * self.uniform().powf(above.recip());
        f64::midpoint(value(lower), value(upper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Spread;

    /// The bootstrap as it is defined: draws every value.
    fn drawn(a: &[Micros], b: &[Micros]) -> Interval {
        let mut random = Random(5);
        let mut median = |values: &[Micros]| {
            let one = |_| values[(random.uniform() * values.len() as f64) as usize];
            let mut sample: Vec<Micros> = (0..values.len()).map(one).collect();
            Spread::of(&mut sample).unwrap().median
        };
        let mut all: Vec<f64> = (0..20_000).map(|_| median(a) - median(b)).collect();
        all.sort_by(f64::total_cmp);
        [all[500], all[19_499]]
    }

    #[test]
    fn a_drawn_rank_is_a_drawn_sample() {
        let a: Vec<Micros> = (0..41).map(|value| value * value).collect();
        let b: Vec<Micros> = (0..60).map(|value| value * 7).collect();
        let (fast, slow) = (of_medians(&a, &b).unwrap(), drawn(&a, &b));
        for (fast, slow) in fast.iter().zip(slow) {
            assert!((fast - slow).abs() < 30.0, "{fast} and {slow}");
        }
        assert!(of_medians(&a[..4], &b).is_none());
        assert_eq!(of_medians(&[3; 9], &[1; 8]), Some([2.0, 2.0]));
    }

    /// The example of Newcombe's paper: 56 of 70 and 48 of 80.
    #[test]
    fn shares_as_published() {
        let [low, high] = of_shares([56, 70], [48, 80]).unwrap();
        assert!((low - 0.0524).abs() < 1e-4 && (high - 0.3339).abs() < 1e-4, "{low} {high}");
        let [low, high] = of_shares([10, 10], [0, 20]).unwrap();
        assert!((low - 0.6791).abs() < 1e-4 && (high - 1.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(of_shares([0, 0], [1, 2]), None);
    }
}
