//! UTF-16 text as a stream of UTF-8.

use std::io::{self, BufRead, Read};

/// Reads UTF-16 and hands out UTF-8; what is not UTF-16 becomes U+FFFD.
pub(crate) struct Utf16<R> {
    inner: R,
    little: bool,
    ready: Vec<u8>,
    handed_out: usize,
    half_pair: Option<u16>,
}

impl<R: BufRead> Utf16<R> {
    pub(crate) fn new(inner: R, little: bool) -> Self {
        Self { inner, little, ready: Vec::new(), handed_out: 0, half_pair: None }
    }

    /// The next code unit; an odd last byte counts as broken.
    fn unit(&mut self) -> io::Result<Option<u16>> {
        let Some(first) = self.byte()? else { return Ok(None) };
        let Some(second) = self.byte()? else { return Ok(Some(0xfffd)) };
        let bytes = [first, second];
        Ok(Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        loop {
            match self.inner.read(&mut byte) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(byte[0])),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        const UNITS: usize = 4096;
        self.ready.clear();
        self.handed_out = 0;
        let mut units: Vec<u16> = self.half_pair.take().into_iter().collect();
        while units.len() < UNITS {
            match self.unit()? {
                Some(unit) => units.push(unit),
                None => break,
            }
        }
        // The second half of a pair may be in the next block.
        if units.len() == UNITS && matches!(units.last(), Some(0xd800..=0xdbff)) {
            self.half_pair = units.pop();
        }
        let mut buffer = [0; 4];
        for char in char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)) {
            self.ready.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.handed_out == self.ready.len() {
            self.refill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.handed_out);
        buffer[..count].copy_from_slice(&self.ready[self.handed_out..self.handed_out + count]);
        self.handed_out += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, little: bool) -> String {
        let order = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
        let mut decoded = String::new();
        Utf16::new(bytes.as_slice(), little).read_to_string(&mut decoded).unwrap();
        decoded
    }

    #[test]
    fn both_orders_and_pairs_across_blocks_survive() {
        let text = format!("{}😀 ä€\n", "x".repeat(4095));
        assert_eq!(decode(&text, true), text);
        assert_eq!(decode(&text, false), text);
    }

    #[test]
    fn a_lone_half_is_replaced() {
        let mut decoded = String::new();
        Utf16::new([0x00, 0xd8, b'a', 0].as_slice(), true).read_to_string(&mut decoded).unwrap();
        assert_eq!(decoded, "\u{fffd}a");
    }
}
