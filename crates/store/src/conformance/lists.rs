//! Lists, counts and figures.

use super::fixtures::{
    at, cancel, done, end, failure, job, module, pipeline, project, running, start, submit,
};
use crate::{JobFilter, PageRequest, RECENT_DURATIONS, StateCounts, Store, TenantFigures, Total};
use fuelcell_domain::job::Priority;
use fuelcell_domain::{Digest, Job, JobState, JobType, PipelineId, ProjectId, ProjectRef, Transition};
use std::cmp::Reverse;

const ALL: PageRequest = PageRequest { offset: 0, limit: 1000 };

/// Lists by the filter and compares with the same filter over what is known; counts must agree with the list.
async fn agrees(store: &dyn Store, known: &[Job], filter: &JobFilter) {
    let own = known[0].project;
    let mut expected: Vec<_> = known.iter().filter(|job| filter.matches(job)).cloned().collect();
    expected.sort_by_key(|job| Reverse(job.ordinal));
    let page = store.list(own, filter, ALL).await.unwrap();
    let ordinals = |jobs: &[Job]| jobs.iter().map(|job| job.ordinal).collect::<Vec<_>>();
    assert_eq!(ordinals(&page.jobs), ordinals(&expected), "{filter:?}");
    assert_eq!(page.jobs, expected, "{filter:?}");
    assert_eq!(page.total, Total::exact(expected.len() as u64));
    expected.reverse();
    for limit in [4, expected.len(), expected.len() + 1] {
        assert_eq!(from_the_oldest(store, own, filter, limit).await, expected, "{limit} of {filter:?}");
    }

    let any_state = filter.in_any_state();
    let mut counts = StateCounts::default();
    for job in known.iter().filter(|job| any_state.matches(job)) {
        *counts.of(job.state) += 1;
    }
    assert_eq!(store.counts(own, filter).await.unwrap(), counts, "{filter:?}");
}

/// Reads a list from its oldest job on, so many at a time.
async fn from_the_oldest(store: &dyn Store, own: ProjectRef, filter: &JobFilter, limit: usize) -> Vec<Job> {
    let (mut jobs, mut after) = (Vec::new(), None);
    loop {
        let some = store.oldest_jobs(own, filter, after, limit).await.unwrap();
        assert!(some.len() <= limit);
        let Some(last) = some.last() else { return jobs };
        after = Some(last.ordinal);
        jobs.extend(some);
    }
}

/// Jobs of every state, and among them every type, priority, subject and pipeline.
async fn variety(store: &dyn Store, own: ProjectRef, pipelines: [PipelineId; 2]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in 0..30 {
        let new = Job {
            job_type: types()[n % 5],
            priority: Priority::ALL[n / 2 % 4],
            submitted_by: ["anna", "bert", "carl"][n % 3].into(),
            pipeline: [None, Some(pipeline(pipelines[0])), Some(pipeline(pipelines[1]))][n / 3 % 3].clone(),
            created_at: at(n as i64 / 2 * 10),
            ..job(own)
        };
        let queued = submit(store, new).await;
        jobs.push(match n % 5 {
            0 => queued,
            1 => start(store, queued.id, 1).await,
            2 => store.request_cancel(own, queued.id, cancel(1)).await.unwrap().1,
            other => {
                let started = start(store, queued.id, 1).await;
                let transition = if other == 3 { done() } else { failure() };
                store.finish(end(&started, transition, 2)).await.unwrap()
            }
        });
    }
    jobs
}

/// The four, and one of a module's own.
fn types() -> [JobType; 5] {
    let [mining, enrichment, notebook, analysis] = JobType::RESERVED;
    [mining, enrichment, notebook, analysis, "FraudCheck".parse().unwrap()]
}

