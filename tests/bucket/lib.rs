//! Object storage for tests: an S3 server over a temporary folder, in the test's own process, on the loopback. It can be
//! stopped and started again, as storage that is away for a while.
//!
//! This crate knows how such a server is run. It knows nothing of what lies in it.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Who may ask it.
const KEY: &str = "fuelcell";
const SECRET: &str = "a secret of tests";

/// A server with one bucket. Dropped, both are gone.
pub struct Bucket {
    folder: TempDir,
    address: SocketAddr,
    service: S3Service,
    /// What serves it; none = it is stopped.
    running: Option<Runtime>,
}

impl Bucket {
    /// The name of the bucket.
    pub const NAME: &str = "bytes";

    /// Starts a server whose bucket is empty.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join(Self::NAME)).expect("a bucket");
        let files = FileSystem::new(folder.path()).expect("a folder to serve");
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut bucket = Self { folder, address: anywhere, service: service.build(), running: None };
        bucket.resume();
        bucket
    }

    /// Starts it again, at the same address and with the same objects.
    pub fn resume(&mut self) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let listener = TcpListener::bind(self.address).expect("a port");
        listener.set_nonblocking(true).expect("a listener that waits for nobody");
        self.address = listener.local_addr().expect("an address");
        runtime.spawn(serve(listener, self.service.clone()));
        self.running = Some(runtime);
    }

    /// Stops it in the middle of whatever it does. From then on who connects is refused.
    pub fn stop(&mut self) {
        let Some(runtime) = self.running.take() else { return };
        runtime.shutdown_background();
        while TcpStream::connect(self.address).is_ok() {
            sleep(Duration::from_millis(5));
        }
    }

    /// What the environment of a process says that asks it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ACCESS_KEY_ID", KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.into()),
        ]
    }

    /// The objects below a prefix, as files.
    pub fn objects(&self, prefix: &str) -> Vec<PathBuf> {
        let mut objects = Vec::new();
        let mut folders = vec![self.folder.path().join(Self::NAME).join(prefix)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(folder) else { continue };
            for entry in entries.flatten() {
                match entry.path().is_dir() {
                    true => folders.push(entry.path()),
                    false => objects.push(entry.path()),
                }
            }
        }
        objects
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    while let Ok((client, _)) = listener.accept().await {
        let connection = http1::Builder::new().serve_connection(TokioIo::new(client), service.clone());
        // However it ends: the client asks again.
        tokio::spawn(async move { connection.await.is_ok() });
    }
}
