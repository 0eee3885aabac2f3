//! Bulk actions on a clock that moves only when told to, with the store's reference.

use super::*;
use crate::audit::{self, AuditedCall};
use crate::bulk_runs::{MAX_RUNNING_BULKS, resource};
use crate::bulk_sets::Meant;
use crate::stubs;
use fuelcell_domain::bulk::MAX_KEPT_BULKS;
use fuelcell_domain::clock::ManualClock;
use fuelcell_domain::{AuditFilter, BulkState, Clock, ProjectRef, Scope};
use fuelcell_store::conformance::fixtures;
use fuelcell_store::faulty::{Fault, FaultyStore};
use fuelcell_store::{Accounts, Bulks, Jobs, MemoryStore, NewJob, Seek, Submissions};
use std::sync::Arc;

const SECRET: &str = "fc_a secret";

struct World {
    service: Service,
    store: Arc<FaultyStore<MemoryStore>>,
    clock: Arc<ManualClock>,
    project: ProjectRef,
    anna: Principal,
}

impl World {
    async fn new() -> Self {
        let store: Arc<FaultyStore<MemoryStore>> = Arc::default();
        let clock = Arc::new(ManualClock::new(fixtures::at(9)));
        let service = stubs::service(store.clone(), clock.clone()).0;
        let project = stubs::project(&service, SECRET).await;
        let anna = service.authenticate(SECRET).await.unwrap();
        Self { service, store, clock, project, anna }
    }

    async fn jobs(&self, count: usize) -> Vec<JobId> {
        let mut jobs = Vec::new();
        for _ in 0..count {
            let job = fixtures::job(self.project);
            jobs.push(job.id);
            self.store.submit(NewJob::from(job)).await.unwrap();
        }
        jobs
    }

    async fn begin(&self, action: BulkAction, jobs: &[JobId]) -> Result<BulkRun, ServiceError> {
        let (anna, project) = (&self.anna, self.project);
        let preview = self.service.preview_bulk(anna, project, action, Meant::Named(jobs.to_vec())).await?;
        let call = AuditedCall {
            principal: anna.clone(),
            action: "POST bulk".into(),
            target: String::new(),
            place: Scope::Project(project),
            request_id: "r".into(),
            trace: None,
        };
        self.service.begin_bulk(anna, project, &preview.set.unwrap(), None, &call).await
    }

    async fn now(&self, run: &BulkRun) -> BulkRun {
        self.store.bulk(self.project, run.id).await.unwrap().unwrap()
    }

    /// The second step of a process is not kept, and what it does not written down, as when it dies before.
    fn lose_what_is_done(&self) {
        let mut steps = 0;
        self.store.set_plan(Some(Box::new(move |verb| {
            steps += usize::from(verb == "step_bulk");
            let is_lost = (verb == "step_bulk" && steps == 2) || (verb == "append_audit" && steps == 1);
            is_lost.then_some(Fault::Refused)
        })));
    }

    /// Another node over the same store.
    fn other(&self) -> Service {
        stubs::service(self.store.clone(), self.clock.clone()).0
    }

    /// How often the audit log names something.
    async fn noted(&self, target: &str) -> usize {
        let all = self.service.audit(&self.anna, AuditFilter::default(), None, 1000).await.unwrap();
        all.into_iter().filter(|(_, entry)| entry.target == target).count()
    }

    /// A step that this node has done, and not kept yet.
    async fn under_way(&self, run: &BulkRun) -> (BulkRun, Option<BulkPart>, Vec<(JobId, JobOutcome)>) {
        let run = self.service.held(self.now(run).await).await.unwrap().unwrap();
        let part = self.store.bulk_part(self.project, run.id, run.part).await.unwrap().unwrap();
        let first = part.jobs.iter().take(STEP);
        let outcomes = first.map(|job| (job.id, JobOutcome::Done(None))).collect();
        (run, Some(part), outcomes)
    }
}

#[tokio::test]
async fn what_a_lost_step_has_done_counts_on_another_node_once_the_first_is_gone() {
    for action in [BulkAction::Cancel, BulkAction::Delete] {
        let world = World::new().await;
        let jobs = world.jobs(3).await;
        if action == BulkAction::Delete {
            for job in &jobs {
                let job = *job;
                world.service.cancel(&world.anna, world.project, job, Cancel::default()).await.unwrap();
            }
        }
        let run = world.begin(action, &jobs).await.unwrap();
        world.lose_what_is_done();
        world.service.round(&mut Rounds::default()).await.unwrap();
        assert_eq!(world.now(&run).await.left(), 3, "nobody knows of it");

        let other = world.other();
        let mut rounds = Rounds::default();
        other.round(&mut rounds).await.unwrap();
        assert_eq!(world.now(&run).await.left(), 3, "the first may be at it");
        world.clock.advance(HELD);
        other.round(&mut rounds).await.unwrap();
        let ended = world.now(&run).await;
        assert_eq!((ended.state(), ended.done, ended.skipped), (BulkState::Done, 3, 0), "{action:?}");
        for job in jobs {
            assert_eq!(world.noted(&audit::address(world.project, job)).await, 1, "{action:?}");
        }
    }
}

