//! One life of a project, in which every verb that changes something is asked for.

use crate::conformance::fixtures::holder;
use crate::conformance::fixtures::{
    artifact, at, bulk_run, cancel, dataset, done, end, failure, job, lease, pipeline, project, pulse,
    registered_pipeline, schedule, transient_failure, upload, webhook,
};
use crate::conformance::registry::version;
use crate::conformance::saved::view;
use crate::jobs::KEY_LIFE;
use crate::schedules::ScheduleStep;
use crate::{BlobRef, DeliveryClaim, Finish, IdempotencyKey, NewJob, Settlement, Store, StoreError};
use fuelcell_domain::JobType;
use fuelcell_domain::delivery::REMEMBERED;
use fuelcell_domain::job::Notifications;
use fuelcell_domain::schedule::ScheduledRun;
use fuelcell_domain::{
    Activation, AttemptId, AuditEntry, AuditOutcome, BulkJob, BulkPart, BulkRun, BulkStop, Capabilities,
    Dataset, DatasetId, DeliveryId, Digest, ErrorCode, Grant, Holder, Incarnation, Job, JobError, JobId,
    JobOutcome, LogLevel, LogLine, MailPolicy, ModuleVersion, NodeId, Pipeline, PipelineId, Project,
    ProjectLimits, ProjectRef, Quotas, Removal, Role, SavedKind, Schedule, Scope, SealedSecret, Settled,
    Tenant, Timestamp, Token, TokenId, TokenKind, Transition, Try, UnfinishedUpload, UploadId, VersionName,
    Webhook,
};
use std::collections::BTreeMap;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

/// Verbs whose changes a crash may lose although they were acknowledged.
pub(super) const RELAXED: &[&str] = &["record_pulse", "append_logs", "register", "beat", "rescue"];

/// Verbs that change nothing.
pub(super) const READS: &[&str] = &[
    "tenants",
    "tenants_page",
    "tenant",
    "projects",
    "removals",
    "projects_page",
    "project",
    "project_limits",
    "project_usage",
    "tokens",
    "tokens_page",
    "token_by_hash",
    "dataset",
    "datasets",
    "datasets_page",
    "upload",
    "uploads",
    "unfinished_uploads",
    "pipeline",
    "pipelines",
    "pipelines_page",
    "scheduled_pipelines",
    "module_version",
    "module_versions",
    "module_versions_page",
    "activations",
    "activations_page",
    "active_module",
    "grant",
    "secrets",
    "secrets_page",
    "saved",
    "saved_page",
    "hours",
    "used_key",
    "ready",
    "heads",
    "next_not_before",
    "checkpoint",
    "job",
    "artifacts",
    "receipts",
    "list",
    "jobs_page",
    "oldest_jobs",
    "list_ordered",
    "job_by_ordinal",
    "counts",
    "queued_before",
    "queued",
    "queue_page",
    "events",
    "latest_event",
    "notices",
    "next_delivery",
    "delivery",
    "deliveries",
    "outbox_figures",
    "recent_durations",
    "tenant_figures",
    "queue_figures",
    "usage",
    "blob_references",
    "replaced",
    "logs",
    "is_processed",
    "processed",
    "processed_page",
    "audit",
    "bulk",
    "bulk_part",
    "bulks",
    "running_bulks",
    "ended_bulks",
];

/// Who and what there is.
pub(super) struct World {
    pub(super) own: ProjectRef,
    pub(super) jobs: [JobId; 11],
    pub(super) pipeline: PipelineId,
    dataset: DatasetId,
    upload: UploadId,
    token: TokenId,
    holder: Holder,
    later_life: Incarnation,
    webhook: Webhook,
    pub(super) bulk: BulkRun,
    bulk_jobs: Vec<BulkJob>,
}

impl World {
    pub(super) fn new() -> Self {
        let own = project();
        let jobs = (1..=2).map(|ordinal| BulkJob { id: JobId::random(), ordinal, outcome: None });
        let (bulk, bulk_jobs) = bulk_run(own, jobs.collect());
        Self {
            bulk,
            bulk_jobs,
            own,
            jobs: std::array::from_fn(|_| JobId::random()),
            pipeline: PipelineId::random(),
            dataset: DatasetId::random(),
            upload: UploadId::random(),
            token: TokenId::random(),
            holder: holder(),
            later_life: Incarnation::random(),
            webhook: webhook(own),
        }
    }

