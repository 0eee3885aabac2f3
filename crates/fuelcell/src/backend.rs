//! Where records and stored bytes lie, by the configuration: in the data directory, or in a database and in object storage
//! that many nodes may share.

use crate::config::Config;
use crate::data_dir::DataDir;
use anyhow::{Context, ensure};
use fuelcell_domain::Digest;
use fuelcell_notify::Desk;
use fuelcell_scheduler::Records;
use fuelcell_service::vault::VaultStore;
use fuelcell_store::{BlobStore, Catalogue, Store};
use fuelcell_store_objects::{ObjectBlobs, Place};
use fuelcell_store_postgres::{Options, PostgresStore};
use fuelcell_store_sled::{FileBlobs, SledStore};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// An open store, as each room takes it.
pub(crate) struct Backend {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) records: Records,
    pub(crate) vault: Arc<dyn VaultStore>,
    pub(crate) desk: Arc<dyn Desk>,
    /// The store of the data directory, which tools of this machine may look at.
    pub(crate) embedded: Option<Arc<SledStore>>,
}

impl Backend {
    fn of<S: Store + 'static>(
        store: Arc<S>,
        blobs: Arc<dyn BlobStore>,
        embedded: Option<Arc<SledStore>>,
    ) -> Self {
        let records = Records::of(&store);
        Self { records, vault: store.clone(), desk: store.clone(), store, blobs, embedded }
    }

    /// Opens the store that the configuration names.
    pub(crate) async fn open(config: &Config, data: &DataDir) -> anyhow::Result<Self> {
        let Some(address) = &config.store else {
            ensure!(
                data.database()?.is_none(),
                "the records of {} lie in a database, as {} says, and store does not name it",
                config.data.display(),
                data.database_path().display()
            );
            let store = Arc::new(SledStore::open(&data.store(), fuelcell_store_sled::Options::default())?);
            return Ok(Self::of(store.clone(), files(data)?, Some(store)));
        };
        ensure!(
            !fuelcell_store_sled::exists(&data.store()),
            "store = {address:?} names a database, and {} holds records already; take another data directory",
            config.data.display()
        );
        let password = config.store_password_file.as_deref().map(password).transpose()?;
        let options = Options { password, ..Options::default() };
        let unusable = || format!("store = {address:?} cannot be used");
        let store = PostgresStore::open(address, options).await.with_context(unusable)?;
        let id = store.id().await.with_context(unusable)?;
        let known = data.database()?;
        check_database(data, config, known.as_deref(), &id)?;
        let mark = Digest::of(&[&b"fuelcell secret "[..], &data.secret()?].concat());
        ensure!(
            store.bind(mark).await.with_context(unusable)?,
            "the records in store = {address:?} belong to a server with another secret; all its nodes have the same, in \
             {}",
            data.secret_path().display()
        );
        if known.is_none() {
            data.remember_database(&id)?;
        }
        let store = Arc::new(store);
        let blobs = match &config.blobs {
            Some(address) => objects(address, store.clone(), &id, data).await?,
            None => beside(&*store, data).await?,
        };
        Ok(Self::of(store, blobs, None))
    }
}

fn files(data: &DataDir) -> anyhow::Result<Arc<dyn BlobStore>> {
    Ok(Arc::new(FileBlobs::open(&data.blobs())?))
}

/// Bytes in the data directory, of records that lie in a database.
async fn beside(catalogue: &dyn Catalogue, data: &DataDir) -> anyhow::Result<Arc<dyn BlobStore>> {
    ensure!(
        catalogue.list(None, 1).await?.is_empty(),
        "the stored bytes of the database that store names lie in object storage, and blobs does not name it"
    );
    files(data)
}

/// Bytes in object storage.
async fn objects(
    address: &str,
    catalogue: Arc<dyn Catalogue>,
    database: &str,
    data: &DataDir,
) -> anyhow::Result<Arc<dyn BlobStore>> {
    let own = data.blobs();
    ensure!(
        !fuelcell_store_sled::holds_blobs(&own)?,
        "blobs = {address:?} names object storage, and {} holds stored bytes already",
        own.display()
    );
    let unusable = || format!("blobs = {address:?} cannot be used");
    let place = Place::parse(address).map_err(anyhow::Error::msg).with_context(unusable)?;
    let options = fuelcell_store_objects::Options::new(data.recent());
    let opened = ObjectBlobs::open(&place, catalogue, database, options).await;
    Ok(Arc::new(opened.with_context(unusable)?))
}

/// Refuses a database that is not the one of the data directory. What it does not name would be swept from there.
fn check_database(data: &DataDir, config: &Config, known: Option<&str>, id: &str) -> anyhow::Result<()> {
    let (shown, file) = (config.data.display(), data.database_path());
    match known {
        Some(known) => ensure!(
            known == id,
            "the records of {shown} lie in the database with the id {known}, as {} says, and that of store has the id {id}",
            file.display()
        ),
        None => ensure!(
            !fuelcell_store_sled::holds_blobs(&data.blobs())?,
            "{shown} holds stored bytes, and nothing says of which database; take another data directory, or write the id \
             {id} of this database into {} if they are its own",
            file.display()
        ),
    }
    Ok(())
}

fn password(path: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(path);
    let text = text.with_context(|| format!("store_password_file: cannot read {}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
