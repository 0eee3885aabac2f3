//! What a running job may ask for, served from the stores and bounded: nothing that a guest says can grow without limit.

use crate::life::Life;
use crate::live::{Live, StopReason};

use crate::log::MAX_STAGE;
use crate::stages;
use crate::text::clean;
use fuelcell_domain::outbound::{HttpAnswer, HttpError, HttpRequest, Outlet};
use fuelcell_domain::seams::{ArtifactWriter, JobInput, ScriptSources};
use fuelcell_domain::{
    ArtifactDescription, Cancellation, Clock, FIXED, Finding, HostError, Job, JobHost, LogLevel, PipelineId,
    ReadAt, Report,
};
use fuelcell_store::{BlobRef, BlobStore, MAX_PROCESSED_ITEMS, PageRequest, Processed, Queue, StoreError};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Largest checkpoint in bytes.
pub(crate) const MAX_CHECKPOINT: u64 = FIXED.checkpoint_bytes;
/// Longest key of a processed item in bytes.
const MAX_KEY: usize = 1024;
/// New keys between two looks at how many the pipeline has.
const MARKS_PER_LOOK: usize = 1000;
/// Findings of each kind in a report.
const MAX_FINDINGS: usize = 100;
/// Longest kind of a finding in bytes.
const MAX_FINDING_KIND: usize = 64;
/// Longest message of a finding in bytes.
const MAX_FINDING_MESSAGE: usize = 512;
/// Longest method of a request that is logged, in bytes.
const MAX_METHOD: usize = 16;
/// A guest that asks is told of its deadline this long before it, or a tenth of its time before, if that is shorter.
const DEADLINE_NOTICE: Duration = Duration::from_secs(30);

/// The host of one attempt.
pub(crate) struct AttemptHost {
    live: Arc<Live>,
    queue: Arc<dyn Queue>,
    processed: Arc<dyn Processed>,
    blobs: Arc<dyn BlobStore>,
    outlet: Arc<dyn Outlet>,
    clock: Arc<dyn Clock>,
    life: Arc<Life>,
    parameters: String,
    deterministic: bool,
    pipeline: Option<PipelineId>,
    inputs: Vec<JobInput>,
    files: Vec<Arc<dyn ReadAt>>,
    script: Option<ScriptSources>,
    deadline_notice: Instant,
    checkpoint: Mutex<Option<BlobRef>>,
}

/// Where a host finds what it serves.
pub(crate) struct Sources {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) processed: Arc<dyn Processed>,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) outlet: Arc<dyn Outlet>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) life: Arc<Life>,
}

impl AttemptHost {
    /// A host for `job`, whose inputs are open as `files`, in the job's order.
    pub(crate) fn new(
        live: Arc<Live>,
        sources: Sources,
        job: &Job,
        files: Vec<Arc<dyn ReadAt>>,
        checkpoint: Option<BlobRef>,
    ) -> Self {
        let timeout = job.limits.timeout();
        let notice = timeout - DEADLINE_NOTICE.min(timeout / 10);
        Self {
            deadline_notice: live.started + notice,
            live,
            queue: sources.queue,
            processed: sources.processed,
            blobs: sources.blobs,
            outlet: sources.outlet,
            clock: sources.clock,
            life: sources.life,
            parameters: job.parameters.clone(),
            deterministic: job.deterministic,
            pipeline: job.pipeline.as_ref().map(|pipeline| pipeline.id),
            inputs: job.inputs.iter().map(job_input).collect(),
            files,
            script: None,
            checkpoint: Mutex::new(checkpoint),
        }
    }

    /// The same of a script, with its engine.
    pub(crate) fn with_script(self, script: Option<ScriptSources>) -> Self {
        Self { script, ..self }
    }

    fn stored<T>(&self, result: Result<T, StoreError>) -> Result<T, HostError> {
        result.map_err(|error| {
            if crate::is_stale(&error) {
                self.live.stop(StopReason::Lost);
            }
            HostError::Storage(error.to_string())
        })
    }

    /// Whether the pipeline may have further items. It is asked now and then: the bound need not be exact.
    fn check_room(&self, pipeline: PipelineId) -> Result<(), HostError> {
        let own = self.live.marks.lock().len();
        if !own.is_multiple_of(MARKS_PER_LOOK) {
            return Ok(());
        }
        let nothing = PageRequest { offset: 0, limit: 0 };
        let kept =
            self.stored(wait(self.processed.processed(self.live.project, pipeline, nothing)))?.total.count;
        match kept + own as u64 {
            0..MAX_PROCESSED_ITEMS => Ok(()),
            _ => Err(HostError::Limit(format!(
                "a pipeline remembers at most {MAX_PROCESSED_ITEMS} processed items; clear them to go on"
            ))),
        }
    }

    fn stage_checkpoint(&self, bytes: &[u8]) -> Result<BlobRef, HostError> {
        let mut writer = self.stored(self.blobs.begin())?;
        writer.write_all(bytes).map_err(io_error)?;
        self.stored(writer.commit())
    }
}

impl JobHost for AttemptHost {
    fn parameters(&self) -> &str {
        &self.parameters
    }

    fn inputs(&self) -> &[JobInput] {
        &self.inputs
    }

    fn script(&self) -> Result<Option<ScriptSources>, HostError> {
        Ok(self.script.clone())
    }

    fn open_input(&self, name: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        let position = self.inputs.iter().position(|input| input.name == name);
        position.and_then(|position| self.files.get(position)).cloned().ok_or_else(|| {
            let names: Vec<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
            let name = clean(name, MAX_FINDING_KIND);
            HostError::Invalid(format!(
                "there is no input named \"{name}\"; this job has: [{}]",
                names.join(", ")
            ))
        })
    }

