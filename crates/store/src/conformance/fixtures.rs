//! Small, valid records to start tests from.

use crate::pages::Row;
use crate::{Finish, LogFilter, NewJob, Page, Seek, SortKey, Store, Submitted};
use fuelcell_domain::JobType;
use fuelcell_domain::job::{ModuleRef, PipelineRef, Priority, Pulse};
use fuelcell_domain::outbound::Contact;
use fuelcell_domain::trace::TraceContext;
use fuelcell_domain::{
    Artifact, ArtifactDescription, ArtifactKind, ArtifactRole, AskedWith, AttemptId, BulkAction, BulkId,
    BulkJob, BulkRun, CancelRequest, Caps, CellPlace, ClaimId, Completion, Dataset, DatasetId, Deterministic,
    Digest, ErrorCode, FIXED, Fence, Fuel, Holder, Incarnation, InputRef, Job, JobEnding, JobError, JobId,
    Lease, LimitRequest, Limits, LogLevel, LogLine, LogUsage, NodeId, Overlap, Pipeline, PipelineId,
    Progress, ProjectId, ProjectRef, Receipt, Schedule, Standing, TenantId, Timestamp, TokenId, Transition,
    UnfinishedUpload, UploadId, Usage, Webhook, WebhookId,
};
use std::collections::BTreeSet;

/// Not the order in which the domain has them.
const STANDINGS: [Standing; 7] = {
    let [a, b, c, d, e, f, g] = Standing::ALL;
    [e, g, c, d, f, a, b]
};

/// Every key that lists are sorted by.
pub const SORT_KEYS: [SortKey; 6] = [
    SortKey::Ordinal,
    SortKey::Pipeline,
    SortKey::Standing(STANDINGS),
    SortKey::StartedAt,
    SortKey::EndedAt,
    SortKey::Error,
];

/// 2026-01-01T00:00:00Z plus some seconds.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp((1_767_225_600 + seconds) * 1_000_000)
}

/// A project of a tenant of its own.
pub fn project() -> ProjectRef {
    ProjectRef { tenant: TenantId::random(), project: ProjectId::random() }
}

/// A queued job of the project, submitted at second 0.
pub fn job(project: ProjectRef) -> Job {
    let limits = Limits::resolve(LimitRequest::default(), Caps::default());
    let job = Job::new(project, JobType::ProcessMining, module("miner"), limits, "anna".into(), at(0));
    let trace = TraceContext { trace: [7; 16], span: [9; 8], sampled: true };
    Job { name: "a job".into(), trace: Some(trace), ..job }
}

/// A pinned version 1.0.0 of a module whose bytes are its name.
pub fn module(name: &str) -> ModuleRef {
    let digest = Digest::of(name.as_bytes());
    ModuleRef { name: name.into(), version: "1.0.0".into(), digest, engine: None }
}

/// A pipeline as a job names it.
pub fn pipeline(id: PipelineId) -> PipelineRef {
    PipelineRef { id, ordinal: 1, name: "a pipeline".into() }
}

/// A lease of node `name` until second `until`.
pub fn lease(name: &str, until: i64) -> Lease {
    Lease { node: NodeId(name.into()), expires_at: at(until) }
}

/// Somebody who claims.
pub fn holder() -> Holder {
    Holder { incarnation: Incarnation::random(), claim: ClaimId::random() }
}

/// A cancel request at second `seconds`, without anything special.
pub fn cancel(seconds: i64) -> CancelRequest {
    CancelRequest { at: at(seconds), by: "bert".into(), reason: None, force: false, preserve_partial: false }
}

/// A live figure that can be told from others.
pub fn pulse(percentage: u8) -> Pulse {
    let progress = Progress { percentage, stage: format!("stage {percentage}") };
    Pulse { progress, memory_bytes: u64::from(percentage) * 1024, ..Pulse::default() }
}

