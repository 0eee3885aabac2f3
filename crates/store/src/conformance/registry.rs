//! Datasets, pipelines, modules.

use super::fixtures::{at, dataset, project, registered_pipeline};
use crate::{Store, StoreError};
use fuelcell_domain::{Dataset, Digest, JobType, Manifest, ModuleVersion, Pipeline, ProjectRef};

pub(super) async fn datasets(store: &dyn Store) {
    let own = project();
    let first = Dataset { created_at: at(5), updated_at: at(5), ..dataset(own) };
    let older = Dataset { created_at: at(4), ..dataset(own) };
    for dataset in [&first, &older] {
        assert_eq!(store.put_dataset(dataset.clone()).await.unwrap(), *dataset);
    }
    let newer = Dataset {
        digest: Digest::of(b"new"),
        size: 3,
        created_at: at(9),
        updated_at: at(9),
        ..first.clone()
    };
    let kept = Dataset { created_at: at(5), ..newer.clone() };
    assert_eq!(store.put_dataset(newer).await.unwrap(), kept);
    assert_eq!(store.dataset(own, first.id).await.unwrap(), Some(kept.clone()));
    assert_eq!(store.datasets(own).await.unwrap(), [older, kept.clone()]);
    // The same id in another project is another dataset.
    let foreign = Dataset { project: project(), ..dataset(own) };
    let foreign = Dataset { id: kept.id, ..foreign };
    store.put_dataset(foreign).await.unwrap();
    assert_eq!(store.dataset(own, kept.id).await.unwrap(), Some(kept));
}

pub(super) async fn pipelines(store: &dyn Store) {
    let own = project();
    let put = async |pipeline: Pipeline| store.put_pipeline(pipeline).await.unwrap();
    let first = put(Pipeline { created_at: at(9), ..registered_pipeline(own) }).await;
    let second = put(Pipeline { ordinal: 77, ..registered_pipeline(own) }).await;
    assert_eq!((first.ordinal, second.ordinal), (1, 2));
    let changed =
        Pipeline { ordinal: 5, name: "new".into(), created_at: at(20), updated_at: at(20), ..first.clone() };
    let kept = Pipeline { ordinal: 1, created_at: at(9), ..changed.clone() };
    assert_eq!(put(changed).await, kept);
    assert_eq!(put(registered_pipeline(own)).await.ordinal, 3);
    assert_eq!(put(registered_pipeline(project())).await.ordinal, 1);
    assert_eq!(store.pipeline(own, first.id).await.unwrap(), Some(kept.clone()));
    let ordinals: Vec<_> =
        store.pipelines(own).await.unwrap().iter().map(|pipeline| pipeline.ordinal).collect();
    assert_eq!(ordinals, [1, 2, 3]);
    assert_eq!(store.pipelines(own).await.unwrap()[..2], [kept, second]);
}

fn version(project: ProjectRef, name: &str, version: &str) -> ModuleVersion {
    let schema =
        serde_json::json!({"type": "object", "properties": {"n": {"type": "integer", "default": 2.5}}});
    ModuleVersion {
        project: Some(project),
        name: name.into(),
        version: version.into(),
        digest: Digest::of(format!("{name} {version}").as_bytes()),
        size: 10,
        manifest: Manifest { parameters: schema, ..Manifest::fallback(name) },
        has_manifest: true,
        uploaded_by: "anna".into(),
        created_at: at(0),
    }
}

pub(super) async fn modules(store: &dyn Store) {
    let own = project();
    let add = async |module: &ModuleVersion| store.add_module_version(module.clone()).await;
    let zebra = version(own, "zebra", "1.0");
    let newer = version(own, "miner", "1.10");
    let newest = version(own, "miner", "1.9");
    for module in [&zebra, &newer, &newest] {
        assert_eq!(add(module).await.unwrap(), *module);
    }
    let repeated = ModuleVersion { uploaded_by: "bert".into(), created_at: at(99), ..newer.clone() };
    assert_eq!(add(&repeated).await.unwrap(), newer);
    let changed = add(&ModuleVersion { digest: Digest::of(b"other"), ..newer.clone() }).await;
    assert!(matches!(changed, Err(StoreError::Conflict(_))), "{changed:?}");
    let built_in = add(&ModuleVersion { project: None, ..newer.clone() }).await;
    assert!(matches!(built_in, Err(StoreError::NotFound("project"))), "{built_in:?}");

    let find =
        async |name: &str, version: Option<&str>| store.module_version(own, name, version).await.unwrap();
    assert_eq!(find("miner", Some("1.10")).await, Some(newer.clone()));
    assert_eq!(find("miner", None).await, Some(newest.clone()), "the one added last, whatever its name says");
    assert_eq!(find("miner", Some("2")).await, None);
    assert_eq!(find("mine", None).await, None);
    assert_eq!(store.module_versions(own).await.unwrap(), [newer.clone(), newest, zebra]);
    assert_eq!(store.module_version(project(), "miner", None).await.unwrap(), None);
    // Other bytes under the same name and version are fine in another project.
    let other = project();
    let foreign = ModuleVersion { project: Some(other), digest: Digest::of(b"foreign"), ..newer };
    assert_eq!(add(&foreign).await.unwrap(), foreign);
    assert_eq!(store.module_versions(other).await.unwrap(), [foreign]);
}

pub(super) async fn activation(store: &dyn Store) {
    let own = project();
    let module = version(own, "miner", "1");
    store.add_module_version(module.clone()).await.unwrap();
    store.add_module_version(version(own, "miner", "2")).await.unwrap();
    let choose = async |name: &str, version: &str| {
        store.activate_module(own, JobType::Notebook, Some((name.into(), version.into()))).await
    };
    let active = async |job_type| store.active_module(own, job_type).await.unwrap();
    assert_eq!(active(JobType::Notebook).await, None);
    choose("miner", "1").await.unwrap();
    assert_eq!(active(JobType::Notebook).await, Some(module));
    assert_eq!(active(JobType::Analysis).await, None);
    assert_eq!(store.active_module(project(), JobType::Notebook).await.unwrap(), None);

    let missing = choose("miner", "3").await;
    assert!(matches!(missing, Err(StoreError::NotFound("module version"))), "{missing:?}");
    choose("miner", "2").await.unwrap();
    assert_eq!(active(JobType::Notebook).await.map(|module| module.version), Some("2".into()));
    store.activate_module(own, JobType::Notebook, None).await.unwrap();
    assert_eq!(active(JobType::Notebook).await, None);
}
