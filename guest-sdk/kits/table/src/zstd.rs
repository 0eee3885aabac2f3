//! Zstandard (RFC 8878), frame after frame.

use std::error::Error;
use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The contents of all frames, one behind the other. `ruzstd` reads a single frame, and leaves its checksum to its caller.
pub(crate) struct Frames<R> {
    input: R,
    frame: FrameDecoder,
    inside: bool,
}

impl<R: BufRead> Frames<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, frame: FrameDecoder::new(), inside: false }
    }

    /// Reads the header of the next frame, behind those that hold no data. False at the end of the file.
    fn enter(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.frame.init(&mut self.input) {
                Ok(()) => {
                    self.inside = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = io::copy(&mut (&mut self.input).take(length.into()), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(false)
    }

    /// Compares a frame that has ended with its checksum, if it has one.
    fn leave(&mut self) -> io::Result<()> {
        self.inside = false;
        let expected = self.frame.get_checksum_from_data();
        match expected.is_some() && expected != self.frame.get_calculated_checksum() {
            true => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum is not that of the contents"))
            }
            false => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.inside && self.frame.can_collect() > 0 {
                return self.frame.read(buffer);
            }
            if self.inside && self.frame.is_finished() {
                self.leave()?;
            }
            if !self.inside && !self.enter()? {
                return Ok(0);
            }
            let block = self.frame.decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1));
            block.map_err(|error| failed(&error))?;
        }
    }
}

/// What the decoder says, with the kind of the error below it: a file that ends too early is told from a damaged one.
fn failed(error: &FrameDecoderError) -> io::Error {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    let is_cut = causes.any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
    });
    let kind = if is_cut { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::InvalidData };
    io::Error::new(kind, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn frame(text: &str) -> Vec<u8> {
        compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
    }

    fn read(file: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Frames::new(file).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn every_frame_is_read_and_those_without_data_are_not() {
        let skipped = [&0x184d_2a50_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"???"].concat();
        let file = [frame("a,b\n"), skipped.clone(), frame(""), frame("1,2\n"), skipped].concat();
        assert_eq!(read(&file).unwrap(), "a,b\n1,2\n");
    }

    #[test]
    fn what_is_cut_or_damaged_is_told() {
        let file = [frame("a,b\n"), frame("1,2\n")].concat();
        for length in frame("a,b\n").len() + 1..file.len() {
            assert_eq!(read(&file[..length]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{length}");
        }
        let mut damaged = file;
        *damaged.last_mut().unwrap() ^= 1;
        let error = read(&damaged).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "the checksum is not that of the contents");
    }
}