pub async fn every_filter(store: &dyn Store) {
    let own = project();
    let pipelines = [PipelineId::random(), PipelineId::random()];
    // Neighbours that no list of this project may show.
    submit(store, job(ProjectRef { project: ProjectId::random(), ..own })).await;
    let jobs = variety(store, own, pipelines).await;
    submit(store, job(project())).await;

    let any = JobFilter::default;
    agrees(store, &jobs, &any()).await;
    for state in JobState::ALL {
        agrees(store, &jobs, &JobFilter { states: vec![state], ..any() }).await;
        agrees(store, &jobs, &JobFilter { states: vec![state, JobState::Failed], ..any() }).await;
    }
    for job_type in types() {
        agrees(store, &jobs, &JobFilter { job_type: Some(job_type), ..any() }).await;
    }
    for priority in Priority::ALL {
        agrees(store, &jobs, &JobFilter { priority: Some(priority), ..any() }).await;
    }
    for subject in ["anna", "carl", "nobody"] {
        let filter = JobFilter { submitted_by: Some(subject.into()), ..any() };
        agrees(store, &jobs, &filter).await;
        agrees(
            store,
            &jobs,
            &JobFilter { states: vec![JobState::Completed], job_type: Some(JobType::Analysis), ..filter },
        )
        .await;
    }
    for id in [pipelines[0], pipelines[1], PipelineId::random()] {
        agrees(store, &jobs, &JobFilter { pipeline: Some(id), ..any() }).await;
    }
    for (from, to) in
        [(Some(50), None), (None, Some(50)), (Some(30), Some(90)), (Some(31), Some(39)), (Some(999), None)]
    {
        let filter = JobFilter { created_from: from.map(at), created_to: to.map(at), ..any() };
        agrees(store, &jobs, &filter).await;
        agrees(store, &jobs, &JobFilter { priority: Some(Priority::High), ..filter }).await;
    }
}

pub async fn creation_times_out_of_order(store: &dyn Store) {
    let own = project();
    let mut jobs = Vec::new();
    for seconds in [10, 20, 5, 15, 30, 30, 29, 40, 1] {
        jobs.push(submit(store, Job { created_at: at(seconds), ..job(own) }).await);
    }
    for from in [None, Some(0), Some(5), Some(15), Some(29), Some(41)] {
        for to in [None, Some(0), Some(5), Some(16), Some(29), Some(30), Some(50)] {
            let filter =
                JobFilter { created_from: from.map(at), created_to: to.map(at), ..JobFilter::default() };
            agrees(store, &jobs, &filter).await;
        }
    }
}

pub async fn pages(store: &dyn Store) {
    let own = project();
    for n in 0..25 {
        let job_type = if n % 2 == 0 { JobType::Analysis } else { JobType::Notebook };
        submit(store, Job { job_type, ..job(own) }).await;
    }
    let list = async |filter: &JobFilter, offset, limit| {
        let page = store.list(own, filter, PageRequest { offset, limit }).await.unwrap();
        (page.jobs.iter().map(|job| job.ordinal).collect::<Vec<_>>(), page.total.count)
    };
    let any = JobFilter::default();
    assert_eq!(list(&any, 0, 3).await, (vec![25, 24, 23], 25));
    assert_eq!(list(&any, 3, 2).await, (vec![22, 21], 25));
    assert_eq!(list(&any, 23, 10).await, (vec![2, 1], 25));
    assert_eq!(list(&any, 25, 10).await, (vec![], 25));
    assert_eq!(list(&any, u64::MAX, 10).await, (vec![], 25));
    assert_eq!(list(&any, 0, 0).await, (vec![], 25));
    let odd = JobFilter { job_type: Some(JobType::Analysis), ..JobFilter::default() };
    assert_eq!(list(&odd, 0, 2).await, (vec![25, 23], 13));
    assert_eq!(list(&odd, 11, 5).await, (vec![3, 1], 13));
}

