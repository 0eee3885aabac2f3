//! What is kept beside jobs, at random: limits, datasets, pipelines with their schedules, modules, grants, secrets, tokens.

use super::Pair;
use fuelcell_domain::JobType;
use fuelcell_domain::delivery::REMEMBERED;
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::schedule::{ScheduledRun, SkipCode, SkippedRun};
use fuelcell_domain::{
    Activation, Capabilities, Dataset, DatasetId, Delivery, Digest, Grant, HttpAccess, JobEnding,
    LimitRequest, Manifest, ModuleVersion, Pipeline, ProjectLimits, ProjectRef, Quotas, Role, SavedContent,
    SavedItem, SavedKind, Schedule, Scope, SealedSecret, Settled, Token, TokenId, TokenKind, Try,
    VersionName, Webhook,
};
use fuelcell_store::conformance::fixtures::{at, cancel, dataset, registered_pipeline, schedule, webhook};
use fuelcell_store::schedules::ScheduleStep;
use fuelcell_store::{Deliveries, DeliveryClaim, DeliveryFilter, Pipelines, Seek, Settlement};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A verb of what is kept. `own` names one of the two projects, `n` one of a few things of its kind.
#[derive(Clone, Debug)]
pub(super) enum KeptVerb {
    Limit { own: bool, queued: Option<u8>, stored: Option<u8>, memory: Option<u8> },
    PutDataset { own: bool, n: u8, bytes: u8 },
    DeleteDataset { own: bool, n: u8 },
    PutPipeline { own: bool, n: u8, minute: Option<u8>, dataset: Option<u8>, version: Option<u8> },
    DeletePipeline { own: bool, n: u8 },
    Advance { own: bool, n: u8, stale: bool, kind: Option<u8>, replaces: Option<u8> },
    AddVersion { own: bool, n: u8, version: u8, bytes: u8 },
    DeleteVersion { own: bool, n: u8, version: u8 },
    Activate { own: bool, job_type: u8, version: Option<u8> },
    PutGrant { own: bool, n: u8, host: u8 },
    DeleteGrant { own: bool, n: u8 },
    PutSecret { own: bool, n: u8, value: u8 },
    DeleteSecret { own: bool, n: u8 },
    PutSaved { own: bool, n: u8, seen: Option<u8>, query: u8 },
    DeleteSaved { own: bool, n: u8 },
    AddToken { secret: u8 },
    Revoke { n: u8 },
    Forget { own: bool, n: Option<u8> },
    Settle { most: u8 },
    SetWebhook { own: bool, remove: bool, failures: bool },
    Deliver { own: bool, limit: u8, how: u8 },
    Resend { own: bool, n: u8 },
    ForgetDeliveries { most: u8 },
}

pub(super) fn kept_verb() -> impl Strategy<Value = KeptVerb> {
    use KeptVerb::*;
    use proptest::option::of;
    // Mostly the first project, where most jobs are.
    let own = || proptest::bool::weighted(0.2);
    prop_oneof![
        1 => (own(), of(0..20_u8), of(0..20_u8), of(0..3_u8))
            .prop_map(|(own, queued, stored, memory)| Limit { own, queued, stored, memory }),
        3 => (own(), 0..3_u8, 0..8_u8).prop_map(|(own, n, bytes)| PutDataset { own, n, bytes }),
        2 => (own(), 0..3_u8).prop_map(|(own, n)| DeleteDataset { own, n }),
        1 => (0..4_u8).prop_map(|most| Settle { most }),
        4 => (own(), 0..3_u8, of(0..3_u8), of(0..3_u8), of(0..3_u8)).prop_map(
            |(own, n, minute, dataset, version)| PutPipeline { own, n, minute, dataset, version }
        ),
        1 => (own(), 0..3_u8).prop_map(|(own, n)| DeletePipeline { own, n }),
        5 => (own(), 0..3_u8, proptest::bool::weighted(0.2), of(any::<u8>()), of(0..12_u8))
            .prop_map(|(own, n, stale, kind, replaces)| Advance { own, n, stale, kind, replaces }),
        3 => (own(), 0..2_u8, 0..3_u8, 0..2_u8)
            .prop_map(|(own, n, version, bytes)| AddVersion { own, n, version, bytes }),
        2 => (own(), 0..2_u8, 0..3_u8).prop_map(|(own, n, version)| DeleteVersion { own, n, version }),
        2 => (own(), 0..4_u8, of(0..3_u8))
            .prop_map(|(own, job_type, version)| Activate { own, job_type, version }),
        1 => (own(), 0..2_u8, 0..3_u8).prop_map(|(own, n, host)| PutGrant { own, n, host }),
        1 => (own(), 0..2_u8).prop_map(|(own, n)| DeleteGrant { own, n }),
        1 => (own(), 0..2_u8, any::<u8>()).prop_map(|(own, n, value)| PutSecret { own, n, value }),
        1 => (own(), 0..2_u8).prop_map(|(own, n)| DeleteSecret { own, n }),
        1 => (own(), 0..2_u8, of(0..3_u8), 0..3_u8)
            .prop_map(|(own, n, seen, query)| PutSaved { own, n, seen, query }),
        1 => (own(), 0..2_u8).prop_map(|(own, n)| DeleteSaved { own, n }),
        1 => (0..3_u8).prop_map(|secret| AddToken { secret }),
        1 => (0..4_u8).prop_map(|n| Revoke { n }),
        1 => (own(), of(0..3_u8)).prop_map(|(own, n)| Forget { own, n }),
        2 => (own(), proptest::bool::weighted(0.2), any::<bool>())
            .prop_map(|(own, remove, failures)| SetWebhook { own, remove, failures }),
        4 => (own(), 0..4_u8, 0..3_u8).prop_map(|(own, limit, how)| Deliver { own, limit, how }),
        1 => (own(), 0..4_u8).prop_map(|(own, n)| Resend { own, n }),
        1 => (0..4_u8).prop_map(|most| ForgetDeliveries { most }),
    ]
}

