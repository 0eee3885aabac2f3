//! Files that come part after part.

use super::fixtures::{at, dataset, project, upload};
use super::limits::limited;
use crate::{Store, StoreError};
use fuelcell_domain::{Dataset, Digest, ProjectLimits, ProjectRef, QuotaExceeded, Quotas, UnfinishedUpload};
use std::sync::Arc;

#[track_caller]
fn is_absent<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::NotFound("upload"))), "{answer:?}");
}

/// What an upload becomes.
fn whole(upload: &UnfinishedUpload) -> Dataset {
    Dataset {
        id: upload.dataset,
        size: upload.size,
        digest: Digest::of(b"8 bytes!"),
        ..dataset(upload.project)
    }
}

async fn stored(store: &dyn Store, own: ProjectRef) -> u64 {
    store.project_usage(own).await.unwrap().stored.datasets
}

pub async fn become_datasets(store: &dyn Store) {
    let own = project();
    let later = UnfinishedUpload { created_at: at(1), digest: Some(Digest::of(b"8 bytes!")), ..upload(own) };
    let first = upload(own);
    for upload in [&later, &first] {
        store.begin_upload(upload.clone()).await.unwrap();
        assert_eq!(store.upload(own, upload.id).await.unwrap().as_ref(), Some(upload));
        assert_eq!(store.upload(project(), upload.id).await.unwrap(), None);
    }
    assert_eq!(store.uploads(own).await.unwrap(), [first.clone(), later.clone()]);
    let mut ids = [first.id, later.id];
    ids.sort_unstable();
    assert_eq!(store.unfinished_uploads().await.unwrap(), ids);

    let advanced = store.advance_upload(own, first.id, (0, 5), at(30)).await.unwrap();
    assert_eq!(advanced, UnfinishedUpload { offset: 5, expires_at: at(30), ..first.clone() });
    assert_eq!(store.upload(own, first.id).await.unwrap(), Some(advanced));
    let twice = store.advance_upload(own, first.id, (0, 5), at(40)).await;
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    // Of a medium that lost some of it less is there.
    store.advance_upload(own, first.id, (5, 3), at(30)).await.unwrap();
    is_absent(store.advance_upload(project(), first.id, (3, 8), at(30)).await);

    let dataset = store.finish_upload(first.id, whole(&first)).await.unwrap();
    assert_eq!(store.dataset(own, first.dataset).await.unwrap(), Some(dataset));
    assert_eq!(store.upload(own, first.id).await.unwrap(), None);
    is_absent(store.finish_upload(first.id, whole(&first)).await);
    is_absent(store.finish_upload(later.id, Dataset { project: project(), ..whole(&later) }).await);
    assert_eq!(store.uploads(own).await.unwrap(), [later]);
}

pub async fn count_before_they_have_come(store: &dyn Store) {
    let quotas = Quotas { stored_bytes: Some(20), ..Quotas::default() };
    let own = limited(store, ProjectLimits { quotas, ..ProjectLimits::default() }).await;
    let first = upload(own);
    let large = store.begin_upload(UnfinishedUpload { size: 21, ..upload(own) }).await;
    assert!(
        matches!(large, Err(StoreError::Quota(QuotaExceeded::StoredBytes { quota: 20, .. }))),
        "{large:?}"
    );
    store.begin_upload(first.clone()).await.unwrap();
    assert_eq!(stored(store, own).await, 8);
    let beside = store.put_dataset(Dataset { size: 13, ..dataset(own) }).await;
    assert!(matches!(beside, Err(StoreError::Quota(_))), "{beside:?}");
    store.finish_upload(first.id, whole(&first)).await.unwrap();
    assert_eq!(stored(store, own).await, 8, "it counts once");

    // The same dataset anew: what it replaces makes room for it.
    let anew = UnfinishedUpload { dataset: first.dataset, size: 20, ..upload(own) };
    store.begin_upload(anew.clone()).await.unwrap();
    assert_eq!(stored(store, own).await, 28);
    let other = Dataset { digest: Digest::of(b"other"), ..whole(&anew) };
    store.finish_upload(anew.id, other.clone()).await.unwrap();
    assert_eq!(stored(store, own).await, 20);
    store.settle_replaced(&[(own, whole(&first).digest)]).await.unwrap();
    // What is refused at the end has lost nothing.
    let last = UnfinishedUpload { size: 20, ..anew.clone() };
    store.begin_upload(last.clone()).await.unwrap();
    let refused = store.finish_upload(last.id, Dataset { size: 21, digest: Digest::of(b"x"), ..other }).await;
    assert!(matches!(refused, Err(StoreError::Quota(_))), "{refused:?}");
    assert_eq!(store.upload(own, last.id).await.unwrap(), Some(last.clone()));
    store.abandon_upload(own, last.id).await.unwrap();
    assert_eq!(stored(store, own).await, 20);
}

pub async fn end_when_their_time_is_over(store: &dyn Store) {
    let (own, other) = (project(), project());
    let (given_up, late, living) =
        (upload(own), upload(other), UnfinishedUpload { expires_at: at(21), ..upload(own) });
    for upload in [&given_up, &late, &living] {
        store.begin_upload(upload.clone()).await.unwrap();
    }
    is_absent(store.abandon_upload(other, given_up.id).await);
    store.abandon_upload(own, given_up.id).await.unwrap();
    is_absent(store.abandon_upload(own, given_up.id).await);
    assert_eq!(store.expire_uploads(at(19)).await.unwrap(), 0);
    assert_eq!(store.expire_uploads(at(20)).await.unwrap(), 1);
    assert_eq!(store.unfinished_uploads().await.unwrap(), [living.id]);
    assert_eq!((stored(store, own).await, stored(store, other).await), (8, 0));
}

pub async fn of_two_who_add_one_does(store: Arc<dyn Store>) {
    let own = project();
    let upload = upload(own);
    store.begin_upload(upload.clone()).await.unwrap();
    let added: Vec<_> = (1..=8)
        .map(|length| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.advance_upload(own, upload.id, (0, length), at(30)).await })
        })
        .collect();
    let mut done = Vec::new();
    for added in added {
        match added.await.expect("no panic") {
            Ok(upload) => done.push(upload),
            Err(StoreError::Conflict(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(done.len(), 1, "{done:?}");
    assert_eq!(store.upload(own, upload.id).await.unwrap().as_ref(), done.first());
}
