use super::runner::done;
use super::*;
use crate::{Keep, KeepAudit, RetentionConfig};
use fuelcell_domain::artifact::{ArtifactDescription, ArtifactKind, ArtifactRole};
use fuelcell_domain::{
    AuditEntry, AuditFilter, AuditOutcome, Dataset, DatasetId, Project, Tenant, TokenId, UnfinishedUpload,
    UploadId,
};
use fuelcell_store::conformance::fixtures::upload;
use fuelcell_store::{Accounts, Audit, BlobRef, Datasets, JobFilter, Jobs, PageRequest, Uploads};
use std::io::Write;

fn keep(age: Option<Duration>, jobs: Option<u64>) -> RetentionConfig {
    RetentionConfig {
        keep: Keep { age, jobs },
        projects: Default::default(),
        audit: KeepAudit::default(),
        every: seconds(60),
        sweep_every: seconds(600),
        blob_grace: Duration::ZERO,
        settle: seconds(1),
        built_in: Vec::new(),
    }
}

impl World {
    /// Makes the world's project known.
    async fn found(&self) {
        let tenant = Tenant { id: self.project.tenant, name: "t".into(), created_at: self.clock.now() };
        self.store.create_tenant(tenant).await.unwrap();
        let project = Project { id: self.project, name: "p".into(), created_at: self.clock.now() };
        self.store.create_project(project).await.unwrap();
    }

    /// Ordinals of the jobs that are left, oldest first.
    async fn left(&self) -> Vec<u64> {
        let all = PageRequest { offset: 0, limit: 1000 };
        let page = self.store.list(self.project, &JobFilter::default(), all).await.unwrap();
        page.jobs.iter().rev().map(|job| job.ordinal).collect()
    }

