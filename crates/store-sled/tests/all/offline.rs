//! What an operator does while no server runs: check, back up, restore, compact.

use crate::reopen::{everything, fill_jobs, fill_registry};
use fuelcell_domain::{Digest, PipelineId};
use fuelcell_store::conformance::fixtures::{at, dataset, done, end, job, project, running, submit};
use fuelcell_store::{
    Backlog, BlobStore, Datasets, JobFilter, Jobs, PageRequest, Queue, Store, StoreError, Total,
};
use fuelcell_store_sled::{
    CheckReport, FileBlobs, OfflineStore, Options, SledStore, check, check_blobs, compact, restore_records,
};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

fn problems(directory: &Path) -> Vec<String> {
    check(directory, &Options::default()).unwrap().0.problems
}

/// A store with something of everything, and what it tells.
async fn filled(directory: &Path) -> (String, impl AsyncFn(&dyn Store) -> String) {
    let (own, id) = (project(), PipelineId::random());
    let store = crate::open(directory);
    fill_registry(&store, own).await;
    let jobs = fill_jobs(&store, own, id).await;
    let deleted = store.put_dataset(dataset(own)).await.unwrap();
    store.delete_dataset(own, deleted.id).await.unwrap();
    let tell = async move |store: &dyn Store| everything(store, own, id, &jobs).await;
    (tell(&store).await, tell)
}