/// The name of a module or of a secret.
fn name(n: u8) -> String {
    ["miner", "cleaner"][usize::from(n)].to_owned()
}

/// Jobs name the first.
fn version(number: u8) -> String {
    ["1.0.0", "2", "3"][usize::from(number)].to_owned()
}

impl Pair {
    async fn set_webhook(&self, own: ProjectRef, remove: bool, failures: bool) {
        let before = self.memory.notices(own).await.unwrap().webhooks.pop();
        let events = if failures { vec![JobEnding::Failed] } else { JobEnding::ALL.to_vec() };
        match before {
            Some(before) if remove => {
                self.both(async |store| store.delete_webhook(own, before.id).await).await.unwrap();
            }
            before => {
                let after = Webhook { events, ..before.clone().unwrap_or_else(|| webhook(own)) };
                self.both(async |store| store.put_webhook(before.clone(), after.clone()).await)
                    .await
                    .unwrap();
            }
        }
    }

    /// Tries what is due, with three e-mails an hour of each project, one of which is busy.
    async fn deliver(&self, own: ProjectRef, limit: u8, how: u8) {
        let now = at(self.seconds);
        let busy = BTreeMap::from([(own, 1)]);
        let (until, limit) = (at(self.seconds + 5), limit.into());
        let claim = DeliveryClaim { now, until, limit, per_project: 2, busy, mails_per_hour: 3 };
        let claimed = self.both(async |store| store.claim_deliveries(claim.clone()).await).await.unwrap();
        for Delivery { project, id, number, .. } in claimed {
            let next = [Settled::Delivered, Settled::Again(at(self.seconds + 7)), Settled::Parked];
            let (code, answer) = ("Status".into(), "no".into());
            let tried = Try { at: now, took_millis: 1, code, status: Some(500), answer };
            let settlement = Settlement { project, id, number, tried, next: next[usize::from(how)], now };
            self.both(async |store| store.settle_delivery(settlement.clone()).await).await.unwrap();
        }
    }

    fn own(&self, second: bool) -> ProjectRef {
        self.projects[usize::from(second)]
    }

    /// The dataset with these bytes. Jobs read the one with 1.
    pub(super) fn dataset(&self, project: ProjectRef, id: DatasetId, bytes: u8) -> Dataset {
        let (created_at, updated_at) = (at(self.seconds), at(self.seconds));
        let (digest, size) = (Digest::of(&[bytes]), u64::from(bytes));
        Dataset { id, digest, size, created_at, updated_at, ..dataset(project) }
    }

    fn pipeline(&self, own: ProjectRef, n: u8, dataset: Option<u8>, choice: Option<u8>) -> Pipeline {
        Pipeline {
            id: self.pipelines[usize::from(n)],
            module: choice.map(|number| ModuleChoice {
                name: name(n % 2),
                version: (number > 0).then(|| version(number - 1)),
            }),
            dataset: dataset.map(|n| self.datasets[usize::from(n)]),
            ..registered_pipeline(own)
        }
    }

