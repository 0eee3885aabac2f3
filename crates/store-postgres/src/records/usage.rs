//! What attempts used: a row for each project, day and value, brought forward by the transaction that writes a receipt or
//! ends a job. The row of the whole day knows how many values are told apart, so that there are not too many.

use crate::database::Session;
use crate::record;
use crate::records::hours;
use crate::records::ledger::split;
use fuelcell_domain::{Job, ProjectRef, Receipt, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::hours::HourFigures;
use fuelcell_store::jobs::utc_day;
use fuelcell_store::usage::{Dimension, UsageQuery, UsageReport, UsageSums, VALUES_A_DAY, values_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happened to a job.
pub(crate) struct Used {
    project: ProjectRef,
    day: i64,
    values: Vec<(Dimension, String)>,
    sums: UsageSums,
    hour: HourFigures,
}

impl Used {
    /// An attempt has ended with this receipt, or the job, or both.
    pub(crate) fn of(job: &Job, receipt: Option<&Receipt>, at: Timestamp) -> Self {
        let sums = UsageSums::of(job, receipt);
        let hour = HourFigures::of(job, sums, at);
        Self { project: job.project, day: utc_day(at), values: values_of(job), sums, hour }
    }
}

/// Sums of a day.
#[derive(Clone, Default, Serialize, Deserialize)]
struct StoredUsage {
    sums: UsageSums,
    /// In the row of the whole day: how many values of each other dimension have a row.
    named: [u32; 3],
}

type Key = (ProjectRef, i16, i64, Vec<u8>);

/// Rows as they are, and as they become.
#[derive(Default)]
struct Book {
    rows: BTreeMap<Key, StoredUsage>,
}

fn key(used: &Used, dimension: Dimension, value: Option<&str>) -> Key {
    // A value is told from none by a first byte.
    let value = value.map_or_else(Vec::new, |value| [b"=", value.as_bytes()].concat());
    (used.project, dimension as i16, used.day, value)
}

impl Book {
    fn enter(&mut self, used: &Used) {
        let whole_day = key(used, Dimension::Total, None);
        let mut whole = self.rows.get(&whole_day).cloned().unwrap_or_default();
        whole.sums.add(&used.sums);
        for (dimension, value) in &used.values {
            let named = &mut whole.named[*dimension as usize - 1];
            let mut own = key(used, *dimension, Some(value));
            if !self.rows.contains_key(&own) {
                match *named < VALUES_A_DAY {
                    true => *named += 1,
                    false => own = key(used, *dimension, None),
                }
            }
            self.rows.entry(own).or_default().sums.add(&used.sums);
        }
        self.rows.insert(whole_day, whole);
    }
}

pub(crate) async fn write(session: &Session, used: Vec<Used>) -> Result<(), StoreError> {
    if used.is_empty() {
        return Ok(());
    }
    let hours: Vec<_> = used.iter().map(|one| (one.project, one.hour.clone())).collect();
    hours::write(session, &hours).await?;
    let mut book = Book::default();
    let wanted = used.iter().flat_map(|one| {
        let named = one.values.iter().map(|(dimension, value)| key(one, *dimension, Some(value)));
        let others = one.values.iter().map(|(dimension, _)| key(one, *dimension, None));
        named.chain(others).chain([key(one, Dimension::Total, None)])
    });
    let (tenants, projects, dimensions, days, values) = columns(wanted.collect::<Vec<_>>().iter());
    let known = "SELECT u.tenant, u.project, u.dimension, u.day, u.value, u.record FROM usage u JOIN \
        (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bytea[])) \
        n(tenant, project, dimension, day, value) USING (tenant, project, dimension, day, value)";
    for row in session.query(known, &[&tenants, &projects, &dimensions, &days, &values]).await? {
        let key = (crate::records::ledger::project(&row), row.get(2), row.get(3), row.get(4));
        book.rows.insert(key, record::read("usage", row.get(5))?);
    }
    used.iter().for_each(|one| book.enter(one));
    let (tenants, projects, dimensions, days, values) = columns(book.rows.keys());
    let records = record::write_all(book.rows.values())?;
    let put = "INSERT INTO usage SELECT * FROM \
        unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bytea[], $6::text[]) \
        ON CONFLICT (tenant, project, dimension, day, value) DO UPDATE SET record = excluded.record";
    session.execute(put, &[&tenants, &projects, &dimensions, &days, &values, &records]).await.map(drop)
}

type Columns = (Vec<uuid::Uuid>, Vec<uuid::Uuid>, Vec<i16>, Vec<i64>, Vec<Vec<u8>>);

fn columns<'a>(keys: impl Iterator<Item = &'a Key> + Clone) -> Columns {
    let (tenants, projects) = split(keys.clone().map(|(project, ..)| project));
    let dimensions = keys.clone().map(|(_, dimension, ..)| *dimension).collect();
    let days = keys.clone().map(|(.., day, _)| *day).collect();
    (tenants, projects, dimensions, days, keys.map(|(.., value)| value.clone()).collect())
}

/// Sums up.
pub(crate) async fn report(session: &Session, query: UsageQuery) -> Result<UsageReport, StoreError> {
    let mut report = UsageReport::default();
    let sums = "SELECT tenant, project, day, value, record FROM usage WHERE ($1::uuid IS NULL OR tenant = $1) \
        AND ($2::uuid IS NULL OR project = $2) AND dimension = $3 AND day BETWEEN $4 AND $5 \
        ORDER BY tenant, project, day, value";
    let (tenant, project) = (query.tenant.map(|own| own.0), query.project.map(|own| own.0));
    let dimension = query.dimension as i16;
    for row in session.query(sums, &[&tenant, &project, &dimension, &query.from, &query.to]).await? {
        let stored: StoredUsage = record::read("usage", row.get(4))?;
        let value: &[u8] = row.get(3);
        let value = value.split_first().map(|(_, text)| String::from_utf8_lossy(text).into_owned());
        let own = crate::records::ledger::project(&row);
        report.add(query.group(own, row.get(2), value), &stored.sums);
    }
    Ok(report)
}
