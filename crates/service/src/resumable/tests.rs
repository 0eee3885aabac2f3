//! Uploads in parts, over stores in memory.

use super::*;
use crate::{ServiceConfig, stubs};
use fuelcell_domain::clock::ManualClock;
use fuelcell_store::MemoryStore;
use std::io::Cursor;
use std::sync::mpsc;
use tokio::runtime::Handle;

/// A project, somebody who may upload there, and the time.
struct Scene {
    service: Arc<Service>,
    clock: Arc<ManualClock>,
    project: ProjectRef,
    anna: Principal,
}

impl Scene {
    async fn set() -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let service = stubs::service(Arc::new(MemoryStore::new()), clock.clone()).0;
        let project = stubs::project(&service, "fc_a secret").await;
        let anna = service.authenticate("fc_a secret").await.unwrap();
        Self { service: Arc::new(service), clock, project, anna }
    }

    async fn begin(&self, size: u64, digest: Option<Digest>) -> Result<UnfinishedUpload, ServiceError> {
        let new =
            NewUpload { dataset: None, name: "a.csv".into(), media_type: "text/csv".into(), size, digest };
        self.service.begin_upload(&self.anna, self.project, new).await
    }

    async fn add(&self, id: UploadId, offset: u64, part: Upload) -> Result<Appended, ServiceError> {
        self.service.append_upload(&self.anna, self.project, (id, offset), part).await
    }

    async fn abandon(&self, id: UploadId) -> Result<(), ServiceError> {
        self.service.abandon_upload(&self.anna, self.project, id).await
    }

    async fn offset(&self, id: UploadId) -> Result<u64, ServiceError> {
        Ok(self.service.unfinished_upload(&self.anna, self.project, id).await?.offset)
    }
}

fn part(bytes: &[u8]) -> Upload {
    Upload::of(Box::new(Cursor::new(bytes.to_vec())))
}

fn code<T>(answer: Result<T, ServiceError>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "fine")
}

/// Some bytes, and then the connection is gone.
struct Broken(Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(ErrorKind::ConnectionReset.into()),
            count => Ok(count),
        }
    }
}

#[tokio::test]
async fn what_came_before_a_connection_broke_is_kept() {
    let scene = Scene::set().await;
    let bytes: Vec<u8> = (0..PIECE * 2 + 77).map(|place| (place % 251) as u8).collect();
    let (first, second) = bytes.split_at(bytes.len() - 50);
    let id = scene.begin(bytes.len() as u64, Some(Digest::of(&bytes))).await.unwrap().id;
    let broken = Upload::of(Box::new(Broken(Cursor::new(first.to_vec()))));
    assert_eq!(code(scene.add(id, 0, broken).await), "BrokenUpload");
    assert_eq!(scene.offset(id).await.unwrap(), first.len() as u64);
    assert_eq!(code(scene.add(id, 0, part(&bytes)).await), "WrongOffset");
    let Ok(Appended::Whole(dataset)) = scene.add(id, first.len() as u64, part(second)).await else {
        panic!("it was the last part")
    };
    assert_eq!((dataset.size, dataset.digest), (bytes.len() as u64, Digest::of(&bytes)));
    assert_eq!(code(scene.offset(id).await), "NotFound");
    assert_eq!(scene.service.blobs.all_staged().await.unwrap(), []);
}

#[tokio::test]
async fn other_bytes_than_announced_are_none_of_the_file() {
    let scene = Scene::set().await;
    let id = scene.begin(4, Some(Digest::of(b"abcd"))).await.unwrap().id;
    let announced = |bytes: &[u8], digest| Upload { digest: Some(Digest::of(digest)), ..part(bytes) };
    assert_eq!(code(scene.add(id, 0, announced(b"ab", b"AB")).await), "DigestMismatch");
    assert_eq!(scene.offset(id).await.unwrap(), 0, "a damaged part may come again");
    assert_eq!(code(scene.add(id, 0, announced(b"ab", b"ab")).await), "fine");
    assert_eq!(code(scene.add(id, 2, part(b"cde")).await), "TooLarge");
    let long = Upload { length: Some(3), ..part(b"cde") };
    assert_eq!(code(scene.add(id, 2, long).await), "TooLarge");
    assert_eq!(scene.offset(id).await.unwrap(), 2);
    assert_eq!(code(scene.add(id, 2, part(b"CD")).await), "DigestMismatch");
    assert_eq!(code(scene.offset(id).await), "NotFound", "of the wrong file nothing is kept");
    assert_eq!(scene.service.datasets(&scene.anna, scene.project).await.unwrap(), []);
}

#[tokio::test]
async fn of_two_who_add_at_the_same_time_one_does() {
    let scene = Scene::set().await;
    let id = scene.begin(3, None).await.unwrap().id;
    let (sender, receiver) = mpsc::channel();
    let (began, begun) = tokio::sync::oneshot::channel();
    let slow = Upload::of(Box::new(Slow { began: Some(began), receiver }));
    let (service, anna, project) = (Arc::clone(&scene.service), scene.anna.clone(), scene.project);
    let first =
        tokio::spawn(async move { service.append_upload(&anna, project, (id, 0), slow).await.map(drop) });
    begun.await.unwrap();
    assert_eq!(code(scene.add(id, 0, part(b"abc")).await), "UploadBusy");
    assert_eq!(code(scene.abandon(id).await), "UploadBusy");
    sender.send(b"ab".to_vec()).unwrap();
    drop(sender);
    first.await.unwrap().unwrap();
    assert_eq!(code(scene.add(id, 2, part(b"c")).await), "fine");
    assert_eq!(code(scene.abandon(id).await), "NotFound");
}

