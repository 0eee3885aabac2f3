use super::runner::done;
use super::*;
use fuelcell_domain::job::{JobEnd, PipelineRef};
use fuelcell_domain::profile::MAX_FILE_BYTES;
use fuelcell_domain::{
    ArtifactDescription, ArtifactKind, ArtifactRole, Completion, InputRef, JobHost, LogLevel, PipelineId,
    RunEnd,
};
use fuelcell_store::Jobs;
use fuelcell_store::conformance::fixtures::{EVERY_LINE, log_lines};
use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};

fn publish(host: &dyn JobHost, name: &str, bytes: &[u8]) {
    let description = ArtifactDescription {
        name: name.into(),
        kind: ArtifactKind::Data,
        type_name: "Table".into(),
        title: "A table".into(),
        media_type: "text/csv".into(),
        primary: false,
        role: ArtifactRole::Output,
        record_count: None,
        accuracy: None,
    };
    let mut writer = host.create_artifact(description).unwrap();
    writer.write(bytes).unwrap();
    writer.finish().unwrap();
}

pub(super) fn input(digest: Digest) -> InputRef {
    InputRef {
        name: "dataset".into(),
        dataset: None,
        file_name: "log.csv".into(),
        media_type: "text/csv".into(),
        digest,
        size: 4,
    }
}

async fn log_of(world: &World, id: JobId) -> Vec<String> {
    let lines = log_lines(&*world.store, id, EVERY_LINE).await;
    lines.into_iter().map(|line| line.message).collect()
}

/// Fails as told `failures` times, then completes.
fn fails_first(world: &World, name: &str, failures: u32, error: JobError) {
    let runs = AtomicU32::new(0);
    world.runner.script(name, move |_| {
        let fails = runs.fetch_add(1, Ordering::SeqCst) < failures;
        let error = error.clone();
        async move { if fails { RunEnd::Failed(error) } else { done() } }
    });
}

