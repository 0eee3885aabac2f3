//! Columns under construction.

use crate::names::Id;

/// A column under construction: chunks instead of one vector, so that growing never copies what is there. All columns of
/// a log have the same chunks.
#[derive(Debug)]
pub(crate) struct Column<T> {
    pub(crate) chunks: Vec<Vec<T>>,
    /// Values that the last chunk is to hold.
    room: usize,
}

/// Values of a chunk, unless it is to hold all that is still to come.
pub(crate) const CHUNK: usize = 1 << 16;

/// Events that are collected before they are taken apart into the columns: one check a batch instead of one a value.
pub(crate) const BATCH: usize = 1 << 12;

impl<T: Copy + Default> Column<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: Vec::new(), room: 0 }
    }

    /// A column of one value, with the chunks of another one.
    pub(crate) fn filled<U>(value: T, like: &Column<U>) -> Self {
        let mut chunks: Vec<Vec<T>> = like.chunks.iter().map(|other| vec![value; other.len()]).collect();
        if let Some(last) = chunks.last_mut() {
            last.reserve_exact(like.room - last.len());
        }
        Self { chunks, room: like.room }
    }

    /// A column of what `other` makes of the values of this one, in the same chunks.
    pub(crate) fn map<R: Copy + Default>(&self, other: impl Fn(&T) -> R) -> Column<R> {
        let mut chunks: Vec<Vec<R>> =
            self.chunks.iter().map(|chunk| chunk.iter().map(&other).collect()).collect();
        if let Some(last) = chunks.last_mut() {
            last.reserve_exact(self.room - last.len());
        }
        Column { chunks, room: self.room }
    }

    /// Whether no batch fits into the last chunk any more.
    pub(crate) fn is_full(&self) -> bool {
        self.chunks.last().is_none_or(|chunk| chunk.len() + BATCH > self.room)
    }

    /// Appends values, at most [`BATCH`]. If a chunk must be begun for them, it is to hold `room`.
    pub(crate) fn extend(&mut self, values: impl Iterator<Item = T>, room: usize) {
        if self.is_full() {
            self.chunks.push(Vec::with_capacity(room));
            self.room = room;
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.extend(values);
        }
    }

    /// Puts value `i` to the place that `case_of[i]` has next.
    pub(crate) fn grouped(self, case_of: &Column<Id>, offsets: &[usize]) -> Vec<T> {
        let mut next = offsets.to_vec();
        let mut values = vec![T::default(); *offsets.last().unwrap_or(&0)];
        for (chunk, cases) in self.chunks.into_iter().zip(&case_of.chunks) {
            for (value, &case) in chunk.into_iter().zip(cases) {
                let place = &mut next[case as usize];
                values[*place] = value;
                *place += 1;
            }
        }
        values
    }
}

/// Puts the values of a range into an order of their places.
pub(crate) fn permute<T: Copy>(column: &mut [T], range: &std::ops::Range<usize>, order: &[usize]) {
    let sorted: Vec<T> = order.iter().map(|&event| column[event]).collect();
    column[range.clone()].copy_from_slice(&sorted);
}
