//! Everything that a store shows of a world.

use super::script::World;
use crate::conformance::fixtures::{EVERY_LINE, at, log_lines, references};
use crate::conformance::usage::sums_of;
use crate::usage::Dimension;
use crate::{DeliveryFilter, JobFilter, PageRequest, Seek, Store};
use fuelcell_domain::JobType;
use fuelcell_domain::{AuditFilter, Digest, SavedKind};
use std::collections::BTreeMap;
use std::fmt::Debug;

const ALL: PageRequest = PageRequest { offset: 0, limit: 1_000 };

/// What was seen, by what was asked.
#[derive(PartialEq, Debug)]
pub(super) struct Sight(BTreeMap<String, String>);

impl Sight {
    fn note(&mut self, question: impl Into<String>, answer: impl Debug) {
        self.0.insert(question.into(), format!("{answer:?}"));
    }

    /// Where this one differs: what was seen, and what is seen there.
    pub(super) fn against<'a>(&'a self, other: &'a Self) -> Vec<(&'a String, &'a String, &'a String)> {
        let both = self.0.iter().zip(&other.0);
        both.filter(|(own, other)| own != other)
            .map(|((asked, own), (_, other))| (asked, own, other))
            .collect()
    }
}

/// Asks everything.
pub(super) async fn look(store: &dyn Store, world: &World) -> Sight {
    let mut sight = Sight(BTreeMap::new());
    look_at_accounts(&mut sight, store, world).await;
    look_at_registry(&mut sight, store, world).await;
    look_at_lists(&mut sight, store, world).await;
    look_at_deliveries(&mut sight, store, world).await;
    look_at_bulks(&mut sight, store, world).await;
    for (number, job) in world.jobs.iter().enumerate() {
        let found = store.job(world.own, *job).await.unwrap();
        if let Some(job) = &found {
            let before = store.queued_before(job, at(1_000)).await.unwrap();
            sight.note(format!("queued before {number}"), before);
        }
        sight.note(format!("job {number}"), found);
        sight.note(format!("artifacts {number}"), store.artifacts(*job).await.unwrap());
        sight.note(format!("receipts {number}"), store.receipts(*job).await.unwrap());
        sight.note(format!("checkpoint {number}"), store.checkpoint(*job).await.unwrap());
        sight.note(format!("logs {number}"), log_lines(store, *job, EVERY_LINE).await);
    }
    sight
}

async fn look_at_accounts(sight: &mut Sight, store: &dyn Store, world: &World) {
    sight.note("tenants", store.tenants().await.unwrap());
    sight.note("projects", store.projects(world.own.tenant).await.unwrap());
    sight.note("removals", store.removals().await.unwrap());
    sight.note("limits", store.project_limits(world.own).await.unwrap());
    sight.note("usage", store.project_usage(world.own).await.unwrap());
    sight.note("tokens", store.tokens().await.unwrap());
    sight.note("token by hash", store.token_by_hash(world.token().hash).await.unwrap());
    let audit = store.audit(&AuditFilter::default(), None, 99).await.unwrap();
    assert!(audit.is_sorted_by(|(one, _), (next, _)| one > next), "newest first");
    // Numbers rise; a commit that is lost may take some with it.
    sight.note("audit", audit.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>());
    for dimension in Dimension::ALL {
        sight.note(format!("sums {dimension:?}"), store.usage(sums_of(world.own, dimension)).await.unwrap());
    }
    sight.note("hours", store.hours(world.own, i64::MIN, i64::MAX).await.unwrap());
    sight.note("figures", store.tenant_figures(world.own.tenant, at(1)).await.unwrap());
}

async fn look_at_registry(sight: &mut Sight, store: &dyn Store, world: &World) {
    sight.note("datasets", store.datasets(world.own).await.unwrap());
    sight.note("uploads", store.uploads(world.own).await.unwrap());
    sight.note("all uploads", store.unfinished_uploads().await.unwrap());
    sight.note("pipelines", store.pipelines(world.own).await.unwrap());
    sight.note("schedules", store.scheduled_pipelines().await.unwrap());
    sight.note("versions", store.module_versions(world.own).await.unwrap());
    sight.note("activations", store.activations(world.own).await.unwrap());
    sight.note("active", store.active_module(world.own, JobType::Analysis).await.unwrap());
    sight.note("grant", store.grant(world.own, "miner").await.unwrap());
    sight.note("secrets", store.secrets(world.own).await.unwrap());
    for name in ["v", "w"] {
        sight.note(format!("view {name}"), store.saved(world.own, SavedKind::View, name).await.unwrap());
    }
    sight.note("references", references(store, 5).await);
}

async fn look_at_deliveries(sight: &mut Sight, store: &dyn Store, world: &World) {
    let all = Seek { after: None, limit: 99 };
    let any = DeliveryFilter::default();
    sight.note("notices", store.notices(world.own).await.unwrap());
    sight.note("deliveries", store.deliveries(world.own, any, all).await.unwrap());
    sight.note("next delivery", store.next_delivery().await.unwrap());
    sight.note("outbox", store.outbox_figures().await.unwrap());
}

async fn look_at_bulks(sight: &mut Sight, store: &dyn Store, world: &World) {
    let (own, all) = (world.own, Seek { after: None, limit: 99 });
    sight.note("bulk actions", store.bulks(own, all).await.unwrap());
    sight.note("part of one", store.bulk_part(own, world.bulk.id, 0).await.unwrap());
    sight.note("running ones", store.running_bulks().await.unwrap());
    sight.note("ended ones", store.ended_bulks(at(1_000), 99).await.unwrap());
}

async fn look_at_lists(sight: &mut Sight, store: &dyn Store, world: &World) {
    let any = JobFilter::default();
    sight.note("list", store.list(world.own, &any, ALL).await.unwrap());
    sight.note("counts", store.counts(world.own, &any).await.unwrap());
    sight.note("ready", store.ready(at(1_000), 99).await.unwrap());
    sight.note("queued", store.queued(world.own, at(0), ALL).await.unwrap());
    sight.note("next", store.next_not_before(at(0)).await.unwrap());
    sight.note("durations", store.recent_durations(Digest::of(b"miner")).await.unwrap());
    sight.note("processed", store.processed(world.own, world.pipeline, ALL).await.unwrap());
    sight.note("key", store.used_key(world.own, &world.key(), at(0)).await.unwrap());
}
