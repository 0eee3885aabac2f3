//! Answers that their clients have not read yet, and the memory that they hold. A tenant's are bounded, and so are all
//! together. Whoever reads is done with an answer soon; so where there is no room, the one that is unread for longest is
//! broken off, and only where all are young the newest is refused.

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use fuelcell_domain::TenantId;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Answers that are not counted: each connection may hold so much.
const SMALL: u64 = 8 * 1024;
/// Bytes that go to the connection at a time: what it has taken is its own copy, so that the answer goes when it is taken.
const PIECE: usize = 64 * 1024;
/// How long an answer may be unread before it makes room for others.
const YOUNG: Duration = Duration::from_secs(2);

/// What is unread, of whom.
pub(crate) struct Ledger {
    total: u64,
    per_tenant: u64,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    next: u64,
    held: u64,
    by_tenant: HashMap<Option<TenantId>, u64>,
    /// By age.
    answers: BTreeMap<u64, Entry>,
}

struct Entry {
    tenant: Option<TenantId>,
    bytes: u64,
    since: Instant,
    connection: CancellationToken,
}

impl Entries {
    fn remove(&mut self, number: u64) {
        let Some(entry) = self.answers.remove(&number) else { return };
        self.held -= entry.bytes;
        if let Some(own) = self.by_tenant.get_mut(&entry.tenant) {
            *own -= entry.bytes;
            if *own == 0 {
                self.by_tenant.remove(&entry.tenant);
            }
        }
    }

    fn of(&self, tenant: Option<TenantId>) -> u64 {
        self.by_tenant.get(&tenant).copied().unwrap_or_default()
    }
}

impl Ledger {
    pub(crate) fn new(total: u64, per_tenant: u64) -> Self {
        Self { total, per_tenant, entries: Mutex::default() }
    }

    fn enter(self: &Arc<Self>, tenant: Option<TenantId>, bytes: u64, on: &CancellationToken) -> Option<Slip> {
        let mut entries = self.lock();
        loop {
            let own = entries.of(tenant);
            let own_full = own > 0 && own + bytes > self.per_tenant;
            let full = entries.held > 0 && entries.held + bytes > self.total;
            if !own_full && !full {
                break;
            }
            let mut candidates = entries.answers.iter();
            let oldest = candidates.find(|(_, entry)| !own_full || entry.tenant == tenant);
            let (number, entry) = oldest.filter(|(_, entry)| entry.since.elapsed() > YOUNG)?;
            let number = *number;
            entry.connection.cancel();
            entries.remove(number);
        }
        let number = entries.next;
        entries.next += 1;
        entries.held += bytes;
        *entries.by_tenant.entry(tenant).or_default() += bytes;
        let entry = Entry { tenant, bytes, since: Instant::now(), connection: on.clone() };
        entries.answers.insert(number, entry);
        Some(Slip { ledger: Arc::clone(self), number })
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock()
    }
}

/// An answer's entry, which goes when this is dropped.
struct Slip {
    ledger: Arc<Ledger>,
    number: u64,
}

impl Drop for Slip {
    fn drop(&mut self) {
        self.ledger.lock().remove(self.number);
    }
}

/// What one connection has not sent yet.
pub(crate) struct Unread {
    ledger: Arc<Ledger>,
    /// Breaks the connection.
    connection: CancellationToken,
    slips: Mutex<Vec<Arc<Slip>>>,
    some: AtomicBool,
}

impl Unread {
    pub(crate) fn new(ledger: Arc<Ledger>, connection: CancellationToken) -> Self {
        Self { ledger, connection, slips: Mutex::default(), some: AtomicBool::new(false) }
    }

    /// Counts an answer whose bytes are all there; `None` where there is no room for it. Streams hold no more than a piece:
    /// a large one counts when it comes.
    pub(crate) fn count(self: &Arc<Self>, tenant: Option<TenantId>, body: Body) -> Option<Body> {
        let Some(bytes) = body.size_hint().exact() else {
            return Some(Body::new(Streamed { body, tenant, unread: Arc::clone(self) }));
        };
        if bytes <= SMALL {
            return Some(body);
        }
        let slip = self.enter(tenant, bytes)?;
        Some(Body::new(Counted { body, rest: Bytes::new(), _slip: slip }))
    }

    fn enter(&self, tenant: Option<TenantId>, bytes: u64) -> Option<Arc<Slip>> {
        let slip = Arc::new(self.ledger.enter(tenant, bytes, &self.connection)?);
        self.slips().push(Arc::clone(&slip));
        self.some.store(true, Ordering::Release);
        Some(slip)
    }

    /// All that was handed to the connection is sent: answers that were handed over to their end are not unread any more.
    pub(crate) fn sent(&self) {
        if self.some.load(Ordering::Acquire) {
            let mut slips = self.slips();
            slips.retain(|slip| Arc::strong_count(slip) > 1);
            self.some.store(!slips.is_empty(), Ordering::Release);
        }
    }

    fn slips(&self) -> MutexGuard<'_, Vec<Arc<Slip>>> {
        self.slips.lock()
    }
}