/// Says when it is read, and brings what is sent.
struct Slow {
    began: Option<tokio::sync::oneshot::Sender<()>>,
    receiver: mpsc::Receiver<Vec<u8>>,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(began) = self.began.take() {
            began.send(()).unwrap();
        }
        let bytes = self.receiver.recv().unwrap_or_default();
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

#[tokio::test]
async fn an_upload_whose_bytes_are_not_there_begins_with_those_that_are() {
    let scene = Scene::set().await;
    let id = scene.begin(4, None).await.unwrap().id;
    assert_eq!(code(scene.add(id, 0, part(b"abc")).await), "fine");
    // As in a backup that was restored.
    scene.service.blobs.unstage(id).await.unwrap();
    assert_eq!(scene.offset(id).await.unwrap(), 0);
    assert_eq!(code(scene.add(id, 3, part(b"d")).await), "WrongOffset");
    assert!(matches!(scene.add(id, 0, part(b"abcd")).await, Ok(Appended::Whole(_))));
}

#[tokio::test]
async fn an_upload_ends_when_nothing_is_added_for_long() {
    let scene = Scene::set().await;
    let id = scene.begin(2, None).await.unwrap().id;
    let life = Duration::from_secs(ServiceConfig::default().upload_seconds);
    scene.clock.advance(life - Duration::from_secs(1));
    assert_eq!(code(scene.add(id, 0, part(b"a")).await), "fine");
    scene.clock.advance(life - Duration::from_secs(1));
    assert_eq!(scene.offset(id).await.unwrap(), 1, "it was added to");
    scene.clock.advance(Duration::from_secs(1));
    assert_eq!(code(scene.offset(id).await), "UploadExpired");
    assert_eq!(code(scene.add(id, 1, part(b"b")).await), "UploadExpired");
}

/// Bytes that arrive one by one, and what happens before each of them and before their end.
struct Meanwhile<F>(Cursor<Vec<u8>>, F);

impl<F: FnMut()> Read for Meanwhile<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (self.1)();
        self.0.read(&mut buffer[..1])
    }
}

#[tokio::test]
async fn an_upload_whose_bytes_come_slowly_does_not_expire() {
    let scene = Scene::set().await;
    let id = scene.begin(4, None).await.unwrap().id;
    let life = Duration::from_secs(ServiceConfig::default().upload_seconds);
    let (service, clock) = (Arc::clone(&scene.service), Arc::clone(&scene.clock));
    let slow = Meanwhile(Cursor::new(b"abcd".to_vec()), move || {
        clock.advance(life - Duration::from_secs(1));
        let expired = Handle::current().block_on(service.store.expire_uploads(clock.now()));
        assert_eq!(expired.unwrap(), 0);
    });
    assert!(matches!(scene.add(id, 0, Upload::of(Box::new(slow))).await, Ok(Appended::Whole(_))));
}

#[tokio::test]
async fn bytes_that_go_before_the_end_are_no_dataset_and_leave_equal_ones_alone() {
    let scene = Scene::set().await;
    let known = scene.begin(4, None).await.unwrap().id;
    assert!(matches!(scene.add(known, 0, part(b"abcd")).await, Ok(Appended::Whole(_))));
    let id = scene.begin(4, Some(Digest::of(b"abcd"))).await.unwrap().id;
    let (service, clock) = (Arc::clone(&scene.service), Arc::clone(&scene.clock));
    // As a sweep may do when the project is being removed.
    let swept = Meanwhile(Cursor::new(b"abcd".to_vec()), move || {
        clock.advance(PIECE_TIME);
        Handle::current().block_on(service.blobs.unstage(id)).unwrap();
    });
    assert_eq!(code(scene.add(id, 0, Upload::of(Box::new(swept))).await), "WrongOffset");
    assert_eq!(scene.service.datasets(&scene.anna, scene.project).await.unwrap().len(), 1);
    let bytes = scene.service.blobs.open(Digest::of(b"abcd")).await.unwrap().unwrap();
    assert_eq!(bytes.size(), 4);
    let upload = scene.service.unfinished_upload(&scene.anna, scene.project, id).await.unwrap();
    assert_eq!(upload.offset, 0);
    assert_eq!(upload.expires_at, scene.service.end_of_uploads(), "the end was begun just now");
    assert!(matches!(scene.add(id, 0, part(b"abcd")).await, Ok(Appended::Whole(_))));
}

#[tokio::test]
async fn a_project_has_as_many_unfinished_uploads_as_is_stated() {
    let scene = Scene::set().await;
    let mut ids = Vec::new();
    for _ in 0..MAX_UPLOADS {
        ids.push(scene.begin(1, None).await.unwrap().id);
    }
    assert_eq!(code(scene.begin(1, None).await), "TooManyUnfinishedUploads");
    assert_eq!(code(scene.add(ids[0], 0, part(b"a")).await), "fine");
    scene.begin(1, None).await.unwrap();
    assert_eq!(code(scene.begin(1, None).await), "TooManyUnfinishedUploads");
    scene.abandon(ids[1]).await.unwrap();
    scene.begin(0, None).await.unwrap();
}

#[tokio::test]
async fn a_file_without_bytes_is_one() {
    let scene = Scene::set().await;
    let id = scene.begin(0, Some(Digest::of(b""))).await.unwrap().id;
    assert!(matches!(scene.add(id, 0, part(b"")).await, Ok(Appended::Whole(dataset)) if dataset.size == 0));
}
