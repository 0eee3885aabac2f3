//! Everything but jobs: tenants, tokens, the registry, the audit log, counters, and parts of large records.

use super::Look;
use crate::records::events::StoredEvent;
use crate::records::figures::DayFigures;
use crate::records::module::StoredModule;
use crate::records::stored_sums;
use crate::tables::codec::{self, Value};
use crate::tables::database::Read;
use crate::tables::keys::{self, Table, counters, hexadecimal};
use crate::verbs::audit;
use fuelcell_domain::{
    Activation, AuditEntry, BulkJob, BulkRun, Dataset, Delivery, Digest, Grant, Notices, Pipeline, Project,
    ProjectLimits, SavedItem, Schedule, SealedSecret, StoredBytes, Tenant, Token, TokenId, UnfinishedUpload,
};
use fuelcell_store::hours::{HourFigures, place_of};
use roaring::RoaringTreemap;
use std::ops::ControlFlow;

impl Look<'_> {
    pub(super) fn registry(&mut self) {
        self.tenancy();
        self.stored_bytes();
        self.numbers();
        self.each(Table::DayFigures, |_, _, _: DayFigures| {});
        self.deliveries();
        self.saved();
        self.bulks();
        self.each(Table::Durations, |_, _, _: Vec<u64>| {});
        self.each(Table::RetiredVersions, |_, _, _: Digest| {});
    }

    fn tenancy(&mut self) {
        self.each(Table::Tenants, |look, key, tenant: Tenant| {
            look.require(tenant.id.0.as_bytes() == key, || format!("tenant {} lies wrongly", tenant.id));
        });
        self.each(Table::Projects, |look, key, project: Project| {
            look.require(keys::project(project.id) == key, || format!("project {} lies wrongly", project.id));
            let tenant = look.is_there(Table::Tenants, project.id.tenant.0.as_bytes());
            look.require(tenant, || format!("project {} has no tenant", project.id));
        });
        self.each(Table::ProjectLimits, |look, key, _: ProjectLimits| {
            let project = look.is_there(Table::Projects, key);
            look.require(project, || format!("limits of {} belong to no project", hexadecimal(key)));
        });
        self.each(Table::Tokens, |look, _, token: Token| {
            let by_hash: Option<TokenId> = look.get(Table::TokenHashes, &token.hash.0);
            look.require(by_hash == Some(token.id), || {
                format!("token {} is not found by its hash", token.id)
            });
        });
        self.each(Table::TokenHashes, |look, _, id: TokenId| {
            let token = look.is_there(Table::Tokens, id.0.as_bytes());
            look.require(token, || format!("token {id} is missing"));
        });
    }

    fn saved(&mut self) {
        self.each(Table::Saved, |look, key, item: SavedItem| {
            let SavedItem { project, name, content, .. } = &item;
            let fits = keys::saved(*project, content.kind(), name) == key;
            look.require(fits, || format!("saved {name:?} of project {project} lies wrongly"));
        });
        self.each(Table::Hours, |look, key, figures: HourFigures| {
            let fits = key.ends_with(&place_of(figures.hour).to_be_bytes());
            look.require(fits, || format!("hour {} lies wrongly", figures.hour));
        });
    }

    /// Every delivery has its time, and every time is that of a delivery.
    fn deliveries(&mut self) {
        self.each(Table::Notices, |_, _, _: Notices| {});
        self.each(Table::Deliveries, |look, key, delivery: Delivery| {
            let id = delivery.id;
            look.require(keys::delivery(delivery.project, id) == key, || {
                format!("delivery {id} lies wrongly")
            });
            let has_time = look.is_there(Table::DeliveryTimes, &keys::delivery_time(&delivery));
            look.require(has_time, || format!("nothing will be done about delivery {id}"));
        });
        self.each(Table::DeliveryTimes, |look, key, (): ()| {
            let found = keys::delivery_time_of(key).and_then(|(_, project, id)| {
                look.get::<Delivery>(Table::Deliveries, &keys::delivery(project, id))
            });
            let fits = found.is_some_and(|delivery| keys::delivery_time(&delivery) == key);
            look.require(fits, || format!("the time {} is of no delivery", hexadecimal(key)));
        });
    }

    /// What is done with many jobs is known to run as long as it does, and has its jobs.
    fn bulks(&mut self) {
        self.each(Table::Bulks, |look, key, run: BulkRun| {
            let BulkRun { id, project, .. } = run;
            look.require(keys::bulk(project, id) == key, || format!("bulk action {id} lies wrongly"));
            let runs = look.is_there(Table::RunningBulks, key);
            let is_going = look.is_taken_away(key);
            look.require(runs == run.is_running() || is_going, || format!("bulk action {id} stands still"));
            let has_jobs = look.is_there(Table::BulkJobs, &keys::bulk_part(project, id, 0));
            look.require(has_jobs || is_going, || format!("the jobs of bulk action {id} are missing"));
        });
        self.each(Table::BulkJobs, |look, key, _: Vec<BulkJob>| {
            let there = key.split_last_chunk::<4>().is_some_and(|(run, _)| look.is_there(Table::Bulks, run));
            look.require(there, || format!("the jobs {} are of no bulk action", hexadecimal(key)));
        });
        self.each(Table::RunningBulks, |look, key, (): ()| {
            let there = look.is_there(Table::Bulks, key);
            look.require(there, || format!("the running bulk action {} is missing", hexadecimal(key)));
        });
    }

    /// What a project's quota counts is what is there.
    fn stored_bytes(&mut self) {
        self.each(Table::Datasets, |_, _, _: Dataset| {});
        self.each(Table::Uploads, |look, key, upload: UnfinishedUpload| {
            let place = keys::in_project(upload.project, *upload.id.0.as_bytes());
            look.require(place == key, || format!("upload {} lies wrongly", upload.id));
        });
        self.each(Table::ReplacedBytes, |look, key, _: u64| {
            let fits = keys::replaced_of(key).is_some();
            look.require(fits, || format!("replaced bytes {} lie in a wrong place", hexadecimal(key)));
        });
        self.each(Table::Modules, |look, key, stored: StoredModule| {
            look.require(stored.module().is_ok(), || format!("Modules {} is damaged", hexadecimal(key)));
        });
        // What cannot be read is told where its own table is looked at.
        let sums = stored_sums::sums(self.database).ok();
        let mut left = sums.clone().unwrap_or_default();
        self.each(Table::StoredBytes, |look, key, counted: StoredBytes| {
            let sum = left.remove(key).unwrap_or_default();
            look.require(sums.is_none() || counted == sum || look.is_taken_away(key), || {
                format!("project {} stores {sum:?} and is counted with {counted:?}", hexadecimal(key))
            });
        });
        for (project, sum) in left.into_iter().filter(|(_, sum)| sum.total() > 0) {
            let is_going = self.is_taken_away(&project);
            self.require(is_going, || format!("project {} stores {sum:?} uncounted", hexadecimal(&project)));
        }
    }

    /// Nothing has a number that was not given out.
    fn numbers(&mut self) {
        self.each(Table::Counters, |_, _, _: u32| {});
        self.each(Table::Pipelines, |look, _, pipeline: Pipeline| {
            let given = look.counter(&counters::pipelines(pipeline.project));
            look.require((1..=u64::from(given)).contains(&pipeline.ordinal), || {
                format!("pipeline {} has number {} of {given}", pipeline.id, pipeline.ordinal)
            });
        });
        self.each(Table::Schedules, |look, key, _: Schedule| {
            let there = look.is_there(Table::Pipelines, key);
            look.require(there, || format!("the pipeline of schedule {} is missing", hexadecimal(key)));
        });
        let given = self.counter(&counters::modules());
        self.each(Table::Modules, |look, key, stored: StoredModule| {
            look.require(stored.number <= given, || format!("module {} has no number", hexadecimal(key)));
        });
        self.each(Table::Events, |look, key, stored: StoredEvent| {
            let owner = key.get(..keys::PROJECT).unwrap_or_default();
            let given = look.get(Table::Counters, &counters::events_under(owner)).unwrap_or(0_u64);
            let fits = stored.before < stored.number && (1..=given).contains(&stored.number);
            look.require(fits && key.ends_with(&keys::ring_place(stored.number)), || {
                format!("event {} of {given} lies wrongly", stored.number)
            });
            let latest: u64 =
                look.get(Table::Counters, &counters::events_of_job(stored.event.job)).unwrap_or(0);
            look.require(stored.number <= latest, || format!("event {} is of no job", stored.number));
        });
        self.each(Table::Activations, |_, _, _: Activation| {});
        self.each(Table::Grants, |_, _, _: Grant| {});
        self.each(Table::Secrets, |_, _, _: SealedSecret| {});
        self.each(Table::CurrentVersions, |_, _, _: String| {});
        self.each(Table::ActiveModules, |look, key, active: Activation| {
            let Some(module) = active.module else { return };
            let owner = key.get(..32).unwrap_or_default();
            let there =
                look.is_there(Table::Modules, &keys::module_version_of(owner, &module.name, &module.version));
            look.require(there, || format!("the active {} {} is missing", module.name, module.version));
        });
        self.audit();
    }

    /// Every number that was given out is that of one entry, which lies where it belongs.
    fn audit(&mut self) {
        let mut numbers = RoaringTreemap::new();
        for table in [Table::Audit, Table::AuditOfTenant] {
            self.each(table, |look, key, entry: AuditEntry| {
                let number = keys::long_number_of(key).unwrap_or_default();
                let fits = audit::place(&entry, number) == (table, key.to_vec()) && numbers.insert(number);
                look.require(fits, || format!("audit entry {} lies in a wrong place", hexadecimal(key)));
            });
        }
        let count = |key: &[u8]| -> u64 { self.get(Table::Counters, key).unwrap_or(0) };
        let (given, forgotten) = (count(counters::AUDIT), count(counters::FORGOTTEN_AUDIT));
        let (first, last) =
            (numbers.min().unwrap_or(given.saturating_add(1)), numbers.max().unwrap_or(given));
        let kept = numbers.len();
        let all = given.saturating_sub(forgotten);
        self.require(kept == all && first == forgotten.saturating_add(1) && last == given, || {
            format!("{given} audit entries were written and {forgotten} forgotten, {kept} are here")
        });
    }

    fn counter(&self, key: &[u8]) -> u32 {
        self.get(Table::Counters, key).unwrap_or(0)
    }

    /// Every part belongs to a record that has so many.
    pub(super) fn parts(&mut self) {
        let database = self.database;
        let ended = database.visit_values(Table::Chunks, None, |key, value| {
            self.report.values += 1;
            let part = matches!(codec::unseal(&value), Some(Value::Part(_)));
            self.require(part, || format!("a part {} is damaged", hexadecimal(key)));
            let parts = keys::chunk_of(key).map(|(table, owner, number)| {
                let value = database.value(table, owner).ok().flatten();
                match value.as_deref().and_then(codec::unseal) {
                    Some(Value::Head(head)) => number < head.parts,
                    _ => false,
                }
            });
            self.require(parts == Some(true), || format!("a part {} belongs to no record", hexadecimal(key)));
            Ok(ControlFlow::Continue(()))
        });
        if let Err(error) = ended {
            self.report.problem(format!("Chunks cannot be read to their end: {error}"));
        }
    }
}
