//! Damaged files are refused or said to be damaged; nothing panics, and nothing is silently missing.

use fuelcell_domain::Job;
use fuelcell_store::conformance::fixtures::{job, project, submit};
use fuelcell_store::{Jobs, StoreError};
use fuelcell_store_sled::{Options, SledStore};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A store as an unclean stop leaves it: copied while it is open and nothing moves.
async fn stopped_uncleanly(jobs: usize) -> (TempDir, Vec<Job>) {
    let (live, stopped) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let store = crate::open(live.path());
    let own = project();
    let mut known = Vec::new();
    for _ in 0..jobs {
        known.push(submit(&store, job(own)).await);
    }
    copy(live.path(), stopped.path());
    (stopped, known)
}

fn refusal(directory: &Path) -> String {
    match SledStore::open(directory, Options::default()) {
        Ok(_) => panic!("the store opened"),
        Err(StoreError::Storage(reason)) => reason,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclean_stop_alone_is_no_damage() {
    let (directory, known) = stopped_uncleanly(300).await;
    let store = crate::open(directory.path());
    for job in known {
        assert_eq!(store.job(job.project, job.id).await.unwrap(), Some(job));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bytes_are_refused_or_named() {
    let (stopped, known) = stopped_uncleanly(400).await;
    let mut refused = 0;
    for round in 0..24_u64 {
        let directory = TempDir::new().unwrap();
        copy(stopped.path(), directory.path());
        let log = directory.path().join("records/db");
        let mut bytes = fs::read(&log).unwrap();
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
        for n in 0..if round % 2 == 0 { 16 } else { 1 } {
            // A fixed sequence that looks random (splitmix64), so that a failure can be seen again.
            let mut place = (round * 16 + n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            place = (place ^ (place >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bytes[((place ^ (place >> 27)) % written) as usize] ^= 0x55;
        }
        fs::write(&log, bytes).unwrap();
        match SledStore::open(directory.path(), Options::default()) {
            Err(StoreError::Storage(reason)) => {
                assert!(reason.contains("fuelcell check") && reason.contains("fuelcell restore"), "{reason}");
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
            Ok(store) => {
                for job in &known {
                    match store.job(job.project, job.id).await {
                        Ok(found) => assert_eq!(found.as_ref(), Some(job), "round {round}"),
                        Err(StoreError::Storage(_)) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
        }
    }
    assert!(refused > 0, "flipped bytes are noticed at least once in 24 rounds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_behind_its_mark_is_refused() {
    let directory = TempDir::new().unwrap();
    let (records, older) = (directory.path().join("records"), directory.path().join("older"));
    let own = project();
    submit(&crate::open(directory.path()), job(own)).await;
    copy(&records, &older);
    submit(&crate::open(directory.path()), job(own)).await;
    fs::remove_dir_all(&records).unwrap();
    fs::rename(&older, &records).unwrap();
    assert!(refusal(directory.path()).contains("lost acknowledged work"));
    // Gone altogether is behind, too.
    fs::remove_dir_all(&records).unwrap();
    assert!(refusal(directory.path()).contains("lost acknowledged work"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_damaged_mark_is_refused() {
    let directory = TempDir::new().unwrap();
    submit(&crate::open(directory.path()), job(project())).await;
    let mark = directory.path().join("high-water");
    let mut bytes = fs::read(&mark).unwrap();
    bytes[12] ^= 1;
    fs::write(&mark, bytes).unwrap();
    assert!(refusal(directory.path()).contains("damaged"));
    fs::remove_file(&mark).unwrap();
    assert!(refusal(directory.path()).contains("missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_layout_is_refused_by_its_number_and_left_as_it_is() {
    let directory = TempDir::new().unwrap();
    let kept = submit(&crate::open(directory.path()), job(project())).await;
    let set = |version: u8| {
        let mut value = vec![1, version];
        value.extend(crc32fast::hash(&value).to_be_bytes());
        let database = sled::open(directory.path().join("records")).unwrap();
        let before = database.open_tree("v1/Meta").unwrap().insert("format", value.clone()).unwrap().unwrap();
        database.flush().unwrap();
        assert_eq!(before.len(), value.len(), "a version is one small number");
        before[1]
    };
    let own = set(1);
    for (other, next) in [(1, own + 1), (own + 1, own)] {
        let told = refusal(directory.path());
        assert!(told.contains(&format!("layout version {other};")), "{told}");
        assert!(told.contains(&format!("reads versions 14 to {own}")), "{told}");
        assert_eq!(set(next), other, "it was left as it is");
    }
    assert_eq!(crate::open(directory.path()).job(kept.project, kept.id).await.unwrap(), Some(kept));
}
