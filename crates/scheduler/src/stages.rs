//! The stages of an attempt, as spans of the trace that its job belongs to. Of a job that nobody follows there are none.

use fuelcell_domain::outbound::{HttpError, HttpRequest, HttpResponse};
use fuelcell_domain::trace::{self, OpenSpan, SpanKind, TraceContext, keys};
use fuelcell_domain::{Digest, Isolation, Job, RunEnd, Timestamp, Usage};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Programs whose compilation is remembered; those that were compiled before the first of them are forgotten.
const MAX_COMPILED: usize = 128;
const HEADER: &str = "traceparent";

/// When programs were compiled of late, for the jobs that waited for it.
#[derive(Default)]
pub(crate) struct Compiled(Mutex<BTreeMap<Digest, (Timestamp, Timestamp)>>);

impl Compiled {
    /// Remembers it, if anybody asks for spans.
    pub(crate) fn note(&self, program: Digest, began: Timestamp, ended: Timestamp) {
        if !trace::is_on() {
            return;
        }
        let mut all = self.0.lock();
        all.insert(program, (began, ended));
        if all.len() > MAX_COMPILED {
            let oldest = all.iter().min_by_key(|(_, (_, ended))| *ended).map(|(program, _)| *program);
            oldest.map(|program| all.remove(&program));
        }
    }

    /// When it was, if a job that waits since then waited for its end.
    fn after(&self, program: Digest, since: Timestamp) -> Option<(Timestamp, Timestamp)> {
        self.0.lock().get(&program).copied().filter(|(_, ended)| *ended > since)
    }
}

/// The spans of one attempt.
#[derive(Default)]
pub(crate) struct Stages {
    attempt: Mutex<OpenSpan>,
    /// Where the attempt is in its trace.
    context: Option<TraceContext>,
    /// Where its run is.
    run: OnceLock<TraceContext>,
}

impl Stages {
    /// Of a job that was claimed: tells how long it waited, for which compilation, and how long the claim took.
    pub(crate) fn of_claimed(job: &Job, isolation: Isolation, compiled: &Compiled, now: Timestamp) -> Self {
        if !job.trace.is_some_and(|context| context.sampled) || !trace::is_on() {
            return Self::default();
        }
        let claimed = job.started_at.unwrap_or(now);
        // Since when it could start again after an attempt nobody knows: its job may have gone back without a time to wait
        // for, and still have one of before.
        if job.attempt == 1 {
            let since = job.since();
            let mut wait = OpenSpan::begin("wait", SpanKind::Internal, job.trace, since);
            wait.text(keys::JOB, job.id).text(keys::PRIORITY, job.priority.as_str());
            if let Some((began, ended)) = compiled.after(job.module.program(), since) {
                let mut compile = OpenSpan::begin("compile", SpanKind::Internal, wait.context(), began);
                compile.text(keys::MODULE, &job.module.name).text(keys::MODULE_DIGEST, job.module.program());
                compile.end(ended);
            }
            wait.end(claimed);
        }
        OpenSpan::begin("claim", SpanKind::Internal, job.trace, claimed).end(now);
        let mut attempt = OpenSpan::begin("attempt", SpanKind::Consumer, job.trace, now);
        attempt
            .text(keys::JOB, job.id)
            .text(keys::JOB_TYPE, job.job_type)
            .text(keys::TENANT, job.project.tenant)
            .text(keys::PROJECT, job.project.project)
            .count(keys::ATTEMPT, job.attempt.into())
            .text(keys::MODULE, &job.module.name)
            .text(keys::MODULE_VERSION, &job.module.version)
            .text(
                keys::ISOLATION,
                match isolation {
                    Isolation::InProcess => "in-process",
                    Isolation::Process => "process",
                },
            );
        Self { context: attempt.context(), attempt: Mutex::new(attempt), run: OnceLock::new() }
    }