    pub(super) fn key(&self) -> IdempotencyKey {
        IdempotencyKey { key: "key".into(), body: Digest::of(b"body") }
    }

    pub(super) fn token(&self) -> Token {
        Token {
            id: self.token,
            kind: TokenKind::Bearer,
            hash: Digest::of(b"secret"),
            subject: "anna".into(),
            role: Role::Submitter,
            scope: Scope::Project(self.own),
            created_at: at(0),
            revoked_at: None,
            expires_at: None,
        }
    }

    fn limits(&self) -> ProjectLimits {
        let quotas = Quotas { queued_jobs: Some(100), stored_bytes: Some(1 << 20) };
        ProjectLimits { quotas, ..ProjectLimits::default() }
    }

    fn dataset(&self, bytes: &[u8]) -> Dataset {
        Dataset { id: self.dataset, digest: Digest::of(bytes), size: bytes.len() as u64, ..dataset(self.own) }
    }

    fn upload(&self) -> UnfinishedUpload {
        UnfinishedUpload { id: self.upload, dataset: self.dataset, ..upload(self.own) }
    }

    fn pipeline(&self) -> Pipeline {
        Pipeline { id: self.pipeline, schedule: Some(schedule()), ..registered_pipeline(self.own) }
    }

    fn version(&self, number: &str) -> ModuleVersion {
        version(self.own, "miner", number)
    }

    fn activation(&self) -> Activation {
        let module = Some(VersionName { name: "miner".into(), version: "1".into() });
        Activation { job_type: JobType::Analysis, module, by: "anna".into(), at: at(1) }
    }

    fn grant(&self) -> Grant {
        let capabilities = Capabilities::default();
        Grant { project: self.own, module: "miner".into(), capabilities, by: "anna".into(), at: at(1) }
    }

    fn secret(&self) -> SealedSecret {
        let (created_at, updated_at) = (at(1), at(1));
        let (name, by) = ("KEY".into(), "anna".into());
        let headers = vec!["Authorization".into()];
        SealedSecret { project: self.own, name, headers, sealed: vec![7], by, created_at, updated_at }
    }

    fn entry(&self) -> AuditEntry {
        AuditEntry {
            at: at(1),
            subject: "anna".into(),
            token: self.token,
            tenant: Some(self.own.tenant),
            project: Some(self.own.project),
            action: "PUT something".into(),
            target: "something".into(),
            outcome: AuditOutcome::Done,
            request_id: "r".into(),
        }
    }

    /// A job of the pipeline, some of them with parameters that are no small record.
    fn job(&self, number: usize) -> Job {
        let parameters = "p".repeat(if number.is_multiple_of(2) { 7_000 } else { 10 });
        let pipeline = Some(pipeline(self.pipeline));
        let email_recipients = match number {
            0 => vec!["a@x.org".to_owned(), "b@x.org".to_owned()],
            _ => Vec::new(),
        };
        let notifications = Notifications { on_completion: true, on_failure: true, email_recipients };
        let created_at = at(number as i64);
        Job { id: self.jobs[number], pipeline, parameters, notifications, created_at, ..job(self.own) }
    }

    fn submission(&self, number: usize) -> NewJob {
        let (idempotency, audit) = ((number == 0).then(|| self.key()), (number == 1).then(|| self.entry()));
        NewJob { job: self.job(number), idempotency, audit }
    }

    /// Two jobs that are queued, and one between them that is refused because it is there already.
    fn submissions(&self) -> Vec<NewJob> {
        let audit = Some(self.entry());
        vec![NewJob { audit, ..self.job(9).into() }, self.job(9).into(), self.job(10).into()]
    }

    /// When the life of its keys is over.
    fn key_end(&self) -> Timestamp {
        self.jobs[0].made_at().expect("ids say when they were made").plus(KEY_LIFE)
    }

    fn attempt(&self, job: usize, number: u32) -> AttemptId {
        AttemptId { job: self.jobs[job], number, holder: self.holder }
    }