    fn version(&self, own: ProjectRef, n: u8, number: u8, bytes: u8) -> ModuleVersion {
        ModuleVersion {
            project: Some(own),
            name: name(n),
            version: version(number),
            digest: Digest::of(&[name(n).as_bytes(), &vec![0; bytes.into()]].concat()),
            size: 2,
            manifest: Manifest::default().into(),
            has_manifest: false,
            imports: Vec::new(),
            code_bytes: None,
            uploaded_by: "anna".into(),
            created_at: at(self.seconds),
        }
    }

    /// A step from where the schedule stands, or from elsewhere.
    async fn step(
        &self,
        own: ProjectRef,
        n: u8,
        stale: bool,
        kind: Option<u8>,
        replaces: Option<u8>,
    ) -> ScheduleStep {
        let id = self.pipelines[usize::from(n)];
        let stored = self.memory.pipeline(own, id).await.unwrap().and_then(|pipeline| pipeline.schedule);
        let before = stored.filter(|_| !stale).unwrap_or(Schedule { next_at: None, ..schedule() });
        let job = kind.map(|kind| fuelcell_domain::Job { project: own, ..self.new_job(kind, None, false) });
        let due_at = before.next_at.unwrap_or(at(0));
        let skipped = SkippedRun { due_at, code: SkipCode::Missed, reason: "late".into() };
        let after = Schedule {
            next_at: Some(at(self.seconds + 60)),
            last_run: job.as_ref().map(|job| ScheduledRun { due_at, job: job.id }),
            last_skipped: job.is_none().then_some(skipped),
            ..before.clone()
        };
        let replaces = replaces.map(|job| (self.job(job), cancel(self.seconds)));
        ScheduleStep { project: own, pipeline: id, before, after, job, replaces }
    }

    /// Notes the job of a step that was taken.
    async fn advance(&mut self, step: ScheduleStep) {
        let taken = self.both(async |store| store.advance_schedule(step.clone()).await).await;
        if let (Ok(()), Some(job)) = (taken, step.job) {
            self.jobs.push(job);
        }
    }

