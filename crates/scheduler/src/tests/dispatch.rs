use super::runner::done;
use super::*;
use fuelcell_domain::estimate::WaitReason;
use fuelcell_store::Jobs;

#[tokio::test(start_paused = true)]
async fn the_most_urgent_goes_first_and_the_front_before_its_equals() {
    let world = World::new().with(|config| config.slots = 1);
    let mut ids = Vec::new();
    for (name, priority, front) in [
        ("low", Priority::Low, false),
        ("normal", Priority::Normal, false),
        ("pushed", Priority::Normal, true),
        ("high", Priority::High, false),
        ("critical", Priority::Critical, false),
    ] {
        world.runner.takes(name, seconds(1));
        let job = Job { priority, front, ..world.job(name) };
        // All compiled: order is by priority alone.
        world.runner.prepare_now(&job);
        ids.push(world.submit(job).await);
    }
    let node = world.start();
    for id in ids {
        world.until(id, JobState::Completed).await;
    }
    assert_eq!(world.runner.started(), ["critical", "high", "pushed", "normal", "low"]);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_jobs_run_than_there_are_slots() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let node = world.start();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.submit(world.job("a")).await);
        node.scheduler.events().queue_changed();
    }
    for id in ids {
        world.until(id, JobState::Completed).await;
    }
    assert_eq!(world.runner.peak.load(Ordering::SeqCst), 2);
    // 100 ms to compile, once, then three rounds of a second.
    assert_eq!(*world.runner.prepared.lock(), ["a"]);
    assert!(world.elapsed() < millis(3_200), "{:?}", world.elapsed());
    assert_eq!(node.scheduler.load().capacity.running, 0);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn memory_limits_of_running_jobs_stay_within_the_budget() {
    let world = World::new().with(|config| config.slots = 8);
    world.runner.takes("a", seconds(1));
    let mut ids = Vec::new();
    for mib in [40, 50, 30, 500, 10] {
        let mut job = world.job("a");
        job.limits.memory_bytes = mib * MIB;
        ids.push(world.submit(job).await);
        sleep(millis(1)).await;
    }
    let node = world.start();
    let mut starts = Vec::new();
    for id in ids {
        starts.push(world.until(id, JobState::Completed).await.started_at.unwrap());
    }
    // 40 and 50 together; then 30; 500 is beyond the budget and runs alone; 10 does not pass it.
    let rounds: Vec<u64> = starts.iter().map(|start| start.since(starts[0]).as_secs()).collect();
    assert_eq!(rounds, [0, 0, 1, 2, 3]);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_starts_when_its_time_has_come() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let not_before = world.clock.now().plus(millis(7_345));
    let id = world.submit(Job { not_before: Some(not_before), ..world.job("a") }).await;
    let warm_up = world.submit(world.job("a")).await;
    let node = world.start();
    world.until(warm_up, JobState::Completed).await;
    let job = world.until(id, JobState::Completed).await;
    let late = job.started_at.unwrap().since(not_before);
    assert!(job.started_at.unwrap() >= not_before && late <= millis(2), "{late:?} late");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_submission_is_started_at_once_not_at_the_next_tick() {
    let world = World::new();
    world.runner.takes("a", millis(1));
    world.runner.prepare_now(&world.job("a"));
    let node = world.start();
    sleep(millis(300)).await;
    let id = world.submit(world.job("a")).await;
    node.scheduler.events().queue_changed();
    let job = world.until(id, JobState::Completed).await;
    assert!(job.started_at.unwrap().since(job.created_at) <= millis(1));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_another_node_queued_is_found_without_a_word() {
    let world = World::new();
    world.runner.takes("a", millis(1));
    let node = world.start();
    sleep(seconds(5)).await;
    let id = world.submit(world.job("a")).await;
    let job = world.until(id, JobState::Completed).await;
    assert!(job.started_at.unwrap().since(job.created_at) <= millis(1_200));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_module_that_is_gone_or_broken_fails_its_jobs_only() {
    let world = World::new();
    world.runner.takes("good", seconds(1));
    world.runner.takes("broken", seconds(1));
    world
        .runner
        .fail_to_compile("broken", vec![JobError::new(ErrorCode::ModuleInvalid, "no such interface")]);
    let mut gone = world.job("good");
    gone.module.digest = Digest::of(b"nobody has these bytes");
    let gone = world.submit(gone).await;
    let broken = world.submit(world.job("broken")).await;
    let good = world.submit(world.job("good")).await;
    let node = world.start();
    assert_eq!(code(&world.until(gone, JobState::Failed).await), ErrorCode::InputGone);
    let broken = world.until(broken, JobState::Failed).await;
    assert_eq!((code(&broken), broken.attempt), (ErrorCode::ModuleInvalid, 0));
    world.until(good, JobState::Completed).await;
    // A verdict does not stand for ever: a later job has another chance.
    sleep(seconds(11)).await;
    let again = world.submit(world.job("broken")).await;
    world.until(again, JobState::Completed).await;
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_to_compile_is_tried_again() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let busy = JobError::new(ErrorCode::Storage, "cannot write the cache").transient();
    world.runner.fail_to_compile("a", vec![busy.clone(), busy]);
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, world.runner.prepared.lock().len()), (1, 3));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_while_stops_nothing_for_good() {
    let world = World::new();
    world.runner.script("a", |_| async { done() });
    let asked = ["register", "release_node", "heads", "claim", "next_not_before", "job"];
    for verb in asked.into_iter().chain(["beat", "extend_leases", "rescue", "expire_leases"]) {
        world.store.fail_next(verb, 2);
    }
    let node = world.start();
    world.store.fail_next("job", 0);
    let id = world.submit(world.job("a")).await;
    world.until(id, JobState::Completed).await;
    node.stop().await;
}

/// On real threads and in real time: nothing is lost, doubled or left behind when everything happens at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_short_jobs_each_complete_once() {
    let world = World::new().with(|config| {
        config.slots = 8;
        config.pulse = millis(1);
        config.heartbeat = millis(3);
    });
    world.runner.script("a", |_| async { done() });
    let node = world.start();
    let events = node.scheduler.events();
    let mut ids = Vec::new();
    for _ in 0..500 {
        ids.push(world.submit(world.job("a")).await);
        events.queue_changed();
    }
    for id in &ids {
        assert_eq!(world.until(*id, JobState::Completed).await.attempt, 1);
        assert_eq!(world.store.receipts(*id).await.unwrap().len(), 1);
    }
    let load = node.scheduler.load();
    assert_eq!((world.runner.started().len(), load.dropped_results), (ids.len(), 0));
    assert!(world.runner.peak.load(Ordering::SeqCst) <= 8);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn why_the_first_jobs_wait_is_told_as_long_as_they_do() {
    let world = World::new().with(|config| config.slots = 1);
    world.runner.takes("long", seconds(60));
    world.runner.takes("short", seconds(1));
    for name in ["long", "short"] {
        world.runner.prepare_now(&world.job(name));
    }
    let node = world.start();
    let reasons = async |most| {
        let (reasons, since): (Vec<_>, Vec<_>) =
            node.scheduler.wait_reasons(most).await.unwrap().into_iter().unzip();
        assert!(since.is_sorted() && since.iter().all(|since| *since <= world.clock.now()), "{since:?}");
        reasons
    };
    assert_eq!(reasons(9).await, []);
    let first = world.submit(world.job("long")).await;
    world.until(first, JobState::Running).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(world.submit(world.job("short")).await);
    }
    let scheduled = world.clock.now().plus(seconds(1000));
    world.submit(Job { not_before: Some(scheduled), ..world.job("short") }).await;
    assert_eq!(reasons(9).await, [WaitReason::NoFreeSlot; 3], "the one that runs and the one of later apart");
    assert_eq!(reasons(2).await, [WaitReason::NoFreeSlot; 2], "no more are looked at");
    for job in waiting {
        world.until(job, JobState::Completed).await;
    }
    assert_eq!(reasons(9).await, []);
    node.stop().await;
}
