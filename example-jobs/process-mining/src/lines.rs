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

/// The longest number or time that the methods here write.
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
        let Ok(mut rest) = u32::try_from(value) else { return self.text(value.to_string().as_bytes()) };
        // Division of wider numbers is slow in a cell, and hardly any number is wider.
        let mut digits = [0; 10];
        let mut at = digits.len();
        while rest >= 10 {
            at -= 2;
            digits[at..at + 2].copy_from_slice(&two_digits(rest % 100));
            rest /= 100;
        }
        if rest > 0 || at == digits.len() {
            at -= 1;
            digits[at] = b'0' + rest as u8;
        }
        self.text(&digits[at..]);
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
        let mut fraction = (micros % SECOND) as u32;
        if fraction == 0 {
            return;
        }
        self.byte(b'.');
        let mut place = 100_000;
        while fraction > 0 {
            self.byte(b'0' + (fraction / place) as u8);
            fraction %= place;
            place /= 10;
        }
    }
}

/// A number below 100.
#[inline]
fn two_digits(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

/// Copies; both have the same length. The last block overlaps the one before it.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    match from.len() {
        0..4 => to.iter_mut().zip(from).for_each(|(to, &from)| *to = from),
        4..8 => blocks::<4>(to, from),
        8..16 => blocks::<8>(to, from),
        16..128 => blocks::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

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
