//! What a guest may do, and where it is bounded.

use super::*;
use crate::artifacts::Staging;
use crate::host::{AttemptHost, MAX_CHECKPOINT, Sources};
use crate::life::Life;
use crate::live::{Live, StopReason};

use crate::stages::Stages;
use fuelcell_domain::capability::Target;
use fuelcell_domain::job::PipelineRef;
use fuelcell_domain::outbound::{HttpError, HttpRequest, NoWayOut};
use fuelcell_domain::{
    ArtifactDescription, ArtifactKind, ArtifactRole, Finding, HostError, Incarnation, JobHost, Lease,
    PipelineId, Report,
};
use fuelcell_store::Queue;
use fuelcell_store::conformance::fixtures::holder;
use futures::FutureExt;

struct Guest {
    live: Arc<Live>,
    life: Arc<Life>,
    host: AttemptHost,
}

/// A claimed job of a pipeline, with its host.
async fn guest(world: &World) -> Guest {
    let pipeline = PipelineRef { id: PipelineId::random(), ordinal: 1, name: "nightly".into() };
    let id = world.submit(Job { pipeline: Some(pipeline), ..world.job("a") }).await;
    let lease = Lease { node: world.config.node.clone(), expires_at: world.clock.now().plus(seconds(30)) };
    let claim = world.store.claim(&[id], lease, holder(), world.clock.now()).await.unwrap().remove(0);
    let staging = Staging::new(world.blobs.clone(), 3, claim.job.limits.disk_bytes);
    let live = Arc::new(Live::new(&claim.job, staging, world.config.fixed.log_bytes, Stages::default()));
    let life = Arc::new(Life::new(world.clock.clone()));
    let sources = Sources {
        queue: world.store.clone(),
        processed: world.store.clone(),
        blobs: world.blobs.clone(),
        outlet: Arc::new(NoWayOut),
        clock: world.clock.clone(),
        life: life.clone(),
    };
    let host = AttemptHost::new(live.clone(), sources, &claim.job, Vec::new(), claim.checkpoint);
    Guest { live, life, host }
}

fn output(name: &str) -> ArtifactDescription {
    ArtifactDescription {
        name: name.into(),
        kind: ArtifactKind::Report,
        type_name: "Report".into(),
        title: "Report".into(),
        media_type: "text/html".into(),
        primary: false,
        role: ArtifactRole::Output,
        record_count: None,
        accuracy: None,
    }
}

fn refusal<T>(result: Result<T, HostError>) -> HostError {
    result.err().expect("a refusal")
}

#[tokio::test(start_paused = true)]
async fn progress_is_clamped_and_never_falls() {
    let world = World::new();
    let Guest { live, host, .. } = guest(&world).await;
    let mut seen = Vec::new();
    for (done, total) in
        [(0, 0), (1, 3), (1, 100), (u64::MAX, 0), (199, 200), (9, 3), (u64::MAX / 2, u64::MAX)]
    {
        host.progress(done, total, "work\n");
        seen.push(live.pulse().progress.percentage);
    }
    assert_eq!(seen, [0, 33, 33, 33, 99, 100, 100]);
    assert_eq!(live.pulse().progress.stage, "work\\n");
}

