//! A data directory that an earlier build left behind is read as it was written. So nobody changes the layout unnoticed: who
//! does, raises its version. Directories of older layouts stay, and with them a backup of each.
//!
//! `FUELCELL_TEST_NEW_GOLDEN=1` makes the archive of the present layout anew, which is right for a new version only.

use crate::reopen::{everything, fill_jobs, fill_registry};
use fuelcell_domain::{
    AuditEntry, AuditFilter, BulkJob, Capabilities, Delivery, Grant, Holder, Job, JobId, JobOutcome,
    MailPolicy, ModuleVersion, Notices, Pipeline, PipelineId, ProjectLimits, ProjectRef, SealedSecret,
    Settled, Timestamp, Try,
};
use fuelcell_store::conformance::fixtures::{at, bulk_run, project, registered_pipeline, schedule, webhook};
use fuelcell_store::{
    Accounts, Audit, DeliveryClaim, DeliveryFilter, JobFilter, Modules, PageRequest, Seek, Settlement, Store,
};
use fuelcell_store_sled::{OfflineStore, Options, check, compact, restore_records};
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
/// Older ones that it reads, each of which has an archive.
const OLDER: [u32; 10] = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

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
    // Figures of fuel had another type, with the same bytes.
    let said = said.replace("Usage { fuel: None", "Usage { fuel: Unknown");
    let said = said.replace("Usage { fuel: Some(", "Usage { fuel: Exact(");
    // Receipts did not show how many elements a table may have.
    let said = said.replace("log_bytes: 1048576 }", "log_bytes: 1048576, table_elements: 50000 }");
    // Of what is stored, datasets and modules were counted.
    let said = said.replace(
        "stored_bytes: 2 }",
        "stored: StoredBytes { datasets: 1, modules: 1, artifacts: 14, checkpoints: 190, logs: 342, records: 24127, replaced: 0 } }",
    );
    // Secrets were for any header.
    let said = said.replace("name: \"KEY\", sealed", "name: \"KEY\", headers: [\"Authorization\"], sealed");
    // Jobs whose time had not come counted like all others.
    let said = said.replace("queued: [2, 2, 2, 2], running", "queued: [2, 0, 2, 0], scheduled: 4, running");
    // Receipts did not say the same limit of all builds.
    let said = said.replace("log_bytes: 1048576 }", "log_bytes: 1048576, table_elements: 50000 }");
    // Tokens did not expire.
    let said = said.replace("revoked_at: None }", "revoked_at: None, expires_at: None }");
    // An input took one dataset.
    let said = said.replace("required: false }", "required: false, many: false }");
    // Nobody computed with secrets.
    let said = said.replace("Capabilities { http: None }", "Capabilities { http: None, hmac: [] }");
    let said = said.replace("http: None }, has_manifest", "http: None, hmac: [] }, has_manifest");
    // Modules did not say how much code they have.
    let said = said.replace("imports: [], uploaded_by", "imports: [], code_bytes: None, uploaded_by");
    // Jobs did not say who holds them.
    let said = if format < 8 { held_by_nobody(&said) } else { said };
    // Modules ran by themselves.
    let said = if format < 10 { without_engines(&said) } else { said };
    // Jobs belonged to no trace.
    let said = if format < 13 { without_traces(&said) } else { said };
    // Jobs left no profiles.
    let said = if format < 14 { without_profiles(&said) } else { said };
    // Nobody was told of the ends of jobs.
    let said = if format < 12 { said + &told(&Notices::default(), &[], None) } else { said };
    // Nothing was done with many jobs at once.
    let said = if format < 14 { said + "bulk actions: []\n" } else { said };
    (directory, said)
}

/// What the store says of who is told.
fn told(notices: &Notices, deliveries: &[Delivery], next: Option<Timestamp>) -> String {
    format!("notices: {notices:?}\ndeliveries: {deliveries:?}\nnext delivery: {next:?}\n")
}

fn held_by_nobody(said: &str) -> String {
    let said = said.replace(" partial: false }", " partial: false, holder: None }");
    let said = said.replace(" partial: true }", " partial: true, holder: None }");
    in_each(&said, "AttemptId { ", " }", &format!(", holder: {:?} }}", Holder::NONE))
}

