//! Many queues, each from a seed, on a node where nothing fails: how its slots are shared, and how long anybody waits.
//! - Tenants that all wait have burnt alike, up to what runs and one job more of the largest.
//! - A job goes before every job of its tenant that comes more than three times `ageing` after it.

use super::runner::done;
use super::simulation::{Dice, each_seed, first_failure, on_paused_time};
use super::*;
use fuelcell_store::Jobs;

const SEEDS: u64 = 20;
/// A seed is a long queue here: so many of the other simulation's are worth one.
const WORTH: u64 = 50;
/// Seeds within which a defect must be noticed.
const SEEDS_FOR_DEFECTS: u64 = 20;
/// What the jobs of each tenant burn together, in milliseconds of running.
const WORK: u64 = 6_000;
const AGEING: Duration = Duration::from_secs(10);

/// A tenant whose jobs all burn the same.
struct Line {
    project: ProjectRef,
    fuel: u64,
}

async fn share(seed: u64, accounts_are_kept: bool) {
    let mut dice = Dice(seed);
    let slots = 1 + dice.below(3);
    let world = World::new().with(|config| config.slots = slots as usize);
    let mut lines = Vec::new();
    for number in 0..2 + dice.below(3) {
        // No job is short enough to be claimed ahead of the slots.
        let (name, length) = (format!("module {number}"), 25 + dice.below(775));
        let project = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
        let fuel = length * 1_000;
        world.runner.burns(&name, millis(length), if accounts_are_kept { fuel } else { 1 });
        let job = Job { project, ..world.job(&name) };
        world.runner.prepare_now(&job);
        for _ in 0..1 + WORK / length {
            world.submit(Job { id: JobId::random(), ..job.clone() }).await;
        }
        lines.push(Line { project, fuel });
    }
    let node = world.start();
    let bound = (slots + 1) * lines.iter().map(|line| line.fuel).max().unwrap();
    loop {
        let mut burnt = Vec::new();
        let mut all_wait = true;
        for line in &lines {
            let counts = world.store.counts(line.project, &Default::default()).await.unwrap();
            burnt.push(counts.completed * line.fuel);
            all_wait &= counts.queued > 0;
        }
        if !all_wait {
            break;
        }
        let apart = burnt.iter().max().unwrap() - burnt.iter().min().unwrap();
        assert!(apart <= bound, "seed {seed}: {burnt:?} are more than {bound} apart");
        sleep(millis(50)).await;
    }
    node.stop().await;
}

async fn wait_in_turn(seed: u64, ageing: Duration) {
    let mut dice = Dice(seed);
    let world = World::new().with(|config| {
        config.slots = 1 + dice.below(2) as usize;
        config.ageing = ageing;
    });
    for length in 1..=3 {
        let name = format!("takes {length} s");
        world.runner.script(&name, move |_| async move {
            sleep(seconds(length)).await;
            done()
        });
        world.runner.prepare_now(&world.job(&name));
    }
    let other = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
    let node = world.start();
    let mut jobs = Vec::new();
    for _ in 0..60 {
        // More than two slots take, mostly urgent.
        for project in [world.project, other] {
            let priority = if dice.below(4) == 0 { Priority::Low } else { Priority::Critical };
            let name = format!("takes {} s", 1 + dice.below(3));
            let job = Job { project, priority, ..world.job(&name) };
            jobs.push((project, world.submit(job).await));
        }
        sleep(millis(500 + dice.below(1_000))).await;
    }
    let mut ended = Vec::new();
    for (project, id) in jobs {
        loop {
            let job = world.store.job(project, id).await.unwrap().unwrap();
            if job.state.is_ended() {
                ended.push(job);
                break;
            }
            sleep(seconds(1)).await;
        }
    }
    for job in &ended {
        let passed_by = ended.iter().find(|later| {
            later.project == job.project
                && later.created_at > job.created_at.plus(3 * AGEING)
                && later.started_at < job.started_at
        });
        assert!(
            passed_by.is_none(),
            "seed {seed}: {:?} was passed by {:?}",
            job.priority,
            passed_by.map(|job| job.priority)
        );
    }
    node.stop().await;
}

#[test]
fn simulation_of_tenants_that_all_wait_burns_alike() {
    each_seed(SEEDS, WORTH, |seed| on_paused_time(share(seed, true)));
    let told = first_failure(SEEDS_FOR_DEFECTS, |seed| on_paused_time(share(seed, false)));
    assert!(
        told.as_ref().is_some_and(|told| told.contains("apart")),
        "accounts that are not kept are noticed: {told:?}"
    );
}

#[test]
fn simulation_of_queues_starves_nobody() {
    each_seed(SEEDS, WORTH, |seed| on_paused_time(wait_in_turn(seed, AGEING)));
    let told = first_failure(SEEDS_FOR_DEFECTS, |seed| on_paused_time(wait_in_turn(seed, Duration::ZERO)));
    assert!(
        told.as_ref().is_some_and(|told| told.contains("was passed by")),
        "a queue without ageing is noticed: {told:?}"
    );
}