    fn progress(&self, done: u64, total: u64, stage: &str) {
        self.live.set_progress(done, total, clean(stage, MAX_STAGE));
    }

    fn log(&self, level: LogLevel, stage: &str, message: &str) {
        self.live.log.lock().push(self.clock.now(), level, stage, message);
    }

    fn cancellation(&self) -> Cancellation {
        if self.live.is_cancelled() {
            Cancellation::User
        } else if Instant::now() >= self.deadline_notice {
            Cancellation::Deadline
        } else {
            Cancellation::None
        }
    }

    fn set_report(&self, report: Report) {
        self.live.set_report(bounded(report));
    }

    fn create_artifact(
        &self,
        description: ArtifactDescription,
    ) -> Result<Box<dyn ArtifactWriter>, HostError> {
        self.live.staging.begin(description)
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        if bytes.len() as u64 > MAX_CHECKPOINT {
            return Err(HostError::Limit(format!("a checkpoint is at most {MAX_CHECKPOINT} bytes")));
        }
        let blob = self.stage_checkpoint(bytes)?;
        self.stored(wait(self.queue.set_checkpoint(self.live.id, blob)))?;
        *self.checkpoint.lock() = Some(blob);
        Ok(())
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        let Some(blob) = *self.checkpoint.lock() else { return Ok(None) };
        let file = self.stored(wait(self.blobs.open(blob.digest)))?;
        let file = file.ok_or_else(|| HostError::Storage("the checkpoint's bytes are gone".into()))?;
        read_all(file.as_ref()).map(Some).map_err(io_error)
    }

    fn seen(&self, key: &str) -> Result<bool, HostError> {
        check_key(key)?;
        match self.pipeline {
            Some(pipeline) => {
                self.stored(wait(self.processed.is_processed(self.live.project, pipeline, key)))
            }
            None => Ok(false),
        }
    }

    fn mark(&self, key: &str) -> Result<(), HostError> {
        check_key(key)?;
        match self.pipeline {
            Some(pipeline) => {
                self.check_room(pipeline)?;
                self.live.marks.lock().insert(key)
            }
            // There is nobody to remember the key for.
            None => Ok(()),
        }
    }

    fn hmac(&self, secret: &str, messages: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError> {
        if self.deterministic {
            let message =
                "a deterministic job computes with no secrets: what it makes follows from what it reads";
            return Err(HostError::Invalid(message.into()));
        }
        let key = self.outlet.key(secret).ok_or_else(|| {
            HostError::Invalid(format!(
                "the secret \"{}\" is none to compute with: the module's manifest has to ask for it (`hmac`), and an \
                 administrator of the project to set it and to grant it to the module",
                clean(secret, MAX_FINDING_KIND)
            ))
        })?;
        Ok(key.hmac(messages))
    }

    fn http(&self, mut request: HttpRequest) -> HttpAnswer {
        let what = format!("{} {}", clean(&request.method, MAX_METHOD), request.target);
        let (live, clock) = (self.live.clone(), self.clock.clone());
        let span = live.stages.request(&mut request, clock.now());
        let (outlet, life) = (self.outlet.clone(), self.life.clone());
        Box::pin(async move {
            // Elsewhere the job may be at work already when others take this node for lost.
            life.wait().await;
            let answer = outlet.send(request).await;
            stages::answered(span, &answer, clock.now());
            // Of what fails on its way the guest knows as much as anybody; a refusal is for people to look at, and so is
            // why a host is not trusted, which the guest is not told.
            let is_for_people = |error: &&HttpError| {
                matches!(error, HttpError::Denied(_) | HttpError::TooMany(_) | HttpError::Certificate(_))
            };
            if let Some(refusal) = answer.as_ref().err().filter(is_for_people) {
                let line = clean(&format!("{what}: {refusal}"), MAX_FINDING_MESSAGE);
                live.log.lock().push(clock.now(), LogLevel::Warn, "http", &line);
            }
            answer
        })
    }
}

/// Waits for the store on the guest's thread.
///
/// That thread may be inside tokio's `block_on`, which must not be entered a second time; the executor of `futures` only
/// parks the thread. Without `unconstrained`, tokio's co-operative budget would run out after some hundred calls within
/// one poll of the guest, and the wait would spin for ever.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(tokio::task::unconstrained(future))
}

fn job_input(input: &fuelcell_domain::InputRef) -> JobInput {
    JobInput {
        name: input.name.clone(),
        file_name: input.file_name.clone(),
        media_type: input.media_type.clone(),
        size: input.size,
    }
}

fn check_key(key: &str) -> Result<(), HostError> {
    match key.len() {
        1..=MAX_KEY => Ok(()),
        _ => Err(HostError::Invalid(format!("a key is 1 to {MAX_KEY} bytes"))),
    }
}

/// The report with as many and as long findings as are kept, and without a quality score that is none.
fn bounded(report: Report) -> Report {
    Report {
        warnings: bounded_findings(report.warnings),
        processing_errors: bounded_findings(report.processing_errors),
        quality_score: report.quality_score.filter(|score| (0.0..=100.0).contains(score)),
        ..report
    }
}

fn bounded_findings(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.truncate(MAX_FINDINGS);
    for finding in &mut findings {
        finding.kind = clean(&finding.kind, MAX_FINDING_KIND);
        finding.message = clean(&finding.message, MAX_FINDING_MESSAGE);
    }
    findings
}

fn read_all(file: &dyn ReadAt) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.size().min(MAX_CHECKPOINT)).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(filled as u64, &mut bytes[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(bytes)
}

fn io_error(error: io::Error) -> HostError {
    HostError::Storage(error.to_string())
}
