//! `DATA/control`: a socket by which tools of the same user, on the same machine, ask the running server for its records as
//! they are at one moment. The server makes a copy of them, says `ok`, and keeps copy and stored bytes until the tool hangs
//! up. One tool is served at a time.

use crate::data_dir::DataDir;
use anyhow::{Context, bail};
use fuelcell_scheduler::Scheduler;
use fuelcell_store_sled::SledStore;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::os::unix::net::UnixStream as Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// What the server says when the copy is there.
const READY: &str = "ok";

/// Removes what a process that died left, and listens.
pub(crate) fn listen(data: &DataDir) -> anyhow::Result<UnixListener> {
    remove(&data.snapshot())?;
    match fs::remove_file(data.control()) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let path = data.control();
    UnixListener::bind(&path).with_context(|| format!("cannot listen at {}", path.display()))
}

/// Serves one tool after another; never ends.
pub(crate) async fn serve(
    listener: UnixListener,
    data: DataDir,
    store: Arc<SledStore>,
    scheduler: Arc<Scheduler>,
) {
    loop {
        let served = match listener.accept().await {
            Ok((connection, _)) => serve_one(connection, &data.snapshot(), &store, &scheduler).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = served {
            tracing::warn!(error = format!("{error:#}"), "a tool could not be served");
        }
    }
}

async fn serve_one(
    mut connection: UnixStream,
    snapshot: &Path,
    store: &SledStore,
    scheduler: &Scheduler,
) -> anyhow::Result<()> {
    let _bytes_stay = scheduler.hold_sweeps().await;
    let begun = Instant::now();
    let said = match store.snapshot(snapshot).await {
        Ok(()) => READY.to_owned(),
        Err(error) => error.to_string(),
    };
    tracing::info!(
        millis = begun.elapsed().as_millis() as u64,
        said,
        "a tool asked for the records of this moment"
    );
    let told = connection.write_all(format!("{said}\n").as_bytes()).await;
    if told.is_ok() {
        // Nothing is said any more, and a tool that is killed hangs up, too.
        let _ = connection.read(&mut [0]).await;
    }
    remove(snapshot)
}

fn remove(snapshot: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(snapshot) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// What a running server has set aside, as long as this is there.
pub(crate) struct SetAside {
    connection: Connection,
}

impl SetAside {
    /// Fails when the server went away.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        // It says nothing more, so that there is something to read only when it hung up.
        match (&self.connection).read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            _ => bail!("the server that has the directory open went away meanwhile"),
        }
    }
}

/// Asks the server that has the directory open, if there is one.
pub(crate) fn ask(data: &DataDir) -> anyhow::Result<Option<SetAside>> {
    let Ok(connection) = Connection::connect(data.control()) else { return Ok(None) };
    let mut said = String::new();
    BufReader::new(&connection).read_line(&mut said)?;
    match said.trim() {
        READY => {
            connection.set_nonblocking(true)?;
            Ok(Some(SetAside { connection }))
        }
        "" => bail!("the server that has the directory open went away"),
        why => bail!("the server that has the directory open gives no copy of its records: {why}"),
    }
}
