//! Which bytes are needed.

use super::fixtures::{artifact, at, dataset, done, end, input, job, project, references, running};
use crate::{BlobRef, Finish, Store};
use fuelcell_domain::{Dataset, Digest, Job, Manifest, ModuleVersion};
use std::collections::BTreeSet;

pub async fn everything_that_is_named(store: &dyn Store) {
    assert!(references(store, 3).await.is_empty());
    let own = project();
    let bytes = |name: &str| Digest::of(name.as_bytes());
    let data = Dataset { digest: bytes("dataset"), ..dataset(own) };
    let pinned = Dataset { digest: bytes("pinned"), ..dataset(own) };
    store.put_dataset(data.clone()).await.unwrap();
    let version = ModuleVersion {
        project: Some(own),
        name: "m".into(),
        version: "1".into(),
        digest: bytes("module"),
        size: 1,
        manifest: Manifest::fallback("m").into(),
        has_manifest: false,
        imports: Vec::new(),
        code_bytes: None,
        uploaded_by: "anna".into(),
        created_at: at(0),
    };
    store.add_module_version(version).await.unwrap();
    let mut known = BTreeSet::from([bytes("dataset"), bytes("module")]);
    let mut jobs = Vec::new();
    for _ in 0..5 {
        let new = Job { inputs: vec![input(&pinned)], ..job(own) };
        let running = running(store, new).await;
        let attempt = running.current_attempt();
        let saved = BlobRef { digest: bytes(&running.id.to_string()), size: 1 };
        store.set_checkpoint(attempt, saved).await.unwrap();
        let published = artifact(&format!("{}.txt", running.id));
        known.extend([saved.digest, published.digest, running.module.digest, pinned.digest]);
        store.finish(Finish { artifacts: vec![published], ..end(&running, done(), 2) }).await.unwrap();
        jobs.push(running);
    }
    for limit in [1, 2, 3, 100] {
        assert_eq!(references(store, limit).await, known, "in parts of {limit}");
    }
    for job in jobs {
        store.delete_ended(own, job.id).await.unwrap();
    }
    store.delete_dataset(own, data.id).await.unwrap();
    let left = BTreeSet::from([bytes("module")]);
    assert_eq!(references(store, 2).await, left);
}
