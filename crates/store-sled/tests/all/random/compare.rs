//! What both stores say of everything.

use super::Pair;
use fuelcell_domain::JobType;
use fuelcell_domain::job::Priority;
use fuelcell_domain::{Job, JobState, ProjectRef, SavedKind, Scope, Standing, TokenKind};
use fuelcell_store::conformance::fixtures::{
    EVERY_LINE, SORT_KEYS, at, log_lines, module, references, whole,
};
use fuelcell_store::pages::TokenFilter;
use fuelcell_store::usage::{Dimension, UsageQuery};
use fuelcell_store::{DeliveryFilter, EventPlace, JobFilter, JobOrder, PageRequest, Watched};

impl Pair {
    /// Every question has the same answer.
    pub(super) async fn compare(&self) {
        for own in self.projects {
            self.compare_lists(own).await;
            self.compare_project(own).await;
            self.compare_pages(own).await;
        }
        for job in &self.jobs {
            self.compare_job(job).await;
        }
        for name in ["miner", "cleaner"] {
            self.both(async |store| store.recent_durations(module(name).digest).await.unwrap()).await;
        }
        let now = at(self.seconds);
        self.both(async |store| store.ready(now, 99).await.unwrap()).await;
        self.both(async |store| store.heads(now, 5).await.unwrap()).await;
        self.both(async |store| store.next_not_before(now).await.unwrap()).await;
        self.both(async |store| store.next_delivery().await.unwrap()).await;
        self.both(async |store| store.outbox_figures().await.unwrap()).await;
        self.both(async |store| store.tenants().await.unwrap()).await;
        self.both(async |store| store.tokens().await.unwrap()).await;
        self.both(async |store| {
            let mut pipelines = store.scheduled_pipelines().await.unwrap();
            pipelines.sort_by_key(|pipeline| (pipeline.project, pipeline.id));
            pipelines
        })
        .await;
        self.both(async |store| references(store, 3).await).await;
    }

    async fn compare_lists(&self, own: ProjectRef) {
        for filter in self.filters() {
            let page = PageRequest { offset: 1, limit: 5 };
            self.both(async |store| store.list(own, &filter, page).await.unwrap()).await;
            self.both(async |store| store.counts(own, &filter).await.unwrap()).await;
            for key in SORT_KEYS {
                for descending in [false, true] {
                    let order = JobOrder { key, descending };
                    self.both(async |store| store.list_ordered(own, &filter, order, page).await.unwrap())
                        .await;
                }
            }
        }
        let page = PageRequest { offset: 1, limit: 3 };
        let now = at(self.seconds);
        self.both(async |store| store.queued(own, now, page).await.unwrap()).await;
    }

    async fn compare_project(&self, own: ProjectRef) {
        self.both(async |store| store.projects(own.tenant).await.unwrap()).await;
        self.both(async |store| store.project_limits(own).await.unwrap()).await;
        self.both(async |store| store.project_usage(own).await.unwrap()).await;
        self.both(async |store| store.replaced(None, 100).await.unwrap()).await;
        for dimension in Dimension::ALL {
            let query = UsageQuery {
                tenant: Some(own.tenant),
                project: None,
                from: 0,
                to: i64::MAX,
                dimension,
                by_day: true,
                by_project: true,
                by_tenant: false,
            };
            self.both(async |store| store.usage(query).await.unwrap()).await;
        }
        self.both(async |store| store.tenant_figures(own.tenant, at(self.seconds)).await.unwrap()).await;
        self.both(async |store| store.queue_figures(at(self.seconds)).await.unwrap()).await;
        // Jobs that are lost together may be told of in any order.
        self.both(async |store| {
            let page = store.events(Watched::Project(own), EventPlace::START, usize::MAX).await.unwrap();
            let mut events: Vec<_> = page.events.into_iter().map(|(_, event)| event).collect();
            events.sort_by_key(|event| event.ordinal);
            events
        })
        .await;
        self.both(async |store| store.datasets(own).await.unwrap()).await;
        self.both(async |store| store.pipelines(own).await.unwrap()).await;
        self.both(async |store| store.module_versions(own).await.unwrap()).await;
        self.both(async |store| store.activations(own).await.unwrap()).await;
        self.both(async |store| store.secrets(own).await.unwrap()).await;
        self.both(async |store| {
            whole(1, async |seek| store.saved_page(own, SavedKind::View, seek).await.unwrap()).await
        })
        .await;
        self.both(async |store| store.hours(own, i64::MIN, i64::MAX).await.unwrap()).await;
        self.both(async |store| store.notices(own).await.unwrap()).await;
        self.both(async |store| {
            let any = DeliveryFilter::default();
            whole(3, async |seek| store.deliveries(own, any, seek).await.unwrap()).await
        })
        .await;
        for job_type in JobType::RESERVED {
            self.both(async |store| store.active_module(own, job_type).await.unwrap()).await;
        }
        for name in ["miner", "cleaner"] {
            self.both(async |store| store.module_version(own, name, None).await.unwrap()).await;
            self.both(async |store| store.grant(own, name).await.unwrap()).await;
        }
        for pipeline in self.pipelines {
            for key in ["1", "2", "same", "other"] {
                self.both(async |store| store.is_processed(own, pipeline, key).await.unwrap()).await;
            }
        }
        for ordinal in 0..5 {
            self.both(async |store| store.job_by_ordinal(own, ordinal).await.unwrap()).await;
        }
    }

