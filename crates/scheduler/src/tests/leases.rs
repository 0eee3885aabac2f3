use super::runner::done;
use super::*;
use fuelcell_domain::{Incarnation, Lease, Receipt};
use fuelcell_store::conformance::fixtures::holder;
use fuelcell_store::{Jobs, Nodes, Queue};
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};

/// The job is Running as attempt 1 on `node`, which is not at work.
async fn claimed_by(world: &World, node: &str, name: &str) -> JobId {
    let id = world.submit(world.job(name)).await;
    let now = world.clock.now();
    let lease = Lease { node: NodeId(node.into()), expires_at: now.plus(seconds(30)) };
    assert_eq!(world.store.claim(&[id], lease, holder(), now).await.unwrap().len(), 1);
    id
}

#[tokio::test(start_paused = true)]
async fn jobs_of_the_previous_life_run_again_at_once() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let id = claimed_by(&world, "here", "a").await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.lost_attempts), (2, 1));
    assert!(job.started_at.unwrap().since(EPOCH) < seconds(2));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_lost_node_run_again_when_its_leases_ran_out() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let id = claimed_by(&world, "elsewhere", "a").await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!(job.attempt, 2);
    let rescued = job.started_at.unwrap().since(EPOCH);
    assert!(rescued >= seconds(30) && rescued <= seconds(41), "{rescued:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_longer_than_its_lease_keeps_it() {
    let world = World::new();
    world.runner.takes("long", seconds(95));
    let id = world.submit(world.job("long")).await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!(job.attempt, 1);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stands_still_does_not_cost_a_node_its_own_jobs() {
    let world = World::new();
    world.runner.takes("long", seconds(90));
    let id = world.submit(world.job("long")).await;
    let node = world.start();
    world.until(id, JobState::Running).await;
    // For 50 s: the lease of 30 s is over when the store is back.
    world.store.fail_next("extend_leases", 50);
    let job = world.until(id, JobState::Completed).await;
    assert_eq!(job.attempt, 1);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_lost_its_job_is_stopped_and_its_results_dropped() {
    let world = World::new();
    let second = Arc::new(AtomicBool::new(false));
    let is_second = second.clone();
    world.runner.script("a", move |_| {
        let second = is_second.swap(true, Ordering::SeqCst);
        async move {
            match second {
                true => done(),
                false => pending().await,
            }
        }
    });
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    world.until(id, JobState::Running).await;
    // Somebody takes this node for dead.
    world.store.release_node(&world.config.node, Incarnation::random(), world.clock.now()).await.unwrap();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.lost_attempts), (2, 1));
    let lost = world.store.receipts(id).await.unwrap().iter().map(Receipt::is_lost).collect::<Vec<_>>();
    assert_eq!(lost, [true, false]);
    sleep(seconds(1)).await;
    let load = node.scheduler.load();
    assert_eq!((load.dropped_results, load.capacity.running), (1, 0));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_stale_attempt_is_refused_by_the_store() {
    let world = World::new();
    let store = world.store.clone();
    let clock = world.clock.clone();
    world.runner.script("a", move |host| {
        let (store, clock) = (store.clone(), clock.clone());
        async move {
            // Lost in the last moment, before any pulse can notice.
            if host.load_checkpoint().unwrap().is_none() {
                host.save_checkpoint(b"was here").unwrap();
                store.release_node(&NodeId("here".into()), Incarnation::random(), clock.now()).await.unwrap();
            }
            done()
        }
    });
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!(job.attempt, 2);
    let lost = world.store.receipts(id).await.unwrap().iter().map(Receipt::is_lost).collect::<Vec<_>>();
    assert_eq!(lost, [true, false]);
    assert_eq!(node.scheduler.load().dropped_results, 1);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stood_still_goes_on_with_its_jobs_where_nobody_took_them() {
    let world = World::new();
    world.runner.takes("long", seconds(95));
    let id = world.submit(world.job("long")).await;
    let node = world.start();
    world.until(id, JobState::Running).await;
    // Just before a heartbeat, of which each step comes late.
    sleep(millis(9_500)).await;
    for _ in 0..5 {
        node.way.set_stalled(true);
        sleep(seconds(31)).await;
        node.way.set_stalled(false);
        sleep(millis(1)).await;
    }
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.lost_attempts), (1, 0));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_node_says_that_stood_still_past_its_lease_is_refused() {
    let world = World::new();
    world.runner.takes("a", seconds(5));
    let id = world.submit(world.job("a")).await;
    let stalled = world.start_as("stalled");
    world.until(id, JobState::Running).await;
    stalled.way.set_stalled(true);
    let other = world.start_as("other");
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.lost_attempts), (2, 1));
    // The guest was done long ago; now its end arrives.
    stalled.way.set_stalled(false);
    sleep(seconds(1)).await;
    assert_eq!(world.look(id).await, job);
    let receipts = world.store.receipts(id).await.unwrap();
    assert_eq!(receipts.iter().map(|receipt| receipt.attempt.number).collect::<Vec<_>>(), [1, 2]);
    let dropped = |node: &Node| node.scheduler.load().dropped_results;
    assert_eq!((dropped(&stalled), dropped(&other)), (1, 0));
    stalled.stop().await;
    other.stop().await;
}

/// Says that the node is there, as another one would that can reach the store.
async fn rescue_by_others(world: &World) -> Vec<JobId> {
    world.store.rescue(world.config.lease, world.clock.now()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_taken_for_lost_begins_a_new_life_and_goes_on() {
    let world = World::new();
    world.runner.takes("long", seconds(50));
    let id = world.submit(world.job("long")).await;
    let node = world.start();
    let first = world.until(id, JobState::Running).await;
    node.way.set_stalled(true);
    sleep(seconds(31)).await;
    assert_eq!(rescue_by_others(&world).await, [id]);
    assert_eq!(rescue_by_others(&world).await, []);
    node.way.set_stalled(false);
    let second = world.until(id, JobState::Running).await;
    assert_ne!(second.holder.unwrap().incarnation, first.holder.unwrap().incarnation);
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.lost_attempts), (2, 1));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_know_whether_it_lives_claims_nothing() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let node = world.start();
    sleep(seconds(11)).await;
    // Nothing but the signs of life is kept from the store.
    world.store.fail_next("beat", 60);
    sleep(seconds(28)).await;
    let id = world.submit(world.job("a")).await;
    sleep(seconds(20)).await;
    assert_eq!(world.look(id).await.state, JobState::Queued);
    let job = world.until(id, JobState::Completed).await;
    assert!(job.started_at.unwrap().since(EPOCH) >= seconds(70));
    node.stop().await;
}
