//! What a guest's handles stand for: an input that it reads, an artifact that it writes.

use crate::files::disk::Disk;
use fuelcell_domain::seams::ArtifactWriter;
use fuelcell_domain::{HostError, Meter, ReadAt};
use std::sync::Arc;

/// Bytes that one read returns at most: what the host allocates for a guest at once.
const MAX_READ: u32 = 1 << 20;

/// An input that the guest is reading.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Reader {
    source: Arc<dyn ReadAt>,
    position: u64,
}

/// An artifact that the guest is writing. Dropped unfinished, its bytes are free again.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Writer {
    inner: Option<Box<dyn ArtifactWriter>>,
    name: String,
    taken: u64,
    disk: Disk,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.disk.give_back(self.taken);
        if self.inner.is_some() {
            self.disk.drop_artifact(&self.name);
        }
    }
}

impl Reader {
    pub(super) fn new(source: Arc<dyn ReadAt>) -> Self {
        Self { source, position: 0 }
    }

    pub(super) fn read(&mut self, max: u32, meter: &Meter) -> Result<Vec<u8>, HostError> {
        let left = self.source.size().saturating_sub(self.position);
        let mut buffer = vec![0; left.min(u64::from(max.min(MAX_READ))) as usize];
        let count = self.source.read_at(self.position, &mut buffer).map_err(|error| {
            tracing::warn!(error.message = %error, "an input of a job cannot be read");
            HostError::Storage("the input cannot be read".into())
        })?;
        buffer.truncate(count);
        self.position += count as u64;
        meter.count_read(count as u64);
        Ok(buffer)
    }

    pub(super) fn seek(&mut self, position: u64) -> Result<(), HostError> {
        let size = self.source.size();
        if position > size {
            return Err(HostError::Invalid(format!(
                "position {position} is past the end; the input has {size} bytes"
            )));
        }
        self.position = position;
        Ok(())
    }
}

impl Writer {
    pub(super) fn new(inner: Box<dyn ArtifactWriter>, name: String, disk: Disk) -> Self {
        Self { inner: Some(inner), name, taken: 0, disk }
    }

    pub(super) fn write(&mut self, bytes: &[u8], meter: &Meter) -> Result<(), HostError> {
        let inner = self.inner.as_mut().ok_or_else(finished)?;
        let size = bytes.len() as u64;
        self.disk.take(size)?;
        self.taken += size;
        inner.write(bytes)?;
        meter.count_write(size);
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), HostError> {
        self.inner.take().ok_or_else(finished)?.finish()?;
        // It is an artifact now and stays.
        self.taken = 0;
        Ok(())
    }
}

fn finished() -> HostError {
    HostError::Invalid("this artifact is finished; create another".into())
}