    fn end(&self, job: usize, transition: Transition) -> Finish {
        let claimed = Job { attempt: 1, holder: Some(self.holder), ..self.job(job) };
        Finish {
            artifacts: vec![artifact("report.txt")],
            marks: vec!["one".into(), "two".into()],
            ..end(&claimed, transition, 20)
        }
    }

    fn removal(&self) -> Removal {
        Removal { scope: Scope::Tenant(self.own.tenant), by: "olga".into(), at: at(300), done_at: None }
    }

    fn mail_policy(&self) -> MailPolicy {
        MailPolicy { domains: Some(vec!["x.org".into()]), per_hour: Some(1) }
    }

    /// What is told of the first job, which asks for two e-mails.
    fn told(&self, number: usize) -> DeliveryId {
        let recipients =
            [format!("webhook {}", self.webhook.id), "mail a@x.org".to_owned(), "mail b@x.org".to_owned()];
        DeliveryId::of_end(self.jobs[0], at(20), &recipients[number])
    }

    fn delivery_claim(&self) -> DeliveryClaim {
        let (now, until, busy) = (at(21), at(30), BTreeMap::new());
        DeliveryClaim { now, until, limit: 9, per_project: 9, busy, mails_per_hour: 9 }
    }

    fn settlement(&self) -> Settlement {
        let (code, answer) = ("Delivered".into(), "ok".into());
        let tried = Try { at: at(21), took_millis: 3, code, status: Some(200), answer };
        let (project, id, next) = (self.own, self.told(0), Settled::Delivered);
        Settlement { project, id, number: 1, tried, next, now: at(22) }
    }

    fn lines(&self) -> Vec<LogLine> {
        let (stage, message) = ("s".into(), "a line".into());
        vec![LogLine { at: at(3), attempt: 1, level: LogLevel::Info, stage, message }]
    }

    /// The bulk action and its jobs, once the first of them has its outcome.
    fn bulk_step(&self) -> (BulkRun, BulkPart) {
        let (mut after, mut part) = (self.bulk.clone(), BulkPart { number: 0, jobs: self.bulk_jobs.clone() });
        let skipped = JobOutcome::Skipped("JobEnded".into(), "it has ended".into());
        let first = part.jobs[0].id;
        after.settle(&mut part, vec![(first, skipped)], at(130));
        (after, part)
    }

    /// The same, ended before its time.
    fn bulk_stopped(&self) -> BulkRun {
        let mut after = self.bulk_step().0;
        after.stop(BulkStop { code: "Stopped".into(), message: "anna stopped it".into() }, at(131));
        after
    }

    /// The run that replaces a queued job.
    fn step(&self) -> ScheduleStep {
        let last_run = Some(ScheduledRun { due_at: at(100), job: self.jobs[8] });
        ScheduleStep {
            project: self.own,
            pipeline: self.pipeline,
            before: schedule(),
            after: Schedule { next_at: Some(at(200)), last_run, ..schedule() },
            job: Some(self.job(8)),
            replaces: Some((self.jobs[7], cancel(100))),
        }
    }
}

fn blob(bytes: &[u8]) -> BlobRef {
    BlobRef { digest: Digest::of(bytes), size: bytes.len() as u64 }
}

macro_rules! script {
    ($world:ident: $($verb:ident($($argument:expr),*);)*) => {
        /// The verbs, in their order.
        pub(super) const SCRIPT: &[&str] = &[$(stringify!($verb)),*];

        /// Asks a store for the verb at this place of the script.
        pub(super) async fn ask(store: &dyn Store, $world: &World, place: usize) -> Result<(), StoreError> {
            let mut places = 0..;
            $(if places.next() == Some(place) {
                return store.$verb($($argument),*).await.map(drop);
            })*
            panic!("the script has no place {place}");
        }
    };
}