#[tokio::test]
async fn what_another_node_lost_counts_where_a_step_was_kept_before() {
    let world = World::new().await;
    let run = world.begin(BulkAction::Cancel, &world.jobs(2 * STEP).await).await.unwrap();
    let mut rounds = Rounds::default();
    world.service.round(&mut rounds).await.unwrap();
    world.clock.advance(HELD);
    world.lose_what_is_done();
    world.other().round(&mut Rounds::default()).await.unwrap();
    assert_eq!(world.now(&run).await.left(), STEP as u64);
    world.clock.advance(HELD);
    world.service.round(&mut rounds).await.unwrap();
    let ended = world.now(&run).await;
    assert_eq!((ended.state(), ended.done, ended.skipped), (BulkState::Done, 2 * STEP as u64, 0));
}

#[tokio::test]
async fn what_another_node_has_gone_on_with_is_not_counted_twice() {
    let world = World::new().await;
    let run = world.begin(BulkAction::Cancel, &world.jobs(STEP + 1).await).await.unwrap();
    let (before, part, outcomes) = world.under_way(&run).await;
    world.clock.advance(HELD);
    world.other().round(&mut Rounds::default()).await.unwrap();
    // That one is gone by now, too.
    world.clock.advance(HELD);
    let stands = world.now(&run).await;
    assert!(!world.service.settle(before, part, outcomes, None).await.unwrap());
    assert_eq!(world.now(&run).await, stands);
    assert_eq!((stands.done, stands.left()), (STEP as u64, 1));
}

#[tokio::test]
async fn the_end_by_a_stop_is_noted_also_with_what_a_step_adds() {
    let world = World::new().await;
    let run = world.begin(BulkAction::Cancel, &world.jobs(STEP + 1).await).await.unwrap();
    let (before, part, outcomes) = world.under_way(&run).await;
    let stopped = world.service.stop_bulk(&world.anna, world.project, run.id).await.unwrap();
    assert_eq!((stopped.done, world.noted(&resource(&stopped)).await), (0, 1));

    assert!(world.service.settle(before, part, outcomes, None).await.unwrap());
    let ended = world.now(&run).await;
    assert_eq!((ended.state(), ended.done, ended.left()), (BulkState::Stopped, STEP as u64, 1));
    assert_eq!(world.noted(&resource(&ended)).await, 1);
    assert_eq!(world.noted(&resource(&stopped)).await, 1, "once");
}

#[tokio::test]
async fn a_job_that_finds_no_store_takes_nothing_from_the_others() {
    for fault in [Fault::Refused, Fault::Unanswered] {
        let world = World::new().await;
        let run = world.begin(BulkAction::Cancel, &world.jobs(3).await).await.unwrap();
        let mut calls = 0;
        world.store.set_plan(Some(Box::new(move |verb| {
            calls += usize::from(verb == "request_cancel");
            (verb == "request_cancel" && calls == 1).then_some(fault)
        })));
        let mut rounds = Rounds::default();
        world.service.round(&mut rounds).await.unwrap();
        assert_eq!((world.now(&run).await.done, world.now(&run).await.left()), (2, 1), "{fault:?}");
        world.clock.advance(TRY_AGAIN);
        world.service.round(&mut rounds).await.unwrap();
        let ended = world.now(&run).await;
        assert_eq!((ended.state(), ended.done), (BulkState::Done, 3), "{fault:?}");
    }
}

#[tokio::test]
async fn what_a_lost_step_has_done_counts_in_the_same_process() {
    let world = World::new().await;
    let run = world.begin(BulkAction::Cancel, &world.jobs(1).await).await.unwrap();
    world.lose_what_is_done();
    let mut rounds = Rounds::default();
    world.service.round(&mut rounds).await.unwrap();
    assert_eq!(world.now(&run).await.left(), 1);
    world.clock.advance(TRY_AGAIN);
    world.service.round(&mut rounds).await.unwrap();
    assert_eq!(world.now(&run).await.done, 1);
}

