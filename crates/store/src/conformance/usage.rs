//! Sums of what attempts used.

use super::fixtures::{
    at, cancel, done, end, failure, holder, job, lease, project, pulse, running, start, submit,
    transient_failure,
};
use crate::hours::{KEPT_HOURS, utc_hour};
use crate::jobs::utc_day;
use crate::usage::{Dimension, UsageGroup, UsageQuery, UsageReport, UsageSums, VALUES_A_DAY};
use crate::{Finish, Store};
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{
    ErrorCode, Fuel, Incarnation, Job, JobError, NodeId, ProjectRef, Receipt, Transition, Usage,
};

/// Everything of a project by day.
pub(super) fn sums_of(own: ProjectRef, dimension: Dimension) -> UsageQuery {
    UsageQuery {
        tenant: Some(own.tenant),
        project: Some(own.project),
        from: 0,
        to: i64::MAX,
        dimension,
        by_day: true,
        by_project: false,
        by_tenant: false,
    }
}

const DAY: i64 = 24 * 3600;

fn costly(job: &Job, transition: Transition, seconds: i64, fuel: Fuel) -> Finish {
    let usage = Usage {
        fuel,
        peak_memory_bytes: 1 << 40,
        cpu_micros: 3,
        wall_micros: 1 << 40,
        bytes_read: 5,
        bytes_written: 7,
        ..Usage::default()
    };
    let finish = end(job, transition, seconds);
    Finish { receipt: Receipt { usage, ..finish.receipt.clone() }, ..finish }
}

async fn total(store: &dyn Store, own: ProjectRef) -> UsageSums {
    let report = store.usage(sums_of(own, Dimension::Total)).await.unwrap();
    report.0.values().fold(UsageSums::default(), |mut all, sums| {
        all.add(sums);
        all
    })
}

/// The sums of all receipts that are there.
async fn of_receipts(store: &dyn Store, jobs: &[&Job]) -> UsageSums {
    let mut sums = UsageSums::default();
    for job in jobs {
        for receipt in store.receipts(job.id).await.unwrap() {
            sums.add(&UsageSums::of_attempt(&receipt));
        }
    }
    sums
}

pub async fn equals_the_receipts_whatever_the_end(store: &dyn Store) {
    let own = project();
    let named = |who: &str| Job { submitted_by: who.into(), ..job(own) };
    let completed = running(store, named("anna")).await;
    store.finish(costly(&completed, done(), 2, Fuel::Exact(10))).await.unwrap();
    let failed = running(store, named("anna")).await;
    store.finish(costly(&failed, failure(), 2, Fuel::AtLeast(20))).await.unwrap();
    let requeued = running(store, named("bert")).await;
    store.finish(costly(&requeued, transient_failure(), 2, Fuel::Unknown)).await.unwrap();
    let again = start(store, requeued.id, 1_000).await;
    store.finish(costly(&again, Transition::GiveBack, DAY + 1, Fuel::Exact(1))).await.unwrap();
    let stopped = running(store, named("bert")).await;
    store.request_cancel(own, stopped.id, cancel(3)).await.unwrap();
    store.finish(costly(&stopped, Transition::Stop, 4, Fuel::AtLeast(40))).await.unwrap();
    // A stale end counts for nothing.
    store.finish(costly(&stopped, done(), 5, Fuel::Exact(1 << 30))).await.unwrap_err();
    let lost = running(store, named("bert")).await;
    let seen = Usage { fuel: Fuel::AtLeast(80), cpu_micros: 9, ..Usage::default() };
    store.record_pulse(lost.current_attempt(), Pulse { usage: seen, ..pulse(5) }, at(5)).await.unwrap();
    store.expire_leases(at(90)).await.unwrap();
    store.claim(&[lost.id], lease("gone", DAY * 9), holder(), at(100)).await.unwrap();
    store.release_node(&NodeId("gone".into()), Incarnation::random(), at(110)).await.unwrap();
    // Nobody ran these.
    let dropped = submit(store, named("anna")).await;
    store.request_cancel(own, dropped.id, cancel(6)).await.unwrap();
    let hopeless = submit(store, named("anna")).await;
    let gone = JobError::new(ErrorCode::InputGone, "gone");
    store.fail_queued(hopeless.id, gone, at(7)).await.unwrap();

    let sums = total(store, own).await;
    assert_eq!(
        sums.of_attempts(),
        of_receipts(store, &[&completed, &failed, &requeued, &stopped, &lost]).await
    );
    assert_eq!((sums.fuel, sums.fuel_at_least, sums.fuel_unknown), (10 + 20 + 1 + 40 + 80, 4, 1));
    assert_eq!((sums.attempts, sums.lost_attempts), (7, 2));
    assert_eq!((sums.completed, sums.failed, sums.cancelled), (1, 2, 2));
    assert_eq!(sums.memory_byte_micros, 5_u128 << 80);

    let first = utc_day(at(0));
    let by_day = store.usage(sums_of(own, Dimension::Total)).await.unwrap().0;
    let by_day: Vec<_> = by_day.iter().map(|(group, sums)| (group.day, sums.attempts)).collect();
    assert_eq!(by_day, [(Some(first), 6), (Some(first + 1), 1)]);
    let by_subject =
        store.usage(UsageQuery { by_day: false, ..sums_of(own, Dimension::Subject) }).await.unwrap();
    let subjects: Vec<_> =
        by_subject.0.iter().map(|(group, sums)| (group.value.as_deref(), sums.attempts)).collect();
    assert_eq!(subjects, [(Some("anna"), 2), (Some("bert"), 5)]);

    // What is deleted stays counted.
    store.delete_ended(own, failed.id).await.unwrap();
    assert_eq!(total(store, own).await, sums);
}

