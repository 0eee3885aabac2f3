//! Submits jobs like a client, and waits for their end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{crowd::Submission, quantiles::Quantiles};
use crate::{
    client::{Client, text},
    server::Interrupt,
};

/// Between two questions about a job; the latency is known to this.
const LATENCY_POLL: Duration = Duration::from_micros(500);
const DRAIN_POLL: Duration = Duration::from_millis(10);
/// The jobs do nothing: when they take longer than this, something is broken.
const DRAINED_WITHIN: Duration = Duration::from_secs(120);
/// Between the last submit of a backlog and the moment at which its jobs are due.
const DUE_AFTER: Duration = Duration::from_secs(3);
/// Before measuring: connections, caches and the compiled module get warm.
const WARM_UP: usize = 20;

/// One sort of job and where to submit it.
pub(super) struct Load {
    client: Client,
    jobs_path: String,
    batch_path: String,
    list_path: String,
    submission: Value,
    interrupt: Interrupt,
}

/// Jobs from the first submit to the last completion.
pub(super) struct Throughput {
    pub(super) jobs: u64,
    elapsed: Duration,
}

/// What the project's list counts.
#[derive(Clone, Copy)]
struct Ended {
    completed: u64,
    badly: u64,
}

impl Throughput {
    /// Jobs per second.
    pub(super) fn rate(&self) -> f64 {
        self.jobs as f64 / self.elapsed.as_secs_f64()
    }
}

impl Load {
    /// `base` is the path of the project.
    pub(super) fn new(client: Client, base: &str, submission: Value, interrupt: Interrupt) -> Self {
        Self {
            client,
            jobs_path: format!("{base}/execution/job"),
            batch_path: format!("{base}/execution/jobs"),
            list_path: format!("{base}/execution/jobs?pageSize=1"),
            submission,
            interrupt,
        }
    }

    /// From the start of a submit until a client sees the job completed, one job at a time.
    pub(super) fn latency(&self, time: Duration) -> Result<Quantiles> {
        for _ in 0..WARM_UP {
            self.run_one()?;
        }
        let mut durations = Vec::new();
        let started = Instant::now();
        while started.elapsed() < time {
            durations.push(self.run_one()?);
        }
        Ok(Quantiles::of(durations))
    }

    fn run_one(&self) -> Result<Duration> {
        self.interrupt.check()?;
        let begun = Instant::now();
        let submitted = self.client.post(&self.jobs_path, &self.submission)?;
        let id = text(&submitted, "jobId")?;
        loop {
            let job = self.client.get(&format!("{}/{id}", self.jobs_path))?;
            match text(&job, "status")? {
                "Completed" => return Ok(begun.elapsed()),
                "Queued" | "Running" => self.interrupt.wait(LATENCY_POLL)?,
                ended => return Err(anyhow!("a no-op job ended as {ended}: {}", job["error"])),
            }
        }
    }

    /// `clients` submit for a while, each as fast as its submits are acknowledged; the clock stops when all jobs have
    /// completed.
    pub(super) fn throughput(&self, clients: usize, time: Duration) -> Result<Throughput> {
        let before = self.ended()?;
        let started = Instant::now();
        let jobs = self.submit_from(clients, started + time, &self.submission)?;
        self.drain(before, jobs)?;
        Ok(Throughput { jobs, elapsed: started.elapsed() })
    }

    /// `clients` submit jobs that start on a day to come.
    pub(super) fn submits(&self, clients: usize, time: Duration) -> Result<Throughput> {
        let mut later = self.submission.clone();
        later["scheduling"] = json!({"scheduledTime": "2999-01-01T00:00:00Z"});
        let started = Instant::now();
        let jobs = self.submit_from(clients, started + time, &later)?;
        Ok(Throughput { jobs, elapsed: started.elapsed() })
    }

    /// One client submits jobs that start on a day to come, so many in each request.
    pub(super) fn batches(&self, size: usize, time: Duration) -> Result<Throughput> {
        let mut later = self.submission.clone();
        later["scheduling"] = json!({"scheduledTime": "2999-01-01T00:00:00Z"});
        let batch = json!({"jobs": vec![later; size]});
        let started = Instant::now();
        let mut jobs = 0;
        while started.elapsed() < time {
            self.interrupt.check()?;
            let answer = self.client.post(&self.batch_path, &batch)?;
            jobs += answer["queued"].as_u64().context("the answer does not say how many were queued")?;
        }
        Ok(Throughput { jobs, elapsed: started.elapsed() })
    }

    /// `clients` queue jobs that are all due at one moment; the clock runs from then until the last has completed.
    pub(super) fn backlog(&self, clients: usize, time: Duration) -> Result<Throughput> {
        let before = self.ended()?;
        let queued = Instant::now() + time;
        let due = queued + DUE_AFTER;
        let mut later = self.submission.clone();
        let moment = Utc::now() + TimeDelta::from_std(due - Instant::now())?;
        later["scheduling"] = json!({"scheduledTime": moment.to_rfc3339_opts(SecondsFormat::Millis, true)});
        let jobs = self.submit_from(clients, queued, &later)?;
        let left = due.checked_duration_since(Instant::now());
        self.interrupt.wait(left.context("the jobs were not queued before they were due")?)?;
        let started = Instant::now();
        self.drain(before, jobs)?;
        Ok(Throughput { jobs, elapsed: started.elapsed() })
    }

    fn submit_from(&self, clients: usize, end: Instant, submission: &Value) -> Result<u64> {
        let submission = Submission::new(&self.client, &self.jobs_path, submission);
        submission.send_as_crowd(clients, end, &self.interrupt)
    }

    fn drain(&self, before: Ended, jobs: u64) -> Result<()> {
        let started = Instant::now();
        loop {
            let now = self.ended()?;
            ensure!(now.badly == before.badly, "no-op jobs failed");
            if now.completed >= before.completed + jobs {
                return Ok(());
            }
            ensure!(
                started.elapsed() < DRAINED_WITHIN,
                "no-op jobs are still waiting after {DRAINED_WITHIN:?}"
            );
            self.interrupt.wait(DRAIN_POLL)?;
        }
    }

    fn ended(&self) -> Result<Ended> {
        let list = self.client.get(&self.list_path)?;
        let count =
            |key: &str| list["summary"][key].as_u64().with_context(|| format!("the list has no {key}"));
        Ok(Ended {
            completed: count("completedJobs")?,
            badly: count("failedJobs")? + count("cancelledJobs")?,
        })
    }
}