    fn token(&self, secret: u8) -> Token {
        Token {
            id: TokenId::random(),
            kind: TokenKind::Bearer,
            hash: Digest::of(&[secret]),
            subject: "anna".into(),
            role: Role::Submitter,
            scope: Scope::Project(self.projects[0]),
            created_at: at(self.seconds),
            revoked_at: None,
            expires_at: None,
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm for each operation")]
    pub(super) async fn apply_to_what_is_kept(&mut self, verb: KeptVerb) {
        let now = at(self.seconds);
        match verb {
            KeptVerb::Limit { own, queued, stored, memory } => {
                let caps = LimitRequest {
                    memory_bytes: memory.map(|memory| 1 << (20 + memory)),
                    ..LimitRequest::default()
                };
                let quotas =
                    Quotas { queued_jobs: queued.map(u64::from), stored_bytes: stored.map(u64::from) };
                let (own, limits) = (self.own(own), ProjectLimits { caps, quotas });
                self.both(async |store| store.set_project_limits(own, limits).await.unwrap()).await;
            }
            KeptVerb::PutDataset { own, n, bytes } => {
                let dataset = self.dataset(self.own(own), self.datasets[usize::from(n)], bytes);
                let _ = self.both(async |store| store.put_dataset(dataset.clone()).await).await;
            }
            KeptVerb::SetWebhook { own, remove, failures } => {
                self.set_webhook(self.own(own), remove, failures).await;
            }
            KeptVerb::Deliver { own, limit, how } => self.deliver(self.own(own), limit, how).await,
            KeptVerb::Resend { own, n } => {
                let (own, now) = (self.own(own), at(self.seconds));
                let all = Seek { after: None, limit: 9 };
                let rows = self.memory.deliveries(own, DeliveryFilter::default(), all).await.unwrap().rows;
                let Some(delivery) = rows.get(usize::from(n)) else { return };
                // Whether it may be is the same for both.
                let _ = self.both(async |store| store.resend_delivery(own, delivery.id, now).await).await;
            }
            KeptVerb::ForgetDeliveries { most } => {
                let over = at(self.seconds).plus(REMEMBERED);
                self.both(async |store| store.forget_deliveries(over, most.into()).await).await.unwrap();
            }
            KeptVerb::Settle { most } => {
                let settled = self.both(async |store| store.replaced(None, most.into()).await.unwrap()).await;
                self.both(async |store| store.settle_replaced(&settled).await.unwrap()).await;
            }
            KeptVerb::DeleteDataset { own, n } => {
                let (own, id) = (self.own(own), self.datasets[usize::from(n)]);
                let _ = self.both(async |store| store.delete_dataset(own, id).await).await;
            }
            KeptVerb::PutPipeline { own, n, minute, dataset, version } => {
                let schedule = minute.map(|minute| Schedule {
                    cron: format!("{minute} * * * *"),
                    next_at: Some(at(self.seconds + 60)),
                    ..schedule()
                });
                let pipeline = Pipeline { schedule, ..self.pipeline(self.own(own), n, dataset, version) };
                let _ = self.both(async |store| store.put_pipeline(pipeline.clone()).await).await;
            }
            KeptVerb::DeletePipeline { own, n } => {
                let (own, id) = (self.own(own), self.pipelines[usize::from(n)]);
                let _ = self.both(async |store| store.delete_pipeline(own, id).await).await;
            }
            KeptVerb::Advance { own, n, stale, kind, replaces } => {
                let step = self.step(self.own(own), n, stale, kind, replaces).await;
                self.advance(step).await;
            }
            KeptVerb::AddVersion { own, n, version, bytes } => {
                let module = self.version(self.own(own), n, version, bytes);
                let _ = self.both(async |store| store.add_module_version(module.clone()).await).await;
            }
            KeptVerb::DeleteVersion { own, n, version: number } => {
                let (own, name, version) = (self.own(own), name(n), version(number));
                let _ =
                    self.both(async |store| store.delete_module_version(own, &name, &version).await).await;
            }
            KeptVerb::Activate { own, job_type, version: number } => {
                let own = self.own(own);
                let activation = Activation {
                    job_type: JobType::RESERVED[usize::from(job_type)],
                    module: number
                        .map(|number| VersionName { name: name(job_type % 2), version: version(number) }),
                    by: "anna".into(),
                    at: now,
                };
                let _ = self.both(async |store| store.activate_module(own, activation.clone()).await).await;
            }
            KeptVerb::PutGrant { own, n, host } => {
                let host = format!("api{host}.example.com").parse().unwrap();
                let http = Some(HttpAccess { hosts: vec![host], secrets: vec!["TOKEN".into()] });
                let grant = Grant {
                    project: self.own(own),
                    module: name(n),
                    capabilities: Capabilities { http, hmac: Vec::new() },
                    by: "anna".into(),
                    at: now,
                };
                let _ = self.both(async |store| store.put_grant(grant.clone()).await).await;
            }
            KeptVerb::DeleteGrant { own, n } => {
                let own = self.own(own);
                let _ = self.both(async |store| store.delete_grant(own, &name(n)).await).await;
            }
            KeptVerb::PutSecret { own, n, value } => {
                let secret = SealedSecret {
                    project: self.own(own),
                    name: name(n),
                    headers: vec!["Authorization".into()],
                    sealed: vec![value],
                    by: "anna".into(),
                    created_at: now,
                    updated_at: now,
                };
                let _ = self.both(async |store| store.put_secret(secret.clone()).await).await;
            }
            KeptVerb::DeleteSecret { own, n } => {
                let own = self.own(own);
                let _ = self.both(async |store| store.delete_secret(own, &name(n)).await).await;
            }
            KeptVerb::PutSaved { own, n, seen, query } => {
                let item = SavedItem {
                    project: self.own(own),
                    name: name(n),
                    content: SavedContent::View { query: query.to_string() },
                    revision: 0,
                    by: "anna".into(),
                    created_at: now,
                    updated_at: now,
                };
                let seen = seen.map(u64::from);
                let _ = self.both(async |store| store.put_saved(item.clone(), seen).await).await;
            }
            KeptVerb::DeleteSaved { own, n } => {
                let own = self.own(own);
                let _ =
                    self.both(async |store| store.delete_saved(own, SavedKind::View, &name(n)).await).await;
            }
            KeptVerb::AddToken { secret } => {
                let token = self.token(secret);
                if self.both(async |store| store.create_token(token.clone()).await).await.is_ok() {
                    self.tokens.push(token);
                }
            }
            KeptVerb::Revoke { n } => {
                let id =
                    self.tokens.get(usize::from(n)).map_or(TokenId(self.pipelines[0].0), |token| token.id);
                let _ = self.both(async |store| store.revoke_token(id, now).await).await;
            }
            KeptVerb::Forget { own, n } => {
                let (own, pipeline) = (self.own(own), n.map(|n| self.pipelines[usize::from(n)]));
                self.both(async |store| store.forget_processed(own, pipeline, 99).await.unwrap()).await;
            }
        }
    }
}