    fn blobs_left(&self) -> impl Future<Output = Vec<BlobRef>> {
        let blobs = self.blobs.clone();
        async move { blobs.list(None, 1000).await.unwrap() }
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_so_many_ended_jobs_are_not_kept() {
    let world = World::new();
    world.found().await;
    world.runner.takes("a", millis(1));
    let node = world.start();
    for _ in 0..100 {
        let id = world.submit(world.job("a")).await;
        world.until(id, JobState::Completed).await;
    }
    world.submit(Job { not_before: Some(EPOCH.plus(seconds(100_000))), ..world.job("a") }).await;
    assert_eq!(node.scheduler.forget_jobs(&keep(None, Some(7))).await.unwrap(), 93);
    assert_eq!(world.left().await, (94..=101).collect::<Vec<_>>());
    assert_eq!(node.scheduler.forget_jobs(&keep(None, Some(7))).await.unwrap(), 0);
    assert_eq!(node.scheduler.forget_jobs(&keep(None, None)).await.unwrap(), 0);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn jobs_are_kept_for_their_time_from_their_end() {
    let world = World::new();
    world.found().await;
    world.runner.takes("short", millis(1));
    world.runner.takes("long", seconds(500));
    let node = world.start();
    // Submitted first, ended last.
    let long = world.submit(world.job("long")).await;
    for _ in 0..80 {
        let id = world.submit(world.job("short")).await;
        world.until(id, JobState::Completed).await;
    }
    world.until(long, JobState::Completed).await;
    let middle = seconds(300);
    assert_eq!(node.scheduler.forget_jobs(&keep(Some(seconds(10_000)), None)).await.unwrap(), 0);
    assert_eq!(node.scheduler.forget_jobs(&keep(Some(middle), None)).await.unwrap(), 80);
    assert_eq!(world.left().await, [1]);
    sleep(middle).await;
    assert_eq!(node.scheduler.forget_jobs(&keep(Some(middle), None)).await.unwrap(), 1);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_project_may_have_a_rule_of_its_own() {
    let world = World::new();
    world.found().await;
    world.runner.takes("a", millis(1));
    let node = world.start();
    for _ in 0..3 {
        let id = world.submit(world.job("a")).await;
        world.until(id, JobState::Completed).await;
    }
    let mut config = keep(None, Some(0));
    config.projects.insert(world.project.project, Keep { age: None, jobs: Some(2) });
    assert_eq!(node.scheduler.forget_jobs(&config).await.unwrap(), 1);
    assert_eq!(world.left().await, [2, 3]);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_nothing_needs_is_swept_and_what_something_needs_stays() {
    let world = World::new();
    world.found().await;
    world.runner.script("maker", |host| async move {
        let description = ArtifactDescription {
            name: "made.txt".into(),
            kind: ArtifactKind::Data,
            type_name: String::new(),
            title: String::new(),
            media_type: "text/plain".into(),
            primary: true,
            role: ArtifactRole::Output,
            record_count: None,
            accuracy: None,
        };
        let mut writer = host.create_artifact(description).unwrap();
        writer.write(b"made").unwrap();
        writer.finish().unwrap();
        sleep(seconds(50)).await;
        done()
    });
    let node = world.start();
    let job = world.submit(world.job("maker")).await;
    let built_in = world.store_bytes(b"built in");
    let orphan = world.store_bytes(b"orphan");
    world.until(job, JobState::Running).await;
    let made = Digest::of(b"made");
    while world.blobs.stat(made).await.unwrap().is_none() {
        sleep(millis(10)).await;
    }
    let config = RetentionConfig { built_in: vec![built_in], ..keep(None, Some(0)) };
    // The attempt runs, and no record knows of what it made.
    let careful = RetentionConfig { blob_grace: seconds(3600), ..config.clone() };
    assert_eq!(node.scheduler.sweep(&careful).await.unwrap().blobs, 0, "it was committed a moment ago");
    assert_eq!(node.scheduler.sweep(&config).await.unwrap(), crate::Swept { blobs: 1, bytes: 6 });
    assert!(world.blobs_left().await.iter().all(|blob| blob.digest != orphan));
    world.until(job, JobState::Completed).await;
    assert_eq!(node.scheduler.sweep(&config).await.unwrap().blobs, 0);
    assert_eq!(world.blobs_left().await.len(), 3, "the module, what it made, what is built in");
    // With the job goes what only it needed.
    assert_eq!(node.scheduler.forget_jobs(&config).await.unwrap(), 1);
    assert_eq!(node.scheduler.sweep(&config).await.unwrap().blobs, 2);
    assert_eq!(world.blobs_left().await[..], [BlobRef { digest: built_in, size: 8 }]);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_replaced_counts_until_it_is_gone_or_counts_otherwise() {
    let world = World::new();
    world.found().await;
    world.runner.takes("a", millis(1));
    let node = world.start();
    let [old, twin, new] = [b"old1", b"twin", b"new1"].map(|bytes| world.store_bytes(bytes));
    let file = |digest| Dataset {
        id: DatasetId::random(),
        project: world.project,
        name: "a.csv".into(),
        media_type: "text/csv".into(),
        digest,
        size: 4,
        row_count: None,
        uploaded_by: "anna".into(),
        created_at: EPOCH,
        updated_at: EPOCH,
    };
    let replaced = async || world.store.project_usage(world.project).await.unwrap().stored.replaced;
    let first = world.store.put_dataset(file(old)).await.unwrap();
    let id = world.submit(Job { inputs: vec![ends::input(first.digest)], ..world.job("a") }).await;
    world.until(id, JobState::Completed).await;
    for _ in 0..2 {
        let one = world.store.put_dataset(file(twin)).await.unwrap();
        world.store.put_dataset(Dataset { digest: new, ..one }).await.unwrap();
    }
    world.store.put_dataset(file(twin)).await.unwrap();
    world.store.put_dataset(Dataset { digest: new, ..first }).await.unwrap();
    let gone = world.store_bytes(b"gone");
    let other = world.store.put_dataset(file(gone)).await.unwrap();
    world.store.delete_dataset(world.project, other.id).await.unwrap();
    assert_eq!(replaced().await, 8, "what another dataset names is none");
    let config = keep(None, Some(0));
    let careful = RetentionConfig { blob_grace: seconds(3600), ..config.clone() };
    node.scheduler.sweep(&careful).await.unwrap();
    assert_eq!(replaced().await, 8, "nothing was swept");
    world.store.fail_next("settle_replaced", 1);
    assert!(node.scheduler.sweep(&config).await.is_err());
    assert_eq!((replaced().await, world.blobs.stat(gone).await.unwrap()), (8, None));
    node.scheduler.sweep(&config).await.unwrap();
    assert_eq!(replaced().await, 4, "a job names the old bytes");
    node.scheduler.forget_jobs(&config).await.unwrap();
    node.scheduler.sweep(&config).await.unwrap();
    assert_eq!((replaced().await, world.blobs.stat(old).await.unwrap()), (0, None));
    // Bytes that count otherwise are no replaced ones, and stay.
    let again = world.store.put_dataset(file(new)).await.unwrap();
    world.store.delete_dataset(world.project, again.id).await.unwrap();
    assert_eq!(replaced().await, 4);
    node.scheduler.sweep(&config).await.unwrap();
    assert_eq!(replaced().await, 0);
    assert!(world.blobs.stat(new).await.unwrap().is_some());
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn uploads_go_when_their_time_is_over_and_their_bytes_with_them() {
    let world = World::new();
    world.found().await;
    let node = world.start();
    let begin = async |size, end| {
        let upload = UnfinishedUpload { size, expires_at: EPOCH.plus(seconds(end)), ..upload(world.project) };
        world.store.begin_upload(upload.clone()).await.unwrap();
        world.blobs.stage(upload.id, 0).unwrap().write_all(b"bytes").unwrap();
        upload.id
    };
    let (_over, living) = (begin(5, 10).await, begin(7, 1000).await);
    let orphan = UploadId::random();
    world.blobs.stage(orphan, 0).unwrap().write_all(b"of no upload").unwrap();
    sleep(seconds(11)).await;
    assert_eq!(node.scheduler.forget_uploads().await.unwrap(), 1);
    assert_eq!(world.blobs.all_staged().await.unwrap(), [living]);
    let stored = world.store.project_usage(world.project).await.unwrap().stored;
    assert_eq!(stored.datasets, 7, "what was given up counts no more");
    assert_eq!(node.scheduler.forget_uploads().await.unwrap(), 0);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_to_be_needed_while_a_sweep_looks_stays() {
    let world = World::new();
    world.found().await;
    let node = world.start();
    let (taken_up, orphan) = (world.store_bytes(b"a"), world.store_bytes(b"orphan"));
    let config = RetentionConfig { settle: seconds(60), ..keep(None, None) };
    let scheduler = node.scheduler.clone();
    let sweeping = tokio::spawn(async move { scheduler.sweep(&config).await.unwrap() });
    sleep(seconds(30)).await;
    // A caller that had looked the module up before it was deleted.
    world.submit(Job { not_before: Some(EPOCH.plus(seconds(1000))), ..world.job("a") }).await;
    assert_eq!(sweeping.await.unwrap().blobs, 1);
    assert!(world.blobs.stat(taken_up).await.unwrap().is_some());
    assert!(world.blobs.stat(orphan).await.unwrap().is_none());
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn forgetting_goes_on_after_the_store_failed() {
    let world = World::new();
    world.found().await;
    world.runner.takes("a", millis(1));
    let node = world.start();
    let id = world.submit(world.job("a")).await;
    world.until(id, JobState::Completed).await;
    world.store.fail_next("delete_all_ended", 1);
    world.store.fail_next("blob_references", 1);
    let config = RetentionConfig { sweep_every: seconds(120), ..keep(None, Some(0)) };
    let scheduler = node.scheduler.clone();
    let retaining = tokio::spawn(async move { scheduler.retain(&config).await });
    sleep(seconds(61)).await;
    assert_eq!(world.left().await.len(), 1);
    sleep(seconds(61)).await;
    assert_eq!(world.left().await.len(), 0);
    assert_eq!(world.blobs_left().await.len(), 1);
    sleep(seconds(122)).await;
    assert_eq!(world.blobs_left().await, []);
    retaining.abort();
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn old_entries_of_the_audit_log_go_in_batches() {
    let world = World::new();
    let node = world.start();
    let entry = |at| AuditEntry {
        at,
        subject: "anna".into(),
        token: TokenId::random(),
        tenant: None,
        project: None,
        action: "PUT something".into(),
        target: "something".into(),
        outcome: AuditOutcome::Done,
        request_id: "r".into(),
    };
    for number in 0..1200 {
        world.store.append_audit(entry(EPOCH.plus(seconds(number)))).await.unwrap();
    }
    sleep(seconds(1100 + 60)).await;
    let kept = |age, entries| RetentionConfig { audit: KeepAudit { age, entries }, ..keep(None, None) };
    let forgotten = async |config| node.scheduler.forget_audit(&config).await.unwrap();
    assert_eq!(forgotten(kept(Some(seconds(60)), Some(1_000_000))).await, 1101);
    assert_eq!(forgotten(kept(None, None)).await, 0);
    let left = async || world.store.audit(&AuditFilter::default(), None, 1000).await.unwrap();
    assert_eq!((left().await.len(), left().await.last().unwrap().0), (99, 1102));
    // No more than so many stay, however young they are.
    for number in 0..1200 {
        world.store.append_audit(entry(EPOCH.plus(seconds(2000 + number)))).await.unwrap();
    }
    assert_eq!(forgotten(kept(Some(seconds(10_000)), Some(100))).await, 1199);
    assert_eq!((left().await.len(), left().await.last().unwrap().0), (100, 2301));
    node.stop().await;
}
