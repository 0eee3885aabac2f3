//! Jobs: each record agrees with its places, its index, its state, and with what is kept under its id.

use super::Look;
use crate::index::entry::IndexEntry;
use crate::records::job::{LivePulse, StoredJob};
use crate::tables::keys::Number;
use crate::tables::keys::{self, JobKey, Table, counters, hexadecimal};
use crate::verbs::submissions::UsedKey;
use fuelcell_domain::{Artifact, Digest, Job, JobId, JobState, LogLine, Receipt};
use fuelcell_store::{BlobRef, ProcessedItem};
use std::collections::BTreeMap;
use uuid::Uuid;

impl Look<'_> {
    pub(super) fn jobs(&mut self) {
        self.each(Table::Jobs, |look, key, StoredJob { job, parameters_apart }| {
            look.report.jobs += 1;
            look.job(key, &job, parameters_apart);
        });
        self.each(Table::JobIndex, |look, key, _: IndexEntry| look.belongs_to_a_job(Table::JobIndex, key));
        self.each(Table::Parameters, |look, key, _: String| look.belongs_to_a_job(Table::Parameters, key));
        self.each(Table::JobPlaces, |look, key, place: JobKey| {
            let stored: Option<StoredJob> = look.get(Table::Jobs, &place.key());
            let same = stored.is_some_and(|stored| stored.job.id.0.as_bytes() == key);
            look.require(same, || format!("job {} is not where its place says", name(key)));
        });
        self.each(Table::DeletedJobs, |look, key, _: Number| {
            let gone = !look.is_there(Table::Jobs, key);
            look.require(gone, || format!("the job at {} is there and said to be deleted", hexadecimal(key)));
        });
        self.kept_under_ids();
    }

    fn job(&mut self, key: &[u8], job: &Job, parameters_apart: bool) {
        let place = JobKey::of(job.project, job.ordinal);
        self.require(place.key() == key, || format!("job {} lies in a wrong place", job.id));
        let known: Option<JobKey> = self.get(Table::JobPlaces, job.id.0.as_bytes());
        self.require(known == Some(place), || format!("job {} is not found by its id", job.id));
        let index: Option<IndexEntry> = self.get(Table::JobIndex, key);
        self.require(index == Some(IndexEntry::of(job)), || format!("job {} is indexed wrongly", job.id));
        let parameters = self.is_there(Table::Parameters, key);
        self.require(parameters == parameters_apart, || {
            let what = if parameters { "has parameters twice" } else { "has lost its parameters" };
            format!("job {} {what}", job.id)
        });
        for (holds, what) in self.invariants(job) {
            self.require(holds, || format!("job {} is {} {what}", job.id, job.state.as_str()));
        }
    }

    /// What follows from a job's state.
    fn invariants(&self, job: &Job) -> [(bool, &'static str); 4] {
        let running = job.state == JobState::Running;
        // A job without artifacts has no list of them.
        let receipt: Option<Receipt> = self.get(Table::Receipts, &keys::of_job(job.id, job.attempt));
        let published = self.is_there(Table::Artifacts, job.id.0.as_bytes())
            || receipt.is_some_and(|receipt| receipt.outputs.is_empty());
        [
            (running == job.lease.is_some(), "and its lease says otherwise"),
            (!running || (job.attempt > 0 && job.started_at.is_some()), "without having started"),
            (job.state.is_ended() == job.ended_at.is_some(), "and its end says otherwise"),
            (job.state != JobState::Completed || published, "without the list of its artifacts"),
        ]
    }

    fn belongs_to_a_job(&mut self, table: Table, key: &[u8]) {
        let there = self.is_there(Table::Jobs, key);
        self.require(there, || format!("{table:?} {} belongs to no job", hexadecimal(key)));
    }

    fn kept_under_ids(&mut self) {
        self.each(Table::Pulses, |look, key, _: LivePulse| {
            let running = look.job_of(key).is_some_and(|job| job.state == JobState::Running);
            look.require(running, || format!("job {} has live figures and does not run", name(key)));
        });
        self.each(Table::Checkpoints, |look, key, _: BlobRef| look.is_of_a_job(Table::Checkpoints, key));
        self.each(Table::Artifacts, |look, key, _: Vec<Artifact>| look.is_of_a_job(Table::Artifacts, key));
        self.each(Table::Receipts, |look, key, receipt: Receipt| {
            let job = look.job_of(key);
            let fits = job.is_some_and(|job| receipt.attempt.number <= job.attempt);
            look.require(fits, || format!("there is a receipt of attempt {} without it", receipt.attempt));
        });
        self.each(Table::Logs, |look, key, _: Vec<LogLine>| look.is_of_a_job(Table::Logs, key));
        // The job may be deleted: its key is free again then.
        self.each(Table::IdempotencyKeys, |_, _, _: UsedKey| {});
        self.processed_items();
    }

    /// Each item lies under the hash of its key, and its pipeline counts it.
    fn processed_items(&mut self) {
        let mut sums: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        self.each(Table::ProcessedItems, |look, key, item: ProcessedItem| {
            let fits = key.ends_with(&Digest::of(item.key.as_bytes()).0);
            look.require(fits, || format!("processed item {} lies wrongly", hexadecimal(key)));
            *sums.entry(counters::processed_of(key)).or_default() += 1;
        });
        for (counter, sum) in sums {
            let counted: Option<u32> = self.get(Table::Counters, &counter);
            // The counter's first byte says what it counts.
            let is_going = self.is_taken_away(&counter[1..]);
            self.require(counted == Some(sum) || is_going, || {
                format!("{sum} processed items are counted wrongly under {}", hexadecimal(&counter))
            });
        }
    }

    fn is_of_a_job(&mut self, table: Table, key: &[u8]) {
        let there = key.get(..16).is_some_and(|id| self.is_there(Table::JobPlaces, id));
        self.require(there, || format!("{table:?} {} belongs to no job", hexadecimal(key)));
    }

    /// The job whose id a key begins with.
    fn job_of(&self, key: &[u8]) -> Option<Job> {
        let place: JobKey = self.get(Table::JobPlaces, key.get(..16)?)?;
        Some(self.get::<StoredJob>(Table::Jobs, &place.key())?.job)
    }
}

fn name(key: &[u8]) -> String {
    Uuid::from_slice(key).map_or_else(|_| hexadecimal(key), |id| JobId(id).to_string())
}