/// A finished artifact whose bytes are its name.
pub fn artifact(name: &str) -> Artifact {
    Artifact {
        description: ArtifactDescription {
            name: name.into(),
            kind: ArtifactKind::Report,
            type_name: "Report".into(),
            title: name.into(),
            media_type: "text/plain".into(),
            primary: false,
            role: ArtifactRole::Output,
            record_count: Some(3),
            accuracy: None,
        },
        digest: Digest::of(name.as_bytes()),
        size: name.len() as u64,
    }
}

/// A lasting failure.
pub fn failure() -> Transition {
    Transition::Fail(JobError::new(ErrorCode::Trap, "unreachable"))
}

/// A failure that another attempt may mend.
pub fn transient_failure() -> Transition {
    Transition::Fail(JobError::new(ErrorCode::GuestError, "try again").transient())
}

/// A good end.
pub fn done() -> Transition {
    Transition::Complete(Completion::Done)
}

/// The end of a job's current attempt at second `seconds`, with nothing special.
pub fn end(job: &Job, transition: Transition, seconds: i64) -> Finish {
    Finish {
        attempt: job.current_attempt(),
        transition,
        at: at(seconds),
        pulse: pulse(42),
        artifacts: Vec::new(),
        marks: Vec::new(),
        receipt: receipt(job.current_attempt(), seconds),
    }
}

/// The account of an attempt that ended at second `seconds`.
pub fn receipt(attempt: AttemptId, seconds: i64) -> Receipt {
    Receipt {
        attempt: attempt.of_record(),
        node: "node".into(),
        module: Digest::of(b"miner"),
        script_engine: None,
        parameters: Digest::of(b"{}"),
        inputs: Vec::new(),
        outputs: Vec::new(),
        limits: Limits::resolve(LimitRequest::default(), Caps::default()),
        fixed: FIXED,
        deterministic: Some(Deterministic::with_seed(u64::MAX)),
        engine: "engine".into(),
        isolation: CellPlace::Process,
        fences: vec![Fence::Rlimits, Fence::Seccomp],
        started_at: at(0),
        ended_at: at(seconds),
        usage: Usage { fuel: Fuel::Exact(7), ..Usage::default() },
        log: LogUsage { bytes: 64, dropped_lines: 1 },
        contacts: vec![Contact { host: "api.example.com".into(), requests: 2, ..Contact::default() }],
    }
}

/// Submits a job without a key.
pub async fn submit(store: &dyn Store, job: Job) -> Job {
    match store.submit(NewJob::from(job)).await.expect("submit works") {
        Submitted::Queued(job) => job,
        other => panic!("a job without a key was not queued: {other:?}"),
    }
}

/// Starts an attempt of a queued job at second `seconds`, under a lease of 30 s.
pub async fn start(store: &dyn Store, job: JobId, seconds: i64) -> Job {
    let claims =
        store.claim(&[job], lease("node", seconds + 30), holder(), at(seconds)).await.expect("claim works");
    let [claim] = <[_; 1]>::try_from(claims).expect("the job was queued");
    claim.job
}

/// Submits a job and starts its first attempt at second 1.
pub async fn running(store: &dyn Store, job: Job) -> Job {
    let job = submit(store, job).await;
    start(store, job.id, 1).await
}

/// The job as the store shows it.
pub async fn seen(store: &dyn Store, job: &Job) -> Job {
    store.job(job.project, job.id).await.expect("reading works").expect("the job is there")
}

