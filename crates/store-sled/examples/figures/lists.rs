//! Pages of jobs, by what they cost this process in CPU time.

use crate::PROJECT;
use crate::fill::{created_at, pipeline_id, subject};
use crate::measure::{Quantiles, cpu, row};
use fuelcell_domain::job::Priority;
use fuelcell_domain::{JobState, JobType, Standing, Timestamp};
use fuelcell_store::{JobFilter, JobOrder, PageRequest, SortKey, Store};

/// All jobs may start.
const NOW: Timestamp = Timestamp(i64::MAX);

const PAGE: usize = 100;
/// Pages of each kind.
const PAGES: u64 = 200;
/// Steps between deep pages, a prime: they lie all over the list.
const STEP: u64 = 611_953;

pub(crate) async fn measure(store: &dyn Store, jobs: u64) {
    for (name, filter, order) in kinds(jobs) {
        let probe = PageRequest { offset: 0, limit: 1 };
        let total = store.list(PROJECT, &filter, probe).await.unwrap().total.count;
        assert!(total > 0, "no job matches {name}");
        for (depth, step) in [("first pages", 7), ("deep pages", STEP)] {
            let mut times = Vec::new();
            for number in 0..PAGES {
                let page = PageRequest { offset: number * step % total, limit: PAGE };
                let before = cpu();
                match order {
                    None => store.list(PROJECT, &filter, page).await.unwrap(),
                    Some(order) => store.list_ordered(PROJECT, &filter, order, page).await.unwrap(),
                };
                times.push(cpu() - before);
            }
            let what = format!("CPU of a page of {PAGE}, {name} ({total} jobs), {depth}");
            row(&what, &Quantiles::of(times).to_string());
        }
    }
    counts(store, jobs).await;
}

type Kind = (&'static str, JobFilter, Option<JobOrder>);

fn kinds(jobs: u64) -> Vec<Kind> {
    let any = JobFilter::default;
    let ordered = |key, descending| Some(JobOrder { key, descending });
    vec![
        ("all", any(), None),
        ("by state", JobFilter { states: vec![JobState::Completed], ..any() }, None),
        ("by two states", JobFilter { states: vec![JobState::Queued, JobState::Failed], ..any() }, None),
        ("by type", JobFilter { job_type: Some(JobType::Analysis), ..any() }, None),
        ("by priority", JobFilter { priority: Some(Priority::Low), ..any() }, None),
        ("by subject", JobFilter { submitted_by: Some(subject(7)), ..any() }, None),
        ("by pipeline", JobFilter { pipeline: Some(pipeline_id(3)), ..any() }, None),
        ("by time", between(jobs), None),
        (
            "by all of them",
            JobFilter {
                states: vec![JobState::Completed],
                job_type: Some(JobType::Analysis),
                ..between(jobs)
            },
            None,
        ),
        ("ordered by start", any(), ordered(SortKey::StartedAt, false)),
        ("ordered by end", any(), ordered(SortKey::EndedAt, true)),
        ("ordered by pipeline", any(), ordered(SortKey::Pipeline, false)),
        ("ordered by error", any(), ordered(SortKey::Error, false)),
        ("ordered by standing", any(), ordered(SortKey::Standing(Standing::ALL), true)),
    ]
}

/// The middle half of the time.
fn between(jobs: u64) -> JobFilter {
    let (from, to) = (created_at(jobs / 4), created_at(jobs * 3 / 4));
    JobFilter { created_from: Some(from), created_to: Some(to), ..JobFilter::default() }
}

async fn counts(store: &dyn Store, jobs: u64) {
    let mut times = Vec::new();
    for _ in 0..PAGES {
        let before = cpu();
        store.counts(PROJECT, &between(jobs)).await.unwrap();
        times.push(cpu() - before);
    }
    row("CPU of counts by state, by time", &Quantiles::of(times).to_string());
    let queue = store.queued(PROJECT, NOW, PageRequest { offset: 0, limit: PAGE }).await.unwrap();
    let last = PageRequest { offset: queue.due.saturating_sub(1), limit: 1 };
    let last = store.queued(PROJECT, NOW, last).await.unwrap().jobs.remove(0).1;
    let (mut positions, mut pages) = (Vec::new(), Vec::new());
    for number in 0..PAGES {
        let before = cpu();
        store.queued_before(&last, NOW).await.unwrap();
        positions.push(cpu() - before);
        let page = PageRequest { offset: number * STEP % queue.due, limit: PAGE };
        let before = cpu();
        store.queued(PROJECT, NOW, page).await.unwrap();
        pages.push(cpu() - before);
    }
    let total = queue.due;
    row(&format!("CPU of a place in the queue ({total} jobs)"), &Quantiles::of(positions).to_string());
    row(
        &format!("CPU of a page of {PAGE} of the queue ({total} jobs), deep pages"),
        &Quantiles::of(pages).to_string(),
    );
}