pub async fn asks_for_what_is_told_apart(store: &dyn Store) {
    let (own, beside, other) = (project(), project(), project());
    let beside = ProjectRef { tenant: own.tenant, ..beside };
    let labels =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let given = [
        (own, labels(&[("team", "a"), ("cost", "1")]), 1),
        (own, labels(&[("team", "b")]), DAY),
        (beside, labels(&[("team", "a")]), 2 * DAY),
        (other, labels(&[]), 3 * DAY),
    ];
    for (project, labels, seconds) in given {
        let started = running(store, Job { labels, ..job(project) }).await;
        store.finish(end(&started, done(), seconds)).await.unwrap();
    }
    let asked = async |query: UsageQuery| store.usage(query).await.unwrap();
    let all = UsageQuery { tenant: None, project: None, by_day: false, ..sums_of(own, Dimension::Total) };
    let jobs = |report: UsageReport| {
        report.0.into_iter().map(|(group, sums)| (group, sums.completed)).collect::<Vec<_>>()
    };
    let none = UsageGroup { day: None, tenant: None, project: None, value: None };
    let all_sums = asked(all).await;
    assert_eq!(jobs(all_sums), [(none.clone(), 4)]);
    let own_tenant = UsageQuery { tenant: Some(own.tenant), ..all };
    assert_eq!(jobs(asked(own_tenant).await), [(none.clone(), 3)]);
    let first = utc_day(at(0));
    let days = UsageQuery { from: first + 1, to: first + 2, by_day: true, ..own_tenant };
    let day = |day| UsageGroup { day: Some(day), ..none.clone() };
    assert_eq!(jobs(asked(days).await), [(day(first + 1), 1), (day(first + 2), 1)]);
    assert_eq!(jobs(asked(UsageQuery { from: first + 3, to: first + 2, ..days }).await), []);
    let by_label = UsageQuery { dimension: Dimension::Label, ..own_tenant };
    let label = |text: &str| UsageGroup { value: Some(text.into()), ..none.clone() };
    assert_eq!(
        jobs(asked(by_label).await),
        [(label("cost=1"), 1), (label("team=a"), 2), (label("team=b"), 1)]
    );
    let by_project = asked(UsageQuery { by_project: true, ..all }).await;
    let counted = |project: ProjectRef| UsageGroup {
        tenant: Some(project.tenant),
        project: Some(project.project),
        ..none.clone()
    };
    for (project, expected) in [(own, 2), (beside, 1), (other, 1)] {
        assert_eq!(by_project.0.get(&counted(project)).map(|sums| sums.completed), Some(expected));
    }
    let by_tenant = asked(UsageQuery { by_tenant: true, ..all }).await;
    let tenant = UsageGroup { tenant: Some(own.tenant), ..none.clone() };
    assert_eq!(by_tenant.0.get(&tenant).map(|sums| sums.completed), Some(3));
}

