use super::runner::done;
use super::*;
use crate::Concurrency;
use fuelcell_domain::PipelineId;
use fuelcell_domain::estimate::WaitReason;
use fuelcell_domain::job::PipelineRef;
use fuelcell_store::Jobs;
use std::sync::atomic::AtomicUsize;

impl World {
    /// A job of another tenant.
    fn foreign(&self, name: &str, project: ProjectRef) -> Job {
        Job { project, ..self.job(name) }
    }
}

fn other_tenant() -> ProjectRef {
    ProjectRef { tenant: TenantId::random(), project: ProjectId::random() }
}

/// How many jobs of a project have ended.
async fn ended(world: &World, project: ProjectRef) -> u64 {
    world.store.counts(project, &Default::default()).await.unwrap().completed
}

#[tokio::test(start_paused = true)]
async fn tenants_with_small_and_with_huge_jobs_burn_the_same() {
    const SMALL: u64 = 1_000;
    const HUGE: u64 = 200 * SMALL;
    const SMALL_JOBS: u64 = 2_000;
    const HUGE_JOBS: u64 = 10;
    let world = World::new();
    let other = other_tenant();
    world.runner.burns("small", millis(1), SMALL);
    world.runner.burns("huge", millis(200), HUGE);
    for name in ["small", "huge"] {
        world.runner.prepare_now(&world.job(name));
    }
    for _ in 0..SMALL_JOBS {
        world.submit(world.job("small")).await;
    }
    for _ in 0..HUGE_JOBS {
        world.submit(world.foreign("huge", other)).await;
    }
    let node = world.start();
    let burnt = loop {
        sleep(millis(20)).await;
        let (small, huge) = (ended(&world, world.project).await, ended(&world, other).await);
        if small >= SMALL_JOBS || huge >= HUGE_JOBS {
            break (small * SMALL, huge * HUGE);
        }
        let ahead = (small * SMALL).abs_diff(huge * HUGE);
        assert!(ahead <= 3 * HUGE, "never more than what runs and the first, unknown one: {small} {huge}");
    };
    let (less, more) = (burnt.0.min(burnt.1), burnt.0.max(burnt.1));
    assert!(less * 10 >= more * 9, "{burnt:?}");
    node.stop().await;
}