    /// Every list, page by page.
    async fn compare_pages(&self, own: ProjectRef) {
        for filter in self.filters() {
            self.both(async |store| {
                whole(3, async |seek| store.jobs_page(own, &filter, seek).await.unwrap()).await
            })
            .await;
        }
        for moment in [at(0), at(self.seconds)] {
            self.both(async |store| {
                whole(2, async |seek| store.queue_page(own, moment, seek).await.unwrap()).await
            })
            .await;
        }
        for kind in [TokenKind::Bearer, TokenKind::ApplicationPassword] {
            let filter = TokenFilter { kind, scope: Scope::Tenant(own.tenant) };
            self.both(async |store| {
                whole(1, async |seek| store.tokens_page(filter, seek).await.unwrap()).await
            })
            .await;
        }
        for pipeline in self.pipelines {
            self.both(async |store| {
                whole(2, async |seek| store.processed_page(own, pipeline, seek).await.unwrap()).await
            })
            .await;
        }
        for name in [None, Some("miner")] {
            self.both(async |store| {
                whole(2, async |seek| store.module_versions_page(own, name, seek).await.unwrap()).await
            })
            .await;
        }
        self.both(async |store| whole(2, async |seek| store.tenants_page(seek).await.unwrap()).await).await;
        self.both(async |store| {
            whole(1, async |seek| store.projects_page(own.tenant, seek).await.unwrap()).await
        })
        .await;
        self.both(async |store| whole(2, async |seek| store.datasets_page(own, seek).await.unwrap()).await)
            .await;
        self.both(async |store| whole(1, async |seek| store.pipelines_page(own, seek).await.unwrap()).await)
            .await;
        self.both(async |store| {
            whole(2, async |seek| store.activations_page(own, seek).await.unwrap()).await
        })
        .await;
        self.both(async |store| whole(1, async |seek| store.secrets_page(own, seek).await.unwrap()).await)
            .await;
    }

    async fn compare_job(&self, submitted: &Job) {
        let Job { id, project, .. } = submitted;
        self.both(async |store| store.job(*project, *id).await.unwrap()).await;
        self.both(async |store| store.artifacts(*id).await.unwrap()).await;
        self.both(async |store| store.receipts(*id).await.unwrap()).await;
        self.both(async |store| store.checkpoint(*id).await.unwrap()).await;
        self.both(async |store| log_lines(store, *id, EVERY_LINE).await).await;
        let now = at(self.seconds);
        self.both(async |store| store.queued_before(submitted, now).await.unwrap()).await;
    }

    /// Each field of a filter alone, and some together.
    fn filters(&self) -> Vec<JobFilter> {
        let any = JobFilter::default;
        vec![
            any(),
            JobFilter { states: vec![JobState::Queued, JobState::Running], ..any() },
            JobFilter { standings: vec![Standing::Skipped, Standing::Failed], ..any() },
            JobFilter { job_type: Some(JobType::Analysis), states: vec![JobState::Completed], ..any() },
            JobFilter { priority: Some(Priority::High), ..any() },
            JobFilter { submitted_by: Some("anna".into()), ..any() },
            JobFilter { pipeline: Some(self.pipelines[0]), ..any() },
            JobFilter { pipeline_number: Some(2), submitted_by: Some("bert".into()), ..any() },
            JobFilter { pipeline_number: Some(0), ..any() },
            JobFilter {
                created_from: Some(at(self.seconds / 3)),
                created_to: Some(at(self.seconds * 2 / 3)),
                ..any()
            },
        ]
    }
}
