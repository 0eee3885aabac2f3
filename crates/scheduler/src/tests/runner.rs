//! A runner whose modules are scripts. Compiling takes 100 ms, unless a test says otherwise.

use async_trait::async_trait;
use fuelcell_domain::seams::{Readiness, StopSignal};
use fuelcell_domain::{
    Completion, Digest, ErrorCode, Fuel, FuelProfile, Job, JobError, JobHost, JobRunner, ReadAt, RunEnd,
    RunSpec, StackUse, Usage,
};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

type Script = Arc<dyn Fn(Arc<dyn JobHost>) -> BoxFuture<'static, RunEnd> + Send + Sync>;

#[derive(Default)]
pub(super) struct ScriptedRunner {
    scripts: Mutex<HashMap<Digest, (String, Script)>>,
    compiled: Mutex<HashSet<Digest>>,
    compile_errors: Mutex<HashMap<Digest, Vec<JobError>>>,
    fuel: Mutex<HashMap<Digest, u64>>,
    running: AtomicUsize,
    /// The most runs at the same time.
    pub(super) peak: AtomicUsize,
    /// Seeds of the runs, in the order in which they started.
    pub(super) seeds: Mutex<Vec<Option<u64>>>,
    /// Module names in the order in which they started.
    pub(super) started: Mutex<Vec<String>>,
    /// Module names in the order in which their preparation began.
    pub(super) prepared: Mutex<Vec<String>>,
}

impl ScriptedRunner {
    /// Runs of the module `name` do this.
    pub(super) fn script<F>(&self, name: &str, script: impl Fn(Arc<dyn JobHost>) -> F + Send + Sync + 'static)
    where
        F: Future<Output = RunEnd> + Send + 'static,
    {
        let script: Script = Arc::new(move |host| Box::pin(script(host)));
        self.scripts.lock().insert(Digest::of(name.as_bytes()), (name.into(), script));
    }

    /// Runs of the module `name` take this long and complete.
    pub(super) fn takes(&self, name: &str, time: Duration) {
        self.script(name, move |_| async move {
            sleep(time).await;
            done()
        });
    }

    /// Runs of the module `name` take this long, burn so much fuel, and complete.
    pub(super) fn burns(&self, name: &str, time: Duration, fuel: u64) {
        self.takes(name, time);
        self.fuel.lock().insert(Digest::of(name.as_bytes()), fuel);
    }

    /// The next preparations of the module fail, one for each error.
    pub(super) fn fail_to_compile(&self, name: &str, errors: Vec<JobError>) {
        self.compile_errors.lock().insert(Digest::of(name.as_bytes()), errors);
    }

    /// The job's module is compiled already.
    pub(super) fn prepare_now(&self, job: &Job) {
        self.compiled.lock().insert(job.module.digest);
    }

    pub(super) fn started(&self) -> Vec<String> {
        self.started.lock().clone()
    }

    fn find(&self, module: Digest) -> (String, Script) {
        self.scripts.lock()[&module].clone()
    }
}

pub(super) fn done() -> RunEnd {
    RunEnd::Completed(Completion::Done)
}

#[async_trait]
impl JobRunner for ScriptedRunner {
    fn fingerprint(&self) -> &str {
        "scripts 1"
    }

    fn readiness(&self, module: Digest) -> Readiness {
        match self.compiled.lock().contains(&module) {
            true => Readiness::Ready,
            false => Readiness::NotReady,
        }
    }

    async fn prepare(&self, module: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), JobError> {
        let (name, _) = self.find(module);
        assert_eq!(bytes.size(), name.len() as u64);
        self.prepared.lock().push(name);
        sleep(Duration::from_millis(100)).await;
        let error = self.compile_errors.lock().get_mut(&module).and_then(Vec::pop);
        if let Some(error) = error {
            return Err(error);
        }
        self.compiled.lock().insert(module);
        Ok(())
    }

    async fn run(&self, spec: RunSpec, host: Arc<dyn JobHost>, stop: StopSignal) -> (RunEnd, Usage) {
        let (name, script) = self.find(spec.module);
        self.started.lock().push(name);
        self.seeds.lock().push(spec.deterministic_seed);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(running, Ordering::SeqCst);
        let start = Instant::now();
        let _leaves = Leaves(&self.running);
        let end = tokio::select! {
            biased;
            () = stop => RunEnd::Stopped,
            end = script(host) => end,
        };
        let wall_micros = u64::try_from(start.elapsed().as_micros()).unwrap();
        let fuel = self.fuel.lock().get(&spec.module).copied().unwrap_or(7);
        let has_begun = !matches!(&end, RunEnd::Failed(error) if error.code == ErrorCode::ModuleInvalid);
        if spec.profiled && has_begun {
            spec.meter.profile.set(profile(fuel)).unwrap();
        }
        (end, Usage { wall_micros, fuel: Fuel::Exact(fuel), ..spec.meter.usage() })
    }
}

fn profile(fuel: u64) -> FuelProfile {
    let stacks = vec![StackUse { frames: vec![0], fuel, bytes: 0 }];
    FuelProfile { functions: vec!["run".into()], stacks, samples: 1 }
}

struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
