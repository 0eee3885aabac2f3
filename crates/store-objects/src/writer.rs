//! Bytes on their way in: an object each 8 MiB, in memory until it is full.

use crate::hands::Hands;
use crate::objects::{Objects, PIECE};
use bytes::Bytes;
use fuelcell_domain::{Digest, DigestWriter, UploadId};
use fuelcell_store::{BlobRef, BlobWriter, Piece, StagedWriter, StoreError};
use std::io::{self, Write};
use std::mem;
use uuid::Uuid;

/// Takes bytes until there are as many as an object has.
#[derive(Default)]
struct Filling(Vec<u8>);

impl Filling {
    /// Says how many it took.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(PIECE - self.0.len());
        self.0.extend_from_slice(&bytes[..count]);
        count
    }

    fn is_full(&self) -> bool {
        self.0.len() == PIECE
    }

    /// Has what it took put away, if it took anything. Where that fails it keeps it: nothing is left out of the middle.
    fn empty<T>(
        &mut self,
        put: impl FnOnce(Bytes) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let bytes = Bytes::from(mem::take(&mut self.0));
        put(bytes.clone()).map(Some).inspect_err(|_| self.0 = bytes.into())
    }
}

/// The pieces of a blob that is being written.
struct Pieces {
    objects: Objects,
    hands: Hands,
    filling: Filling,
    made: Vec<Piece>,
}

impl Pieces {
    fn put(&mut self) -> Result<(), StoreError> {
        let (objects, hands) = (self.objects.clone(), &self.hands);
        let put = |bytes| hands.wait(async move { objects.put(Uuid::new_v4(), bytes).await });
        self.made.extend(self.filling.empty(put)?);
        Ok(())
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.filling.is_full() {
            self.put().map_err(io::Error::other)?;
        }
        Ok(self.filling.take(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        if self.made.is_empty() {
            return;
        }
        let (objects, made) = (self.objects.clone(), mem::take(&mut self.made));
        self.hands.leave(async move {
            let made: Vec<_> = made.iter().map(|piece| piece.object).collect();
            // Those that nothing comes to hold go in any case, later.
            let _ = objects.catalogue.give_up(&made).await;
        });
    }
}

pub(crate) struct Writer(DigestWriter<Pieces>);

impl Writer {
    pub(crate) fn new(objects: Objects, hands: Hands) -> Self {
        let (filling, made) = (Filling::default(), Vec::new());
        Self(DigestWriter::new(Pieces { objects, hands, filling, made }))
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl BlobWriter for Writer {
    fn length(&self) -> u64 {
        self.0.length()
    }

    fn digest(&self) -> Digest {
        self.0.digest()
    }

    fn commit(self: Box<Self>) -> Result<BlobRef, StoreError> {
        let (mut pieces, digest, size) = self.0.finish();
        pieces.put()?;
        let blob = BlobRef { digest, size };
        let (catalogue, made) = (pieces.objects.catalogue.clone(), pieces.made.clone());
        pieces.hands.wait(async move { catalogue.commit(blob, &made).await })?;
        pieces.made.clear();
        Ok(blob)
    }
}

/// The end of an upload.
pub(crate) struct Stage {
    objects: Objects,
    hands: Hands,
    upload: UploadId,
    /// Bytes of it that are objects.
    length: u64,
    filling: Filling,
}

impl Stage {
    /// Goes on behind the first `length` bytes.
    pub(crate) fn new(
        objects: Objects,
        hands: Hands,
        upload: UploadId,
        length: u64,
    ) -> Result<Self, StoreError> {
        let catalogue = objects.catalogue.clone();
        hands.wait(async move { catalogue.cut(upload, length).await })?;
        Ok(Self { objects, hands, upload, length, filling: Filling::default() })
    }
}

impl Write for Stage {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.filling.is_full() {
            self.sync().map_err(io::Error::other)?;
        }
        Ok(self.filling.take(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StagedWriter for Stage {
    fn sync(&mut self) -> Result<(), StoreError> {
        let (objects, hands, upload, length) = (self.objects.clone(), &self.hands, self.upload, self.length);
        let put = |bytes| {
            hands.wait(async move {
                let piece = objects.put(Uuid::new_v4(), bytes).await?;
                objects.catalogue.append(upload, length, piece).await.map(|()| piece.length)
            })
        };
        self.length += self.filling.empty(put)?.unwrap_or(0);
        Ok(())
    }
}
