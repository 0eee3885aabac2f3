use super::runner::done;
use super::*;
use fuelcell_domain::state::CancelOutcome;
use fuelcell_domain::{CancelRequest, Cancellation, RunEnd};
use fuelcell_store::Submissions;
use std::future::pending;

fn stubborn(world: &World) {
    world.runner.script("stubborn", |_| pending::<RunEnd>());
}

async fn running(world: &World, name: &str) -> JobId {
    let id = world.submit(world.job(name)).await;
    world.until(id, JobState::Running).await;
    id
}

async fn cancel(world: &World, id: JobId, force: bool) {
    cancel_with(world, id, force, false).await;
}

async fn cancel_with(world: &World, id: JobId, force: bool, preserve_partial: bool) {
    let request =
        CancelRequest { at: world.clock.now(), by: "me".into(), reason: None, force, preserve_partial };
    let (outcome, _) = world.store.request_cancel(world.project, id, request).await.unwrap();
    assert_ne!(outcome, CancelOutcome::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_polls_ends_within_its_grace() {
    let world = World::new();
    world.runner.script("polite", |host| async move {
        while host.cancellation() != Cancellation::User {
            sleep(millis(50)).await;
        }
        done()
    });
    let node = world.start();
    let id = running(&world, "polite").await;
    cancel(&world, id, false).await;
    node.scheduler.events().cancel_requested(id);
    let job = world.until(id, JobState::Cancelled).await;
    assert!(job.ended_at.unwrap().since(job.cancel.unwrap().at) <= millis(51));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stubborn_guest_is_stopped_after_its_grace() {
    let world = World::new();
    stubborn(&world);
    let node = world.start();
    let id = running(&world, "stubborn").await;
    cancel(&world, id, false).await;
    node.scheduler.events().cancel_requested(id);
    let job = world.until(id, JobState::Cancelled).await;
    let took = job.ended_at.unwrap().since(job.cancel.unwrap().at);
    assert!(took >= seconds(1) && took <= millis(1_002), "{took:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_wants_partial_results_gives_a_longer_grace_and_force_ends_it() {
    let world = World::new();
    stubborn(&world);
    let node = world.start();
    for (forced, bounds) in [(false, (seconds(10), millis(10_002))), (true, (seconds(3), millis(3_002)))] {
        let id = running(&world, "stubborn").await;
        cancel_with(&world, id, false, true).await;
        node.scheduler.events().cancel_requested(id);
        if forced {
            sleep(seconds(3)).await;
            cancel(&world, id, true).await;
            node.scheduler.events().cancel_requested(id);
        }
        let job = world.until(id, JobState::Cancelled).await;
        let took = job.ended_at.unwrap().since(job.cancel.unwrap().at);
        assert!(took >= bounds.0 && took <= bounds.1, "{took:?}");
    }
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn force_knows_no_grace_also_when_it_comes_second() {
    let world = World::new();
    stubborn(&world);
    let node = world.start();
    let events = node.scheduler.events();
    let id = running(&world, "stubborn").await;
    cancel(&world, id, false).await;
    events.cancel_requested(id);
    sleep(millis(200)).await;
    assert_eq!(world.look(id).await.state, JobState::Running);
    cancel(&world, id, true).await;
    events.cancel_requested(id);
    let job = world.until(id, JobState::Cancelled).await;
    let took = job.ended_at.unwrap().since(job.cancel.unwrap().at);
    assert!(took <= millis(202), "{took:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancel_that_another_node_recorded_is_noticed() {
    let world = World::new();
    stubborn(&world);
    let node = world.start();
    let id = running(&world, "stubborn").await;
    cancel(&world, id, true).await;
    let job = world.until(id, JobState::Cancelled).await;
    let took = job.ended_at.unwrap().since(job.cancel.unwrap().at);
    assert!(took <= millis(501), "{took:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_frees_its_slot() {
    let world = World::new().with(|config| config.slots = 1);
    stubborn(&world);
    world.runner.takes("a", seconds(1));
    let node = world.start();
    let id = running(&world, "stubborn").await;
    let next = world.submit(world.job("a")).await;
    cancel(&world, id, true).await;
    node.scheduler.events().cancel_requested(id);
    world.until(next, JobState::Completed).await;
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_hears_of_its_deadline_before_it_comes() {
    let world = World::new();
    world.runner.script("late", |host| async move {
        let start = Instant::now();
        while host.cancellation() != Cancellation::Deadline {
            sleep(millis(100)).await;
        }
        // The time is 100 s; the notice comes a tenth before.
        assert_eq!(start.elapsed().as_secs(), 90);
        done()
    });
    let node = world.start();
    let id = world.submit(world.job("late")).await;
    world.until(id, JobState::Completed).await;
    node.stop().await;
}
