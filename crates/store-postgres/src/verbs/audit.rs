//! The audit log.

use crate::database::{Session, most};
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{AUDIT_PAGE_BYTES, AuditEntry, AuditFilter, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Audit;

/// Entries that are looked at in one step.
const STEP: usize = 1000;

#[async_trait]
impl Audit for PostgresStore {
    async fn append_audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        change!(self, work => append(work, &[&entry]))
    }

    async fn forget_audit(&self, until: Timestamp, limit: usize) -> Result<u64, StoreError> {
        change!(self, work => forget(work, until, limit))
    }

    async fn trim_audit(&self, most: u64, limit: usize) -> Result<u64, StoreError> {
        change!(self, work => trim(work, most, limit))
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        let filter = filter.clone();
        ask!(self, session => page(&session, filter, before, limit))
    }
}

pub(super) async fn append(work: &Work, entries: &[&AuditEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let add = "INSERT INTO audit (at, tenant, project, subject, record) SELECT * FROM \
        unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bytea[], $5::text[])";
    let times: Vec<_> = entries.iter().map(|entry| entry.at.0).collect();
    let tenants: Vec<_> = entries.iter().map(|entry| entry.tenant.map(|own| own.0)).collect();
    let projects: Vec<_> = entries.iter().map(|entry| entry.project.map(|own| own.0)).collect();
    let subjects: Vec<_> = entries.iter().map(|entry| entry.subject.as_bytes()).collect();
    let records = record::write_all(entries.iter().copied())?;
    work.execute(add, &[&times, &tenants, &projects, &subjects, &records]).await.map(drop)
}

async fn forget(work: &Work, until: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let oldest = "SELECT number, at FROM audit ORDER BY number LIMIT $1";
    let oldest = work.query(oldest, &[&most(limit)]).await?;
    let old = oldest.iter().take_while(|row| row.get::<_, i64>(1) <= until.0);
    let Some(last) = old.last().map(|row| row.get::<_, i64>(0)) else { return Ok(0) };
    work.execute("DELETE FROM audit WHERE number <= $1", &[&last]).await
}

async fn trim(work: &Work, kept: u64, limit: usize) -> Result<u64, StoreError> {
    let ends = work.query("SELECT min(number), max(number) FROM audit", &[]).await?;
    let ends = ends.first().map(|row| (row.get::<_, Option<i64>>(0), row.get::<_, Option<i64>>(1)));
    let Some((Some(first), Some(last))) = ends else { return Ok(0) };
    // Numbers that were given to what was rolled back are none of an entry, and count all the same.
    let kept = i64::try_from(kept).unwrap_or(i64::MAX);
    let beyond = (last - first + 1).saturating_sub(kept).min(most(limit));
    if beyond <= 0 {
        return Ok(0);
    }
    work.execute("DELETE FROM audit WHERE number < $1", &[&(first + beyond)]).await
}

async fn page(
    session: &Session,
    filter: AuditFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
    let page = "SELECT number, record FROM audit WHERE number < $1 AND ($2::uuid IS NULL OR tenant = $2) \
        AND ($3::uuid IS NULL OR project = $3) AND ($4::bytea IS NULL OR subject = $4) ORDER BY number DESC LIMIT $5";
    let (tenant, project) = (filter.tenant.map(|own| own.0), filter.project.map(|own| own.0));
    let subject = filter.subject.as_ref().map(|subject| subject.as_bytes());
    let mut before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while entries.len() < limit && bytes < AUDIT_PAGE_BYTES {
        let step = most(STEP.min(limit - entries.len()));
        let rows = session.query(page, &[&before, &tenant, &project, &subject, &step]).await?;
        for row in &rows {
            before = row.get(0);
            let entry: AuditEntry = record::read("audit", row.get(1))?;
            if bytes >= AUDIT_PAGE_BYTES {
                break;
            }
            bytes += entry.size();
            entries.push((before.cast_unsigned(), entry));
        }
        if most(rows.len()) < step {
            break;
        }
    }
    Ok(entries)
}
