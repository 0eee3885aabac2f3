//! Bytes of inputs and artifacts on their way.

use super::error::HostError;

/// An input being read.
pub trait HostReader: Send {
    /// At most `max` bytes; an empty list is the end.
    fn read(&mut self, max: u32) -> Result<Vec<u8>, HostError>;
    /// Continues at this byte.
    fn seek(&mut self, position: u64) -> Result<(), HostError>;
}

/// An artifact being written. Dropped without `finish`, it is thrown away.
pub trait HostWriter {
    /// Appends all of these bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError>;
    /// Seals the artifact; nothing may be written after that.
    fn finish(&mut self) -> Result<(), HostError>;
}
