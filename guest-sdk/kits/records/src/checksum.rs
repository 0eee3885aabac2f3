//! CRC-32 as gzip has it, by words instead of tables.
//!
//! The usual ways look every byte up in a table, or need instructions that a cell does not have: there they took longer
//! than the decompression. Here the message is divided by a multiple of the generator with only five terms (K. Russell,
//! "Chorba: A novel CRC32 implementation", arXiv:2412.16398). Whatever is a multiple of the generator may be taken away
//! without a change of the remainder, and so every block goes, as four copies of it are added to later blocks. What is
//! left at the end is short enough for the usual way.

use std::array;

use flate2::Crc;

/// Bytes of a block.
const BLOCK: usize = 16;

/// How many blocks later a copy is added. The generator divides x^300 + x^155 + x^117 + x^89 + 1, and so it does when
/// this is squared seven times, which makes blocks of the bits: over two elements, squaring a sum squares its terms.
const LATER: [usize; 4] = [300 - 155, 300 - 117, 300 - 89, 300];

/// Blocks after which no copy of a block is added any more.
const REACH: usize = 300;

/// Blocks that are divided at once: fewer than the nearest copy is away, so that they do not depend on each other.
const BATCH: usize = 128;
const BATCH_BYTES: usize = BATCH * BLOCK;

/// Words of a block.
const WORDS: usize = BLOCK / size_of::<u64>();

/// Words that are divided in one round; a batch is a multiple of them.
const ROUND: usize = 16;

/// Batches after which what is not needed any more makes room.
const BATCHES: usize = 8;

/// The checksum of what was read until now, and its length.
pub(crate) struct Checksum {
    /// What was taken away from the last blocks, in words. There are [`REACH`] blocks at least, zeros at first.
    taken: Vec<u64>,
    end: usize,
    /// Bytes of the next batch.
    pending: Vec<u8>,
    batches: usize,
    /// Modulo 2^32, as gzip counts it.
    length: u32,
}

impl Default for Checksum {
    fn default() -> Self {
        let taken = vec![0; WORDS * (REACH + BATCH * BATCHES)];
        let pending = Vec::with_capacity(BATCH_BYTES);
        Self { taken, end: WORDS * REACH, pending, batches: 0, length: 0 }
    }
}

impl Checksum {
    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u32);
        if !self.pending.is_empty() {
            let missing = (BATCH_BYTES - self.pending.len()).min(bytes.len());
            let (first, rest) = bytes.split_at(missing);
            self.pending.extend_from_slice(first);
            bytes = rest;
            if let Some(batch) = self.pending.first_chunk().copied() {
                self.divide(&batch);
                self.pending.clear();
            }
        }
        let (batches, rest) = bytes.as_chunks();
        for batch in batches {
            self.divide(batch);
        }
        self.pending.extend_from_slice(rest);
    }

    /// Takes a batch away.
    fn divide(&mut self, batch: &[u8; BATCH_BYTES]) {
        if self.end + WORDS * BATCH > self.taken.len() {
            self.taken.copy_within(self.end - WORDS * REACH..self.end, 0);
            self.end = WORDS * REACH;
        }
        let (before, room) = self.taken.split_at_mut(self.end);
        let copies = LATER.map(|blocks| &before[before.len() - WORDS * blocks..]);
        // Several words in each round of the loop: a cell counts the rounds.
        let [mut a, mut b, mut c, mut d] = copies.map(|copy| copy.as_chunks::<ROUND>().0.iter());
        for (words, room) in
            batch.as_chunks().0.as_chunks::<ROUND>().0.iter().zip(room.as_chunks_mut::<ROUND>().0)
        {
            let (Some(a), Some(b), Some(c), Some(d)) = (a.next(), b.next(), c.next(), d.next()) else {
                break;
            };
            *room = array::from_fn(|at| u64::from_le_bytes(words[at]) ^ a[at] ^ b[at] ^ c[at] ^ d[at]);
        }
        if self.batches == 0 {
            // The checksum is defined with the first 32 bits inverted.
            room[0] ^= u64::from(u32::MAX);
        }
        self.end += WORDS * BATCH;
        self.batches += 1;
    }

    /// The checksum and the length.
    pub(crate) fn finish(self) -> (u32, u32) {
        let mut rest = self.kept();
        if let Some(first) = rest.first_mut() {
            // Crc inverts them once more.
            *first ^= u64::from(u32::MAX);
        }
        let mut crc = Crc::new();
        for word in rest {
            crc.update(&word.to_le_bytes());
        }
        crc.update(&self.pending);
        (crc.sum(), self.length)
    }

    /// The last blocks as they are when only those before them were taken away: copies of these would be added behind the
    /// end of the message.
    fn kept(&self) -> Vec<u64> {
        let blocks = REACH.min(self.batches.saturating_mul(BATCH));
        let last = &self.taken[self.end - WORDS * blocks..self.end];
        let copy = |at: usize, later: usize| at.checked_sub(WORDS * later).map_or(0, |from| last[from]);
        let word = |at: usize| LATER.iter().fold(last[at], |word, &later| word ^ copy(at, later));
        (0..last.len()).map(word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_usual_checksum_for_every_length_however_it_is_cut() {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let text: Vec<u8> = (0..BATCH_BYTES * 21).map(|_| byte()).collect();
        let near_batches = (0..20).flat_map(|batches| (0..5).map(move |more| batches * BATCH_BYTES + more));
        for length in (0..40).chain(near_batches.map(|length| length.saturating_sub(2))) {
            for cut in [1, 1000, BATCH_BYTES, 5000, usize::MAX] {
                let (text, mut expected, mut sum) = (&text[..length], Crc::new(), Checksum::default());
                expected.update(text);
                text.chunks(if length > 5000 { cut.max(999) } else { cut }).for_each(|part| sum.update(part));
                assert_eq!(sum.finish(), (expected.sum(), length as u32), "{length} bytes cut by {cut}");
            }
        }
    }
}
