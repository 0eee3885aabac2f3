//! A data directory that an earlier build left behind is read as it was written. So nobody changes the layout unnoticed: who
//! does, raises its version.
//!
//! `FUELCELL_TEST_NEW_GOLDEN=1` makes the archive anew, which is right for a new version only.

use crate::reopen::{everything, fill_jobs, fill_registry};
use fuelcell_domain::{Capabilities, Grant, Pipeline, PipelineId, ProjectRef, SealedSecret};
use fuelcell_store::conformance::fixtures::{at, project, registered_pipeline, schedule};
use fuelcell_store::{JobFilter, PageRequest, Store};
use fuelcell_store_sled::{Options, check};
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

fn archive() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-4.zip")
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
    text
}

async fn fill(store: &dyn Store, own: ProjectRef) {
    fill_registry(store, own).await;
    let jobs = fill_jobs(store, own, PipelineId::random()).await;
    store.put_pipeline(Pipeline { schedule: Some(schedule()), ..registered_pipeline(own) }).await.unwrap();
    let (module, by, capabilities) = ("miner".into(), "anna".into(), Capabilities::default());
    store.put_grant(Grant { project: own, module, capabilities, by, at: at(1) }).await.unwrap();
    let (name, sealed, by) = ("KEY".into(), vec![7], "anna".into());
    let secret = SealedSecret { project: own, name, sealed, by, created_at: at(1), updated_at: at(1) };
    store.put_secret(secret).await.unwrap();
    // The third job completed; a deleted one leaves its ordinal behind.
    store.delete_ended(own, jobs[3].id).await.unwrap();
}

async fn write_archive() {
    let directory = TempDir::new().unwrap();
    let store = crate::open(directory.path());
    fill(&store, project()).await;
    let text = said(&store).await;
    drop(store);
    fs::create_dir_all(archive().parent().unwrap()).unwrap();
    let mut zip = ZipWriter::new(File::create(archive()).unwrap());
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
    let directory = TempDir::new().unwrap();
    ZipArchive::new(File::open(archive()).unwrap()).unwrap().extract(directory.path()).unwrap();
    let before = fs::read_to_string(directory.path().join(SAID)).unwrap();
    let (report, _) = check(directory.path(), &Options::default()).unwrap();
    assert_eq!((report.problems, report.jobs), (Vec::new(), 23));
    let after = said(&crate::open(directory.path())).await;
    for (before, after) in before.lines().zip(after.lines()) {
        assert_eq!(before, after);
    }
    assert_eq!(before.lines().count(), after.lines().count());
}
