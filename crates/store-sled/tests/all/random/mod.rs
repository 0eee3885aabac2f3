//! Random verbs on a store and on the reference, with restarts in between: both answer the same. Each backend's tests say
//! what a store lies on: `crate::Place`.

mod compare;
mod jobs;
mod kept;

use fuelcell_domain::{DatasetId, Job, PipelineId, Project, ProjectRef, Tenant, Token};
use fuelcell_store::conformance::fixtures::{at, project};
use fuelcell_store::{MemoryStore, Store};
use jobs::{JobVerb, job_verb};
use kept::{KeptVerb, kept_verb};
use proptest::prelude::*;
use std::fmt::Debug;

/// Something that happens. Small numbers stand for jobs, attempts, keys and moments, so that what is left of a failure
/// once it has shrunk is still about the same things.
#[derive(Clone, Debug)]
enum Verb {
    OfJobs(JobVerb),
    OfWhatIsKept(KeptVerb),
    Wait { seconds: u8 },
    Restart,
    Compare,
}

fn verb() -> impl Strategy<Value = Verb> {
    prop_oneof![
        30 => job_verb().prop_map(Verb::OfJobs),
        20 => kept_verb().prop_map(Verb::OfWhatIsKept),
        3 => (0..40_u8).prop_map(|seconds| Verb::Wait { seconds }),
        2 => Just(Verb::Restart),
        1 => Just(Verb::Compare),
    ]
}

/// The two stores and what is known of them.
struct Pair {
    place: crate::Place,
    store: Option<Box<dyn Store>>,
    memory: MemoryStore,
    projects: [ProjectRef; 2],
    pipelines: [PipelineId; 3],
    datasets: [DatasetId; 3],
    tokens: Vec<Token>,
    jobs: Vec<Job>,
    seconds: i64,
}

impl Pair {
    async fn new() -> Self {
        let place = crate::Place::new();
        let pair = Self {
            store: Some(place.open().await),
            place,
            memory: MemoryStore::new(),
            projects: [project(), project()],
            pipelines: std::array::from_fn(|_| PipelineId::random()),
            datasets: std::array::from_fn(|_| DatasetId::random()),
            tokens: Vec::new(),
            jobs: Vec::new(),
            seconds: 0,
        };
        for (number, id) in pair.projects.into_iter().enumerate() {
            let tenant = Tenant { id: id.tenant, name: format!("t{number}"), created_at: at(0) };
            let project = Project { id, name: "p".into(), created_at: at(0) };
            pair.both(async |store| store.create_tenant(tenant.clone()).await.unwrap()).await;
            pair.both(async |store| store.create_project(project.clone()).await.unwrap()).await;
        }
        pair
    }

    fn store(&self) -> &dyn Store {
        &**self.store.as_ref().expect("open between restarts")
    }

    /// Asks both and compares the answers, errors included.
    async fn both<T: Debug>(&self, ask: impl AsyncFn(&dyn Store) -> T) -> T {
        let (store, memory) = (ask(self.store()).await, ask(&self.memory).await);
        assert_eq!(format!("{store:?}"), format!("{memory:?}"));
        memory
    }

    async fn apply(&mut self, verb: Verb) {
        match verb {
            Verb::OfJobs(verb) => self.apply_to_jobs(verb).await,
            Verb::OfWhatIsKept(verb) => self.apply_to_what_is_kept(verb).await,
            Verb::Wait { seconds } => self.seconds += i64::from(seconds),
            Verb::Restart => {
                self.store = None;
                self.store = Some(self.place.open().await);
            }
            Verb::Compare => self.compare().await,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::Place::CASES, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_store_and_the_reference_agree(verbs in proptest::collection::vec(verb(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        runtime.block_on(async {
            let mut pair = Pair::new().await;
            for verb in verbs {
                pair.apply(verb).await;
            }
            pair.compare().await;
            pair.apply(Verb::Restart).await;
            pair.compare().await;
        });
    }
}
