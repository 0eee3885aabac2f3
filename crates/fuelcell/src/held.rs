//! What the stored bytes add up to. They are counted one by one, in as little of the time as a hundredth.

use fuelcell_store::{BlobStore, StoreError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Blobs that are listed at a time.
const PAGE: usize = 10_000;
/// A count holds for so many times as long as it took.
const REST: u32 = 100;

/// What lies in a store of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
}

#[derive(Clone, Copy)]
struct Counted {
    held: Held,
    at: Instant,
    took: Duration,
}

/// The latest count. Whoever comes while it is being made waits for it.
#[derive(Default)]
pub(crate) struct Counter(Mutex<Option<Counted>>);

impl Counter {
    /// What lies there, as it was counted lately. Counting goes on when the asker goes away, so that one who waits less than
    /// it takes finds it the next time.
    pub(crate) async fn held(self: &Arc<Self>, blobs: &Arc<dyn BlobStore>) -> anyhow::Result<Held> {
        let (counter, blobs) = (Arc::clone(self), Arc::clone(blobs));
        let counting = tokio::spawn(async move { counter.count(&*blobs).await });
        Ok(counting.await??)
    }

    async fn count(&self, blobs: &dyn BlobStore) -> Result<Held, StoreError> {
        let mut latest = self.0.lock().await;
        if let Some(counted) = latest.filter(|counted| counted.at.elapsed() < counted.took * REST) {
            return Ok(counted.held);
        }
        let began = Instant::now();
        let held = count(blobs, PAGE).await?;
        *latest = Some(Counted { held, at: Instant::now(), took: began.elapsed() });
        Ok(held)
    }
}

async fn count(blobs: &dyn BlobStore, page: usize) -> Result<Held, StoreError> {
    let (mut held, mut after) = (Held::default(), None);
    loop {
        let listed = blobs.list(after, page).await?;
        held.blobs += listed.len() as u64;
        held.bytes += listed.iter().map(|blob| blob.size).sum::<u64>();
        match listed.last() {
            Some(last) if listed.len() == page => after = Some(last.digest),
            _ => return Ok(held),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_store::MemoryBlobs;
    use std::io::Write;

    fn add(blobs: &dyn BlobStore, bytes: &[u8]) {
        let mut writer = blobs.begin().unwrap();
        writer.write_all(bytes).unwrap();
        writer.commit().unwrap();
    }

    #[tokio::test]
    async fn all_pages_are_counted_and_a_count_holds_for_a_while() {
        let blobs: Arc<dyn BlobStore> = Arc::new(MemoryBlobs::default());
        assert_eq!(count(&*blobs, 2).await.unwrap(), Held::default());
        for length in 1..=5 {
            add(&*blobs, &vec![7; length]);
            let bytes = (1..=length as u64).sum();
            assert_eq!(count(&*blobs, 2).await.unwrap(), Held { blobs: length as u64, bytes });
        }
        let known = Held { blobs: 9, bytes: 99 };
        let hour = Duration::from_secs(3600);
        let counted = Counted { held: known, at: Instant::now(), took: hour };
        let counter = Arc::new(Counter(Mutex::new(Some(counted))));
        assert_eq!(counter.held(&blobs).await.unwrap(), known, "it took an hour, and is new");
        *counter.0.lock().await = Some(Counted { took: Duration::ZERO, ..counted });
        assert_eq!(counter.held(&blobs).await.unwrap(), Held { blobs: 5, bytes: 15 }, "it is past its time");
    }
}
