//! Stored bytes as they are read: object by object, each as a whole.

use crate::hands::Hands;
use crate::lately::Lately;
use crate::objects::Objects;
use fuelcell_domain::ReadAt;
use fuelcell_store::Piece;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

pub(crate) struct Blob {
    objects: Objects,
    hands: Hands,
    lately: Arc<Lately>,
    /// Each with the place of its first byte.
    pieces: Vec<(u64, Piece)>,
    size: u64,
}

impl Blob {
    pub(crate) fn new(objects: Objects, hands: Hands, lately: Arc<Lately>, pieces: Vec<Piece>) -> Self {
        let mut size = 0;
        let placed = pieces.into_iter().map(|piece| {
            let start = size;
            size += piece.length;
            (start, piece)
        });
        let pieces = placed.collect();
        Self { objects, hands, lately, pieces, size }
    }
}

impl ReadAt for Blob {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let behind = self.pieces.partition_point(|(start, _)| *start <= offset);
        let (start, piece) = self.pieces[behind - 1];
        let within = offset - start;
        let count =
            usize::try_from(piece.length - within).map_or(buffer.len(), |left| left.min(buffer.len()));
        let fetch = || {
            let objects = self.objects.clone();
            self.hands.wait(async move { objects.get(piece).await }).map_err(io::Error::other)
        };
        self.lately.look(piece.object, fetch, |file| file.read_exact_at(&mut buffer[..count], within))?;
        Ok(count)
    }
}