#[tokio::test(start_paused = true)]
async fn artifact_names_are_checked_and_unique() {
    let world = World::new();
    let Guest { live, host, .. } = guest(&world).await;
    let first = host.create_artifact(output("a.html")).unwrap();
    assert!(matches!(refusal(host.create_artifact(output("a.html"))), HostError::Invalid(_)));
    assert!(matches!(refusal(host.create_artifact(output("a.html/b"))), HostError::Invalid(_)));
    assert!(matches!(refusal(host.create_artifact(output("../a"))), HostError::Invalid(_)));
    // Case counts.
    drop(host.create_artifact(output("A.HTML")).unwrap());
    // Dropped without finish: the name is free again, nothing is published.
    drop(first);
    host.create_artifact(output("a.html")).unwrap().finish().unwrap();
    assert!(matches!(refusal(host.create_artifact(output("a.html"))), HostError::Invalid(_)));
    assert_eq!(live.staging.finished().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_primary_artifact_at_most() {
    let world = World::new();
    let Guest { host, .. } = guest(&world).await;
    let primary = |name: &str| ArtifactDescription { primary: true, ..output(name) };
    let first = host.create_artifact(primary("a.html")).unwrap();
    assert!(matches!(refusal(host.create_artifact(primary("b.html"))), HostError::Invalid(_)));
    // The refused one did not take the name; the dropped one gives its role back.
    host.create_artifact(output("b.html")).unwrap();
    drop(first);
    host.create_artifact(primary("c.html")).unwrap().finish().unwrap();
    assert!(matches!(refusal(host.create_artifact(primary("d.html"))), HostError::Invalid(_)));
}

#[tokio::test(start_paused = true)]
async fn artifacts_are_bounded_in_number_and_in_bytes_together() {
    let world = World::new();
    let Guest { host, .. } = guest(&world).await;
    let half = vec![0; usize::try_from(MIB / 2).unwrap()];
    let mut first = host.create_artifact(output("1")).unwrap();
    first.write(&half).unwrap();
    let mut second = host.create_artifact(output("2")).unwrap();
    second.write(&half).unwrap();
    assert!(matches!(refusal(second.write(b"x")), HostError::Limit(_)));
    // What is thrown away counts no more.
    drop(first);
    second.write(&half).unwrap();
    second.finish().unwrap();
    host.create_artifact(output("3")).unwrap().finish().unwrap();
    host.create_artifact(output("4")).unwrap().finish().unwrap();
    assert!(matches!(refusal(host.create_artifact(output("5"))), HostError::Limit(_)));
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_is_replaced_and_there_for_the_next_attempt() {
    let world = World::new();
    let Guest { live, host, .. } = guest(&world).await;
    assert_eq!(host.load_checkpoint(), Ok(None));
    host.save_checkpoint(b"one").unwrap();
    for less in [1, 0] {
        host.save_checkpoint(&vec![0; usize::try_from(MAX_CHECKPOINT - less).unwrap()]).unwrap();
    }
    host.save_checkpoint(b"two").unwrap();
    assert_eq!(host.load_checkpoint(), Ok(Some(b"two".to_vec())));
    let too_large = vec![0; usize::try_from(MAX_CHECKPOINT).unwrap() + 1];
    assert!(matches!(refusal(host.save_checkpoint(&too_large)), HostError::Limit(_)));
    let kept = world.store.checkpoint(live.id.job).await.unwrap().unwrap();
    assert_eq!(kept.digest, Digest::of(b"two"));
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_of_a_lost_attempt_is_refused_and_ends_it() {
    let world = World::new();
    let Guest { live, host, .. } = guest(&world).await;
    world.store.release_node(&world.config.node, Incarnation::random(), world.clock.now()).await.unwrap();
    assert!(matches!(refusal(host.save_checkpoint(b"late")), HostError::Storage(_)));
    assert_eq!(live.stop_reason(), Some(StopReason::Lost));
    assert_eq!(world.store.checkpoint(live.id.job).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn marks_are_bounded_and_kept_once() {
    let world = World::new();
    let Guest { live, host, .. } = guest(&world).await;
    assert_eq!(host.seen("k"), Ok(false));
    host.mark("k").unwrap();
    host.mark("k").unwrap();
    host.mark("j").unwrap();
    // Marked is not processed: that comes with completion.
    assert_eq!(host.seen("k"), Ok(false));
    for key in ["", &"x".repeat(1025)] {
        assert!(matches!(refusal(host.mark(key)), HostError::Invalid(_)));
        assert!(matches!(refusal(host.seen(key)), HostError::Invalid(_)));
    }
    assert_eq!(live.marks.lock().take(), ["j", "k"]);
    for key in 0..100_000 {
        host.mark(&key.to_string()).unwrap();
    }
    assert!(matches!(refusal(host.mark("one more")), HostError::Limit(_)));
    host.mark("99999").unwrap();
    live.marks.lock().take();
    let long = |key: u32| format!("{key:01024}");
    (0..16 * 1024).for_each(|key| host.mark(&long(key)).unwrap());
    assert!(matches!(refusal(host.mark(&long(999_999))), HostError::Limit(_)));
}

#[tokio::test(start_paused = true)]
async fn reports_are_bounded() {
    let world = World::new();
    let Guest { live, host, .. } = guest(&world).await;
    let finding = Finding { kind: "k".repeat(1000), message: "m\n".repeat(1000), count: u64::MAX };
    let report = Report { warnings: vec![finding; 1000], records_processed: 5, ..Report::default() };
    for (score, kept) in [
        (f64::NAN, None),
        (f64::INFINITY, None),
        (-0.1, None),
        (100.1, None),
        (100.0, Some(100.0)),
        (0.0, Some(0.0)),
    ] {
        host.set_report(Report { quality_score: Some(score), ..report.clone() });
        let report = live.pulse().report;
        assert_eq!((report.quality_score, report.records_processed), (kept, 5));
        assert_eq!(report.warnings.len(), 100);
        assert!(report.warnings[0].kind.len() < 70 && report.warnings[0].message.len() < 520);
        assert!(!report.warnings[0].message.contains('\n'));
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_input_is_refused_with_the_names_that_exist() {
    let world = World::new();
    let Guest { host, .. } = guest(&world).await;
    assert_eq!(
        refusal(host.open_input("data\n")),
        HostError::Invalid("there is no input named \"data\\n\"; this job has: []".into())
    );
}

/// A store may use tokio's own primitives; a guest's thread may be inside `block_on` and may ask very often within one
/// poll of the guest.
#[test]
fn a_guest_inside_tokio_may_ask_the_store_any_number_of_times() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let guest = std::thread::spawn(move || {
        handle.block_on(async {
            for number in 0..1_000 {
                let (sender, receiver) = tokio::sync::oneshot::channel();
                tokio::spawn(async move { sender.send(number) });
                assert_eq!(crate::host::wait(receiver), Ok(number));
            }
        });
    });
    let start = std::time::Instant::now();
    while !guest.is_finished() {
        assert!(start.elapsed() < seconds(30), "the guest's thread hangs");
        std::thread::sleep(millis(5));
    }
    guest.join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_request_is_sent_while_the_node_does_not_know_whether_it_lives() {
    let world = World::new();
    let Guest { life, host, .. } = guest(&world).await;
    let request = || HttpRequest {
        method: "GET".into(),
        target: Target { tls: true, host: "example.org".into(), port: 443 },
        path: "/".into(),
        headers: Vec::new(),
        connect_timeout: None,
        read_timeout: None,
        max_response: 0,
        body: Vec::new(),
    };
    let mut early = host.http(request());
    assert!((&mut early).now_or_never().is_none());
    life.begin(Incarnation::random(), life.asked(), world.config.lease);
    assert!(matches!(early.now_or_never(), Some(Err(HttpError::Denied(_)))));
    sleep(world.config.lease).await;
    assert!(host.http(request()).now_or_never().is_none());
}
