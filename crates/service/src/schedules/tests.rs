//! Schedules on a clock that moves only when told to, with the store's reference.

use super::*;
use crate::cancel::Cancel;
use crate::pipelines::PipelineSpec;
use crate::stubs;
use fuelcell_domain::clock::ManualClock;
use fuelcell_domain::{Clock, JobType, PipelineId, ProjectLimits, ProjectRef, Quotas};
use fuelcell_store::faulty::{Fault, FaultyStore};
use fuelcell_store::{Accounts, ClientStore, JobFilter, Jobs, MemoryStore, PageRequest, Pipelines};
use std::sync::Arc;

/// Tuesday, 2026-01-06T05:00:00Z: six o'clock in Berlin.
const SIX: Timestamp = Timestamp(1_767_675_600_000_000);
const HOUR: Duration = Duration::from_secs(3600);
const SECRET: &str = "fc_a secret";

struct World {
    service: Service,
    store: Arc<FaultyStore<MemoryStore>>,
    clock: Arc<ManualClock>,
    project: ProjectRef,
    pipeline: PipelineId,
}

fn spec(cron: &str, overlap: Overlap) -> ScheduleSpec {
    ScheduleSpec {
        cron: cron.into(),
        time_zone: "Europe/Berlin".into(),
        overlap,
        catch_up_seconds: 3600,
        enabled: true,
        parameters: Parameters::from_text(r#"{"depth":3}"#).unwrap(),
        priority: Priority::High,
    }
}

impl World {
    /// A minute before six, with a pipeline without a schedule.
    async fn new() -> Self {
        let store: Arc<FaultyStore<MemoryStore>> = Arc::default();
        let clock = Arc::new(ManualClock::new(Timestamp(SIX.0 - 60_000_000)));
        let service = new_service(store.clone(), clock.clone());
        let project = stubs::project(&service, SECRET).await;
        Self { service, store, clock, project, pipeline: PipelineId::random() }
    }

    async fn with(cron: &str, overlap: Overlap) -> Self {
        let world = Self::new().await;
        world.put(spec(cron, overlap)).await.unwrap();
        world
    }

    async fn put(&self, schedule: ScheduleSpec) -> Result<Pipeline, ServiceError> {
        let anna = self.service.authenticate(SECRET).await.unwrap();
        let spec = PipelineSpec {
            id: self.pipeline,
            name: "nightly".into(),
            job_type: JobType::Analysis,
            module: None,
            parameters: Parameters::from_text(r#"{"depth":1,"width":2}"#).unwrap(),
            dataset: None,
            limits: LimitRequest::default(),
            schedule: Some(schedule),
        };
        self.service.put_pipeline(&anna, self.project, spec).await
    }

    async fn run_at(&self, now: Timestamp) {
        self.clock.set(now);
        self.service.run_due().await.unwrap();
    }

    async fn schedule(&self) -> Schedule {
        self.store.pipeline(self.project, self.pipeline).await.unwrap().unwrap().schedule.unwrap()
    }

    /// All jobs, oldest first.
    async fn jobs(&self) -> Vec<Job> {
        let page = PageRequest { offset: 0, limit: 100 };
        let mut jobs = self.store.list(self.project, &JobFilter::default(), page).await.unwrap().jobs;
        jobs.reverse();
        jobs
    }

    /// For when the jobs were due.
    async fn runs(&self) -> Vec<String> {
        self.jobs().await.into_iter().map(|job| job.labels[0].1.clone()).collect()
    }

    async fn skipped(&self) -> Option<(Timestamp, SkipCode)> {
        self.schedule().await.last_skipped.map(|skipped| (skipped.due_at, skipped.code))
    }

    /// Ends the oldest unfinished job.
    async fn end_one(&self) {
        let job = self.jobs().await.into_iter().find(|job| !job.state.is_ended()).unwrap();
        let anna = self.service.authenticate(SECRET).await.unwrap();
        self.service.cancel(&anna, self.project, job.id, Cancel::default()).await.unwrap();
    }
}

/// Another process's service.
fn new_service(store: Arc<dyn ClientStore>, clock: Arc<ManualClock>) -> Service {
    stubs::service(store, clock).0
}

fn after(hours: u32) -> Timestamp {
    SIX.plus(HOUR * hours)
}

#[tokio::test]
async fn a_run_becomes_a_job_when_it_is_due_and_only_once() {
    let world = World::with("0 6 * * MON-FRI", Overlap::Skip).await;
    world.run_at(Timestamp(SIX.0 - 1)).await;
    assert_eq!(world.jobs().await, []);
    world.run_at(SIX).await;
    world.run_at(SIX.plus(Duration::from_secs(1))).await;
    let [job] = <[Job; 1]>::try_from(world.jobs().await).unwrap();
    assert_eq!(
        (job.name.as_str(), job.submitted_by.as_str(), job.priority),
        ("nightly", "anna", Priority::High)
    );
    assert_eq!(job.parameters, r#"{"depth":3,"width":2}"#);
    assert_eq!(job.labels, [(SCHEDULED_FOR.to_owned(), "2026-01-06T05:00:00Z".to_owned())]);
    assert_eq!(job.pipeline.as_ref().map(|pipeline| pipeline.id), Some(world.pipeline));
    let schedule = world.schedule().await;
    assert_eq!(schedule.last_run, Some(ScheduledRun { due_at: SIX, job: job.id }));
    let next = world.service.next_runs(&schedule, 5);
    let days = [24, 48, 72, 144, 168].map(after);
    assert_eq!(next, days, "Wednesday to Friday, then Monday and Tuesday");
}

#[tokio::test]
async fn the_pause_lasts_until_the_next_run_and_not_too_long() {
    let world = World::with("0 6 * * *", Overlap::Skip).await;
    assert_eq!(world.service.run_due().await.unwrap(), LOOK);
    world.clock.set(Timestamp(SIX.0 - 1_500_000));
    assert_eq!(world.service.run_due().await.unwrap(), Duration::from_millis(1500));
}

#[tokio::test]
async fn nothing_is_run_twice_or_lost_whatever_call_the_store_fails() {
    for overlap in [Overlap::Allow, Overlap::Replace] {
        all_runs_are_made_whatever_call_fails(overlap).await;
    }
}

/// Six runs, one an hour; of all calls that are made meanwhile the nth fails, before or after its work is done. After each
/// failure the process is another one.
async fn all_runs_are_made_whatever_call_fails(overlap: Overlap) {
    let mut nth = 0;
    loop {
        let world = World::with("0 * * * *", overlap).await;
        let (mut calls, mut failed) = (0, false);
        for hour in 0..6 {
            world.clock.set(after(hour));
            let fault = if nth % 2 == 0 { Fault::Refused } else { Fault::Unanswered };
            let begin = calls;
            let counted = Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let seen = counted.clone();
            world.store.set_plan(Some(Box::new(move |_| {
                let call = begin + seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                (call == nth / 2).then_some(fault)
            })));
            let looked = world.service.run_due().await;
            world.store.set_plan(None);
            calls += counted.load(std::sync::atomic::Ordering::SeqCst);
            failed |= calls > nth / 2;
            let heir = new_service(world.store.clone(), world.clock.clone());
            heir.run_due().await.unwrap();
            drop(looked);
        }
        let expected: Vec<String> = (0..6).map(|hour| after(hour).to_rfc3339()).collect();
        assert_eq!(world.runs().await, expected, "call {nth}");
        assert_eq!(world.skipped().await, None, "call {nth}");
        let replaced = if overlap == Overlap::Replace { 5 } else { 0 };
        let ended = world.jobs().await.iter().map(|job| job.state.is_ended()).collect::<Vec<_>>();
        assert_eq!(ended, [0, 1, 2, 3, 4, 5].map(|run| run < replaced), "{overlap:?}, call {nth}");
        if !failed {
            break;
        }
        nth += 1;
    }
    assert!(nth > 2 * 6 * 3, "calls were made to fail: {nth}");
}

#[tokio::test]
async fn of_what_was_missed_the_latest_run_is_made_within_the_time_to_catch_up() {
    let world = World::with("0 * * * *", Overlap::Allow).await;
    world.run_at(after(5).plus(HOUR / 2)).await;
    assert_eq!(world.runs().await, [after(5).to_rfc3339()]);
    assert_eq!(world.skipped().await, Some((SIX, SkipCode::Missed)));
    // A day later, the daily run of six is too late.
    let world = World::with("0 6 * * *", Overlap::Allow).await;
    world.run_at(after(26)).await;
    assert_eq!(world.jobs().await, []);
    assert_eq!(world.skipped().await, Some((after(24), SkipCode::Missed)));
    world.run_at(after(48)).await;
    assert_eq!(world.runs().await, [after(48).to_rfc3339()]);
}

#[tokio::test]
async fn a_clock_that_goes_back_runs_nothing_again() {
    let world = World::with("0 * * * *", Overlap::Allow).await;
    world.run_at(SIX).await;
    world.run_at(Timestamp(SIX.0 - 7_200_000_000)).await;
    world.run_at(SIX).await;
    assert_eq!(world.jobs().await.len(), 1);
    world.run_at(after(1)).await;
    assert_eq!(world.jobs().await.len(), 2);
}

#[tokio::test]
async fn what_a_change_of_the_clock_leaves_out_is_said_and_nothing_else_is() {
    let at = |text: &str| Timestamp::from(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    // Berlin: 02:00 becomes 03:00 at 01:00 UTC in spring, and 03:00 becomes 02:00 at 01:00 UTC in autumn.
    let (spring, autumn) = (at("2026-03-29T01:00:00Z"), at("2026-10-25T01:00:00Z"));
    let gap = Some((spring, SkipCode::ClockChange));
    for (change, cron, runs, skipped) in [
        (spring, "15 2,3 * * *", &["2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"][..], None),
        (spring, "*/30 2 * * *", &["2026-03-29T01:00:00Z"], gap),
        (spring, "0 2,3 * * *", &["2026-03-29T01:00:00Z"], gap),
        (autumn, "15 2,3 * * *", &["2026-10-25T00:15:00Z", "2026-10-25T02:15:00Z"], None),
        (autumn, "*/30 2 * * *", &["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"], None),
    ] {
        let world = World::new().await;
        let begin = Timestamp(change.0 - 2 * 3_600_000_000);
        world.clock.set(begin);
        world.put(spec(cron, Overlap::Allow)).await.unwrap();
        // Five hours, a minute at a time.
        for minute in 1..=300 {
            world.run_at(begin.plus(HOUR * minute / 60)).await;
        }
        assert_eq!(world.runs().await, runs, "{cron}");
        assert_eq!(world.skipped().await, skipped, "{cron}");
        if skipped.is_some() {
            let reason = world.schedule().await.last_skipped.unwrap().reason;
            assert!(
                reason.contains("put forward over several runs") && reason.contains("one was made"),
                "{reason}"
            );
        }
    }
}

#[tokio::test]
async fn an_unfinished_run_before_holds_the_next_up_as_the_policy_says() {
    // What becomes of the runs of six and seven o'clock while the first has not ended, and of that one's job.
    for (overlap, jobs, first_ended, skipped) in [
        (Overlap::Skip, 1, false, Some((after(1), SkipCode::PreviousRunUnfinished))),
        (Overlap::Queue, 1, false, None),
        (Overlap::Replace, 2, true, None),
        (Overlap::Allow, 2, false, None),
    ] {
        let world = World::with("0 * * * *", overlap).await;
        world.run_at(SIX).await;
        world.run_at(after(1)).await;
        let seen = world.jobs().await;
        assert_eq!((seen.len(), seen[0].state.is_ended()), (jobs, first_ended), "{overlap:?}");
        assert_eq!(world.skipped().await, skipped, "{overlap:?}");
    }
}

#[tokio::test]
async fn one_run_waits_for_the_one_before_however_long_that_takes() {
    let world = World::with("0 * * * *", Overlap::Queue).await;
    world.run_at(SIX).await;
    for hour in 1..5 {
        world.run_at(after(hour)).await;
    }
    assert_eq!(world.jobs().await.len(), 1);
    world.clock.set(after(4).plus(HOUR / 2));
    world.end_one().await;
    world.run_at(after(4).plus(HOUR / 2)).await;
    assert_eq!(world.runs().await, [SIX.to_rfc3339(), after(4).to_rfc3339()]);
    assert_eq!(world.skipped().await, Some((after(1), SkipCode::PreviousRunUnfinished)));
    // Where nothing was waited for, the server was not there.
    world.clock.set(after(5));
    world.end_one().await;
    world.run_at(after(7)).await;
    assert_eq!(world.skipped().await, Some((after(5), SkipCode::Missed)));
    // A daily run that waited for longer than the time to catch up is not late by that.
    let world = World::with("0 6 * * *", Overlap::Queue).await;
    world.run_at(SIX).await;
    world.run_at(after(24)).await;
    world.clock.set(after(30));
    world.end_one().await;
    world.run_at(after(30)).await;
    assert_eq!(world.runs().await, [SIX.to_rfc3339(), after(24).to_rfc3339()]);
}

#[tokio::test]
async fn a_run_counts_against_the_queue_and_is_skipped_when_it_is_full() {
    let world = World::with("0 * * * *", Overlap::Allow).await;
    let quotas = Quotas { queued_jobs: Some(1), ..Quotas::default() };
    let limits = ProjectLimits { quotas, ..ProjectLimits::default() };
    world.store.set_project_limits(world.project, limits).await.unwrap();
    world.run_at(SIX).await;
    world.run_at(after(1)).await;
    assert_eq!(world.jobs().await.len(), 1);
    assert_eq!(world.skipped().await, Some((after(1), SkipCode::QueueFull)));
    world.end_one().await;
    world.run_at(after(2)).await;
    assert_eq!(world.runs().await, [SIX.to_rfc3339(), after(2).to_rfc3339()]);
}

#[tokio::test]
async fn runs_have_the_rights_of_the_token_that_set_them() {
    let world = World::with("0 * * * *", Overlap::Allow).await;
    let token = world.service.authenticate(SECRET).await.unwrap().token;
    world.store.revoke_token(token, world.clock.now()).await.unwrap();
    world.run_at(SIX).await;
    assert_eq!(world.jobs().await, []);
    assert_eq!(world.skipped().await, Some((SIX, SkipCode::NotAllowed)));
    let reason = world.schedule().await.last_skipped.unwrap().reason;
    assert!(reason.contains("anna"), "{reason}");
}

#[tokio::test]
async fn what_a_submission_would_be_refused_for_skips_a_run() {
    let mut world = World::with("0 * * * *", Overlap::Allow).await;
    world.service.built_in.clear();
    world.run_at(SIX).await;
    assert_eq!(world.skipped().await, Some((SIX, SkipCode::Refused)));
    assert!(world.schedule().await.last_skipped.unwrap().reason.contains("no module runs Analysis jobs"));
}

#[tokio::test]
async fn a_schedule_that_is_off_or_wrong_runs_nothing() {
    let world = World::with("0 * * * *", Overlap::Allow).await;
    let off = world.put(ScheduleSpec { enabled: false, ..spec("0 * * * *", Overlap::Allow) }).await.unwrap();
    assert_eq!(world.service.next_runs(&off.schedule.unwrap(), 5), []);
    world.run_at(after(3)).await;
    assert_eq!(world.jobs().await, []);
    // Switched on again it begins anew.
    let on = world.put(spec("0 * * * *", Overlap::Allow)).await.unwrap();
    assert_eq!(on.schedule.unwrap().next_at, Some(after(4)));
    for wrong in [
        spec("never", Overlap::Skip),
        spec("0 0 30 2 *", Overlap::Skip),
        ScheduleSpec { catch_up_seconds: u32::MAX, ..spec("0 * * * *", Overlap::Skip) },
        ScheduleSpec { time_zone: "Mars/Olympus".into(), ..spec("0 * * * *", Overlap::Skip) },
    ] {
        let refused = world.put(wrong).await;
        assert!(matches!(refused, Err(ServiceError::Invalid { code: "InvalidSchedule", .. })), "{refused:?}");
    }
}
