//! One write: a transaction that holds the ledgers of its projects.
//!
//! Whoever writes of a project's jobs, bytes or events holds the row of its ledger from the beginning, and takes the rows of
//! several projects in one order. So each write of a project sees those before it whole, ordinals and places of events have
//! no gaps, quotas are exact, and nobody waits in a circle. What follows from moves (counters, events, sums) is gathered here
//! and written with the commit.

use crate::database::{Database, Session};
use crate::record;
use crate::records::figures::Days;
use crate::records::ledger::{Ledger, split};
use crate::records::usage::Used;
use fuelcell_domain::{JobEvent, JobId, ProjectRef, TenantId};
use fuelcell_store::StoreError;
use fuelcell_store::metrics::{BARRIERS, BATCHES, COMMITS};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::time::Instant;
use tokio_postgres::Row;
use uuid::Uuid;

/// A node that stands still in the middle of a transaction holds up the others for so long. The limits are set with each
/// transaction, so that they hold behind a pooler, too.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '10s'; \
    SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// The key of the lock under which tenants, projects, tokens and removals are written.
const ACCOUNTS: i64 = 0x6675_656c;

/// A transaction that is not committed yet. Dropped, it is undone.
pub(crate) struct Work {
    session: Option<Session>,
    ledgers: BTreeMap<ProjectRef, (Ledger, Ledger)>,
    told: Vec<(ProjectRef, u64, JobEvent)>,
    pub(crate) used: Vec<Used>,
    pub(crate) days: Days,
    none: Ledger,
    begun: Instant,
    /// How many are done together, for those who watch the store.
    pub(crate) verbs: usize,
}

impl Work {
    pub(crate) async fn begin(database: &Database) -> Result<Self, StoreError> {
        let begun = Instant::now();
        let session = database.session().await?;
        let work = Self {
            session: Some(session),
            ledgers: BTreeMap::new(),
            told: Vec::new(),
            used: Vec::new(),
            days: Days::default(),
            none: Ledger::default(),
            begun,
            verbs: 1,
        };
        work.command(BEGIN).await?;
        Ok(work)
    }

    /// Commits, or undoes everything when the verb was refused.
    pub(crate) async fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let done = match done {
            Ok(answer) => self.flush().await.map(|()| answer),
            refused => refused,
        };
        match &done {
            Ok(_) => self.commit().await?,
            Err(error) if error.is_of_the_medium() => return done,
            Err(_) => self.command("ROLLBACK").await?,
        }
        // The connection may be used again.
        drop(self.session.take());
        done
    }

    async fn commit(&self) -> Result<(), StoreError> {
        let barrier = BARRIERS.start_timer();
        self.command("COMMIT").await?;
        barrier.observe_duration();
        COMMITS.observe(self.begun.elapsed().as_secs_f64());
        BATCHES.observe(self.verbs as f64);
        Ok(())
    }

    /// Holds the ledgers of these projects until the end. They are there from then on.
    pub(crate) async fn hold(&mut self, projects: &[ProjectRef]) -> Result<(), StoreError> {
        let mut projects = projects.to_vec();
        projects.sort_unstable();
        projects.dedup();
        let (tenants, own) = split(&projects);
        let held = "SELECT tenant, project, record FROM ledgers WHERE (tenant, project) IN \
            (SELECT * FROM unnest($1::uuid[], $2::uuid[])) ORDER BY tenant, project FOR UPDATE";
        let mut rows = self.query(held, &[&tenants, &own]).await?;
        if rows.len() < projects.len() {
            let add = "INSERT INTO ledgers SELECT tenant, project, '{}' FROM unnest($1::uuid[], $2::uuid[]) t(tenant, project) \
                ON CONFLICT DO NOTHING";
            self.execute(add, &[&tenants, &own]).await?;
            rows = self.query(held, &[&tenants, &own]).await?;
        }
        self.note(&rows)
    }

    /// The same of the projects of these jobs.
    pub(crate) async fn hold_of(&mut self, jobs: &[JobId]) -> Result<(), StoreError> {
        let held = "SELECT tenant, project, record FROM ledgers WHERE (tenant, project) IN \
            (SELECT tenant, project FROM jobs WHERE job = ANY($1)) ORDER BY tenant, project FOR UPDATE";
        let jobs: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
        let rows = self.query(held, &[&jobs]).await?;
        self.note(&rows)
    }

    /// The same of all projects of a tenant of which anything is known.
    pub(crate) async fn hold_all_of(&mut self, tenant: TenantId) -> Result<(), StoreError> {
        let held = "SELECT tenant, project, record FROM ledgers WHERE tenant = $1 ORDER BY tenant, project FOR UPDATE";
        let rows = self.query(held, &[&tenant.0]).await?;
        self.note(&rows)
    }

    /// Nobody else writes tenants, projects, tokens or removals until the end. Comes before ledgers.
    pub(crate) async fn hold_accounts(&self) -> Result<(), StoreError> {
        self.query("SELECT pg_advisory_xact_lock($1)", &[&ACCOUNTS]).await.map(drop)
    }

    fn note(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            let ledger: Ledger = record::read("ledgers", row.get(2))?;
            self.ledgers
                .entry(crate::records::ledger::project(row))
                .or_insert_with(|| (ledger.clone(), ledger));
        }
        Ok(())
    }

    /// The ledger of a project that is held.
    pub(crate) fn ledger(&mut self, project: ProjectRef) -> &mut Ledger {
        debug_assert!(self.ledgers.contains_key(&project), "{project} is held");
        self.ledgers.get_mut(&project).map_or(&mut self.none, |(_, ledger)| ledger)
    }

    /// Nothing new is taken for what was taken away.
    pub(crate) fn refuse_removed(&mut self, project: ProjectRef) -> Result<(), StoreError> {
        match self.ledger(project).removed {
            true => Err(StoreError::NotFound("project")),
            false => Ok(()),
        }
    }

    /// Tells of an event.
    pub(crate) fn tell(&mut self, project: ProjectRef, event: JobEvent) {
        let ledger = self.ledger(project);
        ledger.events += 1;
        let number = ledger.events;
        self.told.push((project, number, event));
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let (used, days, told) =
            (std::mem::take(&mut self.used), std::mem::take(&mut self.days), std::mem::take(&mut self.told));
        crate::records::events::write(self, &told).await?;
        crate::records::usage::write(self, used).await?;
        crate::records::figures::write(self, days).await?;
        let changed = self.ledgers.iter().filter(|(_, (before, after))| before != after);
        let changed: Vec<_> = changed.map(|(project, (_, ledger))| (*project, ledger)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let (tenants, projects) = split(changed.iter().map(|(project, _)| project));
        let records = record::write_all(changed.iter().map(|(_, ledger)| *ledger))?;
        let write = "UPDATE ledgers l SET record = n.record \
            FROM unnest($1::uuid[], $2::uuid[], $3::text[]) n(tenant, project, record) \
            WHERE l.tenant = n.tenant AND l.project = n.project";
        self.execute(write, &[&tenants, &projects, &records]).await.map(drop)
    }
}

impl Deref for Work {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session.as_ref().expect("a session until the end")
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            session.discard();
        }
    }
}