    /// Begins a step of the attempt.
    pub(crate) fn step(&self, name: &str, now: Timestamp) -> OpenSpan {
        OpenSpan::begin(name, SpanKind::Internal, self.context, now)
    }

    /// Begins the run, below which requests are.
    pub(crate) fn begin_run(&self, job: &Job, now: Timestamp) -> OpenSpan {
        let mut run = self.step("run", now);
        if let Some(context) = run.context() {
            let _ = self.run.set(context);
        }
        if let Some(fuel) = job.limits.fuel {
            run.count(keys::FUEL_LIMIT, fuel);
        }
        run.count(keys::MEMORY_LIMIT, job.limits.memory_bytes)
            .count(keys::DISK_LIMIT, job.limits.disk_bytes)
            .count(keys::TIME_LIMIT, job.limits.timeout_seconds);
        run
    }

    /// The run is over. What it took to load the code was at its beginning.
    pub(crate) fn end_run(
        &self,
        mut run: OpenSpan,
        (end, usage): (&RunEnd, Usage),
        (began, loaded): (Timestamp, Timestamp),
        now: Timestamp,
    ) {
        self.step("load", began).end(loaded.min(now));
        if let Some(fuel) = usage.fuel.units() {
            run.count(keys::FUEL, fuel).truth(keys::FUEL_IS_LOWER_BOUND, usage.fuel.is_lower_bound());
        }
        run.number(keys::CPU, usage.cpu_micros as f64 / 1e6).count(keys::MEMORY, usage.peak_memory_bytes);
        if let RunEnd::Failed(error) = end {
            run.fail(error.code, &error.message);
        }
        run.end(now);
    }

    /// Begins a request to the world, which carries its place in the trace unless it has one of its own.
    pub(crate) fn request(&self, request: &mut HttpRequest, now: Timestamp) -> OpenSpan {
        let mut span = OpenSpan::begin("request", SpanKind::Client, self.run.get().copied(), now);
        let Some(context) = span.context() else { return span };
        let target = &request.target;
        let path = request.path.split('?').next().unwrap_or_default();
        span.text(keys::HTTP_REQUEST_METHOD, &request.method)
            .text(keys::SERVER_ADDRESS, &target.host)
            .count(keys::SERVER_PORT, target.port.into())
            .text(keys::URL_SCHEME, if target.tls { "https" } else { "http" })
            .text(keys::URL_PATH, path);
        if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(HEADER)) {
            request.headers.push((HEADER.to_owned(), context.to_string().into_bytes()));
        }
        span
    }

    /// The attempt is over: the store has its end.
    pub(crate) fn ended(&self, job: &Job) {
        let mut attempt = self.attempt.lock();
        attempt.text(keys::JOB_STATE, job.state.as_str());
        if let Some(error) = job.error() {
            attempt.fail(error.code, &error.message);
        }
    }

    /// Nothing more comes.
    pub(crate) fn close(&self, now: Timestamp) {
        std::mem::take(&mut *self.attempt.lock()).end(now);
    }
}

/// The request was answered, or not.
pub(crate) fn answered(mut span: OpenSpan, answer: &Result<HttpResponse, HttpError>, now: Timestamp) {
    match answer {
        Ok(response) => {
            span.count(keys::HTTP_RESPONSE_STATUS_CODE, response.status.into());
            if response.status >= 400 {
                span.fail(response.status, "");
            }
        }
        Err(error) => span.fail(kind(error), error),
    }
    span.end(now);
}

fn kind(error: &HttpError) -> &'static str {
    match error {
        HttpError::Denied(_) => "denied",
        HttpError::TooMany(_) => "too_many",
        HttpError::Invalid(_) | HttpError::RequestTooLong => "invalid",
        HttpError::ConnectTimeout | HttpError::ReadTimeout => "timeout",
        HttpError::Dns | HttpError::Connect => "unreachable",
        HttpError::Certificate(_) | HttpError::Tls => "tls",
        HttpError::ResponseTooLong(_) | HttpError::Protocol => "protocol",
    }
}