/// Keeps a slot busy with critical jobs: two of them come for each that can run.
async fn flood(world: &World, project: ProjectRef, for_seconds: u64) {
    for _ in 0..for_seconds {
        for _ in 0..2 {
            world.submit(Job { priority: Priority::Critical, ..world.foreign("critical", project) }).await;
        }
        sleep(seconds(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_critical_flood_delays_a_low_job_by_no_more_than_the_bound() {
    for foreign in [false, true] {
        let world = World::new().with(|config| {
            config.slots = 1;
            config.ageing = seconds(10);
        });
        world.runner.takes("critical", seconds(1));
        world.runner.takes("low", seconds(1));
        for name in ["critical", "low"] {
            world.runner.prepare_now(&world.job(name));
        }
        let flooded = if foreign { other_tenant() } else { world.project };
        let node = world.start();
        flood(&world, flooded, 1).await;
        let low = world.submit(Job { priority: Priority::Low, ..world.job("low") }).await;
        let submitted = world.clock.now();
        flood(&world, flooded, 60).await;
        let started = world.look(low).await.started_at.expect("it has started");
        let waited = started.since(submitted);
        // Three steps of ageing, and the job that runs then.
        assert!(waited >= seconds(29) && waited <= seconds(32), "{waited:?}, foreign: {foreign}");
        node.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_burnt_more_waits_for_the_turn_of_others() {
    let world = World::new().with(|config| config.slots = 1);
    let other = other_tenant();
    world.runner.burns("long", seconds(10), 1_000);
    world.runner.prepare_now(&world.job("long"));
    let node = world.start();
    // The first has burnt 1,000 when the other's first job comes, and 2,000 with the one that runs then.
    let first = world.submit(world.job("long")).await;
    world.until(first, JobState::Completed).await;
    let second = world.submit(world.job("long")).await;
    world.until(second, JobState::Running).await;
    let own = world.submit(world.job("long")).await;
    let own = world.look(own).await;
    sleep(seconds(2)).await;
    assert!(!node.scheduler.others_first(&own), "nobody else waits");
    let foreign = world.foreign("long", other);
    let id = world.submit(foreign.clone()).await;
    sleep(seconds(2)).await;
    assert!(node.scheduler.others_first(&own) && !node.scheduler.others_first(&foreign));
    while world.store.job(other, id).await.unwrap().unwrap().state == JobState::Queued {
        sleep(millis(10)).await;
    }
    assert_eq!(world.look(own.id).await.state, JobState::Queued, "the other's job went first");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_over_a_limit_wait_and_others_pass_them() {
    let pipeline = PipelineId::random();
    let world = World::new().with(|config| {
        config.slots = 8;
        config.concurrency = Concurrency { pipelines: [(pipeline, 1)].into(), ..Concurrency::default() };
    });
    world.runner.takes("limited", seconds(1));
    world.runner.takes("free", seconds(1));
    for name in ["limited", "free"] {
        world.runner.prepare_now(&world.job(name));
    }
    let named = Some(PipelineRef { id: pipeline, ordinal: 1, name: "p".into() });
    let mut limited = Vec::new();
    for _ in 0..3 {
        limited.push(world.submit(Job { pipeline: named.clone(), ..world.job("limited") }).await);
    }
    let free = world.submit(world.job("free")).await;
    let node = world.start();
    assert!(world.until(free, JobState::Completed).await.started_at.unwrap().since(EPOCH) < millis(10));
    let second = world.look(limited[1]).await;
    assert!(node.scheduler.at_limit(&second) && !node.scheduler.at_limit(&world.job("free")));
    let reasons = node.scheduler.wait_reasons(9).await.unwrap();
    assert_eq!(reasons, [(WaitReason::ConcurrencyLimit, EPOCH)], "the third");
    let mut starts = Vec::new();
    for id in limited {
        starts.push(world.until(id, JobState::Completed).await.started_at.unwrap());
    }
    assert!(starts.windows(2).all(|pair| pair[1].since(pair[0]) >= seconds(1)), "{starts:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn short_jobs_are_claimed_many_at_a_time() {
    let world = World::new();
    world.runner.takes("short", millis(1));
    world.runner.prepare_now(&world.job("short"));
    let mut ids = Vec::new();
    for _ in 0..500 {
        ids.push(world.submit(world.job("short")).await);
    }
    let node = world.start();
    for id in ids {
        assert_eq!(world.until(id, JobState::Completed).await.attempt, 1);
    }
    assert_eq!(world.runner.peak.load(Ordering::SeqCst), 2, "no more run than there are slots");
    let claims = world.store.calls("claim");
    assert!(claims < 250, "{claims} claims for 500 jobs on 2 slots");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_behind_a_short_job_that_takes_long_goes_back_unharmed() {
    let world = World::new().with(|config| config.slots = 1);
    let runs = Arc::new(AtomicUsize::new(0));
    world.runner.script("moody", move |_| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move {
            sleep(if run == 10 { seconds(30) } else { millis(1) }).await;
            done()
        }
    });
    world.runner.prepare_now(&world.job("moody"));
    let mut ids = Vec::new();
    for _ in 0..40 {
        ids.push(world.submit(world.job("moody")).await);
    }
    let node = world.start();
    sleep(seconds(10)).await;
    // One runs long; those behind it are in the queue again, where others see them.
    assert_eq!(world.store.counts(world.project, &Default::default()).await.unwrap().running, 1);
    let mut attempts = Vec::new();
    for id in ids {
        let job = world.until(id, JobState::Completed).await;
        assert_eq!(job.lost_attempts, 0);
        attempts.push(job.attempt);
    }
    assert!(attempts.contains(&2) && attempts.iter().all(|attempt| *attempt <= 2), "{attempts:?}");
    node.stop().await;
}
