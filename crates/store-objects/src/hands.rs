//! Threads of this store's own. Cells block the server's threads while they read and write; if the same threads had to read
//! the storage's answers, all of them could wait for each other.

use fuelcell_store::StoreError;
use std::future::Future;
use std::sync::mpsc::sync_channel;
use tokio::runtime::Handle;

/// Those who do the work.
#[derive(Clone)]
pub(crate) struct Hands(Handle);

impl Hands {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(handle)
    }

    /// Has work done. It goes on when whoever asked goes away.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.0.spawn(work).await.unwrap_or_else(|_| Err(ended()))
    }

    /// The same; holds up the thread until it is done.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tell, told) = sync_channel(1);
        self.0.spawn(async move { tell.send(work.await).is_ok() });
        told.recv().unwrap_or_else(|_| Err(ended()))
    }

    /// Has work done that nobody waits for.
    pub(crate) fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(work);
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the store of bytes has ended".into())
}
