//! What happened in each of a project's latest hours: a row for each, in a ring, brought forward with the sums of days.

use crate::database::Session;
use crate::record;
use crate::records::ledger::{project, split};
use fuelcell_domain::ProjectRef;
use fuelcell_store::StoreError;
use fuelcell_store::hours::{HourFigures, place_of};
use std::collections::BTreeMap;

/// The place of an hour.
fn place(figures: &HourFigures) -> i16 {
    // There are fewer places than that.
    i16::try_from(place_of(figures.hour)).unwrap_or(i16::MAX)
}

/// Adds what happened to jobs to what was there.
pub(crate) async fn write(
    session: &Session,
    happened: &[(ProjectRef, HourFigures)],
) -> Result<(), StoreError> {
    let mut rows: BTreeMap<_, _> =
        happened.iter().map(|(own, hour)| ((*own, place(hour)), HourFigures::default())).collect();
    let (tenants, projects) = split(rows.keys().map(|(project, _)| project));
    let places: Vec<i16> = rows.keys().map(|(_, place)| *place).collect();
    let known = "SELECT h.tenant, h.project, h.place, h.record FROM hours h \
        JOIN unnest($1::uuid[], $2::uuid[], $3::smallint[]) n(tenant, project, place) USING (tenant, project, place)";
    for row in session.query(known, &[&tenants, &projects, &places]).await? {
        rows.insert((project(&row), row.get(2)), record::read("hours", row.get(3))?);
    }
    for (own, hour) in happened {
        rows.entry((*own, place(hour))).or_default().add(hour);
    }
    let records = record::write_all(rows.values())?;
    let put = "INSERT INTO hours SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[]) \
        ON CONFLICT (tenant, project, place) DO UPDATE SET record = excluded.record";
    session.execute(put, &[&tenants, &projects, &places, &records]).await.map(drop)
}

/// What is kept of these hours, the earliest first.
pub(crate) async fn report(
    session: &Session,
    own: ProjectRef,
    from: i64,
    to: i64,
) -> Result<Vec<HourFigures>, StoreError> {
    let all = "SELECT record FROM hours WHERE tenant = $1 AND project = $2";
    let mut hours: Vec<HourFigures> = session.records("hours", all, &[&own.tenant.0, &own.project.0]).await?;
    hours.retain(|figures| (from..=to).contains(&figures.hour));
    hours.sort_by_key(|figures| figures.hour);
    Ok(hours)
}