#[tokio::test(start_paused = true)]
async fn everything_that_an_attempt_brought_arrives_with_its_end() {
    let world = World::new();
    world.runner.script("a", |host| async move {
        let mut text = [0; 4];
        host.open_input("dataset").unwrap().read_at(0, &mut text).unwrap();
        publish(host.as_ref(), "second.csv", b"2");
        publish(host.as_ref(), "first.csv", &text);
        host.progress(1, 3, "reading");
        host.log(LogLevel::Info, "reading", "line");
        sleep(seconds(2)).await;
        RunEnd::Completed(Completion::NoItems)
    });
    let mut job = world.job("a");
    let digest = world.store_bytes(b"data");
    job.inputs.push(input(digest));
    let id = world.submit(job).await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!(job.end, Some(JobEnd::Completed(Completion::NoItems)));
    assert_eq!((job.pulse.progress.percentage, job.pulse.progress.stage.as_str()), (100, "reading"));
    assert_eq!(job.pulse.usage.wall_micros, 2_000_000);
    let artifacts = world.store.artifacts(id).await.unwrap();
    let names: Vec<&str> = artifacts.iter().map(|artifact| artifact.description.name.as_str()).collect();
    assert_eq!(names, ["second.csv", "first.csv"]);
    assert_eq!((artifacts[1].digest, artifacts[1].size), (Digest::of(b"data"), 4));
    let receipt = world.store.receipts(id).await.unwrap().remove(0);
    assert_eq!(
        (receipt.node.as_str(), receipt.engine.as_str(), receipt.usage.fuel.exact()),
        ("here", "scripts 1", Some(7))
    );
    assert_eq!(receipt.inputs, [("dataset".to_owned(), digest)]);
    assert_eq!(receipt.outputs.len(), 2);
    assert_eq!(receipt.ended_at.since(receipt.started_at), seconds(2));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn live_figures_can_be_seen_while_the_guest_is_at_work() {
    let world = World::new();
    world.runner.script("a", |host| async move {
        host.progress(45, 100, "mining");
        host.log(LogLevel::Warn, "mining", "odd");
        pending().await
    });
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    world.until(id, JobState::Running).await;
    sleep(millis(600)).await;
    let progress = world.look(id).await.pulse.progress;
    assert_eq!((progress.percentage, progress.stage.as_str()), (45, "mining"));
    sleep(seconds(2)).await;
    assert_eq!(log_of(&world, id).await, ["odd"]);
    node.task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_log_beyond_its_quota_keeps_beginning_and_end_and_says_what_was_dropped() {
    let world = World::new().with(|config| config.fixed.log_bytes = 1_000);
    world.runner.script("chatty", |host| async move {
        for number in 0..100 {
            host.log(LogLevel::Info, "", &format!("line {number}"));
            sleep(millis(50)).await;
        }
        done()
    });
    // Lines that the store does not take at once are neither lost nor doubled.
    world.store.fail_next("append_logs", 2);
    let id = world.submit(world.job("chatty")).await;
    let node = world.start();
    world.until(id, JobState::Completed).await;
    let log = log_of(&world, id).await;
    assert_eq!((log.len(), log[0].as_str(), log[6].as_str()), (11, "line 0", "line 6"));
    assert!(log[7].starts_with("90 lines from here on were dropped"), "{}", log[7]);
    assert_eq!(log[8..], ["line 97", "line 98", "line 99"]);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_completed_job_marked_is_seen_by_the_next_of_its_pipeline() {
    let world = World::new();
    let pipeline = PipelineRef { id: PipelineId::random(), ordinal: 1, name: "nightly".into() };
    let fails = AtomicU32::new(0);
    world.runner.script("a", move |host| {
        let first = fails.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if host.seen("k").unwrap() {
                return RunEnd::Completed(Completion::NoItems);
            }
            host.mark("k").unwrap();
            // The first attempt's mark must not count.
            if first { RunEnd::Failed(transient()) } else { done() }
        }
    });
    let node = world.start();
    let mut ends = Vec::new();
    for _ in 0..2 {
        let id = world.submit(Job { pipeline: Some(pipeline.clone()), ..world.job("a") }).await;
        ends.push(world.until(id, JobState::Completed).await.end.unwrap());
    }
    assert_eq!(ends, [JobEnd::Completed(Completion::Done), JobEnd::Completed(Completion::NoItems)]);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_deterministic_seed_follows_from_the_work_not_from_the_job() {
    let world = World::new();
    world.runner.takes("a", millis(1));
    let node = world.start();
    let plain = world.job("a");
    let fixed = Job { deterministic: true, ..world.job("a") };
    let again = Job { id: JobId::random(), ..fixed.clone() };
    let other = Job { id: JobId::random(), parameters: "{}".into(), ..fixed.clone() };
    let more = Job { id: JobId::random(), inputs: vec![input(world.store_bytes(b"data"))], ..fixed.clone() };
    for job in [plain, fixed, again, other, more] {
        let id = world.submit(job).await;
        world.until(id, JobState::Completed).await;
    }
    let seeds = world.runner.seeds.lock().clone();
    assert_eq!((seeds.len(), seeds[0]), (5, None));
    assert!(seeds[1..].iter().all(Option::is_some) && seeds[1] == seeds[2], "{seeds:?}");
    assert!(seeds[1] != seeds[3] && seeds[1] != seeds[4], "{seeds:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_missing_input_fails_the_job() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    let mut job = world.job("a");
    job.inputs.push(input(Digest::of(b"gone")));
    let id = world.submit(job).await;
    let node = world.start();
    let job = world.until(id, JobState::Failed).await;
    assert_eq!(code(&job), ErrorCode::InputGone);
    assert!(job.error().unwrap().message.contains("log.csv"));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_tried_again_after_a_pause_that_grows() {
    let world = World::new();
    fails_first(&world, "a", 2, transient());
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.transient_failures), (3, 2));
    // 0.1 s to compile, pauses of 5 and 10 s.
    let took = job.ended_at.unwrap().since(EPOCH);
    assert!(took >= millis(15_100) && took <= millis(15_200), "{took:?}");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_panics_costs_attempts_but_not_the_scheduler() {
    let world = World::new();
    world.runner.script("bomb", |_| async { panic!("on purpose") });
    world.runner.takes("good", seconds(1));
    let bomb = world.submit(world.job("bomb")).await;
    let node = world.start();
    let good = world.submit(world.job("good")).await;
    world.until(good, JobState::Completed).await;
    let job = world.until(bomb, JobState::Failed).await;
    assert_eq!((code(&job), job.attempt), (ErrorCode::HostDefect, 4));
    assert!(!job.error().unwrap().message.contains("on purpose"));
    assert_eq!(node.scheduler.load().capacity.running, 0);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_stops_for_nothing_does_not_condemn_the_job() {
    let world = World::new();
    let runs = AtomicU32::new(0);
    world.runner.script("a", move |_| {
        let first = runs.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if first { RunEnd::Stopped } else { done() } }
    });
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    assert_eq!(world.until(id, JobState::Completed).await.attempt, 2);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_the_store_cannot_take_is_offered_again() {
    let world = World::new();
    world.runner.script("a", |host| async move {
        publish(host.as_ref(), "a.csv", b"x");
        done()
    });
    world.store.fail_next("finish", 3);
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    let job = world.until(id, JobState::Completed).await;
    assert_eq!(job.attempt, 1);
    assert_eq!(world.store.artifacts(id).await.unwrap().len(), 1);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_never_taken_leaves_the_job_to_its_lease() {
    let world = World::new();
    world.runner.takes("a", seconds(1));
    world.store.fail_next("finish", 1_000);
    let id = world.submit(world.job("a")).await;
    let node = world.start();
    sleep(seconds(70)).await;
    assert_eq!(node.scheduler.load().finishing, 0);
    world.store.fail_next("finish", 0);
    let job = world.until(id, JobState::Completed).await;
    assert_eq!((job.attempt, job.lost_attempts), (2, 1));
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_free_while_the_store_takes_the_end() {
    let world = World::new().with(|config| config.slots = 1);
    world.runner.takes("a", seconds(1));
    world.store.fail_next("finish", 5);
    let first = world.submit(world.job("a")).await;
    sleep(millis(1)).await;
    let second = world.submit(world.job("a")).await;
    let node = world.start();
    sleep(millis(1_500)).await;
    assert_eq!(world.look(second).await.state, JobState::Running);
    world.until(first, JobState::Completed).await;
    world.until(second, JobState::Completed).await;
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_draining_node_lets_short_jobs_end_and_gives_long_ones_back() {
    let world = World::new();
    world.runner.takes("short", seconds(5));
    world.runner.takes("long", seconds(1_000));
    let short = world.submit(world.job("short")).await;
    let long = world.submit(world.job("long")).await;
    let node = world.start();
    world.until(short, JobState::Running).await;
    world.until(long, JobState::Running).await;
    let waiting = world.submit(world.job("short")).await;
    let before = world.elapsed();
    let scheduler = node.scheduler.clone();
    node.stop().await;
    let took = world.elapsed() - before;
    assert!(took >= seconds(20) && took <= millis(20_100), "{took:?}");
    assert!(scheduler.load().draining);
    assert_eq!(world.look(short).await.state, JobState::Completed);
    let long = world.look(long).await;
    assert_eq!((long.state, long.attempt, long.lost_attempts, long.lease), (JobState::Queued, 1, 0, None));
    let waiting = world.look(waiting).await;
    assert_eq!((waiting.state, waiting.attempt), (JobState::Queued, 0));
    assert_eq!(world.store.receipts(long.id).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_node_stops_at_once() {
    let world = World::new();
    let node = world.start();
    sleep(seconds(3)).await;
    let before = world.elapsed();
    node.stop().await;
    assert!(world.elapsed() - before <= millis(1));
}

#[tokio::test(start_paused = true)]
async fn a_profile_is_kept_beside_what_the_guest_made_however_it_ends() {
    let world = World::new();
    let error = JobError::new(ErrorCode::Trap, "unreachable");
    for (name, end) in [("good", done()), ("bad", RunEnd::Failed(error))] {
        world.runner.script(name, move |host| {
            let end = end.clone();
            async move {
                publish(host.as_ref(), "profile.txt", b"mine");
                end
            }
        });
    }
    world.runner.script("stopped", |_| pending());
    let profiled = |name| Job { profile: true, ..world.job(name) };
    let [good, bad, stopped] = [profiled("good"), profiled("bad"), profiled("stopped")];
    let [good, bad] = [world.submit(good).await, world.submit(bad).await];
    let node = world.start();
    let names = async |id| {
        let artifacts = world.store.artifacts(id).await.unwrap();
        let names =
            artifacts.into_iter().map(|artifact| (artifact.description.name, artifact.description.role));
        names.collect::<Vec<_>>()
    };
    let own = ("profile.txt".to_owned(), ArtifactRole::Output);
    let profile = |name: &str| (name.to_owned(), ArtifactRole::Profile);
    world.until(good, JobState::Completed).await;
    assert_eq!(names(good).await, [own, profile("profile-2.txt")]);
    let receipt = world.store.receipts(good).await.unwrap().remove(0);
    assert_eq!(receipt.outputs, [("profile.txt".to_owned(), Digest::of(b"mine"))], "what the guest made");
    world.until(bad, JobState::Failed).await;
    assert_eq!(names(bad).await, [profile("profile-2.txt")]);
    let stopped = world.submit(stopped).await;
    world.until(stopped, JobState::Running).await;
    let request = fuelcell_store::conformance::fixtures::cancel(0);
    world.store.request_cancel(world.project, stopped, request).await.unwrap();
    world.until(stopped, JobState::Cancelled).await;
    let artifacts = world.store.artifacts(stopped).await.unwrap();
    assert_eq!(artifacts.len(), 1);
    assert_eq!(artifacts[0].digest, Digest::of(b"stopped 7"), "what was seen of it");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_nothing_was_seen_the_log_says_so_and_nobody_else_has_a_profile() {
    let world = World::new();
    let error = JobError::new(ErrorCode::ModuleInvalid, "no such import");
    world.runner.script("broken", move |_| {
        let error = error.clone();
        async move { RunEnd::Failed(error) }
    });
    world.runner.script("plain", |_| async { done() });
    let broken = world.submit(Job { profile: true, ..world.job("broken") }).await;
    let plain = world.submit(world.job("plain")).await;
    let node = world.start();
    world.until(broken, JobState::Failed).await;
    world.until(plain, JobState::Completed).await;
    let log = log_of(&world, broken).await;
    assert!(log[0].starts_with("there is no profile: the guest did not begin"), "{log:?}");
    for id in [broken, plain] {
        assert_eq!(world.store.artifacts(id).await.unwrap(), []);
    }
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_file_of_a_profile_is_as_long_as_is_stated() {
    let world = World::new();
    let node = world.start();
    for (length, kept) in [(MAX_FILE_BYTES, 1), (MAX_FILE_BYTES + 1, 0)] {
        let name = length.to_string();
        world.runner.script(&name, |_| async { done() });
        let id = world.submit(Job { profile: true, ..world.job(&name) }).await;
        world.until(id, JobState::Completed).await;
        assert_eq!(world.store.artifacts(id).await.unwrap().len(), kept);
        let log = log_of(&world, id).await;
        let says_so = log.iter().any(|line| line.contains("profile.txt would have 16777217 bytes"));
        assert_eq!(says_so, kept == 0, "{log:?}");
    }
    node.stop().await;
}
