//! Stored bytes in real object storage, a folder and an S3 server, with a real PostgreSQL that has their catalogue.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod away;
mod conformance;
mod servers;

use fuelcell_domain::Digest;
use fuelcell_store::{BlobRef, BlobStore, Catalogue};
use fuelcell_store_objects::{ObjectBlobs, Options, Place};
use fuelcell_store_postgres::PostgresStore;
use fuelcell_test_bucket::Bucket;
use fuelcell_test_cluster::Database;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

/// A database with a catalogue in which nothing is named.
struct Records {
    store: Arc<PostgresStore>,
    id: String,
    _database: Database,
}

impl Records {
    async fn new() -> Self {
        let database = fuelcell_test_cluster::database("with a catalogue", |address| {
            let address = address.to_owned();
            let made = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(open_records(&address))
            });
            drop(made.join().unwrap());
        });
        let store = Arc::new(open_records(&database.address).await);
        // All copies of a database have its id; these are to be told apart.
        let id = Uuid::new_v4().to_string();
        Self { store, id, _database: database }
    }

    /// A store of bytes with this catalogue, as of a server of its own.
    async fn bytes(&self, place: &str) -> (ObjectBlobs, TempDir) {
        let folder = TempDir::new().unwrap();
        let options = Options::new(folder.path().to_owned());
        let catalogue = self.store.clone() as Arc<dyn Catalogue>;
        let place = Place::parse(place).unwrap();
        let opened = ObjectBlobs::open(&place, catalogue, &self.id, options).await;
        (opened.expect("the store opens"), folder)
    }
}

async fn open_records(address: &str) -> PostgresStore {
    let options = fuelcell_store_postgres::Options { connections: 4, ..Default::default() };
    PostgresStore::open(address, options).await.expect("the database opens")
}

/// An S3 server, which the environment of this process names from now on: a test has a process of its own.
fn bucket() -> Bucket {
    let bucket = Bucket::start();
    for (name, value) in bucket.environment() {
        set(name, &value);
    }
    bucket
}

#[allow(unsafe_code, reason = "nothing else of this process reads or writes the environment yet")]
fn set(name: &str, value: &str) {
    // SAFETY: the caller is the test's own thread, at its beginning.
    unsafe { std::env::set_var(name, value) }
}

fn write(store: &dyn BlobStore, bytes: &[u8]) -> BlobRef {
    let mut writer = store.begin().unwrap();
    writer.write_all(bytes).unwrap();
    writer.commit().unwrap()
}

async fn read(store: &dyn BlobStore, digest: Digest) -> Vec<u8> {
    let blob = store.open(digest).await.unwrap().expect("it was committed");
    let mut bytes = vec![0; usize::try_from(blob.size()).unwrap()];
    let mut filled = 0;
    while filled < bytes.len() {
        let end = bytes.len().min(filled + 1_000_000);
        filled += blob.read_at(filled as u64, &mut bytes[filled..end]).unwrap();
    }
    bytes
}

/// More than two objects.
fn large() -> Vec<u8> {
    (0..20_000_000_u32).map(|n| (n % 253) as u8).collect()
}