/// A body that is counted until its last piece is sent.
struct Counted {
    body: Body,
    /// What is left of the frame that was taken last.
    rest: Bytes,
    _slip: Arc<Slip>,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = Bytes::copy_from_slice(&self.rest.split_to(length));
        if self.rest.is_empty() {
            self.rest = Bytes::new();
        }
        Poll::Ready(Some(Ok(http_body::Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        match self.body.size_hint().exact() {
            Some(bytes) => http_body::SizeHint::with_exact(bytes + self.rest.len() as u64),
            None => http_body::SizeHint::default(),
        }
    }
}

/// A body that comes in pieces, of which one is held at a time: it counts until it is sent, and where there is no room for it
/// the answer ends.
struct Streamed {
    body: Body,
    tenant: Option<TenantId>,
    unread: Arc<Unread>,
}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)?) else {
            return Poll::Ready(None);
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let has_room = bytes <= PIECE || self.unread.enter(self.tenant, bytes as u64).is_some();
        Poll::Ready(Some(if has_room { Ok(frame) } else { Err("too much is unread".into()) }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use futures::stream;
    use std::future::poll_fn;

    fn tenant(number: u128) -> Option<TenantId> {
        Some(uuid::Uuid::from_u128(number).to_string().parse().unwrap())
    }

    fn connection(ledger: &Arc<Ledger>) -> (Arc<Unread>, CancellationToken) {
        let broken = CancellationToken::new();
        (Arc::new(Unread::new(Arc::clone(ledger), broken.clone())), broken)
    }

    async fn piece(body: &mut Body) -> Option<bool> {
        poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await.map(|frame| frame.is_ok())
    }

    #[tokio::test]
    async fn a_large_piece_of_a_stream_counts_until_it_is_sent_and_without_room_the_stream_ends() {
        let ledger = Arc::new(Ledger::new(300_000, 200_000));
        let pieces = || {
            let sizes = [100, 150_000, 100, 150_000].map(|size| Ok::<_, BoxError>(vec![0; size]));
            Body::from_stream(stream::iter(sizes))
        };
        let ((one, _), (other, _)) = (connection(&ledger), connection(&ledger));
        let (mut read, mut unread) =
            (one.count(tenant(1), pieces()).unwrap(), other.count(tenant(1), pieces()).unwrap());
        let mut held = Vec::new();
        while piece(&mut read).await == Some(true) {
            held.push(ledger.lock().held);
            one.sent();
        }
        assert_eq!(held, [0, 150_000, 0, 150_000]);
        for _ in 0..3 {
            assert_eq!(piece(&mut unread).await, Some(true));
        }
        assert_eq!(ledger.lock().held, 150_000, "nobody took it");
        assert_eq!(piece(&mut unread).await, Some(false), "the tenant has its share");
        drop((other, unread));
        assert_eq!(ledger.lock().held, 0, "what is held goes with the connection");
    }

    #[tokio::test]
    async fn an_answer_counts_until_it_is_sent_and_arrives_as_it_was() {
        let ledger = Arc::new(Ledger::new(300_000, 200_000));
        let (unread, _) = connection(&ledger);
        let bytes: Vec<u8> = (0..150_000_u32).map(|n| n as u8).collect();
        let body = unread.count(tenant(1), Body::from(bytes.clone())).unwrap();
        assert_eq!(body.size_hint().exact(), Some(150_000));
        unread.sent();
        assert_eq!(ledger.lock().held, 150_000, "it has not been taken");
        assert!(unread.count(tenant(1), Body::from(bytes.clone())).is_none(), "the tenant has its share");
        assert!(unread.count(tenant(2), Body::from(bytes.clone())).is_some(), "another has not");
        assert!(unread.count(tenant(1), Body::from("small")).is_some());
        assert_eq!(to_bytes(body, usize::MAX).await.unwrap(), bytes);
        assert_eq!(ledger.lock().of(tenant(1)), 150_000, "it is taken but not sent");
        unread.sent();
        let entries = ledger.lock();
        assert_eq!((entries.held, entries.by_tenant.len()), (0, 0));
    }

    #[tokio::test]
    async fn what_is_unread_for_long_makes_room_its_own_tenants_first() {
        let ledger = Arc::new(Ledger::new(300_000, 200_000));
        let large = || Body::from(vec![0; 100_000]);
        let ((one, first), (other, second)) = (connection(&ledger), connection(&ledger));
        let _bodies =
            (one.count(tenant(1), large()), other.count(tenant(2), large()), one.count(tenant(2), large()));
        for entry in ledger.lock().answers.values_mut() {
            entry.since = Instant::now().checked_sub(YOUNG * 2).unwrap();
        }
        let (newest, _) = connection(&ledger);
        assert!(newest.count(tenant(2), large()).is_some());
        assert!(second.is_cancelled() && !first.is_cancelled(), "the oldest of the tenant that has too much");
        assert!(newest.count(tenant(3), large()).is_some());
        assert!(first.is_cancelled(), "the oldest of all");
        assert_eq!(ledger.lock().held, 300_000);
    }
}
