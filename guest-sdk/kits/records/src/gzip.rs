//! gzip (RFC 1952), member after member.
//!
//! Headers and decompression are `flate2`'s. The checksum is [`Checksum`], which costs a cell less.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::mem;
use std::rc::Rc;

use flate2::bufread::{DeflateDecoder, GzDecoder};

use crate::checksum::Checksum;

/// What a member begins with.
const MAGIC: u8 = 0x1f;

/// The contents of all members, one behind the other.
pub(crate) struct Gzip<R> {
    state: State<R>,
    sum: Checksum,
    /// Whether a member was read to its end.
    read_one: bool,
    /// Set when something else than zeros follows the last member.
    trailing: Rc<Cell<bool>>,
}

enum State<R> {
    /// Where a member begins, or the file ends.
    Between(R),
    Inside(DeflateDecoder<R>),
    /// A header was damaged, so that nobody knows what follows.
    Lost,
}

impl<R: BufRead> Gzip<R> {
    pub(crate) fn new(input: R, trailing: Rc<Cell<bool>>) -> Self {
        Self { state: State::Between(input), sum: Checksum::default(), read_one: false, trailing }
    }

    /// Reads the header of the next member. False at the end of the file.
    fn enter(&mut self) -> io::Result<bool> {
        if let State::Between(input) = &mut self.state {
            // What follows the last member and is none is padding, as for gzip itself.
            match input.fill_buf()?.first() {
                None => return Ok(false),
                Some(&first) if self.read_one && first != MAGIC => {
                    self.trailing.set(first != 0);
                    self.state = State::Lost;
                    return Ok(false);
                }
                Some(_) => {}
            }
        }
        if let State::Between(input) = mem::replace(&mut self.state, State::Lost) {
            let mut member = GzDecoder::new(input);
            if member.header().is_none() {
                // It says what is wrong with the header when it is read.
                return member.read(&mut [0]).map(|_| false);
            }
            self.state = State::Inside(DeflateDecoder::new(member.into_inner()));
        }
        Ok(true)
    }

    /// Compares a member that has ended with what stands behind it.
    fn leave(&mut self) -> io::Result<()> {
        let State::Inside(member) = mem::replace(&mut self.state, State::Lost) else { return Ok(()) };
        let mut input = member.into_inner();
        let (mut sum, mut length) = ([0; 4], [0; 4]);
        input.read_exact(&mut sum)?;
        input.read_exact(&mut length)?;
        let expected = (u32::from_le_bytes(sum), u32::from_le_bytes(length));
        if mem::take(&mut self.sum).finish() != expected {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the checksum is not that of the contents",
            ));
        }
        self.state = State::Between(input);
        self.read_one = true;
        Ok(())
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::Lost => return Ok(0),
                State::Between(_) => {
                    if !self.enter()? {
                        return Ok(0);
                    }
                }
                State::Inside(member) => match member.read(buffer)? {
                    0 => self.leave()?,
                    count => {
                        self.sum.update(&buffer[..count]);
                        return Ok(count);
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    fn read(file: &[u8]) -> Result<Vec<u8>, io::ErrorKind> {
        let mut text = Vec::new();
        Gzip::new(file, Rc::default()).read_to_end(&mut text).map(|_| text).map_err(|error| error.kind())
    }

    #[test]
    fn all_members_are_read() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(read(&packed(&text)), Ok(text.clone()));
        let members = [packed(b"first "), packed(b""), packed(&text)].concat();
        assert_eq!(read(&members), Ok([b"first ", text.as_slice()].concat()));
    }

    #[test]
    fn what_is_cut_or_damaged_is_told_apart() {
        let file = packed(b"a member of a file");
        for length in 1..file.len() {
            assert_eq!(read(&file[..length]), Err(io::ErrorKind::UnexpectedEof), "{length}");
        }
        for at in file.len() - 8..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert_eq!(read(&damaged), Err(io::ErrorKind::InvalidData), "{at}");
        }
        assert!(read(&[file.as_slice(), &file[..12]].concat()).is_err(), "a member that is cut off");
        for padding in [[0; 512].as_slice(), b"something else"] {
            assert_eq!(read(&[file.as_slice(), padding].concat()), Ok(b"a member of a file".to_vec()));
        }
    }
}
