//! Which jobs a list is of, as conditions of a statement.

use fuelcell_domain::ProjectRef;
use fuelcell_store::JobFilter;
use tokio_postgres::types::ToSql;

/// Conditions over `jobs j` and `places p`, and their values.
pub(super) struct Conditions {
    pub(super) text: String,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// Jobs of a project that match.
    pub(super) fn of(project: ProjectRef, filter: &JobFilter) -> Self {
        let mut own = Self { text: "TRUE".into(), values: Vec::new() };
        own.and("j.tenant =", project.tenant.0);
        own.and("j.project =", project.project.0);
        if !filter.states.is_empty() {
            own.and_any("p.state", filter.states.iter().map(|state| *state as i16).collect());
        }
        if !filter.standings.is_empty() {
            own.and_any("p.standing", filter.standings.iter().map(|standing| *standing as i16).collect());
        }
        if let Some(job_type) = filter.job_type {
            own.and("j.job_type =", job_type.as_str().to_owned());
        }
        if let Some(priority) = filter.priority {
            own.and("j.priority =", priority as i16);
        }
        if let Some(subject) = &filter.submitted_by {
            own.and("j.subject =", subject.clone().into_bytes());
        }
        if let Some(pipeline) = filter.pipeline {
            own.and("j.pipeline =", pipeline.0);
        }
        if let Some(number) = filter.pipeline_number {
            own.and("j.pipeline_ordinal =", i64::try_from(number).unwrap_or(i64::MAX));
        }
        if let Some(from) = filter.created_from {
            own.and("j.created_at >=", from.0);
        }
        if let Some(to) = filter.created_to {
            own.and("j.created_at <=", to.0);
        }
        own
    }

    /// One more: `left` names a column and an operator.
    pub(super) fn and(&mut self, left: &str, value: impl ToSql + Sync + Send + 'static) {
        let value = self.value(value);
        self.text.push_str(&format!(" AND {left} {value}"));
    }

    fn and_any(&mut self, column: &str, values: Vec<i16>) {
        let values = self.value(values);
        self.text.push_str(&format!(" AND {column} = ANY({values})"));
    }

    /// Takes a value in, and says what stands for it.
    pub(super) fn value(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| -> &(dyn ToSql + Sync) { &**value }).collect()
    }
}