#[tokio::test]
async fn a_job_that_changed_meanwhile_is_skipped_with_the_reason() {
    let world = World::new().await;
    let jobs = world.jobs(2).await;
    let run = world.begin(BulkAction::Cancel, &jobs).await.unwrap();
    world.service.cancel(&world.anna, world.project, jobs[1], Cancel::default()).await.unwrap();
    world.service.round(&mut Rounds::default()).await.unwrap();
    let part = world.store.bulk_part(world.project, run.id, 0).await.unwrap().unwrap();
    let outcomes: Vec<_> = part.jobs.into_iter().map(|job| job.outcome.unwrap()).collect();
    let message = "the job is already Cancelled".into();
    let skipped = JobOutcome::Skipped("JobEnded".into(), message);
    assert_eq!(outcomes, [skipped, JobOutcome::Done(None)], "the newest first");
}

#[tokio::test]
async fn each_tenant_has_its_turn_and_whoever_may_no_more_ends_it() {
    let world = World::new().await;
    let many = world.begin(BulkAction::Cancel, &world.jobs(3 * STEP).await).await.unwrap();
    let second = stubs::project(&world.service, "fc_another").await;
    let other = World {
        service: world.other(),
        store: world.store.clone(),
        clock: world.clock.clone(),
        project: second,
        anna: world.service.authenticate("fc_another").await.unwrap(),
    };
    let few = other.begin(BulkAction::Cancel, &other.jobs(1).await).await.unwrap();
    let mut rounds = Rounds::default();
    assert!(world.service.round(&mut rounds).await.unwrap());
    assert_eq!(world.now(&many).await.done, STEP as u64);
    assert_eq!(other.now(&few).await.state(), BulkState::Done);

    world.store.revoke_token(world.anna.token, world.clock.now()).await.unwrap();
    world.service.round(&mut rounds).await.unwrap();
    let ended = world.now(&many).await;
    assert_eq!((ended.state(), ended.done), (BulkState::Stopped, STEP as u64));
    assert_eq!(ended.stop.unwrap().code, "Unauthenticated");
    assert!(!world.service.round(&mut rounds).await.unwrap(), "nothing runs");
    let queued = world.store.counts(world.project, &Default::default()).await.unwrap().queued;
    assert_eq!(queued, 2 * STEP as u64);
}

#[tokio::test]
async fn a_tenant_has_as_many_running_and_a_project_keeps_as_many_as_is_stated() {
    let world = World::new().await;
    let jobs = world.jobs(1).await;
    let begin = async || world.begin(BulkAction::Cancel, &jobs).await;
    let stop = async |id| world.service.stop_bulk(&world.anna, world.project, id).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..MAX_RUNNING_BULKS {
        runs.push(begin().await.unwrap());
    }
    let refused = begin().await.unwrap_err();
    assert!(matches!(refused, ServiceError::TooMany { code: "TooManyBulkActions", .. }), "{refused}");
    for run in &runs {
        assert_eq!(stop(run.id).await.state(), BulkState::Stopped);
        world.clock.advance(Duration::from_secs(1));
    }
    while runs.len() <= MAX_KEPT_BULKS {
        runs.push(begin().await.unwrap());
        stop(runs[runs.len() - 1].id).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let all = Seek { after: None, limit: 2 * MAX_KEPT_BULKS };
    let kept = world.store.bulks(world.project, all).await.unwrap().rows;
    assert_eq!(kept.len(), MAX_KEPT_BULKS);
    assert!(world.store.bulk(world.project, runs[0].id).await.unwrap().is_none(), "the one that ended first");

    // All go when their time is over.
    world.clock.advance(KEPT_BULKS);
    let mut rounds = Rounds::default();
    for _ in 0..=MAX_KEPT_BULKS / SWEPT {
        world.service.round(&mut rounds).await.unwrap();
    }
    let all = Seek { after: None, limit: 2 * MAX_KEPT_BULKS };
    assert!(world.store.bulks(world.project, all).await.unwrap().rows.is_empty());
}

#[test]
fn what_has_no_room_is_tried_again() {
    let message = String::new();
    let quota = ServiceError::TooMany { code: "QueueQuotaExceeded", message, retry_after: 1 };
    for error in [ServiceError::QueueFull(1), quota] {
        let told = error.to_string();
        assert!(matches!(turn_of(error), Ok(Turn::Later)), "{told}");
    }
}

#[test]
fn a_store_that_is_away_or_full_fails_no_job_and_damage_does() {
    for error in [ServiceError::StorageAway, ServiceError::StorageFull] {
        let told = error.to_string();
        assert!(turn_of(error).is_err(), "{told}");
    }
    let failed = turn_of(ServiceError::Storage);
    assert!(matches!(failed, Ok(Turn::Over(JobOutcome::Failed(code, _))) if code == "StorageUnavailable"));
}
