//! A data directory that an earlier build left behind is read as it was written. So nobody changes the layout unnoticed: who
//! does, raises its version. Directories of layouts that a release had stay, and with them a backup of each.
//!
//! `FUELCELL_TEST_NEW_GOLDEN=1` makes the archive of the present layout anew, which is right for a new version only.

use crate::reopen::{everything, fill_jobs, fill_registry};
use fuelcell_domain::{
    BulkJob, Capabilities, Delivery, Grant, Job, JobId, JobOutcome, MailPolicy, Notices, Pipeline,
    PipelineId, ProjectRef, SealedSecret, Settled, Timestamp, Try,
};
use fuelcell_store::conformance::fixtures::{at, bulk_run, project, registered_pipeline, schedule, webhook};
use fuelcell_store::{DeliveryClaim, DeliveryFilter, JobFilter, PageRequest, Seek, Settlement, Store};
use fuelcell_store_sled::{Options, check};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const FILES: [&str; 2] = ["high-water", "records"];
/// What the store said when it was written.
const SAID: &str = "said";

/// The version of the layout that this build writes.
const PRESENT: u32 = 14;
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn archive(format: u32) -> PathBuf {
    golden(&format!("format-{format}.zip"))
}

/// The store that a build left behind, and what it said then.
fn left_behind(format: u32) -> (TempDir, String) {
    let directory = TempDir::new().unwrap();
    ZipArchive::new(File::open(archive(format)).unwrap()).unwrap().extract(directory.path()).unwrap();
    let said = fs::read_to_string(directory.path().join(SAID)).unwrap();
    (directory, said)
}

/// What the store says of who is told.
fn told(notices: &Notices, deliveries: &[Delivery], next: Option<Timestamp>) -> String {
    format!("notices: {notices:?}\ndeliveries: {deliveries:?}\nnext delivery: {next:?}\n")
}

fn is_whole(directory: &Path) {
    let (report, _) = check(directory, &Options::default()).unwrap();
    assert_eq!((report.problems, report.jobs), (Vec::new(), 23));
}

#[track_caller]
fn same(before: &str, after: &str) {
    for (before, after) in before.lines().zip(after.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(before.lines().count(), after.lines().count());
}

/// Everything that the store says of its only project.
async fn said(store: &dyn Store) -> String {
    let [tenant] = &store.tenants().await.unwrap()[..] else { panic!("one tenant") };
    let own = store.projects(tenant.id).await.unwrap()[0].id;
    let all = PageRequest { offset: 0, limit: 100 };
    let jobs = store.list(own, &JobFilter::default(), all).await.unwrap().jobs;
    let pipeline = jobs.iter().find_map(|job| job.pipeline.as_ref()).unwrap().id;
    let mut text = everything(store, own, pipeline, &jobs).await;
    writeln!(text, "schedules: {:?}", store.scheduled_pipelines().await.unwrap()).unwrap();
    writeln!(text, "grant: {:?}", store.grant(own, "miner").await.unwrap()).unwrap();
    writeln!(text, "secrets: {:?}", store.secrets(own).await.unwrap()).unwrap();
    let all = Seek { after: None, limit: 100 };
    let deliveries = store.deliveries(own, DeliveryFilter::default(), all).await.unwrap().rows;
    let notices = store.notices(own).await.unwrap();
    let text = text + &told(&notices, &deliveries, store.next_delivery().await.unwrap());
    text + &done_with_many(store, own).await
}

async fn done_with_many(store: &dyn Store, own: ProjectRef) -> String {
    let all = Seek { after: None, limit: 100 };
    let mut runs = Vec::new();
    for run in store.bulks(own, all).await.unwrap().rows {
        runs.push((store.bulk_part(own, run.id, 0).await.unwrap(), run));
    }
    format!("bulk actions: {runs:?}\n")
}

async fn fill(store: &dyn Store, own: ProjectRef) {
    fill_registry(store, own).await;
    watch(store, own).await;
    let jobs = fill_jobs(store, own, PipelineId::random()).await;
    store.put_pipeline(Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) }).await.unwrap();
    let (module, by, capabilities) = ("miner".into(), "anna".into(), Capabilities::default());
    store.put_grant(Grant { project: own, module, capabilities, by, at: at(1) }).await.unwrap();
    let (name, headers, sealed, by) = ("KEY".into(), vec!["Authorization".into()], vec![7], "anna".into());
    let secret =
        SealedSecret { project: own, name, headers, sealed, by, created_at: at(1), updated_at: at(1) };
    store.put_secret(secret).await.unwrap();
    tell(store).await;
    begin_bulk(store, own, &jobs).await;
    // The third job completed; a deleted one leaves its ordinal behind.
    store.delete_ended(own, jobs[3].id).await.unwrap();
}

/// One that has done with the first of these jobs.
async fn begin_bulk(store: &dyn Store, own: ProjectRef, jobs: &[Job]) {
    let (run, jobs) = bulk_run(own, jobs.iter().map(BulkJob::from).collect());
    store.begin_bulk(run.clone(), jobs.clone()).await.unwrap();
    let mut part = store.bulk_part(own, run.id, 0).await.unwrap().unwrap();
    let (mut after, outcome) = (run.clone(), JobOutcome::Done(Some(JobId::random())));
    after.settle(&mut part, vec![(jobs[0].id, outcome)], at(2));
    store.step_bulk(run, after, Some(part)).await.unwrap();
}

/// Has what follows told to a webhook.
async fn watch(store: &dyn Store, own: ProjectRef) {
    store.put_webhook(None, webhook(own)).await.unwrap();
    let policy = MailPolicy { domains: Some(vec!["x.org".into()]), per_hour: Some(9) };
    store.set_mail_policy(own, policy).await.unwrap();
}

/// One delivery that is being tried, and one that is parked; others wait.
async fn tell(store: &dyn Store) {
    let (now, until, busy) = (at(100), at(160), BTreeMap::new());
    let claim = DeliveryClaim { now, until, limit: 2, per_project: 9, busy, mails_per_hour: 9 };
    let claimed = store.claim_deliveries(claim).await.unwrap();
    let Delivery { project, id, number, .. } = claimed[0];
    let (code, answer) = ("Status".into(), "no".into());
    let tried = Try { at: now, took_millis: 7, code, status: Some(500), answer };
    let settlement = Settlement { project, id, number, tried, next: Settled::Parked, now };
    store.settle_delivery(settlement).await.unwrap();
}

async fn write_archive() {
    let directory = TempDir::new().unwrap();
    let store = crate::open(directory.path());
    fill(&store, project()).await;
    let text = said(&store).await;
    drop(store);
    let mut zip = ZipWriter::new(File::create(archive(PRESENT)).unwrap());
    for file in FILES {
        add(&mut zip, directory.path(), Path::new(file));
    }
    zip.start_file(SAID, SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap();
}

fn add(zip: &mut ZipWriter<File>, root: &Path, file: &Path) {
    let path = root.join(file);
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            add(zip, root, &file.join(entry.unwrap().file_name()));
        }
        return;
    }
    zip.start_file(file.to_str().unwrap(), SimpleFileOptions::default()).unwrap();
    zip.write_all(&fs::read(path).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_build_wrote_is_read_as_it_was() {
    if std::env::var_os("FUELCELL_TEST_NEW_GOLDEN").is_some() {
        write_archive().await;
    }
    let (directory, before) = left_behind(PRESENT);
    is_whole(directory.path());
    same(&before, &said(&crate::open(directory.path())).await);
}