fn dumped(directory: &Path) -> Vec<u8> {
    let mut dump = Vec::new();
    OfflineStore::open(directory, &Options::default()).unwrap().dump(&mut dump).unwrap();
    dump
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_store_has_no_problems() {
    let directory = TempDir::new().unwrap();
    drop(filled(directory.path()).await);
    let (report, named) = check(directory.path(), &Options::default()).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.jobs, 24);
    assert!(report.values > 100, "{report:?}");
    assert!(named.contains_key(&Digest::of(b"checkpoint")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_everything_back() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (before, tell) = filled(directory.path()).await;
    let dump = dumped(directory.path());
    let restored = elsewhere.path().join("store");
    restore_records(&restored, &dump[..], &Options::default()).unwrap();
    assert_eq!(problems(&restored), Vec::<String>::new());
    let store = crate::open(&restored);
    assert_eq!(tell(&store).await, before);
    submit(&store, job(project())).await;
    drop(store);
    let again = restore_records(&restored, &dump[..], &Options::default());
    assert!(matches!(&again, Err(StoreError::Conflict(reason)) if reason.contains("already")), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_whole_is_refused_and_leaves_nothing() {
    let (directory, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    drop(filled(directory.path()).await);
    let dump = dumped(directory.path());
    let restored = elsewhere.path().join("store");
    let mut flipped = dump.clone();
    flipped[dump.len() / 2] ^= 1;
    for bad in [&dump[..dump.len() - 1], &dump[..dump.len() / 3], &flipped, b"something else", b""] {
        let refused = restore_records(&restored, bad, &Options::default());
        assert!(matches!(&refused, Err(StoreError::Storage(_))), "{refused:?}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_keep_away_from_a_store_that_is_open_or_not_there() {
    let directory = TempDir::new().unwrap();
    let store = crate::open(directory.path());
    let options = Options::default();
    let locked = |error: StoreError| matches!(error, StoreError::Conflict(reason) if reason.contains("another process"));
    assert!(check(directory.path(), &options).is_err_and(locked));
    assert!(OfflineStore::open(directory.path(), &options).is_err_and(locked));
    assert!(compact(directory.path(), &options).is_err_and(locked));
    drop(store);
    let nothing = TempDir::new().unwrap();
    assert!(matches!(check(nothing.path(), &options), Err(StoreError::NotFound(_))));
    assert!(matches!(compact(nothing.path(), &options), Err(StoreError::NotFound(_))));
    assert_eq!(fs::read_dir(nothing.path()).unwrap().count(), 0);
}

/// Changes the database behind the store's back.
fn tamper(directory: &Path, change: impl FnOnce(&sled::Db)) {
    let database = sled::open(directory.join("records")).unwrap();
    change(&database);
    database.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let first = |tree: &sled::Tree| tree.first().unwrap().unwrap();
    let remove = |table: &'static str| {
        move |database: &sled::Db| {
            let tree = database.open_tree(format!("v1/{table}")).unwrap();
            tree.remove(tree.first().unwrap().unwrap().0).unwrap();
        }
    };
    let flip = |table: &'static str| {
        move |database: &sled::Db| {
            let tree = database.open_tree(format!("v1/{table}")).unwrap();
            let (key, value) = first(&tree);
            let mut value = value.to_vec();
            value[2] ^= 4;
            tree.insert(key, value).unwrap();
        }
    };
    type Change = Box<dyn FnOnce(&sled::Db)>;
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(remove("JobPlaces")), "is not found by its id"),
        (Box::new(remove("JobIndex")), "is missing"),
        (Box::new(remove("Jobs")), "is not where its place says"),
        (Box::new(remove("Parameters")), "has lost its parameters"),
        (Box::new(remove("Chunks")), "Parameters"),
        (Box::new(remove("TokenHashes")), "is not found by its hash"),
        (Box::new(remove("Tokens")), "is missing"),
        (Box::new(remove("Tenants")), "has no tenant"),
        (Box::new(remove("Datasets")), "is counted with"),
        (Box::new(remove("ReplacedBytes")), "is counted with"),
        (Box::new(remove("Modules")), "the active miner"),
        (Box::new(remove("AuditOfTenant")), "1 audit entries were written and 0 forgotten, 0 are here"),
        (Box::new(flip("Receipts")), "Receipts"),
        (Box::new(flip("Logs")), "Logs"),
        (Box::new(flip("Durations")), "Durations"),
        (Box::new(|database| drop(database.open_tree("v9/News").unwrap())), "v9/News"),
    ];
    for (change, named) in cases {
        let directory = TempDir::new().unwrap();
        drop(filled(directory.path()).await);
        tamper(directory.path(), change);
        let found = problems(directory.path());
        assert!(found.iter().any(|problem| problem.contains(named)), "{named}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_missing_damaged_or_forgotten_are_told() {
    let directory = TempDir::new().unwrap();
    let blobs = FileBlobs::open(directory.path()).unwrap();
    let store = |bytes: &[u8]| {
        let mut writer = blobs.begin().unwrap();
        writer.write_all(bytes).unwrap();
        writer.commit().unwrap().digest
    };
    let (good, bad, orphan, missing) = (store(b"good"), store(b"bad"), store(b"orphan"), Digest::of(b"gone"));
    let file = directory.path().join(&bad.to_string()[..2]).join(&bad.to_string()[2..]);
    fs::remove_file(&file).unwrap();
    fs::write(&file, b"worse").unwrap();
    let by = fuelcell_store_sled::User::Module;
    let named = [(good, (Some(4), by)), (bad, (Some(3), by)), (missing, (None, by))].into();
    let mut report = CheckReport::default();
    check_blobs(&blobs, &named, &[], &mut report, |_| {}).await.unwrap();
    assert_eq!((report.blobs, report.orphans, report.orphan_bytes), (3, 1, 6));
    for (digest, word) in [(bad, "stored as"), (bad, "3 long"), (missing, "missing")] {
        let told = |problem: &String| problem.contains(&digest.to_string()) && problem.contains(word);
        assert!(report.problems.iter().any(told), "{word}: {:?}", report.problems);
    }
    assert_eq!(report.problem_count, 3);
    assert!(!report.problems.iter().any(|problem| problem.contains(&orphan.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_store_is_the_same_and_smaller() {
    let directory = TempDir::new().unwrap();
    let (_, tell) = filled(directory.path()).await;
    let store = crate::open(directory.path());
    delete_many(&store, 600).await;
    let before = tell(&store).await;
    drop(store);
    let compacted = compact(directory.path(), &Options::default()).unwrap();
    assert!(compacted.bytes_after * 2 < compacted.bytes_before, "{compacted:?}");
    assert_eq!(problems(directory.path()), Vec::<String>::new());
    assert_eq!(tell(&crate::open(directory.path())).await, before);
}

/// Completes jobs and deletes them.
async fn delete_many(store: &SledStore, count: usize) {
    let own = project();
    for _ in 0..count {
        let started = running(store, job(own)).await;
        store.finish(end(&started, done(), 5)).await.unwrap();
        store.delete_ended(own, started.id).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_compacts_once_when_it_is_worth_it() {
    let directory = TempDir::new().unwrap();
    let options = Options { compact_at_bytes: 0, ..Options::default() };
    let store = SledStore::open(directory.path(), options.clone()).unwrap();
    delete_many(&store, 300).await;
    drop(store);
    let log = || fs::metadata(directory.path().join("records/db")).unwrap().len();
    let before = log();
    let large = Options { compact_at_bytes: before * 100, ..Options::default() };
    drop(SledStore::open(directory.path(), large).unwrap());
    assert!(log() >= before, "too small to be worth it");
    drop(SledStore::open(directory.path(), options.clone()).unwrap());
    let compacted = log();
    assert!(compacted < before, "{compacted} of {before}");
    let store = SledStore::open(directory.path(), options).unwrap();
    let own = project();
    let next = submit(&store, job(own)).await;
    assert_eq!(next.ordinal, 1);
}

/// As an interrupted compaction leaves it, at each of its steps.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_compaction_loses_nothing() {
    let steps: [fn(&Path); 3] = [
        |directory| fs::create_dir(directory.join("records.new")).unwrap(),
        |directory| {
            fs::create_dir(directory.join("records.new")).unwrap();
            fs::rename(directory.join("records"), directory.join("records.old")).unwrap();
        },
        |directory| fs::create_dir(directory.join("records.old")).unwrap(),
    ];
    for step in steps {
        let directory = TempDir::new().unwrap();
        let own = project();
        let known = submit(&crate::open(directory.path()), job(own)).await;
        step(directory.path());
        let store = crate::open(directory.path());
        assert_eq!(store.job(own, known.id).await.unwrap(), Some(known));
        let all = PageRequest { offset: 0, limit: 9 };
        assert_eq!(store.list(own, &JobFilter::default(), all).await.unwrap().total, Total::exact(1));
        assert_eq!(store.ready(at(0), 9).await.unwrap().len(), 1);
        for leftover in ["records.new", "records.old"] {
            assert!(!directory.path().join(leftover).exists());
        }
    }
}
