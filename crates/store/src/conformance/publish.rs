//! What the end of an attempt publishes.

use super::fixtures::{
    artifact, at, cancel, done, end, failure, job, pipeline, project, running, seen, start, submit,
    transient_failure,
};
use crate::{Finish, Store};
use fuelcell_domain::job::JobEnd;
use fuelcell_domain::{
    Artifact, ArtifactRole, CancelRequest, Completion, Job, JobState, PipelineId, Transition,
};

fn artifacts() -> Vec<Artifact> {
    vec![artifact("zebra.txt"), artifact("ant.txt")]
}

/// Ends the job's attempt with two artifacts; returns the job and what is published of it then.
async fn finish(store: &dyn Store, job: &Job, transition: Transition) -> (Job, Vec<Artifact>) {
    let ended = store.finish(Finish { artifacts: artifacts(), ..end(job, transition, 9) }).await.unwrap();
    assert_eq!(seen(store, job).await, ended);
    let published = store.artifacts(job.id).await.unwrap();
    (ended, published)
}

pub async fn completed(store: &dyn Store) {
    for completion in [Completion::Done, Completion::NoItems, Completion::Skipped("holiday".into())] {
        let started = running(store, job(project())).await;
        assert_eq!(store.artifacts(started.id).await.unwrap(), []);
        let (ended, published) = finish(store, &started, Transition::Complete(completion.clone())).await;
        assert_eq!((ended.state, ended.partial), (JobState::Completed, false));
        assert_eq!(ended.end, Some(JobEnd::Completed(completion)));
        assert_eq!(ended.pulse.progress.percentage, 100);
        assert_eq!(published, artifacts(), "in the order in which they were finished");
        let receipts = store.receipts(started.id).await.unwrap();
        assert_eq!(receipts, [super::fixtures::receipt(started.current_attempt(), 9)]);
    }
}

pub async fn failed(store: &dyn Store) {
    for keep in [false, true] {
        let started = running(store, Job { keep_partial_on_failure: keep, ..job(project()) }).await;
        let (ended, published) = finish(store, &started, failure()).await;
        assert_eq!((ended.state, ended.partial), (JobState::Failed, keep));
        assert_eq!(published, if keep { artifacts() } else { Vec::new() });
    }
}

pub async fn cancelled(store: &dyn Store) {
    for keep in [false, true] {
        let own = project();
        // What was asked for a failure does not count for a cancel.
        let started = running(store, Job { keep_partial_on_failure: true, ..job(own) }).await;
        let request = CancelRequest { preserve_partial: keep, ..cancel(5) };
        store.request_cancel(own, started.id, request).await.unwrap();
        let (ended, published) = finish(store, &started, Transition::Stop).await;
        assert_eq!((ended.state, ended.partial), (JobState::Cancelled, keep));
        assert_eq!(published, if keep { artifacts() } else { Vec::new() });
    }
}

pub async fn requeued(store: &dyn Store) {
    for transition in [transient_failure(), Transition::GiveBack, Transition::Lose] {
        let started = running(store, Job { keep_partial_on_failure: true, ..job(project()) }).await;
        let (requeued, published) = finish(store, &started, transition).await;
        assert_eq!((requeued.state, requeued.partial), (JobState::Queued, false));
        assert_eq!(published, []);
        let second = start(store, started.id, 100).await;
        let (_, published) = finish(store, &second, done()).await;
        assert_eq!(published, artifacts());
        assert_eq!(store.receipts(started.id).await.unwrap().len(), 2);
    }
}

/// What nobody asked to be kept of a run that did not complete, but for its profile.
pub async fn profiles(store: &dyn Store) {
    let mut profile = artifact("profile.html");
    profile.description.role = ArtifactRole::Profile;
    let brings = vec![artifact("ant.txt"), profile.clone()];
    let ends = async |job: &Job, transition| {
        let finish = Finish { artifacts: brings.clone(), ..end(job, transition, 9) };
        let ended = store.finish(finish).await.unwrap();
        (ended.partial, store.artifacts(job.id).await.unwrap())
    };
    let profiled = || Job { profile: true, ..job(project()) };
    let started = running(store, profiled()).await;
    assert_eq!(ends(&started, done()).await, (false, brings.clone()));
    let started = running(store, profiled()).await;
    assert_eq!(ends(&started, failure()).await, (false, vec![profile.clone()]));
    let own = project();
    let started = running(store, Job { profile: true, ..job(own) }).await;
    store.request_cancel(own, started.id, cancel(5)).await.unwrap();
    assert_eq!(ends(&started, Transition::Stop).await, (false, vec![profile.clone()]));
    for transition in [transient_failure(), Transition::GiveBack] {
        let started = running(store, profiled()).await;
        assert_eq!(ends(&started, transition).await, (false, Vec::new()), "it is not at its end");
        let second = start(store, started.id, 100).await;
        assert_eq!(ends(&second, failure()).await, (false, vec![profile.clone()]));
    }
}

pub async fn marks(store: &dyn Store) {
    let own = project();
    let (first, other) = (PipelineId::random(), PipelineId::random());
    let run = async |id: Option<PipelineId>, transition, marks: &[&str]| {
        let started = running(store, Job { pipeline: id.map(pipeline), ..job(own) }).await;
        let marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
        store.finish(Finish { marks, ..end(&started, transition, 9) }).await.unwrap();
    };
    let processed = async |id, key: &str| store.is_processed(own, id, key).await.unwrap();
    run(Some(first), failure(), &["a"]).await;
    run(Some(first), transient_failure(), &["a"]).await;
    run(Some(first), Transition::Stop, &["a"]).await;
    run(None, done(), &["a"]).await;
    assert!(!processed(first, "a").await, "only a completed job marks");
    let long = "k".repeat(5000);
    run(Some(first), done(), &["a", "b", "", &long]).await;
    run(Some(first), done(), &["b"]).await;
    for key in ["a", "b", "", &long] {
        assert!(processed(first, key).await, "{key}");
        assert!(!processed(other, key).await, "{key}");
        assert!(!store.is_processed(project(), first, key).await.unwrap(), "{key}");
    }
    assert!(!processed(first, "ab").await);

    // A cancel wins over the completion, so that its marks do not count.
    let started = submit(store, Job { pipeline: Some(pipeline(other)), ..job(own) }).await;
    let started = start(store, started.id, 1).await;
    store.request_cancel(own, started.id, cancel(2)).await.unwrap();
    store.finish(Finish { marks: vec!["late".into()], ..end(&started, done(), 3) }).await.unwrap();
    assert!(!processed(other, "late").await);
    assert_eq!(store.ready(at(0), 9).await.unwrap(), []);
}