/// A dataset, first uploaded at second 0.
pub fn dataset(project: ProjectRef) -> Dataset {
    Dataset {
        id: DatasetId::random(),
        project,
        name: "log.csv".into(),
        media_type: "text/csv".into(),
        digest: Digest::of(b"a"),
        size: 1,
        row_count: None,
        uploaded_by: "anna".into(),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An upload of eight bytes of which none has come, until second 20.
pub fn upload(project: ProjectRef) -> UnfinishedUpload {
    UnfinishedUpload {
        id: UploadId::random(),
        project,
        dataset: DatasetId::random(),
        name: "log.csv".into(),
        media_type: "text/csv".into(),
        size: 8,
        offset: 0,
        digest: None,
        begun_by: "anna".into(),
        created_at: at(0),
        expires_at: at(20),
    }
}

/// The dataset as the input of a job.
pub fn input(dataset: &Dataset) -> InputRef {
    InputRef {
        name: "dataset".into(),
        dataset: Some(dataset.id),
        file_name: dataset.name.clone(),
        media_type: dataset.media_type.clone(),
        digest: dataset.digest,
        size: dataset.size,
    }
}

/// A pipeline, first put at second 0.
pub fn registered_pipeline(project: ProjectRef) -> Pipeline {
    Pipeline {
        id: PipelineId::random(),
        project,
        ordinal: 0,
        name: "p".into(),
        job_type: JobType::Analysis,
        module: None,
        parameters: "{}".into(),
        dataset: None,
        limits: LimitRequest::default(),
        schedule: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A schedule that is due next at second 100.
pub fn schedule() -> Schedule {
    Schedule {
        cron: "0 * * * *".into(),
        time_zone: "Europe/Berlin".into(),
        overlap: Overlap::Queue,
        catch_up_seconds: 60,
        enabled: true,
        parameters: "{}".into(),
        priority: Priority::High,
        set_by: "anna".into(),
        set_with: Digest::of(b"token"),
        set_at: at(0),
        next_at: Some(at(100)),
        last_run: None,
        last_skipped: None,
    }
}

/// Something that is begun to be done with these jobs.
pub fn bulk_run(project: ProjectRef, jobs: Vec<BulkJob>) -> (BulkRun, Vec<BulkJob>) {
    let run = BulkRun {
        id: BulkId::random(),
        project,
        action: BulkAction::Retry,
        reason: Some("the source was wrong".into()),
        by: "anna".into(),
        token: TokenId::random(),
        asked_with: AskedWith::Token(Digest([7; 32])),
        call: "POST bulk".into(),
        request_id: "r".into(),
        created_at: at(1),
        jobs: jobs.len() as u64,
        span: (at(-5), at(0)),
        done: 0,
        skipped: 0,
        failed: 0,
        part: 0,
        holder: None,
        ended_at: None,
        stop: None,
    };
    (run, jobs)
}

/// A webhook for every end, set at second 0.
pub fn webhook(project: ProjectRef) -> Webhook {
    Webhook {
        id: WebhookId::random(),
        project,
        url: "https://hooks.example.com/jobs".into(),
        events: JobEnding::ALL.to_vec(),
        enabled: true,
        stopped: None,
        sealed: vec![7],
        previous: None,
        by: "anna".into(),
        created_at: at(0),
        updated_at: at(0),
    }
}

/// All references, in parts of about `limit` records.
pub async fn references(store: &dyn Store, limit: usize) -> BTreeSet<Digest> {
    let (mut digests, mut after) = (BTreeSet::new(), None);
    loop {
        let part = store.blob_references(after, limit).await.unwrap();
        digests.extend(part.counted.into_iter().chain(part.pinned));
        match part.next {
            Some(next) => after = Some(next),
            None => return digests,
        }
    }
}

/// A list, read page by page.
pub async fn whole<T: Row>(limit: usize, read: impl AsyncFn(Seek<T::Position>) -> Page<T>) -> Vec<T> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = read(Seek { after, limit }).await;
        assert!(page.rows.len() <= limit);
        after = page.next();
        rows.extend(page.rows);
        if after.is_none() {
            return rows;
        }
    }
}

/// All lines of a log.
pub const EVERY_LINE: LogFilter = LogFilter { level: LogLevel::Debug, from: None, to: None };

/// Lines of a job's log.
pub async fn log_lines(store: &dyn Store, job: JobId, filter: LogFilter) -> Vec<LogLine> {
    let lines = whole(7, async |seek| store.logs(job, filter, seek).await.unwrap()).await;
    lines.into_iter().map(|(_, line)| line).collect()
}
