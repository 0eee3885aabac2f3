//! A window on a stream: what was read and not yet used lies in one piece.

use std::io::{self, Read};

use memchr::memchr;

/// Bytes that the buffer holds at least, and most that one read adds.
pub const BLOCK: usize = 1 << 18;

/// A window on a stream.
pub struct Buffer<R> {
    input: R,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Bytes of the stream before those in the buffer.
    before: u64,
}

impl<R: Read> Buffer<R> {
    /// Nothing is read yet.
    pub fn new(input: R) -> Self {
        Self { input, bytes: Vec::new(), start: 0, end: 0, at_end: false, before: 0 }
    }

    /// What lies in the buffer and was not consumed.
    #[inline]
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Marks the first bytes of what is unread as used. They stay where they are until more is read.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// The last `count` bytes that were consumed.
    #[inline]
    pub fn consumed(&self, count: usize) -> &[u8] {
        &self.bytes[self.start - count..self.start]
    }

    /// Whether the stream has nothing more than what is in the buffer.
    #[inline]
    pub fn at_end(&self) -> bool {
        self.at_end
    }

    /// Where in the stream the unread bytes begin.
    pub fn position(&self) -> u64 {
        self.before + self.start as u64
    }

    /// Reads more behind what is unread, moving that to the front of the buffer first.
    pub fn fill(&mut self) -> io::Result<()> {
        self.bytes.copy_within(self.start..self.end, 0);
        self.before += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        if self.bytes.len() - self.end < BLOCK / 2 {
            self.bytes.resize((self.bytes.len() * 2).max(BLOCK), 0);
        }
        loop {
            match self.input.read(&mut self.bytes[self.end..]) {
                Ok(count) => {
                    self.at_end = count == 0;
                    self.end += count;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Finds a byte that is likely among the next few: a call of [`memchr`] would take longer than to look at these here.
#[inline]
pub fn near(byte: u8, text: &[u8]) -> Option<usize> {
    match text.first_chunk::<8>().and_then(|first| first_of(byte, first)) {
        Some(found) => Some(found),
        None => soon(byte, text),
    }
}

/// The same for a byte that is a little farther away. It is a function of its own to keep its callers small: in a cell
/// what is too much for the processor's registers costs twice.
#[inline(never)]
pub fn soon(byte: u8, text: &[u8]) -> Option<usize> {
    match text.first_chunk::<32>().and_then(|first| first_of(byte, first)) {
        Some(found) => Some(found),
        None => memchr(byte, text),
    }
}

/// Finds a byte among at most 64, without a loop: in a cell every round of one is counted, and so is every branch.
#[inline]
pub fn first_of<const SIZE: usize>(byte: u8, text: &[u8; SIZE]) -> Option<usize> {
    const { assert!(SIZE <= 64 && SIZE.is_multiple_of(8), "one bit of a word for each byte") };
    let (sixteens, eights) = text.as_chunks::<16>();
    let (mut found, mut at) = (0, 0);
    for sixteen in sixteens {
        found |= u64::from(places_of(byte, sixteen)) << at;
        at += 16;
    }
    for eight in eights.as_chunks::<8>().0 {
        found |= u64::from(places_in_word(byte, u64::from_le_bytes(*eight))) << at;
        at += 8;
    }
    (found != 0).then(|| found.trailing_zeros() as usize)
}

/// Where a byte is, a bit for each place up to the first one; above it there may be others.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn places_of(byte: u8, text: &[u8; 16]) -> u16 {
    use std::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2};
    let [low, high] = text.as_chunks::<8>().0 else { return 0 };
    let text = u64x2(u64::from_le_bytes(*low), u64::from_le_bytes(*high));
    u8x16_bitmask(u8x16_eq(text, u8x16_splat(byte)))
}

/// Where a byte is, a bit for each place up to the first one; above it there may be others.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
fn places_of(byte: u8, text: &[u8; 16]) -> u16 {
    let [low, high] = text.as_chunks::<8>().0 else { return 0 };
    let places = |word: &[u8; 8]| u16::from(places_in_word(byte, u64::from_le_bytes(*word)));
    places(low) | places(high) << 8
}

/// The same for the bytes of a word, the lowest one first.
#[inline]
fn places_in_word(byte: u8, word: u64) -> u8 {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    /// Moves the highest bits of eight bytes next to each other into the highest byte.
    const GATHER: u64 = 0x0002_0408_1020_4081;
    let differences = word ^ (LOW * u64::from(byte));
    // The lowest high bit is that of the first byte without a difference; above it there may be others.
    let zeros = differences.wrapping_sub(LOW) & !differences & HIGH;
    (zeros.wrapping_mul(GATHER) >> 56) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_is() {
        for length in 0..60 {
            let mut text: Vec<u8> = (0..length).map(|at| b'!' + at as u8 % 2 * 2).collect();
            assert_eq!(near(b'"', &text), None);
            for at in (0..text.len()).rev() {
                text[at] = b'"';
                assert_eq!(near(b'"', &text), Some(at), "{length}");
            }
        }
    }

    #[test]
    fn of_several_equal_bytes_the_first_is_found() {
        let text: [u8; 64] = std::array::from_fn(|at| if at % 5 == 3 { b'>' } else { b'?' });
        assert_eq!(first_of(b'>', &text), Some(3));
        assert_eq!(first_of(b'?', &text), Some(0));
        assert_eq!(first_of(b'=', &text), None);
    }
}
