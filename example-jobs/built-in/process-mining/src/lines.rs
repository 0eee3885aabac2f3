//! Text put together from many small pieces, fast in a cell.
//!
//! There a copy whose length is not known at compile time is a call out of the module. The pieces of a table are a few
//! bytes each, and a log has ten million of them: so they are copied here, in blocks of a known length.

use crate::read::TimeText;

/// Text under construction. Room is made for many pieces at once with [`Lines::reserve`]; more than that does not fit.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    bytes: Vec<u8>,
    length: usize,
}

/// The longest number or time that the methods here write; they need this much room also for a shorter one.
pub(crate) const LONGEST_FIGURE: usize = 28;

impl Lines {
    /// Makes room for this many bytes more.
    #[inline]
    pub(crate) fn reserve(&mut self, bytes: usize) {
        let needed = self.length + bytes;
        if needed > self.bytes.len() {
            self.bytes.resize(needed.next_power_of_two(), 0);
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        copy(&mut self.bytes[self.length..end], text);
        self.length = end;
    }

    #[inline]
    pub(crate) fn time(&mut self, time: TimeText) {
        self.text(time.as_bytes());
    }

    #[inline]
    pub(crate) fn number(&mut self, value: u64) {
        match value {
            0..10 => self.byte(b'0' + value as u8),
            10..100 => self.digits((value / 10) | (value % 10) << 8, 2),
            _ => self.large_number(value),
        }
    }

    /// Most numbers are small: what the others take is better not repeated in every caller.
    #[inline(never)]
    fn large_number(&mut self, value: u64) {
        if value >= EIGHT_DIGITS {
            return self.text(value.to_string().as_bytes());
        }
        let digits = eight_digits(value as u32);
        let zeros = digits.trailing_zeros() / 8;
        self.digits(digits >> (8 * zeros), 8 - zeros);
    }

    /// Seconds, with as many decimals as there are, at most six.
    #[inline]
    pub(crate) fn seconds(&mut self, micros: i64) {
        const SECOND: u64 = 1_000_000;
        if micros < 0 {
            self.byte(b'-');
        }
        let micros = micros.unsigned_abs();
        self.number(micros / SECOND);
        let fraction = (micros % SECOND) as u32;
        if fraction > 0 {
            self.byte(b'.');
            let digits = eight_digits(fraction * 100);
            self.digits(digits, 8 - digits.leading_zeros() / 8);
        }
    }

    /// The first `count` of up to eight digits; what is written behind them does not count.
    #[inline]
    fn digits(&mut self, digits: u64, count: u32) {
        let text = (digits | 0x3030_3030_3030_3030).to_le_bytes();
        if let Some(room) = self.bytes.get_mut(self.length..).and_then(|rest| rest.first_chunk_mut()) {
            *room = text;
        }
        self.length += count as usize;
    }
}

/// Numbers from here on have more than eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;

/// The decimal digits of a number below [`EIGHT_DIGITS`], one in each byte, the first in the lowest. All are found at
/// once: first both halves of four, then the pairs in each, then the digits in each pair, every quotient by a
/// multiplication that is exact for so few digits. A loop would take a branch and a division for every digit.
#[inline]
fn eight_digits(number: u32) -> u64 {
    let number = u64::from(number);
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

/// Copies; both have the same length. Most pieces are two blocks that overlap, without a loop: a cell would count its
/// rounds.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        0..4 => to.iter_mut().zip(from).for_each(|(to, &from)| *to = from),
        4..=8 => ends::<4>(to, from),
        9..=16 => ends::<8>(to, from),
        17..=32 => ends::<16>(to, from),
        33..128 => blocks::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// The first and the last block.
#[inline]
fn ends<const SIZE: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<SIZE>(), from.first_chunk::<SIZE>()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<SIZE>(), from.last_chunk::<SIZE>()) {
        *to = *from;
    }
}

/// All blocks; the last one overlaps the one before it.
#[inline]
fn blocks<const SIZE: usize>(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.as_chunks_mut::<SIZE>().0.iter_mut().zip(from.as_chunks::<SIZE>().0) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<SIZE>(), from.last_chunk::<SIZE>()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Lines)) -> String {
        let mut lines = Lines::default();
        lines.reserve(300);
        write(&mut lines);
        String::from_utf8(lines.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn texts_of_every_length_arrive_whole() {
        let text: Vec<u8> = (0..200).map(|number| b'0' + number % 75).collect();
        for length in 0..=text.len() {
            let expected = format!("[{}]", String::from_utf8_lossy(&text[..length]));
            let made = written(|lines| {
                lines.byte(b'[');
                lines.text(&text[..length]);
                lines.byte(b']');
            });
            assert_eq!(made, expected);
        }
    }

    #[test]
    fn numbers_of_every_size() {
        for number in
            [0, 7, 10, 99, 100, 101, 999, 1000, 65_536, 1_000_000, 4_294_967_295, 4_294_967_296, u64::MAX]
        {
            assert_eq!(written(|lines| lines.number(number)), number.to_string());
        }
    }

    #[test]
    fn seconds_keep_their_fraction() {
        let made = [0, 1_500_000, 60_000_001, -250_000].map(|micros| written(|lines| lines.seconds(micros)));
        assert_eq!(made, ["0", "1.5", "60.000001", "-0.25"]);
        assert!(written(|lines| lines.seconds(i64::MIN)).len() <= LONGEST_FIGURE);
    }
}