pub async fn durations(store: &dyn Store) {
    let own = project();
    let wanted = module("wanted");
    let run = async |name: &str, transition: Transition, seconds: i64| {
        let started = running(store, Job { module: module(name), ..job(own) }).await;
        store.finish(end(&started, transition, 1 + seconds)).await.unwrap();
    };
    assert!(store.recent_durations(wanted.digest).await.unwrap().is_empty());
    run("other", done(), 77).await;
    run("wanted", failure(), 78).await;
    run("wanted", Transition::Stop, 79).await;
    let count = RECENT_DURATIONS as i64 + 8;
    for seconds in 1..=count {
        run("wanted", done(), seconds).await;
    }
    let profiled = running(store, Job { module: module("wanted"), profile: true, ..job(own) }).await;
    store.finish(end(&profiled, done(), 99)).await.unwrap();
    let latest: Vec<_> =
        (1..=count).rev().take(RECENT_DURATIONS).map(|seconds| seconds as u64 * 1_000_000).collect();
    assert_eq!(store.recent_durations(wanted.digest).await.unwrap(), latest);
    assert!(store.recent_durations(Digest::of(b"never ran")).await.unwrap().is_empty());
}

pub async fn figures(store: &dyn Store) {
    const DAY: i64 = 24 * 3600;
    let own = project();
    let sister = ProjectRef { project: ProjectId::random(), ..own };
    let put = async |project, priority| submit(store, Job { priority, ..job(project) }).await;
    assert_eq!(store.tenant_figures(own.tenant, at(0)).await.unwrap(), TenantFigures::default());
    put(own, Priority::Low).await;
    put(sister, Priority::Critical).await;
    put(project(), Priority::High).await;
    // Started at 5 after a wait of 5 s, and again later; completed 20 s after its second start.
    let retried = put(own, Priority::Normal).await;
    let first = start(store, retried.id, 5).await;
    store.finish(end(&first, Transition::GiveBack, 6)).await.unwrap();
    let second = start(store, retried.id, 10).await;
    store.finish(end(&second, done(), 30)).await.unwrap();
    // Waited 3 s beyond its time; failed on the next day.
    let scheduled = submit(store, Job { not_before: Some(at(7)), ..job(sister) }).await;
    let scheduled = start(store, scheduled.id, 10).await;
    store.finish(end(&scheduled, failure(), DAY + 1)).await.unwrap();
    // Failed without ever starting; cancelled; running since the next day.
    let gone = put(own, Priority::Normal).await;
    let error = fuelcell_domain::JobError::new(fuelcell_domain::ErrorCode::InputGone, "gone");
    store.fail_queued(gone.id, error, at(3)).await.unwrap();
    let unwanted = put(own, Priority::Normal).await;
    store.request_cancel(own, unwanted.id, cancel(3)).await.unwrap();
    let late = put(own, Priority::Normal).await;
    start(store, late.id, DAY + 2).await;
    submit(store, Job { priority: Priority::High, not_before: Some(at(9 * DAY)), ..job(own) }).await;

    let standing =
        TenantFigures { queued: [1, 0, 0, 1], scheduled: 1, running: 1, ..TenantFigures::default() };
    let today = TenantFigures {
        completed: 1,
        failed: 1,
        duration_micros: 20_000_000,
        started: 2,
        wait_micros: 8_000_000,
        ..standing
    };
    let tomorrow =
        TenantFigures { failed: 1, started: 1, wait_micros: (DAY as u64 + 2) * 1_000_000, ..standing };
    let seen = async |seconds| store.tenant_figures(own.tenant, at(seconds)).await.unwrap();
    assert_eq!(seen(0).await, today);
    assert_eq!(seen(DAY - 1).await, today);
    assert_eq!(seen(DAY).await, tomorrow);
    assert_eq!(seen(2 * DAY).await, standing);
    assert_eq!(seen(-1).await, standing);
    let all_due = TenantFigures { queued: [1, 0, 1, 1], scheduled: 0, ..standing };
    assert_eq!(seen(9 * DAY).await, all_due);
    assert_eq!(seen(2 * DAY).await, standing, "the clock was set back");
}
