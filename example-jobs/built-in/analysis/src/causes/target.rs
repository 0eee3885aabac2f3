//! What is to be explained.

use std::ops::Sub;

use crate::statistics::{Ranked, mean};

/// The figure of each row that is to be explained.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is called.
    pub name: String,
    /// What its numbers are.
    pub measure: Measure,
    /// One for each row, none missing. 1 and 0 for a share.
    pub values: Vec<f64>,
    pub(super) ranked: Ranked,
    mean: f64,
}

/// What the numbers of a target are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Something happened or not.
    Share,
    /// Seconds.
    Seconds,
    /// Any number.
    Number,
}

impl Target {
    /// A target of these values, none of which is missing.
    pub fn new(name: impl Into<String>, measure: Measure, values: Vec<f64>) -> Self {
        let (ranked, mean) = (Ranked::of(&values), mean(&values).unwrap_or(0.0));
        Self { name: name.into(), measure, values, ranked, mean }
    }

    /// Rows in which something happened.
    pub fn share(name: impl Into<String>, happened: impl IntoIterator<Item = bool>) -> Self {
        Self::new(name, Measure::Share, happened.into_iter().map(|hit| f64::from(u8::from(hit))).collect())
    }

    /// The mean, or the share in which it happened. 0 without rows.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The sum over all rows.
    pub fn total(&self) -> f64 {
        self.mean * self.values.len() as f64
    }

    /// The ranks of the values. Tests compare these, so that a few extreme values do not decide.
    pub(super) fn scores(&self) -> &[f64] {
        self.ranked.ranks()
    }

    /// What a row adds to its group.
    pub(super) fn row(&self, row: usize) -> Group {
        let (value, rank) = (self.values[row] - self.mean, self.scores()[row]);
        Group { count: 1, sum: value, squares: value * value, ranks: rank, rank_squares: rank * rank }
    }

    /// All rows together.
    pub(super) fn everything(&self) -> Group {
        let mut all = Group::default();
        (0..self.values.len()).for_each(|row| all.add(&self.row(row)));
        all
    }

    /// The mean of a group.
    pub(super) fn mean_of(&self, group: &Group) -> f64 {
        if group.count == 0 { 0.0 } else { self.mean + group.sum / group.count as f64 }
    }

    /// How often it happened in a group; for shares.
    pub(super) fn hits(&self, group: &Group) -> u64 {
        (self.mean_of(group) * group.count as f64).round() as u64
    }
}

/// Counts and sums of a group of rows. Values are taken from the mean of all, so that squares lose no digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Group {
    pub(super) count: usize,
    pub(super) sum: f64,
    pub(super) squares: f64,
    pub(super) ranks: f64,
    pub(super) rank_squares: f64,
}

impl Group {
    pub(super) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
        self.ranks += other.ranks;
        self.rank_squares += other.rank_squares;
    }

    /// The variance of the mean. 0 for fewer than two rows.
    pub(super) fn variance_of_mean(&self) -> f64 {
        let count = self.count as f64;
        if self.count < 2 {
            return 0.0;
        }
        ((self.squares - self.sum * self.sum / count) / (count - 1.0)).max(0.0) / count
    }
}

impl Sub for Group {
    type Output = Self;

    fn sub(self, part: Self) -> Self {
        Self {
            count: self.count - part.count,
            sum: self.sum - part.sum,
            squares: self.squares - part.squares,
            ranks: self.ranks - part.ranks,
            rank_squares: self.rank_squares - part.rank_squares,
        }
    }
}