/// With the first `old` behind each `beginning` replaced.
fn in_each(said: &str, beginning: &str, old: &str, new: &str) -> String {
    let mut each = said.split(beginning);
    let before = each.next().unwrap().to_owned();
    each.fold(before, |said, one| said + beginning + &one.replacen(old, new, 1))
}

fn without_traces(said: &str) -> String {
    let said = said.replace("holder: None }", "holder: None, trace: None }");
    in_each(&said, "holder: Some(", ") }", "), trace: None }")
}

fn without_profiles(said: &str) -> String {
    let said = said.replace("trace: None }", "trace: None, profile: false }");
    in_each(&said, "trace: Some(", ") }", "), profile: false }")
}

fn without_engines(said: &str) -> String {
    let said =
        said.replace("hmac: [] }, has_manifest", "hmac: [], engine: None, entry: None }, has_manifest");
    let said = in_each(&said, "Receipt { ", ", parameters: ", ", script_engine: None, parameters: ");
    in_each(&said, "ModuleRef { ", " }", ", engine: None }")
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

#[tokio::test(flavor = "multi_thread")]
async fn an_older_layout_is_brought_to_the_present_one() {
    for format in OLDER {
        is_brought_up(format).await;
    }
}

async fn is_brought_up(format: u32) {
    let (directory, before) = left_behind(format);
    let store = crate::open(directory.path());
    same(&before, &said(&store).await);
    // What was activated stays the current version of its module, whatever comes after it.
    let [tenant] = &store.tenants().await.unwrap()[..] else { panic!("one tenant") };
    let own = store.projects(tenant.id).await.unwrap()[0].id;
    let current = async || store.module_version(own, "miner", None).await.unwrap().unwrap();
    let activated = current().await;
    // What jobs leave behind counts since, so that the project is full.
    store.set_project_limits(own, ProjectLimits::default()).await.unwrap();
    let newer = ModuleVersion { version: "99.0.0".into(), ..activated.clone() };
    store.add_module_version(newer).await.unwrap();
    assert_eq!(current().await, activated);
    // Numbers of the audit log go on where they were.
    let entries = async || store.audit(&AuditFilter::default(), None, 99).await.unwrap();
    let older = entries().await;
    let entry = older[0].1.clone();
    store.append_audit(AuditEntry { tenant: None, project: None, ..entry }).await.unwrap();
    assert_eq!(entries().await[0].0, older[0].0 + 1);
    assert_eq!(entries().await[1..], older);
    drop(store);
    is_whole(directory.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_interrupted_begins_anew() {
    let (directory, before) = left_behind(4);
    // The copy had begun.
    let copy = sled::open(directory.path().join("records.new")).unwrap();
    copy.open_tree("v1/Jobs").unwrap().insert("half", "a copy").unwrap();
    drop(copy);
    same(&before, &said(&crate::open(directory.path())).await);
    is_whole(directory.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_an_older_layout_is_restored() {
    for format in OLDER {
        is_restored(format).await;
    }
}

async fn is_restored(format: u32) {
    let (_, before) = left_behind(format);
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("store");
    let records = File::open(golden(&format!("format-{format}.records"))).unwrap();
    restore_records(&directory, records, &Options::default()).unwrap();
    // In the present layout at once: who restores looks next which bytes the records name.
    is_whole(&directory);
    OfflineStore::open(&directory, &Options::default()).unwrap().named_blobs().unwrap();
    same(&before, &said(&crate::open(&directory)).await);
}

#[test]
fn tools_that_only_read_say_what_brings_an_older_layout_up() {
    let (directory, _) = left_behind(4);
    let options = Options::default();
    let told = |error: String| assert!(error.contains("layout version 4; the server brings it"), "{error}");
    told(OfflineStore::open(directory.path(), &options).err().unwrap().to_string());
    let (report, _) = check(directory.path(), &options).unwrap();
    assert!(report.incomplete);
    told(report.problems.concat());
    compact(directory.path(), &options).unwrap();
    is_whole(directory.path());
}
