//! Permits for connections: so many in all, so many for each peer.

use super::Peer;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(crate) struct Permits {
    total: usize,
    per_peer: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    by_peer: HashMap<Peer, usize>,
}

impl Permits {
    pub(crate) fn new(total: usize, per_peer: usize) -> Self {
        Self { total, per_peer, taken: Mutex::default() }
    }

    /// A permit for a connection of this peer.
    pub(crate) fn take(self: &Arc<Self>, peer: Peer) -> Option<Permit> {
        let mut taken = self.lock();
        if taken.total >= self.total {
            return None;
        }
        let mut permit = self.count(&mut taken, peer)?;
        permit.connection = true;
        taken.total += 1;
        Some(permit)
    }

    /// A permit for a connection of a trusted proxy, which speaks for many.
    pub(crate) fn take_for_proxy(self: &Arc<Self>) -> Option<Permit> {
        let mut taken = self.lock();
        (taken.total < self.total).then(|| {
            taken.total += 1;
            Permit { permits: Arc::clone(self), peer: None, connection: true }
        })
    }

    /// A permit for one request that a trusted proxy makes for this peer.
    pub(crate) fn take_for_request(self: &Arc<Self>, peer: Peer) -> Option<Permit> {
        self.count(&mut self.lock(), peer)
    }

    fn count(self: &Arc<Self>, taken: &mut Taken, peer: Peer) -> Option<Permit> {
        let own = taken.by_peer.entry(peer).or_default();
        (*own < self.per_peer).then(|| {
            *own += 1;
            Permit { permits: Arc::clone(self), peer: Some(peer), connection: false }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock()
    }
}

/// A permit that is given back when it is dropped.
pub(crate) struct Permit {
    permits: Arc<Permits>,
    peer: Option<Peer>,
    connection: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.permits.lock();
        taken.total -= usize::from(self.connection);
        let Some(peer) = self.peer else { return };
        if let Entry::Occupied(mut own) = taken.by_peer.entry(peer) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// A body that keeps its request's permit until it is taken.
pub(crate) struct WithPermit {
    pub(crate) body: Body,
    pub(crate) _permit: Permit,
}

impl HttpBody for WithPermit {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_counted_by_peer_and_in_all_and_given_back() {
        let peer = |last| Peer::of([192, 0, 2, last].into());
        let permits = Arc::new(Permits::new(3, 2));
        let (first, second) = (permits.take(peer(1)).unwrap(), permits.take(peer(1)).unwrap());
        assert!(permits.take(peer(1)).is_none(), "the peer has its two");
        let proxy = permits.take_for_proxy().unwrap();
        assert!(permits.take(peer(2)).is_none() && permits.take_for_proxy().is_none(), "there are three");
        assert!(
            permits.take_for_request(peer(1)).is_none(),
            "a request behind a proxy counts as a connection"
        );
        let request = permits.take_for_request(peer(2)).unwrap();
        drop(first);
        let other = permits.take(peer(2)).unwrap();
        assert!(permits.take(peer(2)).is_none());
        drop((second, proxy, request, other));
        let taken = permits.lock();
        assert_eq!((taken.total, taken.by_peer.len()), (0, 0), "nothing stays behind");
    }
}
