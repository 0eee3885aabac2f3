//! Datasets, pipelines, modules.

use super::fixtures::{
    at, cancel, dataset, done, end, failure, input, job, pipeline, project, registered_pipeline, running,
    seen, submit,
};
use crate::{Store, StoreError};
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::{
    Activation, Capabilities, DataValidation, Dataset, Digest, Grant, InputRef, Job, JobId, JobType,
    Manifest, ModuleRef, ModuleVersion, Pipeline, ProjectRef, VersionName,
};

pub async fn datasets(store: &dyn Store) {
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

pub async fn pipelines(store: &dyn Store) {
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

pub(super) fn version(project: ProjectRef, name: &str, version: &str) -> ModuleVersion {
    let schema =
        serde_json::json!({"type": "object", "properties": {"n": {"type": "integer", "default": 2.5}}});
    ModuleVersion {
        project: Some(project),
        name: name.into(),
        version: version.into(),
        digest: Digest::of(format!("{name} {version}").as_bytes()),
        size: 10,
        manifest: Manifest { parameters: schema, ..Manifest::fallback(name) }.into(),
        has_manifest: true,
        imports: vec!["fuelcell:job/host@0.1.0".into()],
        code_bytes: Some(7),
        uploaded_by: "anna".into(),
        created_at: at(0),
    }
}

pub async fn modules(store: &dyn Store) {
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
    assert_eq!(find("miner", None).await, Some(newer.clone()), "the highest, whichever came last");
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

fn activation(job_type: JobType, module: Option<(&str, &str)>, seconds: i64) -> Activation {
    let module = module.map(|(name, version)| VersionName { name: name.into(), version: version.into() });
    Activation { job_type, module, by: "anna".into(), at: at(seconds) }
}

pub async fn activations(store: &dyn Store) {
    for job_type in [JobType::Notebook, "Fraud-Check".parse().unwrap(), "fraud-check".parse().unwrap()] {
        activations_of(store, job_type).await;
    }
}

async fn activations_of(store: &dyn Store, job_type: JobType) {
    let own = project();
    let module = version(own, "miner", "1");
    store.add_module_version(module.clone()).await.unwrap();
    store.add_module_version(version(own, "miner", "2")).await.unwrap();
    let choose = async |activation: &Activation| store.activate_module(own, activation.clone()).await;
    let active = async |job_type| store.active_module(own, job_type).await.unwrap();
    assert_eq!(active(job_type).await, None);
    let first = activation(job_type, Some(("miner", "1")), 1);
    choose(&first).await.unwrap();
    assert_eq!(active(job_type).await, Some(module.clone()));
    for other in [JobType::Analysis, "Fraud".parse().unwrap(), "Fraud-Check-2".parse().unwrap()] {
        assert_eq!(active(other).await, None);
    }
    assert_eq!(store.active_module(project(), job_type).await.unwrap(), None);

    let missing = choose(&activation(job_type, Some(("miner", "3")), 2)).await;
    assert!(matches!(missing, Err(StoreError::NotFound("module version"))), "{missing:?}");
    let second = activation(job_type, Some(("miner", "2")), 3);
    choose(&second).await.unwrap();
    assert_eq!(active(job_type).await.map(|module| module.version), Some("2".into()));
    let used = store.delete_module_version(own, "miner", "2").await;
    assert!(matches!(&used, Err(StoreError::InUse(uses)) if uses.contains(job_type.as_str())), "{used:?}");
    // Back to the earlier one, and then to the built-in.
    let back = activation(job_type, Some(("miner", "1")), 4);
    choose(&back).await.unwrap();
    assert_eq!(active(job_type).await, Some(module));
    let built_in = activation(job_type, None, 5);
    choose(&built_in).await.unwrap();
    assert_eq!(active(job_type).await, None);
    assert_eq!(store.activations(own).await.unwrap(), [built_in, back, second, first]);
    assert_eq!(store.activations(project()).await.unwrap(), []);
}

/// Without a version it is the one that was activated last, whatever serves the job types now; else the highest.
pub async fn current_versions(store: &dyn Store) {
    let own = project();
    for number in ["1.9.0", "1.10.0", "2.0.0-rc.1", "latest"] {
        store.add_module_version(version(own, "miner", number)).await.unwrap();
    }
    store.add_module_version(version(own, "other", "1")).await.unwrap();
    let current = async || store.module_version(own, "miner", None).await.unwrap().unwrap().version;
    assert_eq!(
        current().await,
        "1.10.0",
        "pre-releases and what is no version only when there is nothing else"
    );
    let activate = async |job_type, module| {
        store.activate_module(own, activation(job_type, module, 1)).await.unwrap();
    };
    activate(JobType::Notebook, Some(("miner", "1.10.0"))).await;
    activate(JobType::Analysis, Some(("miner", "1.9.0"))).await;
    assert_eq!(current().await, "1.9.0");
    // A later upload, another module and the built-in change nothing.
    store.add_module_version(version(own, "miner", "3.0.0")).await.unwrap();
    activate(JobType::Analysis, Some(("other", "1"))).await;
    activate(JobType::Notebook, None).await;
    assert_eq!(current().await, "1.9.0");
    store.delete_module_version(own, "miner", "1.9.0").await.unwrap();
    assert_eq!(current().await, "3.0.0", "it is not there any more");
    for number in ["3.0.0", "1.10.0"] {
        store.delete_module_version(own, "miner", number).await.unwrap();
    }
    assert_eq!(current().await, "2.0.0-rc.1");
}

fn refused_naming(result: Result<(), StoreError>, user: &str) {
    assert!(matches!(&result, Err(StoreError::InUse(users)) if users.contains(user)), "{user}: {result:?}");
}

pub async fn deleted_datasets(store: &dyn Store) {
    let own = project();
    let data = store.put_dataset(dataset(own)).await.unwrap();
    let delete = async || store.delete_dataset(own, data.id).await;
    let using = Job { inputs: vec![input(&data)], ..job(own) };
    let queued = submit(store, using.clone()).await;
    let started = running(store, Job { id: JobId::random(), ..using }).await;
    let pipeline = Pipeline { dataset: Some(data.id), ..registered_pipeline(own) };
    store.put_pipeline(pipeline.clone()).await.unwrap();
    refused_naming(delete().await, &pipeline.id.to_string());
    store.delete_pipeline(own, pipeline.id).await.unwrap();
    refused_naming(delete().await, &queued.id.to_string());
    store.request_cancel(own, queued.id, cancel(5)).await.unwrap();
    refused_naming(delete().await, &started.id.to_string());
    store.finish(end(&started, done(), 6)).await.unwrap();
    let foreign = store.delete_dataset(project(), data.id).await;
    assert!(matches!(foreign, Err(StoreError::NotFound("dataset"))), "{foreign:?}");
    delete().await.unwrap();
    assert_eq!(store.dataset(own, data.id).await.unwrap(), None);
    assert_eq!(store.datasets(own).await.unwrap(), []);
    assert!(matches!(delete().await, Err(StoreError::NotFound("dataset"))));
    assert_eq!(seen(store, &started).await.inputs[0].dataset, Some(data.id), "jobs keep what they were");
}

pub async fn deleted_pipelines(store: &dyn Store) {
    let own = project();
    let first = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    let last = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    let named = Job { pipeline: Some(pipeline(last.id)), ..job(own) };
    let job = submit(store, named).await;
    store.delete_pipeline(own, last.id).await.unwrap();
    let again = store.delete_pipeline(own, last.id).await;
    assert!(matches!(again, Err(StoreError::NotFound("pipeline"))), "{again:?}");
    let foreign = store.delete_pipeline(project(), first.id).await;
    assert!(matches!(foreign, Err(StoreError::NotFound("pipeline"))), "{foreign:?}");
    assert_eq!(store.pipelines(own).await.unwrap(), [first]);
    assert_eq!(seen(store, &job).await.pipeline, Some(pipeline(last.id)));
    let next = store.put_pipeline(registered_pipeline(own)).await.unwrap();
    assert_eq!(next.ordinal, 3, "an ordinal is not given out again");
}

pub async fn deleted_versions(store: &dyn Store) {
    let own = project();
    let (old, new) = (version(own, "miner", "1"), version(own, "miner", "2"));
    for module in [&old, &new] {
        store.add_module_version(module.clone()).await.unwrap();
    }
    let delete = async |version: &str| store.delete_module_version(own, "miner", version).await;
    let module = ModuleRef { name: "miner".into(), version: "1".into(), digest: old.digest, engine: None };
    let started = running(store, Job { module, ..job(own) }).await;
    refused_naming(delete("1").await, &started.id.to_string());
    store.finish(end(&started, failure(), 3)).await.unwrap();

    store.activate_module(own, activation(JobType::Analysis, Some(("miner", "1")), 4)).await.unwrap();
    refused_naming(delete("1").await, "Analysis");
    store.activate_module(own, activation(JobType::Analysis, Some(("miner", "2")), 5)).await.unwrap();

    let choice =
        |version: Option<&str>| Some(ModuleChoice { name: "miner".into(), version: version.map(Into::into) });
    let mut by_name = Pipeline { module: choice(Some("1")), ..registered_pipeline(own) };
    store.put_pipeline(by_name.clone()).await.unwrap();
    refused_naming(delete("1").await, &by_name.id.to_string());
    let grant = Grant {
        project: own,
        module: "miner".into(),
        capabilities: Capabilities::default(),
        by: "anna".into(),
        at: at(6),
    };
    store.put_grant(grant.clone()).await.unwrap();
    by_name.module = choice(None);
    store.put_pipeline(by_name.clone()).await.unwrap();
    delete("1").await.unwrap();
    assert!(matches!(delete("1").await, Err(StoreError::NotFound("module version"))));
    assert_eq!(store.module_versions(own).await.unwrap(), [new]);
    let gone = store.activate_module(own, activation(JobType::Analysis, Some(("miner", "1")), 6)).await;
    assert!(matches!(gone, Err(StoreError::NotFound("module version"))), "{gone:?}");

    // The only version left is what a choice of the newest means.
    store.activate_module(own, activation(JobType::Analysis, None, 7)).await.unwrap();
    refused_naming(delete("2").await, &by_name.id.to_string());
    store.delete_pipeline(own, by_name.id).await.unwrap();
    assert_eq!(store.grant(own, "miner").await.unwrap(), Some(grant));
    delete("2").await.unwrap();
    assert_eq!(store.grant(own, "miner").await.unwrap(), None, "it ends with the last version");

    let changed =
        store.add_module_version(ModuleVersion { digest: Digest::of(b"other"), ..old.clone() }).await;
    assert!(
        matches!(changed, Err(StoreError::Conflict(_))),
        "a deleted version's bytes do not change: {changed:?}"
    );
    assert_eq!(store.add_module_version(old.clone()).await.unwrap(), old);
}

pub async fn row_counts(store: &dyn Store) {
    let own = project();
    let data = store.put_dataset(dataset(own)).await.unwrap();
    let rows = async || store.dataset(own, data.id).await.unwrap().unwrap().row_count;
    let run = async |inputs: Vec<InputRef>, transition, total: Option<u64>| {
        let started = running(store, Job { inputs, ..job(own) }).await;
        let validation =
            total.map(|total| DataValidation { total, valid: total, duplicates_removed: 0, invalid: 0 });
        let mut finish = end(&started, transition, 9);
        finish.pulse.report.validation = validation;
        store.finish(finish).await.unwrap();
    };
    let own_input = || vec![input(&data)];
    run(own_input(), failure(), Some(1)).await;
    run(own_input(), done(), None).await;
    run(vec![input(&data), input(&dataset(own))], done(), Some(2)).await;
    let older = InputRef { digest: Digest::of(b"older"), ..input(&data) };
    run(vec![older], done(), Some(3)).await;
    run(vec![InputRef { dataset: None, ..input(&data) }], done(), Some(4)).await;
    assert_eq!(rows().await, None, "only a completed job that read these bytes alone tells their number");
    run(own_input(), done(), Some(5)).await;
    assert_eq!(rows().await, Some(5));
    store.put_dataset(Dataset { name: "renamed.csv".into(), ..data.clone() }).await.unwrap();
    assert_eq!(rows().await, Some(5), "the same bytes have the same rows");
    store.put_dataset(Dataset { digest: Digest::of(b"new"), ..data.clone() }).await.unwrap();
    assert_eq!(rows().await, None);
}