script! { world:
    create_tenant(Tenant { id: world.own.tenant, name: "t".into(), created_at: at(0) });
    create_project(Project { id: world.own, name: "p".into(), created_at: at(0) });
    set_project_limits(world.own, world.limits());
    create_token(world.token());
    revoke_token(world.token, at(5));
    put_dataset(world.dataset(b"some bytes"));
    put_dataset(world.dataset(b"others"));
    begin_upload(world.upload());
    advance_upload(world.own, world.upload, (0, 4), at(40));
    finish_upload(world.upload, world.dataset(b"in parts"));
    begin_upload(world.upload());
    abandon_upload(world.own, world.upload);
    begin_upload(world.upload());
    expire_uploads(at(30));
    settle_replaced(&[(world.own, Digest::of(b"some bytes"))]);
    put_pipeline(world.pipeline());
    add_module_version(world.version("1"));
    add_module_version(world.version("2"));
    activate_module(world.own, world.activation());
    activate_module(world.own, Activation { module: None, ..world.activation() });
    put_grant(world.grant());
    put_secret(world.secret());
    delete_secret(world.own, "KEY");
    put_saved(view(world.own, "v", "q=x"), None);
    put_saved(view(world.own, "v", "q=y"), Some(1));
    put_saved(view(world.own, "w", "q=x"), None);
    delete_saved(world.own, SavedKind::View, "w");
    put_webhook(None, world.webhook.clone());
    set_mail_policy(world.own, world.mail_policy());
    submit(world.submission(0));
    submit(world.submission(1));
    submit(world.submission(2));
    submit(world.submission(3));
    submit(world.submission(4));
    submit(world.submission(5));
    submit(world.submission(6));
    submit(world.submission(7));
    submit_many(world.submissions());
    forget_keys(world.key_end(), 9);
    claim(&world.jobs[..4], lease("node", 30), world.holder, at(1));
    claim(&world.jobs[6..7], lease("node", 30), world.holder, at(2));
    set_checkpoint(world.attempt(0, 1), blob(b"half way"));
    record_pulse(world.attempt(0, 1), pulse(50), at(3));
    append_logs(world.attempt(0, 1), world.lines());
    extend_leases(&[world.attempt(0, 1), world.attempt(1, 1)], at(60));
    finish(world.end(0, done()));
    claim_deliveries(world.delivery_claim());
    settle_delivery(world.settlement());
    resend_delivery(world.own, world.told(0), at(23));
    claim_deliveries(DeliveryClaim { now: at(24), ..world.delivery_claim() });
    settle_delivery(Settlement { number: 2, ..world.settlement() });
    forget_deliveries(at(22).plus(REMEMBERED), 9);
    delete_webhook(world.own, world.webhook.id);
    finish(world.end(1, failure()));
    finish(world.end(2, transient_failure()));
    request_cancel(world.own, world.jobs[3], cancel(6));
    finish(world.end(3, Transition::Stop));
    request_cancel(world.own, world.jobs[4], cancel(7));
    fail_queued(world.jobs[5], JobError::new(ErrorCode::InputGone, "gone"), at(8));
    expire_leases(at(99));
    register(&NodeId("other node".into()), world.later_life, HOUR);
    beat(world.later_life, HOUR);
    rescue(HOUR, at(100));
    claim(&world.jobs[6..7], lease("other node", 200), world.holder, at(110));
    release_node(&NodeId("other node".into()), world.later_life, at(120));
    advance_schedule(world.step());
    forget_processed(world.own, Some(world.pipeline), 99);
    begin_bulk(world.bulk.clone(), world.bulk_jobs.clone());
    step_bulk(world.bulk.clone(), world.bulk_step().0, Some(world.bulk_step().1));
    step_bulk(world.bulk_step().0, world.bulk_stopped(), None);
    forget_bulk(world.own, world.bulk.id);
    begin_bulk(world.bulk.clone(), world.bulk_jobs.clone());
    append_audit(world.entry());
    forget_audit(at(2), 1);
    trim_audit(1, 1);
    delete_ended(world.own, world.jobs[0]);
    delete_all_ended(world.own, &world.jobs[1..3]);
    delete_module_version(world.own, "miner", "2");
    delete_grant(world.own, "miner");
    delete_dataset(world.own, world.dataset);
    delete_pipeline(world.own, world.pipeline);
    rename_tenant(world.own.tenant, "another".into());
    rename_project(world.own, "another".into());
    begin_removal(world.removal());
    remove_some(Scope::Project(world.own), 2, at(300));
    remove_some(Scope::Project(world.own), 99, at(300));
    remove_some(Scope::Project(world.own), 99, at(300));
    remove_some(Scope::Project(world.own), 99, at(300));
    remove_some(Scope::Tenant(world.own.tenant), 99, at(300));
    remove_some(Scope::Tenant(world.own.tenant), 99, at(301));
    check();
}