pub async fn so_many_values_are_told_apart(store: &dyn Store) {
    let own = project();
    let numbers: Vec<u32> = (0..VALUES_A_DAY + 3).collect();
    for numbers in numbers.chunks(32) {
        let labels = numbers.iter().map(|number| ("n".to_owned(), format!("{number:04}"))).collect();
        let started = running(store, Job { labels, ..job(own) }).await;
        store.finish(end(&started, done(), 2)).await.unwrap();
    }
    let report = store.usage(sums_of(own, Dimension::Label)).await.unwrap();
    assert_eq!(report.0.len(), VALUES_A_DAY as usize + 1);
    let others = UsageGroup { day: Some(utc_day(at(0))), tenant: None, project: None, value: None };
    assert_eq!(report.0.get(&others).map(|sums| sums.completed), Some(3));
    assert_eq!(total(store, own).await.completed, numbers.len().div_ceil(32) as u64);
}

pub async fn hours_are_kept_for_a_week_and_a_day(store: &dyn Store) {
    const HOUR: i64 = 3600;
    let (own, first) = (project(), utc_hour(at(0)));
    let hours = async |from, to| store.hours(own, from, to).await.unwrap();
    assert_eq!(hours(i64::MIN, i64::MAX).await, []);
    let completed = running(store, job(own)).await;
    store.finish(end(&completed, done(), 11)).await.unwrap();
    let failed = running(store, job(own)).await;
    store.finish(end(&failed, failure(), HOUR + 1)).await.unwrap();
    let dropped = submit(store, job(own)).await;
    store.request_cancel(own, dropped.id, cancel(HOUR + 2)).await.unwrap();

    let all = hours(first, first + 1).await;
    let [one, two] = &all[..] else { panic!("two hours: {all:?}") };
    assert_eq!((one.hour, one.sums.completed, &one.failures[..]), (first, 1, &[][..]));
    let near = |quantile: Option<u64>, seconds: u64| {
        let micros = seconds * 1_000_000;
        assert!(
            quantile.is_some_and(|found| (micros..=micros + micros / 4).contains(&found)),
            "{quantile:?}"
        );
    };
    near(one.waits.quantile(50), 1);
    near(one.runs.quantile(95), 10);
    assert_eq!((two.hour, two.sums.failed, two.sums.cancelled), (first + 1, 1, 1));
    assert_eq!(two.failures, [(ErrorCode::Trap, 1)]);
    assert_eq!((two.waits.total(), two.runs.total()), (1, 1), "nobody ran the cancelled one");
    assert_eq!(hours(first + 1, first + 9).await, all[1..]);
    store.delete_ended(own, failed.id).await.unwrap();
    assert_eq!(hours(first, first + 1).await, all, "what is deleted stays counted");

    // An hour takes the place of one that lies so far back, and what comes too late has none.
    let kept = async || hours(first, i64::MAX).await.iter().map(|figures| figures.hour).collect::<Vec<_>>();
    for seconds in [KEPT_HOURS * HOUR, 12] {
        let late = running(store, job(own)).await;
        store.finish(end(&late, done(), seconds)).await.unwrap();
        assert_eq!(kept().await, [first + 1, first + KEPT_HOURS]);
    }
    assert_eq!(total(store, own).await.completed, 3);
    assert_eq!(store.hours(project(), i64::MIN, i64::MAX).await.unwrap(), []);
}
