//! The store as its owner holds it: opened, closed, and how a verb reaches the database.

use crate::batches::Batch;
use crate::database::Database;
use crate::guard::Guard;
use crate::migrations;
use fuelcell_domain::{Digest, Job};
use fuelcell_store::{Finish, NewJob, StoreError, Submitted};
use std::future::Future;
use std::sync::OnceLock;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::Config;

/// A question: an expression over a session, done on the store's own threads.
macro_rules! ask {
    ($store:ident, $session:ident => $verb:expr) => {{
        let database = $store.database.clone();
        let asking = async move {
            let _read = fuelcell_store::metrics::READS.start_timer();
            let $session = database.session().await?;
            $verb.await
        };
        $store.run(asking).await
    }};
}

/// A change: an expression over a transaction, done on the store's own threads.
macro_rules! change {
    ($store:ident, $work:ident => $verb:expr) => {{
        let database = $store.database.clone();
        let changing = async move {
            let mut transaction = $crate::work::Work::begin(&database).await?;
            let $work = &mut transaction;
            let done = $verb.await;
            transaction.end(done).await
        };
        $store.run(changing).await
    }};
}

pub(crate) use {ask, change};

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Connections at the same time, at most.
    pub connections: usize,
    /// Whether the layout of the database is brought to that of this program.
    pub migrate: bool,
    /// The password, unless the address has it.
    pub password: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 8, migrate: true, password: None }
    }
}

/// A store of records in PostgreSQL. A verb that has begun goes on when its caller goes away.
pub struct PostgresStore {
    pub(crate) database: Database,
    /// Those who submit together, and those whose attempts end together. Verbs say what is done with them.
    pub(crate) submits: OnceLock<Batch<NewJob, Submitted>>,
    pub(crate) finishes: OnceLock<Batch<Finish, Job>>,
    pub(crate) handle: Handle,
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
}

impl PostgresStore {
    /// Opens the database at an address: `postgres://user:password@host/database`, or words such as
    /// `host=/run/postgresql user=fuelcell dbname=fuelcell`.
    pub async fn open(address: &str, options: Options) -> Result<Self, StoreError> {
        let config = address.parse::<Config>();
        let mut config = config
            .map_err(|error| StoreError::Storage(format!("this is no address of a database: {error}")))?;
        if let Some(password) = &options.password {
            config.password(password);
        }
        let runtime =
            Builder::new_multi_thread().worker_threads(2).thread_name("store").enable_all().build()?;
        let handle = runtime.handle().clone();
        let opening = async move {
            // Nobody's layout is changed while they work.
            let guard = Guard::take(&config).await?;
            if options.migrate {
                migrations::apply(&config).await?;
            }
            let database = Database::new(&config, options.connections, guard)?;
            // Whether it can be reached is known before anybody asks for something.
            database.session().await?;
            Ok(database)
        };
        match on(&handle, opening).await {
            Ok(database) => Ok(Self {
                database,
                submits: OnceLock::new(),
                finishes: OnceLock::new(),
                handle,
                runtime: Some(runtime),
            }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// What this database is called, and no other one but its copies: whoever keeps something beside it remembers that.
    pub async fn id(&self) -> Result<String, StoreError> {
        let id = ask!(self, session => session.one("SELECT id::text FROM clock", &[]))?;
        id.map(|row| row.get(0)).ok_or_else(|| StoreError::Storage("the database has no id".into()))
    }

    /// Binds the database to what this mark stands for, a secret that all its nodes share. Says whether it is bound to that,
    /// and not to another one.
    pub async fn bind(&self, mark: Digest) -> Result<bool, StoreError> {
        let bind = "UPDATE clock SET mark = coalesce(mark, $1) RETURNING mark = $1";
        let bound = change!(self, work => work.one(bind, &[&&mark.0[..]]))?;
        Ok(bound.is_some_and(|row| row.get(0)))
    }

    /// Does a verb's work on the store's own threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        verb: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        on(&self.handle, verb).await
    }
}

/// Whether an address of a database holds a password. `None` for what is no address of one.
pub fn has_password(address: &str) -> Option<bool> {
    address.parse::<Config>().ok().map(|config| config.get_password().is_some())
}

async fn on<T: Send + 'static>(
    handle: &Handle,
    verb: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match handle.spawn(verb).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Unavailable(format!("a verb did not end: {error}"))),
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
